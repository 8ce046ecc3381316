#!/usr/bin/env python3
"""attune beside its peers on the same rows, timed from outside and in turn.

  beside.py train    [--model minilm] [--set sst2] [--engines attune-bf16,torch-bf16] [--steps 100,300]
  beside.py predict  [--model minilm] [--set sst2] [--rows 1024,4096]
  beside.py tokenize [--model minilm] [--set sst2] [--texts 1500,6000]
  beside.py start    [--model minilm]

Every engine is a process of its own. Its time is (wall of the long run) - (wall of the short run), so that start-up, reading
and the first steps cancel; `start` is the wall of a whole process that answers one text. In each round each engine makes
both runs: A B C, A B C. Ratios are taken round by round, by time a real token (never padding), and their median and range
are shown. With --calibrate, rounds in which the machine moved by more than 5% do not count.
One machine, with nothing beside it: the table says so if it was busy.

A Markdown table goes to standard output, the result with all its rounds to --json.
"""
import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import compare  # noqa: E402
import corpus  # noqa: E402
import places  # noqa: E402
import table  # noqa: E402
from engine import ISA  # noqa: E402
from kinds import KINDS  # noqa: E402


def add_measuring(parser):
    """Options of how to measure, shared with suites.py."""
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds that must count (default %(default)s)")
    parser.add_argument("--extra-rounds", type=int, default=3, metavar="N",
                        help="at most so many more, in place of rounds thrown out (default %(default)s)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of every engine (default %(default)s)")
    parser.add_argument("--calibrate", metavar="COMMAND",
                        help='run before each round; prints milliseconds, or {"ms": X, "gflops": {"f32": Y, "bf16": Z}} for '
                             "the share of the peak (default: none)")
    parser.add_argument("--no-warm-up", dest="warm_up", action="store_false", help="no untimed first run of each engine")
    parser.add_argument("--made-up", action="store_true", help="made-up texts even where the real files are (for a new --work)")
    parser.add_argument("--work", type=Path, default=places.WORK, metavar="DIR", help="corpus, exports, runs (default %(default)s)")
    places.add_options(parser)


def settings(opts):
    if opts.rounds < 1 or opts.extra_rounds < 0 or opts.threads < 1:
        raise places.PlaceError("--rounds and --threads must be at least 1, --extra-rounds at least 0")
    return compare.Settings(opts.attune, opts.python, opts.data, opts.work, opts.rounds, opts.extra_rounds, opts.threads,
                            opts.calibrate, opts.warm_up, opts.made_up)


def amounts(kind, text):
    """'100,300' -> (100, 300)."""
    try:
        short, long = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"two numbers are wanted, the short and the long run's {kind.unit}s, as {kind.short},{kind.long}") from None
    return short, long


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="kind", required=True, metavar="|".join(KINDS))
    for kind in KINDS.values():
        names = ", ".join(engine.name + ("" if engine.default else " (only if named)") for engine in kind.engines)
        command = commands.add_parser(kind.name, description=f"Engines: {names}.")
        command.add_argument("--model", default="minilm", help="minilm, multilingual, bert-base (random weights), or a folder (default %(default)s)")
        command.add_argument("--set", default="sst2", choices=corpus.SETS, help="default %(default)s")
        command.add_argument("--engines", type=lambda text: tuple(text.split(",")), metavar="A,B", help="default: all but those marked")
        command.add_argument("--isa", choices=list(ISA), default="native", help="hold every engine to an instruction set (default %(default)s)")
        if kind.flag:
            command.add_argument(f"--{kind.flag}", dest="amounts", type=lambda text, kind=kind: amounts(kind, text), metavar="SHORT,LONG",
                                 default=(kind.short, kind.long), help=f"default {kind.short},{kind.long}")
        command.add_argument("--batch-size", type=int, default=kind.batch_size, help="default %(default)s")
        command.add_argument("--json", type=Path, metavar="FILE", help="where the result goes (default: nowhere)")
        add_measuring(command)
    return parser.parse_args()


def write(result, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def main():
    opts = options()
    short, long = getattr(opts, "amounts", (KINDS[opts.kind].short, KINDS[opts.kind].long))
    comparison = compare.Comparison(opts.kind, opts.model, opts.set, opts.engines, opts.isa, short, long, opts.batch_size)
    try:
        result = compare.run(comparison, settings(opts))
    except compare.ERRORS as error:
        sys.exit(f"beside.py: {error}")
    if opts.json:
        write(result, opts.json)
    print(table.markdown(result))
    print(table.machine_line(result))
    sys.exit(0 if result["rows"] else 1)


if __name__ == "__main__":
    main()
