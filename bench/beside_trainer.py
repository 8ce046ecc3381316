#!/usr/bin/env python3
"""attune and Hugging Face Trainer fine-tuning the same rows, timed from outside, in turn.

  beside_trainer.py --attune build/attune --model FOLDER --train train.csv [--python python3] [--rounds 7]

A step's time is (wall of a 300-step run - wall of a 100-step run) / 200, so that start-up, reading and the first steps
cancel. In each round each engine makes both runs; engines alternate, so that drift of the machine hits both. Printed: each
round's ratio, the median, the range. Both: AdamW, clipping 1.0, dropout on, no evaluation, no saving. Trainer reads ids that
were made beforehand (bench/hf_trainer.py); attune reads the CSV. Runs on one machine only, with nothing beside it.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHORT, LONG = 100, 300


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attune", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--python", default=sys.executable, help="a Python with torch and transformers")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def wall(command):
    began = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began


def step_ms(command_of):
    return (wall(command_of(LONG)) - wall(command_of(SHORT))) / (LONG - SHORT) * 1e3


def main():
    opts = options()
    with tempfile.TemporaryDirectory() as scratch:
        ids = Path(scratch) / "ids.json"
        trainer = [opts.python, HERE / "hf_trainer.py", "--model", opts.model, "--ids", ids, "--batch-size", opts.batch_size,
                   "--threads", opts.threads]
        wall([*trainer, "--prepare", opts.train])

        def attune(precision):
            return lambda steps: [opts.attune, "train", "--model", opts.model, "--train", opts.train, "--dev", "none",
                                  "--batch-size", opts.batch_size, "--max-steps", steps, "--precision", precision, "--threads",
                                  opts.threads, "--out", Path(scratch) / "run", "--overwrite"]

        engines = {"trainer": lambda steps: [*trainer, "--max-steps", steps], "attune bf16": attune("bf16"), "attune f32": attune("f32")}
        times = {name: [] for name in engines}
        for number in range(1, opts.rounds + 1):
            for name, command_of in engines.items():
                times[name].append(step_ms(command_of))
            print(f"round {number}: " + ", ".join(f"{name} {ms[-1]:.1f} ms" for name, ms in times.items()), flush=True)
    print(f"Trainer: {statistics.median(times['trainer']):.1f} ms a step (median of {opts.rounds})")
    for name in ("attune bf16", "attune f32"):
        ratios = sorted(peer / ours for peer, ours in zip(times["trainer"], times[name]))
        print(f"{name}: {statistics.median(times[name]):.1f} ms a step; {statistics.median(ratios):.2f} times as fast "
              f"({ratios[0]:.2f} to {ratios[-1]:.2f})")
    print(json.dumps({name: [round(ms, 2) for ms in values] for name, values in times.items()}))


if __name__ == "__main__":
    main()
