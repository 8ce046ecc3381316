#!/usr/bin/env python3
"""Hugging Face tokenizers on one thread: a text a line in, ids out.

  hf_tokenize.py --model FOLDER --texts texts.txt [--max-length 128] [--out ids.json]

Reads tokenizer.json, without its own padding and truncation; `encode_batch_fast` (no offsets), the library's fastest
call. Prints one JSON line with the numbers of texts and pieces; --out writes the ids, for comparing. To be timed from outside by
two files of different size.
"""
import argparse
import json
import os
from itertools import islice
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("RAYON_NUM_THREADS", "1")
BATCH = 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--max-length", type=int, default=None, help="cut longer sequences (default: nothing is cut)")
    parser.add_argument("--out", type=Path, default=None)
    opts = parser.parse_args()
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(str(opts.model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if opts.max_length:
        tokenizer.enable_truncation(opts.max_length)
    texts = pieces = 0
    kept = []
    with open(opts.texts, encoding="utf-8") as file:
        lines = (line.rstrip("\n") for line in file)
        while batch := list(islice(lines, BATCH)):
            for encoding in tokenizer.encode_batch_fast(batch):
                ids = encoding.ids
                texts += 1
                pieces += len(ids)
                if opts.out:
                    kept.append(ids)
    if opts.out:
        opts.out.write_text(json.dumps(kept), encoding="utf-8")
    print(json.dumps({"texts": texts, "real_tokens": pieces, "versions": {"tokenizers": tokenizers.__version__}}))


if __name__ == "__main__":
    main()
