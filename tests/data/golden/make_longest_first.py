"""Writes longest_first.txt: how many pieces of each text Hugging Face's tokenizers keep of a pair.

Each line: room, pieces of the first text, of the second, kept of the first, of the second.
"""
import pathlib
import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers

tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1, "[UNK]": 2}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
lines = [f"# tokenizers {tokenizers.__version__}"]
for room in range(1, 13):
    tokenizer.enable_truncation(max_length=room, strategy="longest_first")
    for first in range(0, 13):
        for second in range(0, 13):
            ids = tokenizer.encode(" ".join("a" * first), " ".join("b" * second)).ids
            lines.append(f"{room} {first} {second} {ids.count(0)} {ids.count(1)}")
pathlib.Path(__file__).with_name("longest_first.txt").write_text("\n".join(lines) + "\n")
