#!/usr/bin/env python3
"""Runs the comparisons that attune's speed bars stand on, and writes bench_results/NAME.json for each.

  suites.py --suite quick                  MiniLM only, few engines, three rounds: about a quarter of an hour
  suites.py [--suite all] [--scale 0.5]    everything, seven rounds: about ten hours on two cores (half the steps and rows:
                                           six); a stopped suite goes on where it was
  suites.py --suite train-minilm-sst2,predict-minilm-sst2
  suites.py --list                         names and what each compares

A comparison whose result is there is not made again unless --again says so. At the end the tables of all comparisons asked
for are printed; bench/table.py makes them, and a chart, from the files at any time. What is measured and how: beside.py --help.
"""
import argparse
import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import beside  # noqa: E402
import compare  # noqa: E402
import places  # noqa: E402
import rounds  # noqa: E402
import table  # noqa: E402
from compare import Bar, Comparison  # noqa: E402
from kinds import KINDS  # noqa: E402

TUNED = ("torch-bf16", "torch-bf16-compile")
OURS = ("attune-bf16", "attune-f32")
SHORT_STEPS = {"short": 20, "long": 60}  # where a step takes long: 40 steps of bert-base take as long as 200 of MiniLM
HELD_ENGINES = {"avx2": ("attune-f32", "torch-f32", "trainer"), "avx512": ("attune-f32", "torch-f32")}


def tuned(must, aim, peers=TUNED):
    return Bar("bf16 against tuned PyTorch in bf16" + (", compiled or not" if len(peers) > 1 else ""), "attune-bf16", peers, must, aim)


def tuned_f32(must, aim):
    return Bar("f32 against tuned PyTorch in f32", "attune-f32", ("torch-f32",), must, aim)


def memory():
    return Bar("peak memory against tuned PyTorch", "attune-bf16", ("torch-bf16",), 2, 3, "memory")


TRAIN = [
    Comparison("train", "minilm", "sst2", (*OURS, "attune-bf16-1thread", "trainer", "trainer-bf16-grouped", *TUNED, "torch-f32"),
               name="train-minilm-sst2", title="Fine-tuning MiniLM, SST-2", bars=(
        tuned(1.6, 2.0), tuned_f32(1.4, 1.7), memory(),
        Bar("bf16 against Hugging Face Trainer as installed", "attune-bf16", ("trainer",), 5.2, 6.5),
        Bar("f32 against Hugging Face Trainer as installed", "attune-f32", ("trainer",), 2.7, 3.3),
        Bar("bf16 against Trainer with bf16 and length grouping", "attune-bf16", ("trainer-bf16-grouped",), 2.3, 2.9),
        Bar("two threads against one", "attune-bf16", ("attune-bf16-1thread",), 1.85, 1.95))),
    *(Comparison("train", "minilm", name, (*OURS, "torch-bf16", "torch-f32"), name=f"train-minilm-{name}",
                 title=f"Fine-tuning MiniLM, {title}", bars=(tuned(1.6, 2.0, ("torch-bf16",)), tuned_f32(1.4, 1.7)))
      for name, title in (("banking77", "BANKING77"), ("conll2003", "sentences of CoNLL-2003"))),
    *(Comparison("train", "minilm", name, ("attune-bf16", *TUNED), name=f"train-minilm-{name}",
                 title=f"Fine-tuning MiniLM, every sequence {name[5:]} pieces", bars=(tuned(1.1, 1.25),), **steps)
      for name, steps in (("equal32", {}), ("equal128", SHORT_STEPS))),
    Comparison("train", "bert-base", "sst2", (*OURS, "trainer", *TUNED, "torch-f32"), **SHORT_STEPS,
               name="train-bert-base-sst2", title="Fine-tuning bert-base's size, SST-2", bars=(
        tuned(1.4, 1.6), tuned_f32(1.35, 1.5), memory(),
        Bar("bf16 against Hugging Face Trainer as installed", "attune-bf16", ("trainer",), 5.0, 5.8))),
    *(Comparison("train", "bert-base", name, ("attune-bf16", "torch-bf16"), **SHORT_STEPS, name=f"train-bert-base-{name}",
                 title=f"Fine-tuning bert-base's size, {title}", bars=(tuned(*goals, ("torch-bf16",)),))
      for name, title, goals in (("banking77", "BANKING77", (1.4, 1.6)), ("conll2003", "sentences of CoNLL-2003", (1.4, 1.6)),
                                 ("equal32", "every sequence 32 pieces", (1.1, 1.25)), ("equal128", "every sequence 128 pieces", (1.1, 1.25)))),
    Comparison("train", "multilingual", "waimai10k", ("attune-bf16", "torch-bf16"), name="train-multilingual-waimai10k",
               title="Fine-tuning the multilingual model, waimai10k", bars=(tuned(1.9, 2.5, ("torch-bf16",)),)),
]
LORA = ("attune-bf16-lora", "attune-bf16-lora-int8-base", "attune-bf16", "attune-bf16-bottleneck", "attune-bf16-prefix", "peft-bf16-lora", "peft-bf16-lora-compile", "peft-f32-lora")
ADAPTERS = [Comparison("train", model, "sst2", LORA, name=f"adapters-{model}-sst2", title=f"Adapters, {words}, SST-2", **steps, bars=(
    Bar("LoRA against our own full fine-tuning", "attune-bf16-lora", ("attune-bf16",), 1.6, 1.6),
    Bar("LoRA over a base in int8 against one in bf16", "attune-bf16-lora-int8-base", ("attune-bf16-lora",), 0.87, 1.0),
    Bar("LoRA against PEFT's, bf16, compiled or not", "attune-bf16-lora", ("peft-bf16-lora", "peft-bf16-lora-compile"), 3, 3)))
    for model, words, steps in (("minilm", "MiniLM", {}), ("bert-base", "bert-base's size", SHORT_STEPS))]
HELD = [Comparison("train", model, "sst2", HELD_ENGINES[isa], isa, name=f"train-{model}-sst2-{isa}", title=f"Fine-tuning {words}, SST-2, {held}",
                   bars=(tuned_f32(*goals),), **steps)
        for model, words, goals, steps in (("minilm", "MiniLM", (1.4, 1.7), {}), ("bert-base", "bert-base's size", (1.35, 1.5), SHORT_STEPS))
        for isa, held in (("avx2", "everything held to AVX2"), ("avx512", "everything held to AVX-512 without bf16"))]
PREDICT_BARS = (
    Bar("f32 against ONNX Runtime f32 in arrival order", "attune-f32", ("onnxruntime-arrival",), 2.3, 2.7),
    Bar("bf16 against ONNX Runtime f32 in arrival order", "attune-bf16", ("onnxruntime-arrival",), 4.2, 5.2),
    Bar("bf16 against OpenVINO bf16 sorted, 1 or 2 streams", "attune-bf16",
        ("openvino-bf16-sorted", "openvino-bf16-2streams-sorted"), 1.25, 1.55))
OPENVINO_INT8 = ("openvino-int8", "openvino-int8-2streams", "openvino-int8-bf16")
INT8_PEERS = ("onnxruntime-int8", *OPENVINO_INT8, "ctranslate2-int8")
INT8_ENGINES = ("attune-int8", *(f"{name}-{order}" for name in INT8_PEERS for order in ("arrival", "sorted")))


def int8_bar(what, names, order, must, aim):
    return Bar(f"int8 against {what}", "attune-int8", tuple(f"{name}-{order}" for name in names), must, aim)


INT8_EQUAL_BARS = (int8_bar("OpenVINO int8, the best of three settings", OPENVINO_INT8, "arrival", 1.0, 1.2),)
INT8_BARS = (int8_bar("ONNX Runtime int8 in arrival order", ("onnxruntime-int8",), "arrival", 2.2, 3.0),
             int8_bar("OpenVINO int8 in arrival order, the best of three settings", OPENVINO_INT8, "arrival", 1.8, 2.4),
             int8_bar("CTranslate2 int8 in arrival order", ("ctranslate2-int8",), "arrival", 2.6, 3.6),
             int8_bar("OpenVINO int8 sorted, the best of three settings", OPENVINO_INT8, "sorted", 1.0, 1.2))
PREDICT = [
    Comparison("predict", "minilm", "sst2", name="predict-minilm-sst2", title="Prediction, MiniLM, SST-2", bars=PREDICT_BARS),
    Comparison("predict", "bert-base", "sst2", (*OURS, "torch-f32-sorted", "torch-bf16-sorted", "onnxruntime-arrival", "onnxruntime-sorted",
                                                "openvino-bf16-sorted", "openvino-bf16-2streams-sorted", "ctranslate2-sorted"),
               short=128, long=640, name="predict-bert-base-sst2", title="Prediction, bert-base's size, SST-2", bars=PREDICT_BARS),
    *(Comparison("predict", model, name, INT8_ENGINES, name=f"predict-{model}-{name}-int8", title=f"Prediction in int8, {words}, {title}",
                 bars=INT8_BARS if name in ("sst2", "banking77") else INT8_EQUAL_BARS, **rows)
      for model, words, rows in (("minilm", "MiniLM", {}), ("bert-base", "bert-base's size", {"short": 256, "long": 1280}))
      for name, title in (("sst2", "SST-2"), ("banking77", "BANKING77"), ("equal32", "every sequence 32 pieces"))),
    Comparison("predict", "minilm", "sst2", isa="avx2", name="predict-minilm-sst2-avx2",
               title="Prediction, MiniLM, SST-2, everything held to AVX2"),
]
OTHER = [
    Comparison("tokenize", "minilm", "sst2", name="tokenize-minilm-sst2", title="WordPiece, one thread, SST-2",
               bars=(Bar("against Hugging Face tokenizers", "attune", ("hf-tokenizers",), 10, 20),)),
    Comparison("tokenize", "multilingual", "waimai10k", name="tokenize-multilingual-waimai10k", title="Unigram, one thread, waimai10k",
               bars=(Bar("against Hugging Face tokenizers", "attune", ("hf-tokenizers",), 4, 8),)),
    Comparison("start", "minilm", "sst2", name="start-minilm", title="Cold start: one text, process start to answer, MiniLM",
               bars=(Bar("`attune predict` of one line", "attune", (), 150, 60, "ms"),)),
]
ALL = {comparison.name: comparison for comparison in [*TRAIN, *ADAPTERS, *HELD, *PREDICT, *OTHER]}

QUICK = [
    replace(ALL["train-minilm-sst2"], engines=(*OURS, "torch-bf16", "torch-f32"), short=50, long=150, name="quick-train-minilm-sst2",
            bars=(tuned(1.6, 2.0, ("torch-bf16",)), tuned_f32(1.4, 1.7), memory())),
    replace(ALL["predict-minilm-sst2"], engines=(*OURS, "onnxruntime-arrival", "openvino-bf16-sorted", "openvino-bf16-2streams-sorted"),
            short=512, long=2048, name="quick-predict-minilm-sst2"),
    *(replace(ALL[name], name=f"quick-{name}") for name in ("tokenize-minilm-sst2", "start-minilm")),
]
QUICK_ROUNDS = 3


def scaled(comparison, factor):
    """The comparison with `factor` times its steps, rows or texts; a whole process has nothing to scale."""
    kind = KINDS[comparison.kind]
    short, long = (kind.short if comparison.short is None else comparison.short), comparison.long or kind.long
    if factor == 1 or short == 0:
        return comparison
    return replace(comparison, short=max(1, round(short * factor)), long=max(2, round(long * factor)))


def chosen(suite):
    if suite in ("all", "quick"):
        return list(ALL.values()) if suite == "all" else QUICK
    names = suite.split(",")
    unknown = [name for name in names if name not in ALL]
    if unknown:
        raise places.PlaceError(f"unknown comparison {unknown[0]!r}; there are all, quick, {', '.join(ALL)}")
    return [ALL[name] for name in names]


def run(comparison, settings, path):
    """None, or why there is no result."""
    rounds.say(f"== {comparison.title} -> {path}")
    try:
        result = compare.run(comparison, settings)
    except compare.ERRORS as error:
        rounds.say(f"no result: {error}")
        return str(error)
    beside.write(result, path)
    return None if result["rows"] else "every engine was left out"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default="all", metavar="all|quick|NAME,NAME", help="default %(default)s")
    parser.add_argument("--list", action="store_true", help="list the comparisons and stop")
    parser.add_argument("--again", action="store_true", help="make results anew that are there")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="multiply steps and rows of each comparison (default %(default)s)")
    parser.add_argument("--results", type=Path, default=places.RESULTS, metavar="DIR", help="default %(default)s")
    beside.add_measuring(parser)
    parser.set_defaults(rounds=None)
    return parser.parse_args()


def main():
    opts = options()
    try:
        if opts.scale <= 0:
            raise places.PlaceError("--scale must be above 0")
        comparisons = [scaled(comparison, opts.scale) for comparison in chosen(opts.suite)]
        if opts.rounds is None:
            opts.rounds = QUICK_ROUNDS if opts.suite == "quick" else 7
        settings = beside.settings(opts)
        if not opts.list:
            places.require_attune(opts.attune)
    except places.PlaceError as error:
        sys.exit(f"suites.py: {error}")
    if opts.list:
        for comparison in comparisons:
            print(f"{comparison.name:34} {comparison.title}")
        return
    failures = {}
    for comparison in comparisons:
        path = opts.results / f"{comparison.name}.json"
        if path.is_file() and not opts.again:
            rounds.say(f"== {comparison.title}: {path} is there (--again makes it anew)")
            continue
        why = run(comparison, settings, path)
        if why:
            failures[comparison.name] = why
    paths = [path for comparison in comparisons if (path := opts.results / f"{comparison.name}.json").is_file()]
    for result in table.load(paths):
        print(table.markdown(result) + "\n" + table.machine_line(result) + "\n")
    for name, why in failures.items():
        print(f"no result: {name}: {why}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
