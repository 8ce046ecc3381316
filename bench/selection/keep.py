"""Banks kept beside the results: the predictions of all their runs, so that other races can be drawn from them, and
other rules tried, without the hours of training.

  keep.py pack FOLDER...                                    results/banks/NAME.tar.xz of each
  keep.py unpack --work DIR [--data ../shared/data] NAME... DIR/NAME, for null_races, planted_gains and exhaustive

Packed: the plan, which row is for what, each run's record and its predictions, rounded. Nothing of the data sets: what is
right for a row is read from their files again.
"""

import argparse
import csv
import io
import json
import pathlib
import tarfile

import causes
from runs import RESULTS
from sets import SETS, sample

BANKS = RESULTS / "banks"
KEPT = ("plan.json", "labels.txt", "parts/*", "jobs/*.json", "runs/*/attune.json", "runs/*/failed.json", "runs/*/predictions/*.jsonl")
MANY = 20  # labels


def short(probability, digits):
    return float(f"{probability:.{digits}g}")


def without_gold(line):
    """A row of predictions with four digits a probability; where labels are many three, and one below a thousandth."""
    row = json.loads(line)
    row.pop("gold", None)
    many = len(row["probabilities"]) > MANY
    row["probabilities"] = {label: short(p, 4 if not many else 3 if p >= 1e-3 else 1) for label, p in row["probabilities"].items()}
    return json.dumps(row, separators=(",", ":")) + "\n"


def pack(folder):
    BANKS.mkdir(parents=True, exist_ok=True)
    with tarfile.open(BANKS / f"{folder.name}.tar.xz", "w:xz", preset=9) as packed:
        for file in sorted(file for kept in KEPT for file in folder.glob(kept)):
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".jsonl":
                text = "".join(map(without_gold, text.splitlines()))
            entry = tarfile.TarInfo(f"{folder.name}/{file.relative_to(folder)}")
            entry.size = len(text.encode())
            packed.addfile(entry, io.BytesIO(text.encode()))


def gold_of(path):
    """{"line N": what is right for the row that begins there}."""
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as file:
            return {f"line {number}": json.loads(line)["labels"] for number, line in enumerate(file, 1)}
    gold = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        label, begins = next(rows).index("label"), rows.line_num + 1
        for row in rows:
            gold[f"line {begins}"], begins = row[label], rows.line_num + 1
    return gold


def gold_of_bank(name, options):
    """Of the bank of a set (b-SET), or of a cause, whose files are two (bank-CAUSE)."""
    kind, _, of = name.partition("-")
    if kind == "b":
        return gold_of(sample(of, SETS[of], options.work, options.data)[0])
    train, _, judge = causes.files(of, options)
    return {f"file {number} {place}": gold for number, path in enumerate((train, judge), 1) for place, gold in gold_of(path).items()}


def unpack(name, options):
    """DIR/NAME; what is there already stays."""
    folder = pathlib.Path(options.work) / name
    if folder.exists():
        return folder
    gold = gold_of_bank(name, options)
    with tarfile.open(BANKS / f"{name}.tar.xz") as packed:
        packed.extractall(options.work, filter="data")
    for file in folder.glob("runs/*/predictions/*.jsonl"):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        file.write_text("".join(json.dumps(row | {"gold": gold[row["id"]]}) + "\n" for row in rows), encoding="utf-8")
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=["pack", "unpack"])
    parser.add_argument("--work", default="/tmp/banks")
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("names", nargs="+", help="folders to pack, or names to unpack")
    options = parser.parse_args()
    for name in options.names:
        if options.do == "pack":
            pack(pathlib.Path(name))
        else:
            print(unpack(name, options))


if __name__ == "__main__":
    main()
