#!/usr/bin/env python3
"""Makes the rows that attune and its peers are timed on: one CSV, one id file and one text file a set.

  corpus.py --out DIR [--sets sst2,equal32] [--attune build/attune] [--python PYTHON]     make sets
  corpus.py --out DIR --bert-base                                    also a bert-base-sized folder of random weights
  corpus.py --write-histograms                                       count the real files' lengths anew

A set is a real training file if it lies under --data; otherwise made-up texts whose lengths are drawn from that file's
length histogram (bench/histograms.json). equal32 and equal128 are made-up texts of one length. Lengths count the special
pieces and end at 128. Rows are in a fixed random order, so that the first N are a sample of the set.

DIR/SET.csv (text,label) is attune's; DIR/SET.ids.json ({"source", "labels", "pad", "rows": [{"input_ids", "labels"}]}) the
peers'; DIR/SET.txt, a text a line, the tokenizers'. `attune tokenize` must give the same ids for a sample of rows.
"""
import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import made_up  # noqa: E402
import places  # noqa: E402

HISTOGRAMS = HERE / "histograms.json"
MAX_LENGTH = 128
EQUAL_ROWS = 6400  # more than 300 steps of 16
# set -> (model whose pieces are counted, training file under --data)
REAL = {
    "sst2": ("minilm", "sst2/train.csv"),
    "banking77": ("minilm", "banking77/train.csv"),
    "conll2003": ("minilm", "conll2003/train.txt"),
    "waimai10k": ("multilingual", "waimai10k/train.csv"),
}
EQUAL = {"equal32": ("minilm", 32), "equal128": ("minilm", 128)}
SETS = [*REAL, *EQUAL]


class CorpusError(Exception):
    pass


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file)]


def read_conll(path):
    """Sentences; the label is the type of the first entity, or O."""
    rows = []
    for block in Path(path).read_text(encoding="utf-8").split("\n\n"):
        lines = [line.split() for line in block.splitlines() if line.strip()]
        if not lines or lines[0][0] == "-DOCSTART-":
            continue
        types = [tag.split("-", 1)[1] for tag in (line[-1] for line in lines) if tag != "O"]
        rows.append((" ".join(line[0] for line in lines), types[0] if types else "O"))
    return rows


def read_real(path):
    """Rows in a fixed random order; runs of blanks become one, so that a text is one line."""
    rows = read_conll(path) if path.suffix == ".txt" else read_csv(path)
    rows = [(" ".join(text.split()), label) for text, label in rows]
    random.Random(1).shuffle(rows)
    return rows


def write_texts(rows, stem):
    with open(f"{stem}.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("text", "label"), *rows])
    Path(f"{stem}.txt").write_text("".join(text + "\n" for text, _ in rows), encoding="utf-8")


def write_ids(stem, source, pad, ids, labels):
    names = sorted(set(labels))
    number = {name: i for i, name in enumerate(names)}
    Path(f"{stem}.ids.json").write_text(json.dumps({
        "source": source, "labels": names, "pad": pad,
        "rows": [{"input_ids": row, "labels": number[label]} for row, label in zip(ids, labels)]}), encoding="utf-8")


def reference_ids(python, model, texts):
    """Ids by Hugging Face tokenizers, cut to MAX_LENGTH; attune's own must equal them."""
    with tempfile.TemporaryDirectory() as scratch:
        lines, out = Path(scratch) / "texts.txt", Path(scratch) / "ids.json"
        lines.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        done = subprocess.run([str(python), str(HERE / "peers" / "hf_tokenize.py"), "--model", str(model), "--texts", str(lines),
                               "--max-length", str(MAX_LENGTH), "--out", str(out)], capture_output=True, text=True)
        if done.returncode != 0:
            raise CorpusError(f"real files need Hugging Face tokenizers, and {python} failed (bench/peers/setup.sh makes "
                              f"one that has them; --made-up needs none):\n{done.stderr.strip()}")
        return json.loads(out.read_text(encoding="utf-8"))


def pad_id(model):
    return json.loads((Path(model) / "config.json").read_text(encoding="utf-8")).get("pad_token_id", 0)


def check(attune, model, stem, sample=500):
    """Compares `attune tokenize` with the id file on the first rows; a difference is an error."""
    with open(f"{stem}.txt", encoding="utf-8") as file:
        texts = [line.rstrip("\n") for line in file][:sample]
    rows = json.loads(Path(f"{stem}.ids.json").read_text(encoding="utf-8"))["rows"][:sample]
    for number, (text, row, ours) in enumerate(zip(texts, rows, made_up.attune_ids(attune, model, texts)), 1):
        if len(ours) > MAX_LENGTH:
            ours = ours[:MAX_LENGTH - 1] + ours[-1:]
        if ours != row["input_ids"]:
            raise CorpusError(f"{stem}.txt:{number}: attune tokenize gives {ours}, the id file has {row['input_ids']} ({text!r})")
    return len(rows)


def make(name, opts, histograms):
    """Makes one set; returns (stem, source, rows, mean pieces)."""
    model_name = (REAL.get(name) or EQUAL[name])[0]
    model = places.model(model_name, opts.attune)
    stem = opts.out / name
    real = opts.data / REAL[name][1] if name in REAL else None
    if real is not None and real.is_file() and not opts.made_up:
        source, rows = f"real ({REAL[name][1]})", read_real(real)
        ids = reference_ids(opts.python, model, [text for text, _ in rows])
    else:
        if name in EQUAL:
            lengths, labels = [EQUAL[name][1]] * EQUAL_ROWS, 2
        else:
            lengths, labels = made_up.draw_lengths(histograms[name]["counts"]), histograms[name]["labels"]
        source = "made-up texts of one length" if name in EQUAL else f"made-up texts with the lengths of {REAL[name][1]}"
        rows, ids = made_up.texts(opts.attune, model, lengths, labels)
    opts.out.mkdir(parents=True, exist_ok=True)
    write_texts(rows, stem)
    write_ids(stem, source, pad_id(model), ids, [label for _, label in rows])
    checked = check(opts.attune, model, stem)
    mean = sum(map(len, ids)) / len(ids)
    print(f"{name}: {len(rows)} rows, mean {mean:.1f} pieces, longest {max(map(len, ids))}; {source}; "
          f"attune tokenize agrees on {checked} rows", file=sys.stderr)


def write_histograms(opts):
    result = {}
    for name, (model_name, path) in REAL.items():
        if not (opts.data / path).is_file():
            raise CorpusError(f"{opts.data / path} is not there: histograms are counted from the real files (--data)")
        rows = read_real(opts.data / path)
        ids = reference_ids(opts.python, places.model(model_name, opts.attune), [text for text, _ in rows])
        counts = {}
        for row in ids:
            counts[len(row)] = counts.get(len(row), 0) + 1
        result[name] = {"file": path, "model": model_name, "labels": len({label for _, label in rows}), "counts": dict(sorted(counts.items()))}
    HISTOGRAMS.write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in result.items()) + "\n}\n")
    print(f"wrote {HISTOGRAMS}", file=sys.stderr)


def make_bert_base(opts):
    """A folder of bert-base's size with random weights from a fixed seed, MiniLM's tokenizer."""
    folder = opts.out / "bert-base"
    if (folder / "model.safetensors").is_file():
        return folder
    done = subprocess.run([str(opts.python), str(HERE / "peers" / "make_bert_base.py"), "--tokenizer",
                           str(places.model("minilm", opts.attune)), "--out", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise CorpusError(f"the bert-base folder could not be made:\n{done.stderr.strip()}")
    return folder


def ensure(name, opts):
    """The set's stem; makes the set if it is not there."""
    stem = opts.out / name
    if not Path(f"{stem}.ids.json").is_file():
        make(name, opts, json.loads(HISTOGRAMS.read_text(encoding="utf-8")))
    return stem


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=places.WORK / "corpus", help="folder of the sets (default %(default)s)")
    parser.add_argument("--sets", default=",".join(SETS), help="comma-separated (default: all: %(default)s)")
    parser.add_argument("--made-up", action="store_true", help="made-up texts even where the real files are")
    parser.add_argument("--bert-base", action="store_true", help="also make DIR/bert-base")
    parser.add_argument("--write-histograms", action="store_true", help=f"write {HISTOGRAMS.name} from the real files, and stop")
    places.add_options(parser)
    opts = parser.parse_args()
    unknown = [name for name in opts.sets.split(",") if name not in SETS]
    if unknown:
        parser.error(f"unknown set {unknown[0]!r}; there are {', '.join(SETS)}")
    try:
        places.require_attune(opts.attune)
        if opts.write_histograms:
            return write_histograms(opts)
        histograms = json.loads(HISTOGRAMS.read_text(encoding="utf-8"))
        for name in opts.sets.split(","):
            make(name, opts, histograms)
        if opts.bert_base:
            print(make_bert_base(opts), file=sys.stderr)
    except (CorpusError, places.PlaceError, made_up.MadeUpError) as error:
        sys.exit(f"corpus.py: {error}")


if __name__ == "__main__":
    main()
