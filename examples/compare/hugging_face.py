#!/usr/bin/env python3
"""Fine-tunes a classifier with Hugging Face's Trainer, once for each seed, and writes what each run predicts as `attune compare` reads it:
a JSON line a row, with the row's id, what is right (gold), and the probability of each label.

  python hugging_face.py MODEL train.csv test.csv OUT [--seeds 1 2 3] [--epochs 2] [--lr 1e-4] [--label-smoothing 0.1] [--rows N]

MODEL: a folder or a name of the hub. The files have the columns text and label. OUT/seedN.jsonl: one file a run.
Needs transformers, torch and accelerate; attune itself needs none of them.
"""
import argparse
import csv
import json
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, Trainer, TrainingArguments, set_seed


def rows_of(path, most=None):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))[:most]


def encoded(rows, tokenizer, labels):
    return [tokenizer(row["text"], truncation=True, max_length=128) | {"label": labels.index(row["label"])} for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "train", "test", "out"):
        parser.add_argument(name)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--label-smoothing", type=float, default=0)
    parser.add_argument("--rows", type=int, help="of the training data; without: all")
    args = parser.parse_args()

    train, test = rows_of(args.train, args.rows), rows_of(args.test)
    labels = sorted({row["label"] for row in train})
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    for seed in args.seeds:
        set_seed(seed)  # the new last layer is drawn here
        model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=len(labels))
        settings = TrainingArguments(output_dir=str(out / "trainer"), seed=seed, num_train_epochs=args.epochs, learning_rate=args.lr, per_device_train_batch_size=16,
                                     per_device_eval_batch_size=64, label_smoothing_factor=args.label_smoothing, save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True)
        trainer = Trainer(model=model, args=settings, train_dataset=encoded(train, tokenizer, labels), data_collator=DataCollatorWithPadding(tokenizer))
        trainer.train()
        logits = torch.tensor(trainer.predict(encoded(test, tokenizer, labels)).predictions)
        with open(out / f"seed{seed}.jsonl", "w", encoding="utf-8") as file:
            for number, (row, p) in enumerate(zip(test, logits.double().softmax(-1).tolist())):
                file.write(json.dumps({"id": number, "gold": row["label"], "probabilities": dict(zip(labels, p))}) + "\n")
        print(f"seed {seed}: {out / f'seed{seed}.jsonl'}")


if __name__ == "__main__":
    main()
