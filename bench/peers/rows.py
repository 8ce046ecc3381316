"""What every predicting peer does around its model: reads rows, orders and pads batches, writes logits in row order.

Rows come as ids (--ids) or as texts (--texts, tokenised here by Hugging Face tokenizers, as a user of the peer would).
--one-by-one SECONDS gives one row at a time for so long and tells the quantiles of their times, in ms, in place of all rows' logits.
--order arrival keeps the file's order; sorted goes from short to long, so that a batch has hardly any padding: the peer's
best case. Logits are written as JSON lines, a row each, in the file's order. The last line of output is one JSON object.
"""
import argparse
import json
import os
from itertools import islice
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def parser(doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="fine-tuned folder")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--ids", type=Path, help="SET.ids.json of corpus.py")
    source.add_argument("--texts", type=Path, help="a text a line; tokenised in the run")
    parser.add_argument("--rows", type=int, default=None, help="only the first N (default: all)")
    parser.add_argument("--order", choices=["arrival", "sorted"], default="arrival")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--length", type=int, help="only rows of so many ids")
    parser.add_argument("--one-by-one", type=float, metavar="SECONDS", help="time one row after another")
    parser.add_argument("--max-length", type=int, default=128, help="of texts")
    parser.add_argument("--out", type=Path, help="JSON lines of logits")
    parser.add_argument("--export", type=Path, help="folder of the converted model")
    parser.add_argument("--prepare", action="store_true", help="convert the model into --export, if it is not there, and stop")
    return parser


def require(parser, opts, exported=False):
    """The rules between options; errors as argparse gives them. `exported`: the peer runs a converted model."""
    if exported and opts.export is None:
        parser.error("--export is needed")
    if not opts.prepare and not (opts.ids or opts.texts):
        parser.error("one of --ids and --texts is needed")
    return opts


def config(opts):
    return json.loads((opts.model / "config.json").read_text(encoding="utf-8"))


def read(opts):
    """Lists of ids in file order."""
    if opts.ids:
        return [row["input_ids"] for row in json.loads(opts.ids.read_text(encoding="utf-8"))["rows"][:opts.rows]]
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(str(opts.model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(opts.max_length)
    with open(opts.texts, encoding="utf-8") as file:
        return [encoding.ids for encoding in tokenizer.encode_batch_fast([line.rstrip("\n") for line in islice(file, opts.rows)])]


def batches(opts, rows):
    """The rows' numbers, a list for each batch, in --order."""
    order = list(range(len(rows)))
    if opts.order == "sorted":
        order.sort(key=lambda i: len(rows[i]))
    return [order[begin:begin + opts.batch_size] for begin in range(0, len(order), opts.batch_size)]


def run(opts, logits_of, versions):
    """logits_of(list of id lists) -> list of logits lists, batch by batch; the rest as run_all."""
    run_all(opts, lambda batches: map(logits_of, batches), versions)


def run_all(opts, logits_of_all, versions):
    """logits_of_all(list of batches, each a list of id lists) -> for each batch, in turn, its list of logits lists. Writes --out,
    prints the facts."""
    rows = [row for row in read(opts) if opts.length in (None, len(row))]
    if opts.one_by_one:
        print(json.dumps(one_by_one(opts, rows, logits_of_all) | {"versions": versions}))
        return
    chosen = batches(opts, rows)
    logits = [None] * len(rows)
    for batch, answers in zip(chosen, logits_of_all([[rows[i] for i in batch] for batch in chosen])):
        for i, values in zip(batch, answers):
            logits[i] = values
    if opts.out:
        opts.out.write_text("".join(json.dumps(values) + "\n" for values in logits), encoding="utf-8")
    print(json.dumps({"rows": len(rows), "real_tokens": sum(map(len, rows)), "versions": versions}))


def one_by_one(opts, rows, logits_of_all):
    """Milliseconds from a row's ids to its logits; 50 rows before are not counted."""
    import itertools
    import time
    began = time.perf_counter()
    times = []

    def given():
        for number in itertools.count():
            if number == 50:
                times.clear()
            if number > 60 and time.perf_counter() - began > opts.one_by_one:
                return
            begin = time.perf_counter()
            yield [rows[number % len(rows)]]
            times.append((time.perf_counter() - begin) * 1e3)
    for _ in logits_of_all(given()):
        pass
    times.sort()
    return {"requests": len(times)} | {f"p{q}": times[min(len(times) - 1, len(times) * q // 100)] for q in (50, 90, 99)} | {"largest": times[-1]}


def padded(batch, pad):
    """numpy arrays input_ids and attention_mask, int64, padded to the batch's longest."""
    import numpy as np
    longest = max(map(len, batch))
    ids = np.full((len(batch), longest), pad, dtype=np.int64)
    mask = np.zeros_like(ids)
    for line, row in enumerate(batch):
        ids[line, :len(row)] = row
        mask[line, :len(row)] = 1
    return ids, mask
