#!/usr/bin/env python3
"""One request of 25 tokens at a time, model only: attune beside OpenVINO and ONNX Runtime, in turn.

  one_request.py [--model minilm] [--length 25] [--seconds 4] [--rounds 7] [--json FILE]

Each process opens a model, warms up, and gives it one text after another for --seconds; it tells the quantiles of the times
itself. attune begins at the text, peers at ids. Ratios are of medians, round by round; their median and range are shown.
"""
import argparse
import json
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import compare  # noqa: E402
import corpus  # noqa: E402
import engine as engines  # noqa: E402
import places  # noqa: E402
import predict_engines  # noqa: E402
import process  # noqa: E402

GAUGE = places.ROOT / "build" / "bench" / "gauge" / "one_request"
BARS = {"f32": (1.4, 1.7), "bf16": (2.5, 3.3), "int8": (1.7, 2.2)}  # against OpenVINO in the same precision
PEERS = {"f32": ("openvino-f32", "onnxruntime"), "bf16": ("openvino-bf16",), "int8": ("openvino-int8", "openvino-int8-bf16", "onnxruntime-int8")}


def texts_of(stem, length, out):
    """The set's texts of `length` ids, a line each."""
    ids = [row["input_ids"] for row in json.loads(Path(f"{stem}.ids.json").read_text(encoding="utf-8"))["rows"]]
    lines = Path(f"{stem}.txt").read_text(encoding="utf-8").split("\n")
    chosen = [line for line, row in zip(lines, ids) if len(row) == length]
    if not chosen:
        raise places.PlaceError(f"{stem} has no text of {length} pieces")
    out.write_text("".join(line + "\n" for line in chosen), encoding="utf-8")
    return out


def commands(job, texts, opts):
    """{name: (command, engine or None)}"""
    known = {each.name: each for each in predict_engines.PREDICT}
    found = {}
    for precision, peers in PEERS.items():
        found[f"attune-{precision}"] = ([GAUGE, job.model, texts, precision, job.threads, opts.seconds], None)
        for peer in peers:
            each = known[f"{peer}-arrival"]
            command = each.command(job, opts.rows)
            found[peer] = ([*command[:command.index("--batch-size")], "--batch-size", 1, "--threads", job.threads,
                            *command[command.index("--threads") + 2:command.index("--out")], "--length", opts.length, "--one-by-one", opts.seconds], each)
    return found


def measure(job, found, rounds):
    """{name: [facts by round]}"""
    for name, (_, each) in found.items():
        if each and each.prepare:
            done = process.run(each.prepare(job), job.environment(each))
            if done.code:
                raise places.PlaceError(f"preparing {name} failed: {done.reason()}")
    seen = {name: [] for name in found}
    for number in range(rounds):
        for name, (command, each) in found.items():
            done = process.run(command, job.environment(each) if each else {"OMP_NUM_THREADS": job.threads})
            if done.code:
                raise places.PlaceError(f"{name} failed: {done.reason()}")
            seen[name].append(json.loads(done.stdout.strip().splitlines()[-1]) | {"others": done.others})
        print(f"round {number + 1}: " + ", ".join(f"{name} {facts[-1]['p50']:.2f}" for name, facts in seen.items()), file=sys.stderr, flush=True)
    return seen


def table(seen):
    lines = ["| | p50, ms | p99, ms | times as slow as attune in the same precision, by p50 (must, aim) |", "|---|---:|---:|---:|"]
    for precision, peers in PEERS.items():
        for name in (f"attune-{precision}", *peers):
            ratios = sorted(facts["p50"] / ours["p50"] for facts, ours in zip(seen[name], seen[f"attune-{precision}"]))
            said = "" if name.startswith("attune") else f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            if name.startswith("openvino"):
                said += " ({}, {})".format(*BARS[precision])
            p50, p99 = (statistics.median(facts[key] for facts in seen[name]) for key in ("p50", "p99"))
            lines.append(f"| {name} | {p50:.2f} | {p99:.2f} | {said} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--set", default="sst2", choices=corpus.SETS)
    parser.add_argument("--length", type=int, default=25, help="pieces of a text (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each process (default %(default)s)")
    parser.add_argument("--rows", type=int, default=4096, help="of the set to take texts from (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--made-up", action="store_true", help="made-up texts even where the real files are")
    parser.add_argument("--work", type=Path, default=places.WORK, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE")
    places.add_options(parser)
    opts = parser.parse_args()
    try:
        places.require_attune(opts.attune)
        settings = compare.Settings(opts.attune, opts.python, opts.data, opts.work, threads=opts.threads, made_up=opts.made_up)
        stem = corpus.ensure(opts.set, settings)
        comparison = compare.Comparison("predict", opts.model, opts.set)
        job = engines.Job(opts.attune, opts.python, compare.base_model(comparison, settings), stem, opts.work, threads=opts.threads)
        job.model = predict_engines.fine_tuned(job)
        found = commands(job, texts_of(stem, opts.length, opts.work / f"texts-{opts.length}.txt"), opts)
        seen = measure(job, found, opts.rounds)
    except compare.ERRORS as error:
        sys.exit(f"one_request.py: {error}")
    if opts.json:
        opts.json.write_text(json.dumps({"model": opts.model, "length": opts.length, "machine": compare.machine(), "rounds": seen}, indent=1) + "\n")
    print(table(seen))


if __name__ == "__main__":
    main()
