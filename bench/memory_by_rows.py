"""What memory grows with: files of more and more rows, trained on for 20 steps and predicted. Prints a Markdown table.

    python3 bench/memory_by_rows.py [--program build/attune] [--rows 10000,100000,1000000,10000000] [--folder /var/tmp]

Rows are four words, all different, 22 bytes; the model is the tests' tiny one. Peak is VmHWM, with pages of files that the system
may take back; anonymous memory is the most that RssAnon showed while it was looked at every few milliseconds, and what "bytes a row"
are counted of: (anonymous at N rows - anonymous at the first number of rows) / (N - the first).
"""
import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests/models/golden/sequence_classification"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [f"w{i}" for i in range(95)]
LOOK_EVERY_S = 0.004


@dataclass
class Watched:
    """A finished run. KiB; `first_mark_s`: from its start until a line of standard error began with the mark."""

    code: int
    seconds: float
    peak: int
    anonymous: int
    first_mark_s: float
    said: str


def status_of(pid):
    """VmHWM, VmRSS and RssAnon in KiB, and the number of Threads; nothing where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    return {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines() if line.startswith(("VmHWM", "VmRSS", "RssAnon", "Threads"))}


def watch(command, mark=None):
    """Runs a command to its end, looking at its memory all the while."""
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        peak = anonymous = 0
        marked = None
        while process.poll() is None:
            found = status_of(process.pid)
            peak, anonymous = max(peak, found.get("VmHWM", 0)), max(anonymous, found.get("RssAnon", 0))
            if mark and marked is None:
                said.seek(0)
                marked = time.perf_counter() - began if any(line.startswith(mark) for line in said) else None
            time.sleep(LOOK_EVERY_S)
        seconds = time.perf_counter() - began
        said.seek(0)
        return Watched(process.returncode, seconds, peak, anonymous, marked or seconds, said.read())


def make_model(folder):
    """The tests' tiny classifier, with words for a vocabulary."""
    folder.mkdir()
    config = json.loads((GOLDEN / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({key: value for key, value in config.items() if key not in ("id2label", "label2id")}))
    shutil.copy(GOLDEN / "model.safetensors", folder)
    (folder / "vocab.txt").write_text("\n".join(SPECIAL + WORDS) + "\n")
    return folder


def make_rows(path, rows):
    """Four words a row; the first says the label."""
    words, base = WORDS, len(WORDS)
    with open(path, "w", encoding="ascii") as file:
        file.write("text,label\n")
        for first in range(0, rows, 100000):
            lines = []
            for i in range(first, min(rows, first + 100000)):
                n = i * 2654435761 % base**4  # a bijection: all rows differ
                a, b, c, d = n % base, n // base % base, n // base**2 % base, n // base**3
                lines.append(f"{words[a]} {words[b]} {words[c]} {words[d]},class{a % 3}\n")
            file.write("".join(lines))
    return path


def measure(program, model, rows, folder):
    """A training run and a prediction of `rows` rows."""
    data, out = make_rows(folder / "rows.csv", rows), folder / "run"
    train = watch([program, "train", "--model", model, "--train", data, "--dev", "none", "--max-steps", "20", "--out", out,
                   "--overwrite"], mark="plan:")
    if train.code != 0:
        sys.exit(train.said)
    predict = watch([program, "predict", "--model", out, data])
    if predict.code != 0:
        sys.exit(predict.said)
    data.unlink()
    return train, predict


def per_row(now, first, rows, first_rows):
    return (now.anonymous - first.anonymous) * 1024 / (rows - first_rows) if rows > first_rows else None


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", default=ROOT / "build/attune")
    options.add_argument("--rows", default="10000,100000,1000000,10000000")
    options.add_argument("--folder", default="/var/tmp", help="on a disk, not in memory")
    given = options.parse_args()
    print("| rows | train: peak MiB | anonymous MiB | bytes a row | read, s | predict: peak MiB | anonymous MiB | bytes a row | s |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    first = None
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        model = make_model(Path(temporary) / "model")
        for rows in (int(number) for number in given.rows.split(",")):
            train, predict = measure(given.program, model, rows, Path(temporary))
            first = first or (rows, train, predict)
            cells = [f"{rows:,}"]
            for now, before, seconds in ((train, first[1], train.first_mark_s), (predict, first[2], predict.seconds)):
                grown = per_row(now, before, rows, first[0])
                cells += [f"{now.peak / 1024:.1f}", f"{now.anonymous / 1024:.1f}", "" if grown is None else f"{grown:.1f}", f"{seconds:.2f}"]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
