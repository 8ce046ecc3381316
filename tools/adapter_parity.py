#!/usr/bin/env python3
"""Logits of an adapter by attune, beside those of the package whose folder it is: PEFT, or AdapterHub's `adapters` for bottlenecks.

  adapter_parity.py --attune build/attune --model RUN --texts FILE.csv [--column text] [--rows 64] [--most 1e-5]
  adapter_parity.py --attune build/attune --make houlsby|pfeiffer --base FOLDER --model NEW --texts FILE.csv

RUN is a folder that attune wrote. With --make the package `adapters` writes NEW first: a bottleneck adapter whose weights are drawn, with a
head of three labels. Needs torch, transformers and peft (bench/peers/requirements.txt has the versions), or `adapters` 1.3 with the
transformers that it asks for. Texts are encoded by transformers' own tokenizer, one at a time, in f32 on both sides. Of classification
and regression. Exit code 1 where a logit differs by more.
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
    parser.add_argument("--make", choices=["houlsby", "pfeiffer"])
    parser.add_argument("--base", help="of the adapter that --make writes")
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


def record_of(opts):
    path = opts.model / "attune.json"
    return json.loads(path.read_text()) if path.exists() else {"labels": ["a", "b", "c"], "max_length": 128}


def logits_of(model, base, texts, longest):
    import torch
    import transformers
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    with torch.no_grad():
        return [model(**tokenizer(text, return_tensors="pt", truncation=True, max_length=longest)).logits[0].tolist() for text in texts]


def of_peft(opts, config, texts):
    import transformers
    from peft import PeftModel
    transformers.logging.set_verbosity_error()
    base, record = config["base_model_name_or_path"], record_of(opts)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(base, num_labels=max(1, len(record["labels"])))
    return logits_of(PeftModel.from_pretrained(model, opts.model).eval(), base, texts, record["max_length"])


def of_adapter_hub(opts, config, texts):
    from adapters import AutoAdapterModel
    model = AutoAdapterModel.from_pretrained(config["model_name"])
    model.set_active_adapters(model.load_adapter(str(opts.model), use_safetensors=True))
    return logits_of(model.eval(), config["model_name"], texts, record_of(opts)["max_length"])


def make(opts):
    import torch
    from adapters import AutoAdapterModel, DoubleSeqBnConfig, SeqBnConfig
    torch.manual_seed(1)
    model = AutoAdapterModel.from_pretrained(opts.base)
    model.add_adapter("drawn", config={"houlsby": DoubleSeqBnConfig, "pfeiffer": SeqBnConfig}[opts.make]())
    model.add_classification_head("drawn", num_labels=3, id2label={0: "a", 1: "b", 2: "c"})
    for name, parameter in model.named_parameters():  # as if trained: what begins at nearly zero would show nothing
        if ".adapters." in name:
            torch.nn.init.normal_(parameter, std=0.2)
    model.save_adapter(str(opts.model), "drawn", use_safetensors=True)


def main():
    opts = options()
    with open(opts.texts, newline="", encoding="utf-8") as file:
        texts = [row[opts.column] for row, _ in zip(csv.DictReader(file), range(opts.rows))]
    if opts.make:
        make(opts)
    config = json.loads((opts.model / "adapter_config.json").read_text())
    ours, theirs = of_attune(opts, texts), (of_peft if "peft_type" in config else of_adapter_hub)(opts, config, texts)
    worst = max(abs(a - b) for one, other in zip(ours, theirs, strict=True) for a, b in zip(one, other, strict=True))
    print(f"{len(texts)} texts, largest difference of a logit {worst:.2g} (at most {opts.most:g})")
    return worst > opts.most


if __name__ == "__main__":
    sys.exit(main())
