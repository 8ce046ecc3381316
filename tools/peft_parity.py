#!/usr/bin/env python3
"""Logits of an adapter that attune trained, beside those of the PEFT package that opens the same folder.

  peft_parity.py --attune build/attune --model RUN --texts FILE.csv [--column text] [--rows 64] [--most 1e-5]

Needs torch, transformers and peft (bench/peers/requirements.txt has the versions). Texts are encoded by transformers' own
tokenizer, one at a time, in f32 on both sides. Of classification and regression. Exit code 1 where a logit differs by more.
"""
import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attune", default="build/attune")
    parser.add_argument("--model", type=Path, required=True, help="folder of an adapter")
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--column", default="text")
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--most", type=float, default=1e-5)
    return parser.parse_args()


def of_attune(opts, texts):
    rows = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = subprocess.run([opts.attune, "predict", "--model", opts.model, "--format", "jsonl", "--precision", "f32", "--logits"],
                          input=rows, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return [json.loads(line)["logits"] for line in done.stdout.splitlines()]


def of_peft(opts, texts):
    import torch
    import transformers
    from peft import PeftModel
    transformers.logging.set_verbosity_error()
    base = json.loads((opts.model / "adapter_config.json").read_text())["base_model_name_or_path"]
    labels = json.loads((opts.model / "attune.json").read_text())["labels"]
    model = transformers.AutoModelForSequenceClassification.from_pretrained(base, num_labels=max(1, len(labels)))
    model = PeftModel.from_pretrained(model, opts.model).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    longest = json.loads((opts.model / "attune.json").read_text())["max_length"]
    with torch.no_grad():
        return [model(**tokenizer(text, return_tensors="pt", truncation=True, max_length=longest)).logits[0].tolist() for text in texts]


def main():
    opts = options()
    with open(opts.texts, newline="", encoding="utf-8") as file:
        texts = [row[opts.column] for row, _ in zip(csv.DictReader(file), range(opts.rows))]
    ours, theirs = of_attune(opts, texts), of_peft(opts, texts)
    worst = max(abs(a - b) for one, other in zip(ours, theirs, strict=True) for a, b in zip(one, other, strict=True))
    print(f"{len(texts)} texts, largest difference of a logit {worst:.2g} (at most {opts.most:g})")
    return worst > opts.most


if __name__ == "__main__":
    sys.exit(main())
