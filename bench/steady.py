"""Whether a long run stays as it began: a model of bert-base's size from random weights, tags of CoNLL-2003 for 2,000 steps, then lines
of WikiText up to 512 pieces with a made-up tag a word. Prints step time and memory of each tenth of a run, as a Markdown table.

    python3 bench/steady.py MODEL [--program build/attune] [--data ../shared/data] [--conll-steps 2000] [--wikitext-steps 300]

MODEL: the folder that bench/peers/make_bert_base.py makes. Time a token is the median over the steps of the tenth, memory the largest
RssAnon seen. A run that gets slower or larger after its first tenth is not steady.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import memory_by_rows
from places import ROOT

PARTS = 10


def tagged_lines(text, to):
    """A sentence a line of text, a word and its tag a line: the tag says what a word begins with."""
    with open(to, "w", encoding="utf-8") as file:
        for line in open(text, encoding="utf-8"):
            words = line.split()
            if len(words) < 8:
                continue
            for word in words:
                tag = "B-NAME" if word[0].isupper() else "B-NUMBER" if word[0].isdigit() else "O"
                file.write(f"{word} {tag}\n")
            file.write("\n")


def watch(command, log):
    """Runs it to its end. Returns (steps logged so far, MiB) as seen every quarter of a second."""
    seen = []
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        while process.poll() is None:
            logged = log.read_bytes().count(b'"step"') if log.exists() else 0
            seen.append((logged, memory_by_rows.status_of(process.pid).get("RssAnon", 0) / 1024))
            time.sleep(0.25)
        if process.returncode:
            said.seek(0)
            sys.exit(f"steady.py: {command[0]} ended with {process.returncode}: {said.read()[-500:]}")
    return seen


def report(title, lines, seen):
    print(f"{title}\n\n| steps | ms a step | µs a token | anonymous memory, MiB |\n|---:|---:|---:|---:|")
    for part in range(PARTS):
        begin, end = part * len(lines) // PARTS, (part + 1) * len(lines) // PARTS
        mib = max((memory for logged, memory in seen if begin <= logged <= end), default=0.0)
        ms = statistics.median(line["ms_per_step"] for line in lines[begin:end])
        token = statistics.median(1e6 / line["tokens_per_second"] for line in lines[begin:end])
        print(f"| {lines[begin]['step']} to {lines[end - 1]['step']} | {ms:.0f} | {token:.0f} | {mib:.0f} |")
    print(flush=True)


def run(opts, title, rows, steps, extra):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        out = Path(folder) / "run"
        command = [opts.program, "train", "--model", opts.model, "--task", "tag", "--train", rows, "--dev", "none", "--no-ladder",
                   "--max-steps", steps, "--log-every", max(1, steps // 100), "--out", out, *extra]
        seen = watch(command, out / "metrics.jsonl")
        lines = [line for line in map(json.loads, open(out / "metrics.jsonl", encoding="utf-8")) if "ms_per_step" in line]
        report(f"{title}: `attune train {' '.join(map(str, extra))}`, {steps} steps", lines, seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--program", default=str(ROOT / "build/attune"))
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--conll-steps", type=int, default=2000)
    parser.add_argument("--wikitext-steps", type=int, default=300)
    opts = parser.parse_args()
    if opts.conll_steps:
        run(opts, "CoNLL-2003", opts.data / "conll2003/train.txt", opts.conll_steps, ["--batch-size", 16])
    if opts.wikitext_steps:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            rows = Path(folder) / "wikitext.txt"
            tagged_lines(opts.data / "text_wikitext2_raw/dev.txt", rows)
            run(opts, "WikiText lines", rows, opts.wikitext_steps, ["--batch-size", 8, "--max-length", 512])


if __name__ == "__main__":
    main()
