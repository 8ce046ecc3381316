#!/usr/bin/env python3
"""Makes a model folder of bert-base's size (110 M parameters) with random weights from a fixed seed.

  make_bert_base.py --tokenizer FOLDER --out FOLDER

transformers' BertConfig as it is (30,522 pieces, 12 layers, 768 hidden), BertModel, seed 1; the tokenizer files are copied.
Good for speed and memory only: it knows nothing.
"""
import argparse
import os
import shutil
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder with tokenizer.json and its companions")
    parser.add_argument("--out", type=Path, required=True)
    opts = parser.parse_args()
    import transformers
    transformers.set_seed(1)
    model = transformers.BertModel(transformers.BertConfig(position_embedding_type="absolute"))  # CTranslate2 asks for it
    unfinished = opts.out.with_name(opts.out.name + ".unfinished")
    model.save_pretrained(unfinished)
    for name in TOKENIZER_FILES:
        if (opts.tokenizer / name).is_file():
            shutil.copy(opts.tokenizer / name, unfinished / name)
    unfinished.rename(opts.out)


if __name__ == "__main__":
    main()
