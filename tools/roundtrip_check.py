#!/usr/bin/env python3
"""Both directions between attune and transformers.

A folder written by attune, opened here: the same probabilities (or scores, or entities) on given texts?
  roundtrip_check.py predict FOLDER DATA... --attune build/attune        runs `attune predict` for each file itself
  roundtrip_check.py predict FOLDER DATA --predictions out.jsonl         or takes what it wrote

A folder fine-tuned and saved here, opened by attune: the same metrics?
  roundtrip_check.py finetune MODEL TRAIN TEST --out FOLDER --steps 100 [--attune build/attune]
  then also: attune eval --model FOLDER --data TEST --precision f32

DATA is CSV or JSONL (text or sentence, or a pair text_a/text_b; label or labels), CoNLL columns (.txt, .conll; the tag
last) or, with any other ending, one text a line. Exit code 1 where something differs by more than --tolerance.
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
from seqeval.metrics import f1_score as entity_f1
from seqeval.metrics.sequence_labeling import get_entities
from sklearn.metrics import f1_score
from transformers import (AutoConfig, AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer,
                          get_linear_schedule_with_warmup)

TEXT_NAMES, PAIR_NAMES = ("text", "sentence", "text_a", "sentence1"), ("text_pair", "text_b", "sentence2")


def first_of(row, names):
    return next((row[name] for name in names if name in row), None)


def read_conll(path):
    """Rows of words and tags; blank lines and -DOCSTART- part them."""
    rows, words, tags = [], [], []
    for line in path.read_text(encoding="utf-8-sig").splitlines() + [""]:
        columns = line.split()
        if columns and columns[0] != "-DOCSTART-":
            words.append(columns[0])
            tags.append(columns[-1])
        elif words:
            rows.append({"words": words, "label": tags})
            words, tags = [], []
    return rows


def read(path, count=None):
    """Rows with text and pair, or words, and label (a string, a list, or None)."""
    if path.suffix in (".txt", ".conll"):
        return read_conll(path)[:count]
    with open(path, encoding="utf-8-sig", newline="") as file:
        if path.suffix == ".csv":
            raw = list(csv.DictReader(file))
        elif path.suffix == ".jsonl":
            raw = [json.loads(line) for line in file if line.strip()]
        else:
            raw = [{"text": line.rstrip("\r\n")} for line in file]
    return [{"text": first_of(row, TEXT_NAMES), "pair": first_of(row, PAIR_NAMES), "label": first_of(row, ("label", "labels"))}
            for row in raw][:count]


def is_tagger(config):
    return any("TokenClassification" in name for name in config.architectures or [])


def open_model(folder, **more):
    config = AutoConfig.from_pretrained(folder)
    kind = AutoModelForTokenClassification if is_tagger(config) else AutoModelForSequenceClassification
    model, loading = kind.from_pretrained(folder, dtype=torch.float32, output_loading_info=True, **more)
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if loading.get(what):
            print(f"{folder}: {what.replace('_', ' ')}: {sorted(loading[what])}", file=sys.stderr)
    return model.eval(), AutoTokenizer.from_pretrained(folder)


def encode(tokenizer, row, max_length):
    if "words" in row:
        return tokenizer(row["words"], is_split_into_words=True, truncation=True, max_length=max_length, return_tensors="pt")
    pair = [row["pair"]] if row["pair"] is not None else []
    return tokenizer(row["text"], *pair, truncation="longest_first", max_length=max_length, return_tensors="pt")


@torch.no_grad()
def logits_of(model, tokenizer, row, max_length):
    """[K], or [words, K] by first sub-word; words cut off have none."""
    batch = encode(tokenizer, row, max_length)
    logits = model(**batch).logits[0]
    if "words" not in row:
        return logits
    first = {}
    for token, word in enumerate(batch.word_ids(0)):
        if word is not None:
            first.setdefault(word, token)
    return logits[[first[word] for word in range(len(row["words"])) if word in first]]


def tags_of(model, logits, count):
    tags = [model.config.id2label[i] for i in logits.argmax(-1).tolist()]
    return tags + ["O"] * (count - len(tags))


def entities_of(words, tags):
    """(type, begin, end) in characters of the words joined by one space."""
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word) + 1
    return [(kind, starts[a], starts[b] + len(words[b])) for kind, a, b in get_entities(tags)]


def expected(model, logits, row):
    return {"logits": logits} | expected_line(model, logits, row)


def expected_line(model, logits, row):
    if "words" in row:
        return {"entities": entities_of(row["words"], tags_of(model, logits, len(row["words"])))}
    if model.config.num_labels == 1:
        return {"score": logits.item()}
    multi = model.config.problem_type == "multi_label_classification"
    shares = logits.sigmoid() if multi else logits.softmax(-1)
    result = {"probabilities": {model.config.id2label[i]: p for i, p in enumerate(shares.tolist())}}
    return result if multi else result | {"label": model.config.id2label[int(logits.argmax())]}


def difference(want, got):
    """The largest difference of logits and probabilities; infinity where they cannot be compared or a decision differs."""
    gap = 0.0
    if "logits" in got:
        ours = torch.tensor(got["logits"])
        if ours.shape != want["logits"].shape:
            return float("inf")
        gap = (ours - want["logits"]).abs().max().item() if ours.numel() else 0.0
    if "entities" in want:
        theirs = [(e.get("type", e.get("label")), e.get("start", e.get("begin")), e["end"]) for e in got["entities"]]
        return gap if theirs == want["entities"] else float("inf")
    if "score" in want:
        return max(gap, abs(want["score"] - got["score"]))
    if set(want["probabilities"]) != set(got["probabilities"]):
        return float("inf")
    gap = max(gap, *(abs(p - got["probabilities"][label]) for label, p in want["probabilities"].items()))
    tied = sorted(want["probabilities"].values())[-2:]
    if "label" in want and want["label"] != got["label"] and tied[-1] - tied[0] > 1e-5:
        return float("inf")
    return gap


def run_attune(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def check_predictions(opts):
    model, tokenizer = open_model(opts.folder)
    good = True
    for path in opts.data:
        text = (opts.predictions.read_text(encoding="utf-8") if opts.predictions else
                run_attune([opts.attune, "predict", "--model", opts.folder, path, "--precision", "f32", "--logits",
                             *(["--decoding", "argmax"] if is_tagger(model.config) else [])]))
        got = [json.loads(line) for line in text.splitlines() if line.strip()]
        rows = read(path)
        if len(rows) != len(got):
            raise SystemExit(f"{path}: {len(rows)} rows, but {len(got)} predictions")
        worst, at, cut = 0.0, 0, 0
        for i, (row, line) in enumerate(zip(rows[:opts.count], got), 1):
            logits = logits_of(model, tokenizer, row, opts.max_length)
            if "words" in row and len(logits) < len(row["words"]):
                cut += 1  # transformers cuts the sentence off; attune reads it in windows
                continue
            gap = difference(expected(model, logits, row), line)
            if gap > worst:
                worst, at = gap, i
        good &= worst <= opts.tolerance
        print(json.dumps({"data": str(path), "rows": len(rows[:opts.count]) - cut, "rows_cut_off_there": cut, "worst_difference": worst, "at_row": at,
                          "tolerance": opts.tolerance, "equal": worst <= opts.tolerance}, allow_nan=True))
    return good


def label_names(rows):
    """As attune orders them: by value if all are integers, else by code point; for tags O comes with the others."""
    names = {tag for row in rows for tag in (row["label"] if isinstance(row["label"], list) else [row["label"]])}
    whole = all(name.lstrip("-").isdigit() for name in names)
    return sorted(names, key=int) if whole else sorted(names)


def fine_tune(opts, rows):
    """A plain loop, batch 16, on single labels or tags; the model stays in training mode for its dropout."""
    torch.manual_seed(1)
    names = label_names(rows)
    kind = AutoModelForTokenClassification if "words" in rows[0] else AutoModelForSequenceClassification
    more = {} if "words" in rows[0] else {"problem_type": "single_label_classification"}
    model = kind.from_pretrained(opts.model, num_labels=len(names), id2label=dict(enumerate(names)), dtype=torch.float32,
                                 label2id={name: i for i, name in enumerate(names)}, ignore_mismatched_sizes=True, **more).train()
    tokenizer = AutoTokenizer.from_pretrained(opts.model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=opts.lr)
    schedule = get_linear_schedule_with_warmup(optimizer, opts.steps // 10, opts.steps)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(1)).tolist()
    for step in range(opts.steps):
        picked = [rows[order[(step * 16 + i) % len(rows)]] for i in range(16)]
        loss = batch_loss(model, tokenizer, picked, opts.max_length)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return model.eval(), tokenizer


def batch_loss(model, tokenizer, rows, max_length):
    number = model.config.label2id
    if "words" not in rows[0]:
        pairs = [[row["pair"] for row in rows]] if rows[0]["pair"] is not None else []
        batch = tokenizer([row["text"] for row in rows], *pairs, truncation=True, max_length=max_length, padding=True, return_tensors="pt")
        return model(**batch, labels=torch.tensor([number[row["label"]] for row in rows])).loss
    batch = tokenizer([row["words"] for row in rows], is_split_into_words=True, truncation=True, max_length=max_length,
                      padding=True, return_tensors="pt")
    labels = torch.full(batch["input_ids"].shape, -100)
    for i, row in enumerate(rows):
        seen = set()
        for token, word in enumerate(batch.word_ids(i)):
            if word is not None and word not in seen:
                seen.add(word)
                labels[i, token] = number[row["label"][word]]
    return model(**batch, labels=labels).loss


def judge(model, tokenizer, rows, max_length):
    """accuracy and macro_f1, or entity_f1; rows one by one, so nothing is padded."""
    gold, found = [row["label"] for row in rows], []
    for row in rows:
        logits = logits_of(model, tokenizer, row, max_length)
        found.append(tags_of(model, logits, len(row["words"])) if "words" in row else model.config.id2label[int(logits.argmax())])
    if "words" in rows[0]:
        return {"entity_f1": entity_f1(gold, found)}
    right = sum(a == b for a, b in zip(gold, found))
    return {"accuracy": right / len(gold), "macro_f1": f1_score(gold, found, average="macro", zero_division=0)}


def find_metric(report, name):
    """The first number of that name anywhere in attune's JSON; given as a share or, above 1, in percent."""
    for key, value in report.items():
        if key == name:
            number = value["value"] if isinstance(value, dict) else value
            return number / 100 if number > 1 else number
    for value in report.values():
        if isinstance(value, dict) and (found := find_metric(value, name)) is not None:
            return found
    return None


def check_fine_tuned(opts):
    train_rows, test_rows = read(opts.train), read(opts.test, opts.count)
    model, tokenizer = fine_tune(opts, train_rows)
    model.save_pretrained(opts.out)
    tokenizer.save_pretrained(opts.out)
    result = {"folder": str(opts.out), "rows": len(test_rows)} | judge(model, tokenizer, test_rows, opts.max_length)
    good = True
    if opts.attune:
        with tempfile.TemporaryDirectory() as scratch:
            text = run_attune([opts.attune, "eval", "--model", opts.out, "--data", opts.test, "--precision", "f32", "--json",
                               "--out", Path(scratch) / "eval"])
        report = json.loads(text)
        for name in ("accuracy", "macro_f1", "entity_f1"):
            if name in result:
                result[f"attune_{name}"] = find_metric(report, name)
                good &= result[f"attune_{name}"] is not None and abs(result[f"attune_{name}"] - result[name]) <= opts.tolerance
        result["equal"] = good
    print(json.dumps(result))
    return good


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    predict = verbs.add_parser("predict", help="compare with `attune predict`")
    predict.add_argument("folder", type=Path)
    predict.add_argument("data", type=Path, nargs="+")
    predict.add_argument("--predictions", type=Path, help="what `attune predict` wrote for the one file of DATA")
    tune = verbs.add_parser("finetune", help="fine-tune, save and judge with transformers")
    tune.add_argument("model", type=Path)
    tune.add_argument("train", type=Path)
    tune.add_argument("test", type=Path)
    tune.add_argument("--out", type=Path, required=True)
    tune.add_argument("--steps", type=int, default=100)
    tune.add_argument("--lr", type=float, default=1e-4)
    for verb in (predict, tune):
        verb.add_argument("--attune", type=Path, help="the program, to be run from here")
        verb.add_argument("--max-length", type=int, default=128)
        verb.add_argument("--count", type=int, help="only the first rows")
        verb.add_argument("--tolerance", type=float, default=1e-5)
        verb.add_argument("--threads", type=int, default=1)
    opts = parser.parse_args()
    if opts.verb == "predict" and (opts.attune is None) == (opts.predictions is None):
        parser.error("predict: give one of --attune and --predictions")
    if opts.verb == "predict" and opts.predictions and len(opts.data) != 1:
        parser.error("predict: --predictions belongs to one file of data")
    if opts.verb == "finetune" and opts.attune and opts.count:
        parser.error("finetune: --count would judge other rows than attune does")
    return opts


def main():
    opts = options()
    torch.set_num_threads(opts.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    sys.exit(0 if (check_predictions if opts.verb == "predict" else check_fine_tuned)(opts) else 1)


if __name__ == "__main__":
    main()
