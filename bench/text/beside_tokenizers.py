#!/usr/bin/env python3
"""attune's tokenizer and Hugging Face tokenizers over the same texts, one thread each, timed in turn.

  beside_tokenizers.py --tool build/tests/text/text_pieces_tool --model FOLDER [--rounds 7] [--megabytes 1] FILE ...

Hugging Face gets its best of encode() text by text, encode_batch() and encode_batch_fast() (which leaves offsets out), from
Python strings that are already there. attune's program encodes the same texts from memory, always with offsets: `first` is
the first pass of a fresh process, with no word remembered; `again` the median of further ones. Rounds alternate, so that
drift of the machine hits both. Printed: megabytes of UTF-8 a second, and the rounds' ratios to the fastest way of Hugging
Face, median and range.
"""
import argparse
import os
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from tokenizer_golden import texts_of  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=float, default=1.0, help="of each file, at most")
    parser.add_argument("files", type=Path, nargs="+")
    return parser.parse_args()


def some_texts(path, megabytes):
    texts, size = [], 0
    for text in texts_of(path):
        if len(text) < 3:  # labels, empty lines
            continue
        size += len(text.encode())
        if size > megabytes * 1e6:
            break
        texts.append(text)
    return texts


def in_batches(encode, texts):
    for at in range(0, len(texts), 1000):
        encode(texts[at:at + 1000])


def reference_seconds(tokenizer, texts):
    """Seconds of each way; special pieces are left out, as attune leaves them to its caller."""
    ways = {
        "encode": lambda: [tokenizer.encode(text, add_special_tokens=False) for text in texts],
        "batch": lambda: in_batches(lambda some: tokenizer.encode_batch(some, add_special_tokens=False), texts),
        "fast": lambda: in_batches(lambda some: tokenizer.encode_batch_fast(some, add_special_tokens=False), texts),
    }
    seconds = {}
    for name, way in ways.items():
        began = time.perf_counter()
        way()
        seconds[name] = time.perf_counter() - began
    return seconds


def attune_seconds(options, packed):
    printed = subprocess.run([options.tool, options.model, "20"], input=packed, capture_output=True, check=True)
    passes = [float(line.split(" pieces, ")[1].split(" s")[0]) for line in printed.stdout.decode().splitlines()[1:]]
    return {"first": passes[0], "again": statistics.median(passes[1:])}


def main():
    asked = options()
    tokenizer = Tokenizer.from_file(str(asked.model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for path in asked.files:
        texts = some_texts(path, asked.megabytes)
        encoded = [text.encode() for text in texts]
        packed = b"".join(struct.pack("<I", len(text)) + text for text in encoded)
        megabytes = sum(map(len, encoded)) / 1e6
        rows = []
        for _ in range(asked.rounds):
            reference, ours = reference_seconds(tokenizer, texts), attune_seconds(asked, packed)
            rows.append(reference | ours)
        print(f"{path}: {len(texts)} texts, {megabytes:.2f} MB")
        for name in rows[0]:
            print(f"  {name:7} {megabytes / statistics.median(row[name] for row in rows):8.2f} MB/s")
        for name in ("first", "again"):
            ratios = sorted(min(row[way] for way in ("encode", "batch", "fast")) / row[name] for row in rows)
            print(f"  {name} {statistics.median(ratios):12.1f}x  ({ratios[0]:.1f} to {ratios[-1]:.1f})")


if __name__ == "__main__":
    main()
