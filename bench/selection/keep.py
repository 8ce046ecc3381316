"""Banks kept beside the results: the predictions of all their runs, so that other races can be drawn from them, and
other rules tried, without the hours of training.

  keep.py pack FOLDER...         results/banks/NAME.tar.xz of each
  keep.py unpack WORK NAME...    WORK/NAME, for null_races, planted_gains and exhaustive

Packed: the plan, which row is for what, and each run's record and predictions, rounded. No texts.
"""

import io
import pathlib
import re
import sys
import tarfile

from runs import RESULTS

BANKS = RESULTS / "banks"
KEPT = ("plan.json", "labels.txt", "parts/*", "jobs/*.json", "runs/*/attune.json", "runs/*/failed.json", "runs/*/predictions/*.jsonl")


def rounded(line):
    """A row of predictions with four digits a probability, three where labels are many."""
    digits = 4 if line.count(":") < 24 else 3
    return re.sub(r"(?<=[:\[,])-?\d+\.\d+(?:e-?\d+)?", lambda number: f"{float(number[0]):.{digits}g}", line)


def pack(folder):
    BANKS.mkdir(parents=True, exist_ok=True)
    with tarfile.open(BANKS / f"{folder.name}.tar.xz", "w:xz", preset=9) as packed:
        for file in sorted(file for kept in KEPT for file in folder.glob(kept)):
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".jsonl":
                text = "".join(rounded(line) for line in text.splitlines(keepends=True))
            entry = tarfile.TarInfo(f"{folder.name}/{file.relative_to(folder)}")
            entry.size = len(text.encode())
            packed.addfile(entry, io.BytesIO(text.encode()))


def unpack(work, name):
    """WORK/NAME; what is there already stays."""
    folder = pathlib.Path(work) / name
    if not folder.exists():
        with tarfile.open(BANKS / f"{name}.tar.xz") as packed:
            packed.extractall(work, filter="data")
    return folder


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("pack", "unpack"):
        sys.exit(__doc__)
    if sys.argv[1] == "pack":
        for folder in sys.argv[2:]:
            pack(pathlib.Path(folder))
    else:
        for name in sys.argv[3:]:
            print(unpack(sys.argv[2], name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
