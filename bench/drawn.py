"""Rows of the sets in ../shared/data, drawn, as attune and its peers read them: {"text", "pair"?, "label" | "labels"} or {"tokens", "tags"}."""
import csv
import json
import random


def read(folder, split):
    """All rows of a split; None: the set has no such split."""
    for name in (f"{split}.csv", f"{split}.jsonl", f"{split}.txt"):
        path = folder / name
        if not path.exists():
            continue
        if name.endswith(".txt"):
            return sentences(path)
        with open(path, encoding="utf-8", newline="") as file:
            rows = [json.loads(line) for line in file] if name.endswith("jsonl") else list(csv.DictReader(file))
        return [row_of(row) for row in rows]
    return None


def sentences(path):
    """Of a file with a word and its tag a line."""
    rows, words = [], []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line and not line.startswith("-DOCSTART-"):
            words.append(line.split())
        elif words:
            rows.append({"tokens": [word[0] for word in words], "tags": [word[-1] for word in words]})
            words = []
    return rows


def row_of(row):
    """Whatever the set calls them."""
    known = {key.lower(): value for key, value in row.items()}
    text = next(known[key] for key in ("text", "sentence", "text_a", "sentence1", "review") if key in known)
    made = {"text": text}
    pair = next((known[key] for key in ("text_b", "sentence2", "pair", "text_pair") if key in known), None)
    if pair is not None:
        made["pair"] = pair
    if "labels" in known:
        return made | {"labels": known["labels"]}
    return made | {"label": str(known["label"])}


def draw(rows, count, seed):
    return random.Random(seed).sample(rows, min(len(rows), count))


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def attune_rows(path):
    """The same rows as attune reads them: pairs are text_a and text_b, and each row has an id."""
    names = {"text": "text_a", "pair": "text_b"}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return write(path.with_suffix(".attune.jsonl"),
                 [{"id": f"row {i}"} | {(names.get(key, key) if "pair" in row else key): value for key, value in row.items()} for i, row in enumerate(rows)])
