#!/usr/bin/env python3
"""Writes attune/text/unicode_tables.cpp: what the reference tokenizer (Hugging Face `tokenizers`) thinks of each code point.

The reference carries several Unicode tables of different ages (general categories, normalisation, lower case, words),
so the tables are not taken from any Unicode version: they are found by asking the installed `tokenizers` about each
of the 1,112,064 code points. Only for grapheme clusters (which matter to the Precompiled normalizer alone) the classes
come from the package `regex`, as far as the reference agrees on what joins the character before it.

    python tools/unicode_tables.py attune/text/unicode_tables.cpp      (about a minute)
"""
import struct
import sys
import unicodedata

import regex
import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xAC00 + 11172)


def bert(**flags):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **flags}).normalize_str


def flags_of_all():
    """code point -> the bits of attune/text/unicode.h."""
    clean, chinese, strip = bert(clean_text=True), bert(handle_chinese_chars=True), bert(strip_accents=True)
    nfd, marks = normalizers.NFD().normalize_str, normalizers.StripAccents().normalize_str
    spaces, punctuation = pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer()
    words = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    words.add_tokens([AddedToken("<>", single_word=True, normalized=False)])
    found = {}
    for code in CODE_POINTS:
        c = chr(code)
        around = f"a{c}b"
        bits = 0
        cleaned = clean(around)
        if cleaned == "ab":
            bits |= 1
        elif cleaned == "a b":
            bits |= 2
        elif cleaned != around:
            raise SystemExit(f"clean_text makes {cleaned!r} of {around!r}")
        split = [p for p, _ in spaces.pre_tokenize_str(around)]
        if split == ["a", "b"]:
            bits |= 4
        elif split != [around]:
            raise SystemExit(f"WhitespaceSplit makes {split} of {around!r}")
        split = [p for p, _ in punctuation.pre_tokenize_str(around)]
        if split == ["a", c, "b"]:
            bits |= 8
        elif split != (["a", "b"] if bits & 4 else [around]):
            raise SystemExit(f"BertPreTokenizer makes {split} of {around!r}")
        if chinese(around) == f"a {c} b":
            bits |= 16
        if nfd(c) == c and strip(around) == "ab":
            bits |= 32
        if marks(around) == "ab":
            bits |= 64
        if 1 not in words.encode(c + "<>").ids:
            bits |= 128
        if bits:
            found[code] = bits
    return found


def mappings(normalizer, skip=()):
    """code point -> the string the normaliser makes of it, where that differs."""
    f = normalizer.normalize_str
    return {c: f(chr(c)) for c in CODE_POINTS if c not in skip and f(chr(c)) != chr(c)}


def combining_classes(decomposed):
    """Found by asking which of two marks comes first. Classes never change: Unicode 3.2's marks tell most of the scale."""
    nfd = normalizers.NFD().normalize_str
    highest = chr(0x345)
    markers = {}
    for version in (unicodedata.ucd_3_2_0, unicodedata):
        for code in CODE_POINTS:
            value, c = version.combining(chr(code)), chr(code)
            known = code == 0x345 or nfd("a" + highest + c) != "a" + highest + c
            if value and known and code not in decomposed:
                markers.setdefault(value, c)
    classes = {}
    for code in CODE_POINTS:
        c = chr(code)
        if code in decomposed or code in HANGUL:
            continue
        if code == 0x345 or nfd("a" + highest + c) != "a" + highest + c:
            before = [v for v, m in markers.items() if nfd("a" + m + c) != "a" + m + c]
            behind = [v for v, m in markers.items() if nfd("a" + c + m) != "a" + c + m]
            same = [v for v in markers if v not in before and v not in behind]
            if len(same) != 1:
                raise SystemExit(f"no single combining class for U+{code:04X}: {same}")
            classes[code] = same[0]
    return classes


def joins_after(before):
    """The code points that stay in one grapheme cluster with the text before them, asked through a charsmap that maps
    the first character of that text to M: the reference replaces a cluster of fewer than 6 bytes as a whole by what its
    beginning maps to, and a longer one character by character."""
    key = before[0].encode()
    units = [0] * 256 * (len(key) + 2)
    node, base = 0, 1
    for byte in key:  # the children of a node stand at base ^ byte
        units[node] |= (node ^ base) << 10
        node, base = base ^ byte, base + 256
        units[node] = byte
    units[node] |= (node ^ base) << 10 | 1 << 8  # a value stands at base
    units[base] = 1 << 31                        # offset 0 of the strings
    charsmap = struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + b"M\0"
    f = normalizers.Precompiled(charsmap).normalize_str
    if len(before) == 1:
        return {c for c in CODE_POINTS if f(before + chr(c)) == "M"}
    return {c for c in CODE_POINTS if f(before + chr(c)).startswith("M" + before[1:])}


def grapheme_classes():
    """code point -> the Grapheme of attune/text/unicode.h; Hangul syllables and CR LF are known by rule."""
    joining, pictographs = joins_after("a"), joins_after("\u00a9\u200d")
    patterns = [(11, r"[\p{InCB=Consonant}]"), (12, r"\p{InCB=Linker}"), (3, r"\p{GCB=ZWJ}"), (2, r"\p{GCB=Extend}"),
                (4, r"\p{GCB=SpacingMark}"), (1, r"[\p{GCB=Control}\r\n]"), (5, r"\p{GCB=Prepend}"),
                (6, r"\p{GCB=Regional_Indicator}"), (8, r"\p{GCB=L}"), (9, r"\p{GCB=V}"), (10, r"\p{GCB=T}")]
    compiled = [(value, regex.compile(pattern)) for value, pattern in patterns]
    classes = {}
    for code in CODE_POINTS:
        value = next((v for v, p in compiled if p.match(chr(code))), 0)
        if code not in joining and value in (2, 3, 4, 12):
            value = 0
        if code in joining and value not in (2, 3, 4, 12):
            value = 2
        if code in pictographs and value == 0:
            value = 7
        if value:
            classes[code] = value
    return classes


def check_hangul():
    nfd, nfc = normalizers.NFD().normalize_str, normalizers.NFC().normalize_str
    for code in HANGUL:
        s = code - 0xAC00
        parts = chr(0x1100 + s // 588) + chr(0x1161 + s % 588 // 28) + (chr(0x11A7 + s % 28) if s % 28 else "")
        if nfd(chr(code)) != parts or nfc(parts) != chr(code):
            raise SystemExit(f"Hangul syllable U+{code:04X} is not decomposed by rule")


def compositions(decomposed):
    """(first, second) -> composed, for each pair that NFC joins; candidates come from the decompositions."""
    nfc = normalizers.NFC().normalize_str
    pairs = {}
    for code, text in decomposed.items():
        head = nfc(text[:-1])
        if len(text) > 1 and len(head) == 1 and nfc(head + text[-1]) == chr(code):
            pairs[(ord(head), ord(text[-1]))] = code
    return pairs


def runs(values):
    """code point -> value, as (first code point, value) wherever the value changes."""
    out, last = [], 0
    for code in range(0x110000):
        value = values.get(code, 0)
        if value != last:
            out.append((code, value))
            last = value
    return out


def array(kind, name, rows):
    text = ", ".join(rows)
    lines, line = [], "   "
    for item in text.split(", "):
        if len(line) + len(item) + 2 > 118:
            lines.append(line)
            line = "   "
        line += f" {item},"
    lines.append(line)
    return f"const {kind} {name}[] = {{\n" + "\n".join(lines) + f"\n}};\nconst size_t {name}Size = std::size({name});\n"


def strings(table):
    return [", ".join([hex(c), str(len(s))] + [hex(ord(x)) for x in s]) for c, s in sorted(table.items())]


def main(path):
    nfd = mappings(normalizers.NFD(), HANGUL)
    nfkd = {c: s for c, s in mappings(normalizers.NFKD(), HANGUL).items() if nfd.get(c) != s}
    lower = mappings(normalizers.Lowercase())
    check_hangul()
    parts = [
        f"""// Generated by tools/unicode_tables.py from `tokenizers` {tokenizers.__version__}: do not edit.
// The layout is told in unicode_tables.h.
#include "attune/text/unicode_tables.h"

#include <iterator>

// clang-format off
namespace attune::text::tables {{
""",
        array("char32_t", "kFlagRuns", [f"{hex(c)}, {v}" for c, v in runs(flags_of_all())]),
        array("char32_t", "kCombiningRuns", [f"{hex(c)}, {v}" for c, v in runs(combining_classes({**nfd}))]),
        array("char32_t", "kGraphemeRuns", [f"{hex(c)}, {v}" for c, v in runs(grapheme_classes())]),
        array("char32_t", "kLower", strings(lower)),
        array("char32_t", "kCanonical", strings(nfd)),
        array("char32_t", "kCompatibility", strings(nfkd)),
        array("char32_t", "kCompositions",
              [f"{hex(a)}, {hex(b)}, {hex(c)}" for (a, b), c in sorted(compositions(nfd).items())]),
        "}  // namespace attune::text::tables\n",
    ]
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(parts))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
