#!/usr/bin/env python3
"""Trains and runs a real BERT with PyTorch + transformers, plainly, so that attune can be compared step by step.

  reference_train.py --model FOLDER --make-folder OUT --labels 2      the model with a fixed new head, as a HF folder
  reference_train.py --model OUT --train train.csv --json losses.json 200 steps without dropout, rows in file order
  reference_train.py --model OUT --logits 200 --data test.csv --json logits.json

Everything is f32. The training step is the one attune has by default: mean cross-entropy of a whole batch (padded to
its longest row, which changes nothing), clipping to norm 1.0, AdamW (betas 0.9/0.999, eps 1e-8, decay 0.01 on all but
biases and LayerNorm), warm-up over 10% of the steps from rate 0, then linear to 0; the rate of step t (from 1) is
the one `get_linear_schedule_with_warmup` gives for t-1. Dropout is off.
"""
import argparse
import csv
import json
import os
import shutil
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers
from transformers import AutoTokenizer, BertForSequenceClassification, get_linear_schedule_with_warmup

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face folder of a BERT")
    parser.add_argument("--make-folder", type=Path, help="save the model with a new head here, and stop")
    parser.add_argument("--labels", type=int, default=2, help="outputs of the new head")
    parser.add_argument("--seed", type=int, default=1, help="of the new head, N(0, 0.02), bias 0")
    parser.add_argument("--train", type=Path, help="CSV with the columns text and label (integers)")
    parser.add_argument("--save", type=Path, help="save the trained model here")
    parser.add_argument("--logits", type=int, help="compute the logits of the first N rows of --data")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", type=Path, help="where the result goes")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--attention", default="sdpa", choices=["sdpa", "eager"])
    parser.add_argument("--f64", action="store_true", help="the same in double precision: how far f32 itself strays")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def read_csv(path, count=None):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:count]
    return [row["text"] for row in rows], [int(row["label"]) for row in rows]


def make_folder(opts):
    """The encoder of --model unchanged, with a classifier drawn from the seed alone."""
    model = BertForSequenceClassification.from_pretrained(opts.model, num_labels=opts.labels, dtype=torch.float32)
    draws = torch.Generator().manual_seed(opts.seed)
    with torch.no_grad():
        model.classifier.weight.copy_(torch.randn(model.classifier.weight.shape, generator=draws) * 0.02)
        model.classifier.bias.zero_()
    model.config.id2label = {i: str(i) for i in range(opts.labels)}
    model.config.label2id = {str(i): i for i in range(opts.labels)}
    model.config.problem_type = "single_label_classification"
    model.save_pretrained(opts.make_folder)
    for name in TOKENIZER_FILES:
        if (opts.model / name).exists():
            shutil.copyfile(opts.model / name, opts.make_folder / name)


def load(opts):
    """The model in evaluation mode: training without dropout is training in this mode."""
    dtype = torch.float64 if opts.f64 else torch.float32
    model = BertForSequenceClassification.from_pretrained(opts.model, dtype=dtype, attn_implementation=opts.attention)
    return model.eval(), AutoTokenizer.from_pretrained(opts.model)


def encode(tokenizer, texts, max_length):
    return tokenizer(texts, truncation=True, max_length=max_length, padding="longest", return_tensors="pt")


def decay_groups(model, decay=0.01):
    plain = [p for name, p in model.named_parameters() if name.endswith("bias") or "LayerNorm" in name]
    rest = [p for name, p in model.named_parameters() if not (name.endswith("bias") or "LayerNorm" in name)]
    return [{"params": rest, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]


def train(opts):
    model, tokenizer = load(opts)
    texts, labels = read_csv(opts.train)
    optimizer = torch.optim.AdamW(decay_groups(model), lr=opts.lr, betas=(0.9, 0.999), eps=1e-8)
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.1 * opts.steps), opts.steps)
    steps, first_row, began = [], 0, time.time()
    for step in range(1, opts.steps + 1):
        if first_row >= len(texts):
            first_row = 0
        rows = slice(first_row, first_row + opts.batch_size)
        first_row += opts.batch_size
        batch = encode(tokenizer, texts[rows], opts.max_length)
        logits = model(**batch).logits
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels[rows]))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        steps.append({"step": step, "loss": loss.item(), "grad_norm": norm.item(), "lr": rate,
                      "tokens": int(batch["attention_mask"].sum())})
        if step % 20 == 0:
            print(f"step {step}  loss {loss.item():.6f}  norm {norm.item():.4f}  {time.time() - began:.0f} s", flush=True)
    if opts.save:
        model.to(torch.float32).save_pretrained(opts.save)
        for name in TOKENIZER_FILES:
            if (opts.model / name).exists():
                shutil.copyfile(opts.model / name, opts.save / name)
    return {"batch_size": opts.batch_size, "lr": opts.lr, "max_length": opts.max_length, "steps": steps}


@torch.no_grad()
def logits(opts):
    model, tokenizer = load(opts)
    texts, labels = read_csv(opts.data, opts.logits)
    rows = []
    for text, label in zip(texts, labels):  # one by one: no padding at all
        batch = encode(tokenizer, [text], opts.max_length)
        rows.append({"text": text, "label": label, "ids": batch["input_ids"][0].tolist(),
                     "logits": model(**batch).logits[0].tolist()})
    return {"max_length": opts.max_length, "rows": rows}


def main():
    opts = options()
    torch.set_num_threads(opts.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if opts.make_folder:
        make_folder(opts)
        return
    if (opts.logits is None) == (opts.train is None):
        raise SystemExit("give exactly one of --make-folder, --train and --logits")
    result = train(opts) if opts.train else logits(opts)
    result = {"torch": torch.__version__, "transformers": transformers.__version__,
              "dtype": "f64" if opts.f64 else "f32", "attention": opts.attention} | result
    if opts.json:
        opts.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
