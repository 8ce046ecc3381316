#!/usr/bin/env python3
"""Golden values of tests/text from the reference, Hugging Face `tokenizers`; and a comparison on any amount of text.

    python tools/tokenizer_golden.py write tests/text/golden
        writes the folders' tokenizer.json and golden.jsonl: hostile strings with ids and offsets, and hash chains over
        many more strings of the same generator (tests/text/hostile_texts.h is its twin in C++)
    python tools/tokenizer_golden.py compare TOOL FOLDER [FILE_OR_FOLDER ...]
        compares the program text_pieces_tool with the reference on 200,000 hostile strings, on each code point in
        several neighbourhoods, and on all texts of the csv, tsv, jsonl and txt files named
"""
import csv
import json
import pathlib
import struct
import subprocess
import sys

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

MASK = (1 << 64) - 1
RANGES = [(0x20, 0x7F), (0x20, 0x7F), (0x20, 0x7F), (0, 0x20), (0x7F, 0x100), (0x100, 0x250), (0x300, 0x370), (0x370, 0x530),
          (0x590, 0x700), (0x900, 0x1000), (0xE00, 0x1200), (0x1AB0, 0x1B50), (0x1DC0, 0x2000), (0x2000, 0x2200),
          (0x2200, 0x2C00), (0x3000, 0x3400), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0xE000, 0xE100), (0xF900, 0xFB50),
          (0xFB50, 0x10000), (0x10000, 0x12000), (0x1B000, 0x1D300), (0x1D400, 0x1F000), (0x1F000, 0x1FB00),
          (0x20000, 0x20100), (0x2F800, 0x2FA20), (0xE0000, 0xE0200)]
BITS = ["[MASK]", "[SEP]", "[CLS]", "[PAD]", "[UNK]", "[mask]", "##ing", "unbelievable", "<s>", "</s>", "<unk>", "\u2581", "  ",
        "\n", "\t", "\r\n", "\u3000", "\u00a0", "\ufb01", "\u0130", "\u00df", "\u03a3", "\ud55c\uad6d", "\u0344", "\u0f73\u0f75",
        "\u1b44", "\u302e", "\U0001d15e", "\U00016ff0", "\U0001f469\u200d\U0001f467", "\U0001f1e8\U0001f1f3", "e\u0301",
        "\u4e2d\u6587", "don't", "3.14", "http://x.y/z?a=b", "\ufeff", "\ufffd", "\u2167", "\u33c0", "\ufdfa", "\uff71\uff9e",
        "caf\u00e9", "\u00a9\u200d\u00ae", "the", " of ", "\u0915\u094d\u0937"]
MARKS = [0x300, 0x316, 0x327, 0x345, 0x315, 0x1B44, 0x302E, 0x1D165, 0x11A8, 0x1161, 0x5B0, 0x93C, 0x94D, 0xE38, 0x1DCE]
REPEATED = [0x61, 0x4E2D, 0xE9, 0x301, 0x1F600]


class Hostile:
    """Strings that hurt; the same sequence as HostileTexts in tests/text/hostile_texts.h (splitmix64)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % n

    def next(self):
        out = []

        def put(code):
            out.append(chr(0x61 if 0xD800 <= code < 0xE000 else code))

        for _ in range(self.below(12)):
            kind = self.below(10)
            if kind < 3:
                low, high = RANGES[self.below(len(RANGES))]
                for _ in range(1 + self.below(8)):
                    put(low + self.below(high - low))
            elif kind < 5:
                out.append(BITS[self.below(len(BITS))])
            elif kind == 5:
                out.append(" ")
            elif kind == 6:
                c = REPEATED[self.below(len(REPEATED))]
                out.append(chr(c) * (1 + self.below(130)))
            elif kind == 7:
                for _ in range(1 + self.below(4)):
                    put(MARKS[self.below(len(MARKS))])
            elif kind == 8:
                put(self.below(0x110000))
            else:
                for _ in range(1 + self.below(12)):
                    put(0x61 + self.below(26))
        return "".join(out)


def charsmap(rules):
    """A Precompiled map for {text: form}: darts-clone's layout, each node's children in a block of 256 of their own."""
    forms, root = b"", {}
    for key, form in rules.items():
        node = root
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node["value"] = len(forms)
        forms += form.encode() + b"\0"
    units, nodes = [0] * 512, [(root, 0)]
    for i, (node, at) in enumerate(nodes):  # grows while it is walked
        base = 256 * (i + 1)
        units += [0] * 256
        units[at] |= (at ^ base) << 10
        if "value" in node:
            units[at] |= 1 << 8
            units[base] = node["value"] | 1 << 31
        for byte in (b for b in node if b != "value"):
            units[base ^ byte] |= byte
            nodes.append((node[byte], base ^ byte))
    return struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + forms


def bert(folder, **flags):
    """BERT's tokenizer over the folder's vocab.txt, as transformers builds it."""
    vocabulary = {line.rstrip("\n"): i for i, line in enumerate(open(folder / "vocab.txt", encoding="utf-8"))}
    t = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(**flags)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.add_special_tokens(["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"])
    return t


def unigram(precompiled):
    """A small Unigram model in the manner of XLM-R."""
    words = ("the of and to in is it for on that this with as are be not \u4e2d\u6587 \u4e2d \u6587 \u56fd ing ed er es un believ able "
             "caf e\u0301 \u00e9 fi http : / . , ' - t s don \ud55c \uad6d \u0930\u0940 \u0301 M P 1 a b c d e f g h i j k l m n o p q r s t u v w x "
             "y z A B C").split()
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.5)]
    for i, word in enumerate(dict.fromkeys(words)):
        score = -3.0 - 0.125 * i - 1.5 * len(word)
        pieces += [(word, score), ("\u2581" + word, score - 0.75)]
    t = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    if precompiled:
        rules = {"M": "mm", "\u0301": "", "\u00e9": "e\u0301", "\u00a9": "(c)", "fi": "Z", "\r": " ", "\n": " ", "\t": " ", "\u0344": "xyz",
                 "\u200d": " ", "\u1100": "g", "X": "", "\u4e2d": "zhong", "\ufb01": "fi", "\u3000": " ", "\u0600": "P", "1": "\u4e00"}
        t.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap(rules)), spaces])
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    else:
        t.normalizer = normalizers.Sequence([normalizers.NFKC(), spaces])
        t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    return t


def pieces_of(tokenizer, texts):
    for i in range(0, len(texts), 5000):
        for e in tokenizer.encode_batch(texts[i:i + 5000], add_special_tokens=False):
            yield [(n, begin, end) for n, (begin, end) in zip(e.ids, e.offsets)]


def chain(tokenizer, seed, count):
    """FNV-1a over the texts' bytes, and over the pieces of all of them."""
    def fnv(h, data):
        for byte in data:
            h = ((h ^ byte) * 0x100000001B3) & MASK
        return h

    generator, of_texts, of_pieces = Hostile(seed), 0xCBF29CE484222325, 0xCBF29CE484222325
    texts = [generator.next() for _ in range(count)]
    for text, pieces in zip(texts, pieces_of(tokenizer, texts)):
        of_texts = fnv(of_texts, text.encode())
        of_pieces = fnv(of_pieces, struct.pack(f"<{1 + 3 * len(pieces)}i", len(pieces), *(x for p in pieces for x in p)))
    return {"seed": seed, "count": count, "texts": str(of_texts), "pieces": str(of_pieces)}


def write(folder):
    tokenizers = {
        "uncased": (bert(folder, clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True), 200000),
        "cased": (bert(folder, clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False), 40000),
        "unigram": (unigram(False), 40000),
        "precompiled": (unigram(True), 40000),
    }
    for name, (tokenizer, count) in tokenizers.items():
        home = folder / name
        home.mkdir(exist_ok=True)
        if not name.endswith("cased"):
            tokenizer.save(str(home / "tokenizer.json"))
        generator = Hostile(2024)
        texts = ["", " ", "Hello, world!", "[CLS] a [SEP]", "a\u0301 \u00c5ngstr\u00f6m"] + [generator.next() for _ in range(120)]
        with open(home / "golden.jsonl", "w", encoding="ascii") as f:
            f.write(json.dumps({"chain": chain(tokenizer, 7, count)}) + "\n")
            for text, pieces in zip(texts, pieces_of(tokenizer, texts)):
                f.write(json.dumps({"text": text, "pieces": [x for p in pieces for x in p]}, separators=(",", ":")) + "\n")


def texts_of(path):
    if path.is_dir():
        return [t for p in sorted(path.rglob("*")) if p.is_file() for t in texts_of(p)]
    csv.field_size_limit(1 << 30)
    if path.suffix in (".csv", ".tsv"):
        with open(path, encoding="utf-8", newline="") as f:
            return [field for row in csv.reader(f, delimiter="\t" if path.suffix == ".tsv" else ",") for field in row]
    if path.suffix == ".jsonl":
        found, rest = [], [json.loads(line) for line in open(path, encoding="utf-8") if line.strip()]
        while rest:
            value = rest.pop()
            if isinstance(value, str):
                found.append(value)
            elif isinstance(value, (list, dict)):
                rest += value if isinstance(value, list) else value.values()
        return found
    return open(path, encoding="utf-8", newline="").read().split("\n") if path.suffix == ".txt" else []


def compare(tool, folder, paths):
    folder = pathlib.Path(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    generator = Hostile(1)
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    groups = {"hostile strings": [generator.next() for _ in range(200000)],
              "code points": [f"a{c}b {c}x{c}\u0301 {c}{c} \u00a9\u200d{c}" for c in points],
              "texts": [t for p in paths for t in texts_of(pathlib.Path(p))]}
    wrong = 0
    for name, texts in groups.items():
        packed = b"".join(struct.pack("<I", len(b)) + b for b in (t.encode() for t in texts))
        output = memoryview(subprocess.run([tool, str(folder)], input=packed, stdout=subprocess.PIPE, check=True).stdout)
        numbers, at, differ, total = output.cast("i"), 0, 0, 0
        for text, pieces in zip(texts, pieces_of(tokenizer, texts)):
            count = numbers[at]
            if numbers[at + 1:at + 1 + 3 * count].tolist() != [x for p in pieces for x in p]:
                differ += 1
                if differ <= 3:
                    print("differs:", ascii(text[:200]))
            at += 1 + 3 * count
            total += len(pieces)
        print(f"{len(texts)} {name}, {total} pieces: {differ} differ")
        wrong += differ
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "write":
        write(pathlib.Path(sys.argv[2]))
    elif len(sys.argv) >= 4 and sys.argv[1] == "compare":
        sys.exit(compare(sys.argv[2], sys.argv[3], sys.argv[4:]))
    else:
        raise SystemExit(__doc__)
