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
import one_text  # noqa: E402
import places  # noqa: E402
import predict_engines  # noqa: E402
import process  # noqa: E402

GAUGE = places.ROOT / "build" / "bench" / "gauge" / "one_request"
BARS = {"f32": (1.4, 1.7), "bf16": (2.5, 3.3), "int8": (1.7, 2.2)}  # against OpenVINO in the same precision
PEERS = {"f32": ("openvino-f32", "onnxruntime"), "bf16": ("openvino-bf16",), "int8": ("openvino-int8", "openvino-int8-bf16", "onnxruntime-int8")}


def commands(job, texts, opts):
    """{name: (command, engine or None)}"""
    known = {each.name: each for each in predict_engines.PREDICT}
    found = {}
    for precision, peers in PEERS.items():
        found[f"attune-{precision}"] = ([GAUGE, job.model, texts, precision, job.threads, opts.seconds], None)
        for peer in peers:
            each = known[f"{peer}-arrival"]
            found[peer] = ([*each.command(job, opts.rows), "--length", opts.length, "--one-by-one", opts.seconds], each)
    return found


def measure(job, found, rounds):
    """{name: [facts by round]}"""
    for name, (_, each) in found.items():
        if each and each.prepare:
            one_text.prepare(name, each.prepare(job), job.environment(each))
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
    one_text.add_options(parser)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each process (default %(default)s)")
    parser.add_argument("--rows", type=int, default=4096, help="of the set to take texts from (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=7)
    opts = parser.parse_args()
    try:
        job = one_text.job_of(opts)
        texts = opts.work / f"texts-{opts.length}.txt"
        texts.write_text("".join(text + "\n" for text in one_text.texts_of_length(job, opts.length)), encoding="utf-8")
        found = commands(job, texts, opts)
        seen = measure(job, found, opts.rounds)
    except compare.ERRORS as error:
        sys.exit(f"one_request.py: {error}")
    if opts.json:
        opts.json.write_text(json.dumps({"model": opts.model, "length": opts.length, "machine": compare.machine(), "rounds": seen}, indent=1) + "\n")
    print(table(seen))


if __name__ == "__main__":
    main()
