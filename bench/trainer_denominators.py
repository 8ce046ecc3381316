#!/usr/bin/env python3
"""Does splitting a batch change the gradient? One SGD step of a tiny BERT (no dropout, no clipping) on 16 rows, whole
and as 8 accumulated micro-batches of 2 rows: Hugging Face Trainer, and attune where it is built.

  trainer_denominators.py [--attune build/attune] [--json FILE]

A column says how many times too large the accumulated gradient is (norm over the norm of the whole batch's), the next
how far it is from the right one (norm of the difference over the norm). The gradient is read from the weights: with
plain SGD at rate 1 it is the weights before minus the weights after.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (BertConfig, BertForSequenceClassification, BertForTokenClassification, BertTokenizerFast,
                          DataCollatorForTokenClassification, DataCollatorWithPadding, Trainer, TrainingArguments)

ROWS, MICRO = 16, 2
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u")]

# name -> (attune's task, outputs, transformers' problem type, label smoothing)
TASKS = {
    "sequence classification": ("classify", 3, "single_label_classification", 0.0),
    "the same, label smoothing 0.1": ("classify", 3, "single_label_classification", 0.1),
    "regression": ("regress", 1, "regression", 0.0),
    "multi-label": ("multilabel", 4, "multi_label_classification", 0.0),
    "token classification": ("tag", 3, None, 0.0),
}
TAGS = ["O", "B-X", "I-X"]


def labels_of(task, outputs):
    return TAGS if task == "tag" else [str(i) for i in range(outputs)]


def make_rows(task, outputs):
    """16 rows of 2 to 18 words; the target as the model counts it."""
    draws = torch.Generator().manual_seed(5)
    number = lambda low, high: int(torch.randint(low, high, (1,), generator=draws))
    rows = []
    for _ in range(ROWS):
        words = [WORDS[number(0, len(WORDS))] for _ in range(number(2, 19))]
        if task == "classify":
            target = number(0, outputs)
        elif task == "regress":
            target = number(-20, 21) / 8
        elif task == "multilabel":
            target = [float(number(0, 2)) for _ in range(outputs)]
        else:
            target = [number(0, 2) for _ in words]
            target = [2 if t and i and target[i - 1] else t for i, t in enumerate(target)]
        rows.append((words, target))
    return rows


def make_tokenizer(folder):
    vocabulary = {piece: i for i, piece in enumerate(SPECIALS + WORDS)}
    inner = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIALS))
    tokenizer = BertTokenizerFast(tokenizer_object=inner, **names)
    tokenizer.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(SPECIALS + WORDS) + "\n", encoding="utf-8")
    return tokenizer


def make_model(folder, task, outputs, problem):
    labels = labels_of(task, outputs)
    config = BertConfig(
        vocab_size=len(SPECIALS + WORDS), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=64, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, classifier_dropout=0.0,
        problem_type=problem, id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)})
    model = (BertForTokenClassification if task == "tag" else BertForSequenceClassification)(config)
    draws = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.randn(p.shape, generator=draws) * 0.2 + float(name.endswith("LayerNorm.weight")))
    model.save_pretrained(folder)


def encode(rows, task, tokenizer):
    """One piece a word, so that word i is token i + 1."""
    items = []
    for words, target in rows:
        item = dict(tokenizer(" ".join(words)))
        assert len(item["input_ids"]) == len(words) + 2
        item["labels"] = [-100, *target, -100] if task == "tag" else target
        items.append(item)
    return items


def trainer_gradient(folder, task, items, tokenizer, micro, smoothing):
    cls = BertForTokenClassification if task == "tag" else BertForSequenceClassification
    model = cls.from_pretrained(folder)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    collator = (DataCollatorForTokenClassification if task == "tag" else DataCollatorWithPadding)(tokenizer)
    with tempfile.TemporaryDirectory() as scratch:
        args = TrainingArguments(
            output_dir=scratch, per_device_train_batch_size=micro, gradient_accumulation_steps=ROWS // micro, max_steps=1,
            optim="sgd", learning_rate=1.0, lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=0.0,
            label_smoothing_factor=smoothing, use_cpu=True, report_to="none", save_strategy="no", logging_strategy="no",
            disable_tqdm=True, seed=1)
        trainer = Trainer(model=model, args=args, train_dataset=items, data_collator=collator)
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
    return {n: before[n] - p.detach() for n, p in model.named_parameters()}


def write_data(path, task, rows):
    """The rows as attune reads them; returns the path with its suffix."""
    if task == "tag":
        path = path.with_suffix(".conll")
        path.write_text("".join("".join(f"{w} {TAGS[t]}\n" for w, t in zip(*row)) + "\n" for row in rows), encoding="utf-8")
    elif task == "multilabel":
        path = path.with_suffix(".jsonl")
        lines = [{"text": " ".join(words), "labels": [str(i) for i, on in enumerate(target) if on]} for words, target in rows]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    else:
        path = path.with_suffix(".csv")
        with open(path, "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["text", "label"])
            out.writerows([" ".join(words), target] for words, target in rows)
    return path


def attune_gradient(program, folder, task, rows, micro, smoothing):
    """One SGD step by `attune train`. The flags of attune stand only here; dropout is 0 by the model's config."""
    with tempfile.TemporaryDirectory() as scratch:
        data, out = write_data(Path(scratch) / "rows", task, rows), Path(scratch) / "out"
        command = [program, "train", "--task", task, "--model", folder, "--train", data, "--dev", "none", "--out", out,
                   "--batch-size", ROWS, "--micro-batch", micro, "--max-steps", 1, "--optimizer", "sgd", "--momentum", 0,
                   "--lr", 1, "--schedule", "constant", "--warmup", 0, "--weight-decay", 0, "--clip", 0, "--precision", "f32"]
        if smoothing:
            command += ["--label-smoothing", smoothing]
        run = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"attune failed: {' '.join(map(str, command))}\n{run.stdout}{run.stderr}")
        before, after = load_file(folder / "model.safetensors"), load_file(out / "model.safetensors")
    return {name: before[name] - after[name] for name in before}


def flat(gradient):
    return torch.cat([gradient[name].double().flatten() for name in sorted(gradient)])


def compare(split, whole):
    a, b = flat(split), flat(whole)
    return {"ratio": (a.norm() / b.norm()).item(), "difference": ((a - b).norm() / b.norm()).item(),
            "cosine": (a @ b / a.norm() / b.norm()).item()}


def measure(name, program):
    task, outputs, problem, smoothing = TASKS[name]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        tokenizer = make_tokenizer(folder)
        make_model(folder, task, outputs, problem)
        rows = make_rows(task, outputs)
        items = encode(rows, task, tokenizer)
        whole = trainer_gradient(folder, task, items, tokenizer, ROWS, smoothing)
        result = {"task": name, "trainer": compare(trainer_gradient(folder, task, items, tokenizer, MICRO, smoothing), whole)}
        if program:
            ours = attune_gradient(program, folder, task, rows, ROWS, smoothing)
            split = attune_gradient(program, folder, task, rows, MICRO, smoothing)
            result |= {"attune": compare(split, ours), "attune_from_trainer_whole": compare(ours, whole)}
    return result


def print_table(results):
    print(f"transformers {transformers.__version__}, torch {torch.__version__}: batch {ROWS} against {ROWS // MICRO} x {MICRO}\n")
    columns = [("trainer", "Trainer"), ("attune", "attune"), ("attune_from_trainer_whole", "attune whole / Trainer whole")]
    columns = [(key, title) for key, title in columns if key in results[0]]
    print("| task | " + " | ".join(f"{title}: norm ratio | difference | cosine" for _, title in columns) + " |")
    print("|---|" + "---|---|---|" * len(columns))
    for row in results:
        cells = [f"{row[key]['ratio']:.4f} | {row[key]['difference']:.1e} | {row[key]['cosine']:.6f}" for key, _ in columns]
        print(f"| {row['task']} | " + " | ".join(cells) + " |")


def main():
    root = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attune", type=Path, default=root / "build/attune", help="the program; left out where it is not there")
    parser.add_argument("--json", type=Path)
    opts = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    program = opts.attune if opts.attune.exists() else None
    if not program:
        print(f"{opts.attune} is not there: Trainer alone", file=sys.stderr)
    results = [measure(name, program) for name in TASKS]
    print_table(results)
    if opts.json:
        opts.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
