#!/usr/bin/env python3
"""Fine-tunes an adapter of the PEFT package (or a bottleneck of AdapterHub's) with the settings of a folder that attune wrote, and answers test rows.

  peft_finetune.py --model BASE [--adapter FOLDER] --train ROWS.jsonl --test ROWS.jsonl --task classify|tag --epochs 3 --lr 5e-4 --out PREDICTIONS.jsonl
                   [--precision bf16|f32] [--batch-size 16] [--seed 1] [--threads 1]

Rows as bench/drawn.py has them. FOLDER gives the kind and its options alone (adapter_config.json; of AdaLoRA the schedule, from attune.json):
the adapter begins anew, as the package begins it. Without: all weights train. The loop is torch_loop.py's: bf16 by autocast or f32, batches of like
length, fused AdamW (decay 0.01 but none on biases and norms), warm-up over 10% of the steps then linear to 0, clipping 1.0. Answers are a line
a row, as `attune compare` reads them. Prints one JSON line.
"""
import argparse
import json
import os
import random
import re
import resource
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))
IGNORED = -100


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--adapter", type=Path)
    for name in ("train", "test", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--task", choices=["classify", "tag"], default="classify")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--precision", choices=["bf16", "f32"], default="bf16")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--max-length", type=int, default=128)
    return parser.parse_args()


OPTS = options()
import torch  # noqa: E402
import transformers  # noqa: E402
import torch_loop  # noqa: E402


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def encode(tokenizer, row, place):
    """Ids, segments and targets; of tags, a word's first piece has its target and the others none."""
    if OPTS.task == "classify":
        encoded = tokenizer(row["text"], row.get("pair"), truncation=True, max_length=OPTS.max_length)
        return {"input_ids": encoded["input_ids"], "token_type_ids": encoded["token_type_ids"], "labels": place[row["label"]]}
    encoded = tokenizer(row["tokens"], is_split_into_words=True, truncation=True, max_length=OPTS.max_length)
    words, labels = encoded.word_ids(), []
    for i, word in enumerate(words):
        first = word is not None and (i == 0 or words[i - 1] != word)
        labels.append(place[row["tags"][word]] if first else IGNORED)
    return {"input_ids": encoded["input_ids"], "token_type_ids": encoded["token_type_ids"], "labels": labels}


def collate(rows, pad):
    longest = max(len(row["input_ids"]) for row in rows)
    fill = lambda values, filler: values + [filler] * (longest - len(values))
    inputs = {"input_ids": torch.tensor([fill(row["input_ids"], pad) for row in rows]), "token_type_ids": torch.tensor([fill(row["token_type_ids"], 0) for row in rows]),
              "attention_mask": torch.tensor([fill([1] * len(row["input_ids"]), 0) for row in rows])}
    tags = OPTS.task == "tag"
    inputs["labels"] = torch.tensor([fill(row["labels"], IGNORED) if tags else row["labels"] for row in rows])
    return inputs


def adapter_of_peft(config, labels, steps):
    import peft
    auto = transformers.AutoModelForTokenClassification if OPTS.task == "tag" else transformers.AutoModelForSequenceClassification
    model = auto.from_pretrained(OPTS.model, num_labels=labels, dtype=torch.float32)
    if config is None:
        return model
    made = peft.PeftConfig.from_pretrained(OPTS.adapter)
    made.inference_mode = False
    if made.peft_type == "ADALORA":
        text = json.loads((OPTS.adapter / "attune.json").read_text())["adapter"]
        share = lambda name: float(re.search(rf"\b{name}=([0-9.e-]+)", text).group(1))
        made.total_step, made.tinit, made.tfinal = steps, round(share("start") * steps), round((1 - share("end")) * steps)
    return peft.get_peft_model(model, made)


def adapter_of_hub(config, labels):
    from adapters import AutoAdapterModel, BnConfig
    model = AutoAdapterModel.from_pretrained(OPTS.model)
    model.add_adapter("new", config=BnConfig(**config["config"]))
    (model.add_tagging_head if OPTS.task == "tag" else model.add_classification_head)("new", num_labels=labels)
    model.train_adapter("new")
    return model


def at_precision():
    return torch.autocast("cpu", torch.bfloat16, enabled=OPTS.precision == "bf16")


def answer(model, rows, pad):
    model.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["input_ids"]))
    said = [None] * len(rows)
    with torch.no_grad(), at_precision():
        for begin in range(0, len(order), 64):
            chosen = order[begin:begin + 64]
            logits = model(**collate([rows[i] for i in chosen], pad)).logits.float()
            for i, row in zip(chosen, logits):
                said[i] = row.argmax(-1).tolist()
    return said


def main():
    torch.set_num_threads(OPTS.threads)
    transformers.logging.set_verbosity_error()
    transformers.set_seed(OPTS.seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(OPTS.model)
    train, test = read(OPTS.train), read(OPTS.test)
    names = sorted({tag for row in train for tag in row["tags"]} if OPTS.task == "tag" else {row["label"] for row in train})
    place = {name: i for i, name in enumerate(names)}
    rows = [encode(tokenizer, row, place) for row in train]
    steps = -(-len(rows) // OPTS.batch_size) * OPTS.epochs
    config = json.loads((OPTS.adapter / "adapter_config.json").read_text()) if OPTS.adapter else None
    model = adapter_of_hub(config, len(names)) if config and "peft_type" not in config else adapter_of_peft(config, len(names), steps)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch_loop.make_optimizer(torch, model, OPTS.lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: torch_loop.rate(step, steps))
    batches = torch_loop.grouped_batches(rows, OPTS.batch_size, random.Random(OPTS.seed))
    sinks = config is not None and config.get("peft_type") == "ADALORA"
    begun = time.monotonic()
    for step in range(steps):
        with at_precision():
            loss = model(**collate(next(batches), tokenizer.pad_token_id)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0, foreach=True)
        optimizer.step()
        schedule.step()
        if sinks:
            model.base_model.update_and_allocate(step)
        optimizer.zero_grad(set_to_none=True)
    seconds = time.monotonic() - begun
    known = place | {row["label"]: 0 for row in test if OPTS.task == "classify" and row["label"] not in place} | {tag: 0 for row in test for tag in row.get("tags", []) if tag not in place}
    encoded = [encode(tokenizer, row, known) for row in test]
    lines = []
    for i, (row, inputs, said) in enumerate(zip(test, encoded, answer(model, encoded, tokenizer.pad_token_id))):
        if OPTS.task == "tag":
            tags = [names[s] for s, label in zip(said, inputs["labels"]) if label != IGNORED]
            lines.append({"id": f"row {i}", "gold": row["tags"], "tags": tags + ["O"] * (len(row["tags"]) - len(tags))})
        else:
            lines.append({"id": f"row {i}", "gold": row["label"], "label": names[said]})
    OPTS.out.parent.mkdir(parents=True, exist_ok=True)
    OPTS.out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    print(json.dumps({"trainable": sum(p.numel() for p in trained), "steps": steps, "seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
