#!/usr/bin/env python3
"""Fine-tunes a BERT classifier with Hugging Face Trainer as installed, to be timed from outside.

  hf_trainer.py --model FOLDER --prepare train.csv --ids ids.json       tokenise once, beforehand
  hf_trainer.py --model FOLDER --ids ids.json --max-steps 300           train; prints one JSON line

f32, rows shuffled, each batch padded to its longest row (DataCollatorWithPadding), Trainer's own default optimizer
(fused AdamW), clipping 1.0, dropout as in the model's config; no evaluation, no saving, no logging. The time of a
step is (wall of 300 steps - wall of 100 steps) / 200: start-up and the first, slower steps cancel. `--bf16` and
`--group-by-length` are the peer's better switches, for the other bars.
"""
import argparse
import csv
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--ids", type=Path, required=True)
    parser.add_argument("--prepare", type=Path, help="CSV with text and label; writes --ids and stops")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--max-steps", type=int, default=300)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--group-by-length", action="store_true")
    return parser.parse_args()


def prepare(opts):
    from transformers import AutoTokenizer
    tokenizer = AutoTokenizer.from_pretrained(opts.model)
    with open(opts.prepare, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    number = {label: i for i, label in enumerate(sorted({row["label"] for row in rows}))}
    encoded = tokenizer([row["text"] for row in rows], truncation=True, max_length=opts.max_length)["input_ids"]
    opts.ids.write_text(json.dumps({"labels": list(number), "rows": [
        {"input_ids": ids, "labels": number[row["label"]]} for ids, row in zip(encoded, rows)]}), encoding="utf-8")


def train(opts, scratch):
    import torch
    import transformers
    from transformers import (AutoTokenizer, BertForSequenceClassification, DataCollatorWithPadding, PrinterCallback,
                              Trainer, TrainingArguments)
    torch.set_num_threads(opts.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    data = json.loads(opts.ids.read_text(encoding="utf-8"))
    rows = [row | {"attention_mask": [1] * len(row["input_ids"])} for row in data["rows"]]
    transformers.set_seed(opts.seed)
    model = BertForSequenceClassification.from_pretrained(
        opts.model, num_labels=len(data["labels"]), dtype=torch.float32, ignore_mismatched_sizes=True)
    args = TrainingArguments(
        output_dir=scratch, per_device_train_batch_size=opts.batch_size, max_steps=opts.max_steps, learning_rate=opts.lr,
        max_grad_norm=1.0, bf16=opts.bf16, train_sampling_strategy="group_by_length" if opts.group_by_length else "random",
        use_cpu=True, report_to="none", save_strategy="no", eval_strategy="no", logging_strategy="no", disable_tqdm=True,
        seed=opts.seed)
    collator = DataCollatorWithPadding(AutoTokenizer.from_pretrained(opts.model))
    trainer = Trainer(model=model, args=args, train_dataset=rows, data_collator=collator)
    trainer.remove_callback(PrinterCallback)
    began = time.perf_counter()
    loss = trainer.train().training_loss
    seconds = time.perf_counter() - began
    print(json.dumps({
        "steps": trainer.state.global_step, "mean_loss": loss, "train_seconds": round(seconds, 3),
        "optimizer": str(args.optim.value), "bf16": opts.bf16, "group_by_length": opts.group_by_length, "threads": opts.threads,
        "torch": torch.__version__, "transformers": transformers.__version__}))


if __name__ == "__main__":
    arguments = options()
    if arguments.prepare:
        prepare(arguments)
    else:
        with tempfile.TemporaryDirectory() as empty:
            train(arguments, empty)
