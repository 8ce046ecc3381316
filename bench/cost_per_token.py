"""What a token costs as batches grow: training steps and prediction from 400 to 8,000 tokens at a time. Prints a Markdown table.

    python3 bench/cost_per_token.py [--program build/attune] [--model minilm] [--rounds 5] [--tokens 400,800,1600,3200,8000]

Every text is 23 pieces long with [CLS] and [SEP]. A time is the wall of a long run less that of a short one, as in beside.py; the sizes
take turns, and ratios are taken round by round against the first size. Training: 1 + N steps, as many as have the same number of tokens
at every size. The goal: training never dearer than at the first size, prediction within 10% of it.
"""
import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import process
from places import ROOT

PIECES = 23
WORDS = "the film is a good story of love and life that we like to see once more in an old town".split()
TRAIN_TOKENS = 24000  # that the long run has more than the short one
PREDICT_ROWS = 4000


def write_rows(path, rows):
    """CSV with a label; as many words as pieces, for every word is one piece in the usual vocabularies."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("text,label\n")
        for row in range(rows):
            words = (WORDS[(row * 7 + i * (1 + row % 5)) % len(WORDS)] for i in range(PIECES - 2))
            file.write(f"{' '.join(words)},{'yes' if row % 3 else 'no'}\n")


def wall(command):
    finished = process.run(command)
    if finished.code:
        sys.exit(f"cost_per_token.py: {' '.join(map(str, command))}: {finished.reason()}")
    return finished.seconds


def train_cost(opts, folder, tokens):
    """Seconds a token."""
    batch = max(1, round(tokens / PIECES))
    steps = max(2, round(TRAIN_TOKENS / (batch * PIECES)))

    def run(count):
        return wall([opts.program, "train", "--model", opts.model, "--task", "classify", "--train", folder / "train.csv", "--dev", "none",
                     "--batch-size", batch, "--micro-batch", batch, "--max-steps", count, "--no-ladder", "--out", folder / "run", "--overwrite"])

    return (run(1 + steps) - run(1)) / (steps * batch * PIECES)


def predict_cost(opts, folder, tokens):
    batch = max(1, round(tokens / PIECES))

    def run(name):
        return wall([opts.program, "predict", "--model", folder / "model", folder / name, "--batch-size", batch])

    return (run("long.csv") - run("short.csv")) / (PREDICT_ROWS * PIECES)


def report(name, sizes, costs):
    """costs: by size, one a round."""
    print(f"| {name}, tokens at a time | µs a token | times the first |\n|---:|---:|---:|")
    for size in sizes:
        ratios = [own / first for own, first in zip(costs[size], costs[sizes[0]])]
        print(f"| {size} | {1e6 * statistics.median(costs[size]):.1f} | {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}) |")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/attune"))
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", default="400,800,1600,3200,8000", help="default %(default)s")
    opts = parser.parse_args()
    sizes = [int(size) for size in opts.tokens.split(",")]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        write_rows(folder / "train.csv", TRAIN_TOKENS // PIECES + 2 * max(sizes) // PIECES)
        write_rows(folder / "short.csv", 1000)
        write_rows(folder / "long.csv", 1000 + PREDICT_ROWS)
        wall([opts.program, "train", "--model", opts.model, "--task", "classify", "--train", folder / "train.csv", "--dev", "none", "--max-steps", 1,
              "--no-ladder", "--out", folder / "model"])
        for title, cost in (("training", train_cost), ("prediction", predict_cost)):
            costs = {size: [] for size in sizes}
            for _ in range(opts.rounds):
                for size in sizes:
                    costs[size].append(cost(opts, folder, size))
            report(title, sizes, costs)


if __name__ == "__main__":
    main()
