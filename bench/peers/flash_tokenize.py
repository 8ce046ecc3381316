#!/usr/bin/env python3
"""flash-tokenizer (WordPiece) on one thread: a text a line in, ids out.

  flash_tokenize.py --model FOLDER --texts texts.txt [--out ids.json]

Reads vocab.txt; lower case as the folder's tokenizer_config.json says. Its own `encode`, text by text, no padding. Its ids
are not always right: beside.py compares them with Hugging Face's and gives the share of texts with wrong ones.
"""
import argparse
import json
from pathlib import Path

LONGEST = 1 << 20  # nothing is cut


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=None)
    opts = parser.parse_args()
    from importlib.metadata import version

    from flash_tokenizer import BertTokenizerFlash
    settings = json.loads((opts.model / "tokenizer_config.json").read_text(encoding="utf-8"))
    encode = BertTokenizerFlash(str(opts.model / "vocab.txt"), do_lower_case=settings.get("do_lower_case", True),
                                model_max_length=LONGEST).tokenizer.encode
    texts = pieces = 0
    kept = []
    with open(opts.texts, encoding="utf-8") as file:
        for line in file:
            ids = encode(line.rstrip("\n"), "longest", LONGEST)
            texts += 1
            pieces += len(ids)
            if opts.out:
                kept.append(ids)
    if opts.out:
        opts.out.write_text(json.dumps(kept), encoding="utf-8")
    print(json.dumps({"texts": texts, "real_tokens": pieces, "versions": {"flash-tokenizer": version("flash-tokenizer")}}))


if __name__ == "__main__":
    main()
