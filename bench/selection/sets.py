"""The rows that bench/selection works on: real sets, thinned to what two cores can train on again and again.

sample(NAME, FOLDER, SHARED) writes FOLDER/NAME.EXT and returns its path; the same rows every time.
"""

import csv
import json
import pathlib
import random

# name: (file below the data folder, rows, options of attune select-loss)
PLAIN = ["--model", "minilm", "--batch-size", "32", "--lr", "2e-4", "--epochs", "3"]
HEAD = PLAIN + ["--head-start", "linear"]
SETS = {
    "sst2": ("sst2/train.csv", 1500, PLAIN + ["--task", "classify", "--metric", "accuracy"]),
    "sst5": ("sst5/train.csv", 1500, PLAIN + ["--task", "classify", "--metric", "quadratic_kappa", "--ordered"]),
    "banking77": ("banking77/train.csv", 1500, HEAD + ["--task", "classify", "--metric", "accuracy"]),
    "goemotions": ("goemotions/train.jsonl", 1500, HEAD + ["--task", "multilabel", "--metric", "micro_f1"]),
}
# More for verdicts alone.
VERDICTS = {
    "sst2": (*SETS["sst2"][:2], PLAIN + ["--task", "classify", "--metric", "macro_f1"]),
    "sst5": SETS["sst5"],
    "banking77": ("banking77/train.csv", 3000, HEAD + ["--task", "classify", "--metric", "macro_f1"]),
    "banking77_thinned": ("banking77/train.csv", 0, HEAD + ["--task", "classify", "--metric", "macro_f1"]),
    "clinc150": ("clinc150/train.csv", 3000, HEAD + ["--task", "classify", "--metric", "macro_f1"]),
    "goemotions": ("goemotions/train.jsonl", 3000, HEAD + ["--task", "multilabel", "--metric", "macro_f1"]),
    "conll2003": ("conll2003/train.txt", 1500, PLAIN + ["--task", "tag", "--metric", "entity_f1_strict"]),
    "financial_phrasebank": ("financial_phrasebank/train.csv", 2000, PLAIN + ["--task", "classify", "--metric", "macro_f1"]),
    "mrpc": ("mrpc/train.csv", 2000, PLAIN + ["--task", "classify", "--metric", "f1"]),
    "cola": ("cola/train.csv", 2000, PLAIN + ["--task", "classify", "--metric", "mcc"]),
    "waimai10k": ("waimai10k/train.csv", 1500, ["--model", "multilingual"] + PLAIN[2:] + ["--task", "classify", "--metric", "macro_f1"]),
}


def read(path):
    """(head, rows) of a file: lines of jsonl and csv, sentences of conll."""
    if path.suffix == ".jsonl":
        return None, path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".txt":
        return None, [part for part in path.read_text(encoding="utf-8").split("\n\n") if part.strip() and "-DOCSTART-" not in part]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def write(path, head, rows):
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head] + rows)
    else:
        path.write_text(("\n\n" if path.suffix == ".txt" else "\n").join(rows) + "\n", encoding="utf-8")


def thinned(head, rows, draw):
    """One class in fifty of its rows, the next in forty-nine, ...: classes of 1 to 50 rows a class, by chance."""
    label = head.index("label")
    by_class = {}
    for row in rows:
        by_class.setdefault(row[label], []).append(row)
    kept = []
    for place, name in enumerate(sorted(by_class)):
        most = max(3, round(100 * 50 ** (-place / (len(by_class) - 1))))
        kept += draw.sample(by_class[name], min(most, len(by_class[name])))
    return kept


def sample(name, entry, folder, shared, seed=0):
    """(path, rows) of a set's thinned file; another `seed`: other rows."""
    source, rows, _ = entry
    path = pathlib.Path(shared) / source
    out = pathlib.Path(folder) / (name + (f"-{seed}" if seed else "") + path.suffix)
    head, all_rows = read(path)
    draw = random.Random(seed)
    if rows == 0:
        kept = thinned(head, all_rows, draw)
    else:
        kept = [all_rows[i] for i in sorted(draw.sample(range(len(all_rows)), min(rows, len(all_rows))))]
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, head, kept)
    return out, len(kept)
