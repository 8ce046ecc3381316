"""What the scripts of bench/selection share: their options, runs of `attune select-loss`, results."""

import argparse
import json
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

RESULTS = pathlib.Path(__file__).resolve().parent / "results"


def options_of(doc, work):
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--work", default=work)
    parser.add_argument("--build", default="build")
    return parser


def many_options_of(doc, work):
    """Those of scripts that run several things at once, after a plan."""
    parser = options_of(doc, work)
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--plan", action="store_true", help="print the compute plan and nothing else")
    return parser


def at_once(options, do, tasks):
    with ThreadPoolExecutor(options.parallel) as pool:
        return list(pool.map(do, tasks))


def select_loss(options, name, *more):
    """The verdict of a choice in WORK/NAME, or None where it failed; goes on where it was stopped."""
    out = pathlib.Path(options.work) / name
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [pathlib.Path(options.build) / "attune", "select-loss", *more, "--out", out]
    with (out.parent / f"{name}.log").open("w") as log:
        if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=log).returncode:
            print(f"{name}: FAILED, see {log.name}", flush=True)
            return None
    return verdict_in(out)


def verdict_in(out):
    return json.loads((out / "verdict.json").read_text())


def judgements(verdict):
    """Without what names rows and classes."""
    return [{key: each[key] for key in each if key not in ("changed", "classes", "blocks")} for each in verdict["judgements"]]


def read_results(name):
    return json.loads((RESULTS / name).read_text()) if (RESULTS / name).exists() else {}


def write_results(name, told):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def add_results(name, told):
    """Beside what was measured before; what was measured again is replaced."""
    write_results(name, read_results(name) | told)
