"""Two or more ways of training beside each other on a machine that is not quiet: runs in turn with equal batches, compared step by step.

    python3 bench/paired_steps.py --model minilm --train train.csv --steps 150 --rounds 7 \\
        "lora=--adapter lora" "lora, base in int8=--adapter lora --base-precision int8" "all weights="

Each NAME=OPTIONS is a run of `attune train`; NAME=PROGRAM:OPTIONS one of another build of it. Every run has the same rows in the same order,
so its step i has the work of the others' step i. Prints a Markdown table: the mean over the steps of the least time that any round needed for
the step (what is left of it where others held the machine up is least), that beside the first run's, the median over the steps of each round's
ratios, least and greatest of the rounds, and the peak memory of the process.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile

import process

HERE = pathlib.Path(__file__).resolve().parent
WARMING_UP = 5  # steps left out


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=[PROGRAM:]OPTIONS")
    parser.add_argument("--model", default="minilm", help="default %(default)s")
    parser.add_argument("--train", required=True, type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=150, help="default %(default)s")
    parser.add_argument("--rounds", type=int, default=7, help="default %(default)s")
    parser.add_argument("--precision", default="bf16", help="default %(default)s")
    parser.add_argument("--program", default=HERE.parent / "build/attune", help="default build/attune")
    return parser.parse_args()


def command_of(run, opts, folder):
    name, said = run.split("=", 1)
    program, _, more = said.rpartition(":") if ":" in said else (opts.program, "", said)
    return name, [program, "train", "--model", opts.model, "--train", opts.train, "--dev", "none", "--max-steps", opts.steps, "--log-every", 1, "--precision", opts.precision,
                  "--no-ladder", "--bootstrap", 0, "--out", folder, "--overwrite", *more.split()]


def timed(command, folder):
    done = process.run(command)
    if done.code != 0:
        sys.exit(f"paired_steps.py: {' '.join(map(str, command))}: {done.reason()}")
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line["ms_per_step"] for line in lines if "ms_per_step" in line][WARMING_UP:], done.peak_mib


def main():
    opts = options()
    times, peaks = {}, {}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "run"
        for _ in range(opts.rounds):
            for run in opts.runs:
                name, command = command_of(run, opts, folder)
                steps, peak = timed(command, folder)
                times.setdefault(name, []).append(steps)
                peaks[name] = max(peaks.get(name, 0), peak)
    best = {name: statistics.fmean(min(step) for step in zip(*rounds)) for name, rounds in times.items()}
    first = next(iter(best))
    print("| | least ms a step | beside the first | rounds' ratios | peak memory, MiB |\n|---|---:|---:|---:|---:|")
    for name, rounds in times.items():
        ratios = [statistics.median(a / b for a, b in zip(mine, theirs)) for mine, theirs in zip(rounds, times[first])]
        print(f"| {name} | {best[name]:.1f} | {best[name] / best[first]:.2f} | {min(ratios):.2f} to {max(ratios):.2f} | {peaks[name]:.0f} |")


if __name__ == "__main__":
    main()
