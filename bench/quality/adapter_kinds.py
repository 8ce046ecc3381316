#!/usr/bin/env python3
"""Adapters beside full fine-tuning and beside the PEFT package (bottlenecks: AdapterHub's), on the same rows with the same settings.

  bench/quality/adapter_kinds.py --data FOLDER --python PEERS/bin/python --out FOLDER [--hub-python VENV/bin/python] [--attune build/attune] [--model minilm]
                            [--sets sst2,banking77,conll2003,mrpc] [--kinds all,lora,...] [--rows 4000] [--test-rows 2000] [--epochs 3] [--batch-size 16] [--seeds 3] [--busy]

FOLDER of --data holds the sets as ../shared/data has them. Of each set so many rows are drawn to learn from, once (of MRPC, whose texts are long,
three quarters); a seed draws the head, the adapter, the order and dropout. attune's own defaults and rates for each kind; the packages get the
options and the rate that attune's run had. Two runs at a time, one thread each: attune's and, where there is one, the package's. Answers lie in
OUT/SET/{attune,package}/KIND/SEED.jsonl, and `attune compare` says what follows. OUT/SET/results.json has the figures; what is there is not run
again. The table's seconds and MiB are those of seed 1: let nothing else run meanwhile, or say --busy, which leaves the seconds out and lets
several such programs work on sets of their own in one OUT. Without --hub-python (a Python with `adapters` and torch) bottlenecks have no package
beside them.
"""
import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import drawn  # noqa: E402

SETS = {"sst2": {"metric": "accuracy"}, "banking77": {"metric": "accuracy"}, "conll2003": {"metric": "entity_f1", "task": "tag"}, "mrpc": {"metric": "macro_f1", "rows": 0.75}}
ALL_WEIGHTS_RATE = 1e-4  # of a small encoder; the default of 5e-5 is for larger ones
KINDS = {"all": "", "lora": "lora", "dora": "lora(dora=true)", "adalora": "adalora", "houlsby": "bottleneck", "pfeiffer": "bottleneck(placement=pfeiffer)", "prefix": "prefix", "prompt": "prompt",
         "ia3": "ia3", "bitfit": "bitfit", "last_layers": "last_layers"}
OF_PEFT = ("lora", "dora", "adalora", "prompt", "ia3")
OF_HUB = ("houlsby", "pfeiffer")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--hub-python", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--attune", type=Path, default=Path("build/attune"))
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--test-rows", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--busy", action="store_true")
    return parser.parse_args()


class Run:
    """A program at work; finish() gives its output and the most memory that it held, in MiB."""

    def __init__(self, command, log, core):
        self.log = log
        pinned = [] if core is None else ["taskset", "-c", str(core)]
        self.process = subprocess.Popen([*pinned, *map(str, command)], stdout=subprocess.PIPE, stderr=open(log, "w"), text=True)

    def finish(self):
        out = self.process.stdout.read()
        _, status, used = os.wait4(self.process.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"{self.process.args}\nfailed, see {self.log}\n{out[-2000:]}")
        return out, used.ru_maxrss / 1024


def begin_attune(opts, folder, name, kind, seed, core):
    run = folder / "runs" / f"{kind}-{seed}"
    adapter = ["--adapter", KINDS[kind]] if KINDS[kind] else ["--lr", ALL_WEIGHTS_RATE]
    tag = ["--decoding", "argmax"] if SETS[name].get("task") == "tag" else []
    return run, Run([opts.attune, "train", "--model", opts.model, "--task", SETS[name].get("task", "classify"), "--train", folder / "train.attune.jsonl", "--test", folder / "test.attune.jsonl",
                     "--dev", "none", "--epochs", opts.epochs, "--batch-size", opts.batch_size, "--seed", seed, "--threads", 1, "--predictions", "--no-ladder", "--bootstrap", 0, "--out", run, "--overwrite", *adapter, *tag],
                    folder / f"attune-{kind}-{seed}.log", core)


def told_by_attune(opts, run, mib):
    report = json.loads((run / "report.json").read_text())
    config = json.loads((run / "config.resolved.json").read_text())
    info = json.loads(subprocess.run([opts.attune, "info", run, "--json"], capture_output=True, text=True, check=True).stdout)
    seconds = float(re.search(r", ([0-9.]+) s\b", report["facts"]["training"]).group(1))
    return {"trainable": info.get("adapter_parameters", info["parameters"]), "seconds": None if opts.busy else seconds, "mib": mib, "lr": config["lr"], "precision": config["precision"]}


def has_package(opts, name, kind):
    if kind == "prompt" and SETS[name].get("task") == "tag":
        return False  # PEFT 0.21 fails there: its logits and the targets have different lengths
    return kind in OF_PEFT or (kind in OF_HUB and opts.hub_python is not None)


def begin_package(opts, folder, name, kind, seed, told, run, core):
    python = opts.hub_python if kind in OF_HUB else opts.python
    if not has_package(opts, name, kind):
        return None
    base = subprocess.run([opts.attune, "models", "path", opts.model], capture_output=True, text=True, check=True).stdout.strip()
    adapter = ["--adapter", run] if KINDS[kind] else []
    return Run([python, Path(__file__).with_name("peft_finetune.py"), "--model", base, *adapter, "--train", folder / "train.jsonl", "--test", folder / "test.jsonl", "--task",
                SETS[name].get("task", "classify"), "--epochs", opts.epochs, "--batch-size", opts.batch_size, "--lr", told["lr"], "--precision", told["precision"], "--seed", seed, "--out", folder / "package" / kind / f"{seed}.jsonl"],
               folder / f"package-{kind}-{seed}.log", core)


def compare(opts, first, second, metric):
    told = subprocess.run([opts.attune, "compare", first, second, "--metric", metric, "--json"], capture_output=True, text=True)
    if told.returncode not in (0, 3):
        sys.exit(told.stderr)
    return json.loads(told.stdout)


def main():
    opts = options()
    results = {}
    names, kinds = opts.sets.split(","), opts.kinds.split(",")
    for name in names:
        folder = opts.out / name
        train, test = drawn.read(opts.data / name, "train"), drawn.read(opts.data / name, "test")
        for split, rows in (("train", drawn.draw(train, int(opts.rows * SETS[name].get("rows", 1)), 1)), ("test", drawn.draw(test, opts.test_rows, 2))):
            drawn.attune_rows(drawn.write(folder / f"{split}.jsonl", rows))
        results[name] = json.loads((folder / "results.json").read_text()) if (folder / "results.json").exists() else {}
    for seed in range(1, opts.seeds + 1):  # of all sets, so that whoever stops early has as much of each
        for name in names:
            folder, pending = opts.out / name, None
            for kind in kinds:
                done = results[name].setdefault(kind, {"attune": {}, "package": {}})
                if str(seed) in done["attune"] and (str(seed) in done["package"] or not has_package(opts, name, kind)):
                    continue
                run, ours = begin_attune(opts, folder, name, kind, seed, None if opts.busy else 0)
                _, mib = ours.finish()
                told = told_by_attune(opts, run, mib)
                (folder / "attune" / kind).mkdir(parents=True, exist_ok=True)
                (folder / "attune" / kind / f"{seed}.jsonl").write_bytes((run / "predictions/test.jsonl").read_bytes())
                done["attune"][str(seed)] = told
                pending = settle(opts, pending, results)
                package = begin_package(opts, folder, name, kind, seed, told, run, None if opts.busy else 1)
                pending = (package, name, kind, seed) if package else None
                keep(opts, name, results)
                print(name, kind, seed, json.dumps(told), flush=True)
            settle(opts, pending, results)
    print(table(opts, results))


def keep(opts, name, results):
    (opts.out / name / "results.json").write_text(json.dumps(results[name], indent=2))


def settle(opts, pending, results):
    """Waits for the package's run, one at a time."""
    if pending:
        package, name, kind, seed = pending
        out, mib = package.finish()
        told = json.loads(out.splitlines()[-1]) | {"mib": mib}
        results[name][kind]["package"][str(seed)] = told
        told["seconds"] = None if opts.busy else told["seconds"]
        keep(opts, name, results)
        print(name, kind, seed, "package", json.dumps(told), flush=True)


def table(opts, results):
    lines = ["| set, metric | kind | trained, thousands | attune | of all weights | beside the package | seconds (package) | MiB (package) |", "|---|---|---:|---:|---:|---:|---:|---:|"]
    for name, kinds in results.items():
        metric, folder = SETS[name]["metric"], opts.out / name
        for kind, done in kinds.items():
            first = lambda side, key: done[side]["1"][key]
            difference = lambda told: f"{100 * told['difference']:+.1f} ({100 * told['interval'][0]:+.1f} to {100 * told['interval'][1]:+.1f})"
            against_all = compare(opts, folder / "attune" / kind, folder / "attune" / "all", metric) if kind != "all" and (folder / "attune" / "all").exists() else None
            against_package = compare(opts, folder / "attune" / kind, folder / "package" / kind, metric) if done["package"] and len(done["package"]) == len(done["attune"]) else None
            told = against_all or against_package or compare(opts, folder / "attune" / kind, folder / "attune" / next(other for other in kinds if other != kind), metric)
            value = sum(block["first"]["value"] for block in told["blocks"]) / len(told["blocks"])
            number = lambda side, key: "" if first(side, key) is None else f"{first(side, key):.0f}"
            package = lambda key: f" ({number('package', key)})" if done["package"] and number("package", key) else ""
            lines.append(f"| {name}, {metric} | {kind} | {first('attune', 'trainable') / 1000:.0f} | {100 * value:.1f} | {difference(against_all) if against_all else ''} | "
                         f"{difference(against_package) if against_package else ''} | {number('attune', 'seconds')}{package('seconds')} | {number('attune', 'mib')}{package('mib')} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
