#!/usr/bin/env python3
"""`attune tune` beside the defaults and beside Optuna driving PyTorch: the same rows, budget and machine, judged on test rows.

  bench/search/beside.py --data FOLDER --attune build/attune --python PEERS/bin/python --out FOLDER [--sets sst2,cola] [--budget 150]
                         [--rows 1000] [--test-rows 1000] [--repetitions 3]

FOLDER of --data holds the sets as ../shared/data has them. Of each set so many rows are drawn to learn from (half of it of the one with the larger model), others for each
repetition, and at most so many test rows, always the same. The two searches run at the same time, each on a processor of its own (they change places from
repetition to repetition), so that both have the same machine in the same minutes; then the defaults. Their answers on the test rows lie in
OUT/SET/{attune,optuna,defaults}/N.jsonl, and `attune compare` says what follows. OUT/results.json has the figures; what is there is not run
again.
"""
import argparse
import collections
import json
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import drawn  # noqa: E402

SETS = {
    "sst2": {"metric": "accuracy"},
    "cola": {"metric": "mcc"},
    "mrpc": {"metric": "macro_f1"},
    "financial_phrasebank": {"metric": "macro_f1"},
    "goemotions": {"metric": "micro_f1", "task": "multilabel"},
    "waimai10k": {"metric": "macro_f1", "model": "multilingual", "share": 0.5},
}
LABELS = 12  # of a multi-label set: the most frequent
SIDES = ("attune", "optuna", "defaults")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--attune", type=Path, default=Path("build/attune"))
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--budget", type=int, default=150, help="seconds of each search")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--test-rows", type=int, default=1000)
    parser.add_argument("--repetitions", type=int, default=3)
    return parser.parse_args()


def with_frequent_labels(rows, labels):
    """Of several labels a row those that are frequent; a row with none of them goes. Else a drawn test set has labels that were not drawn to learn from."""
    kept = [row | {"labels": [label for label in row["labels"] if label in labels]} for row in rows]
    return [row for row in kept if row["labels"]]


def run(command, log):
    begun = time.monotonic()
    with open(log, "w", encoding="utf-8") as file:
        done = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=file, text=True)
    return done, begun


def finish(started, log):
    process, begun = started
    out, _ = process.communicate()
    if process.returncode != 0:
        sys.exit(f"{process.args}\nfailed, see {log}\n{out[-2000:]}")
    return out, time.monotonic() - begun


def repetition(opts, name, number, folder):
    """Both searches at once, then the defaults; seconds and trials by side."""
    info = SETS[name]
    task, model = info.get("task", "classify"), info.get("model", "minilm")
    train, test = folder / f"train-{number}.jsonl", folder / "test.jsonl"
    ours, ours_test = drawn.attune_rows(train), drawn.attune_rows(test)
    model_folder = subprocess.run([opts.attune, "models", "path", model], capture_output=True, text=True, check=True).stdout.strip()
    cores = ("0", "1") if number % 2 == 0 else ("1", "0")
    study, final = folder / f"study-{number}", folder / f"model-{number}"
    common = ["--model", model, "--task", task, "--train", ours, "--test", ours_test, "--threads", "1", "--seed", number + 1, "--predictions", "--no-ladder", "--bootstrap", "0"]
    searching = run(["taskset", "-c", cores[0], opts.attune, "tune", *common, "--metric", info["metric"], "--budget", f"{opts.budget}s", "--out", study, "--final-model", final,
                     "--overwrite", "--json"], folder / f"attune-{number}.log")
    peer = run(["taskset", "-c", cores[1], opts.python, Path(__file__).with_name("optuna_search.py"), "--model", model_folder, "--train", train, "--test", test, "--task", task,
                "--metric", info["metric"], "--budget", opts.budget, "--seed", number + 1, "--out", folder / "optuna" / f"{number}.jsonl"], folder / f"optuna-{number}.log")
    told, seconds = finish(searching, folder / f"attune-{number}.log")
    peer_told, peer_seconds = finish(peer, folder / f"optuna-{number}.log")
    found, peer_found = json.loads(told), json.loads(peer_told.splitlines()[-1])
    defaults = run(["taskset", "-c", cores[0], opts.attune, "train", *common, "--dev", "none", "--out", folder / f"defaults-{number}", "--overwrite"], folder / f"defaults-{number}.log")
    _, default_seconds = finish(defaults, folder / f"defaults-{number}.log")
    for side, source in (("attune", final), ("defaults", folder / f"defaults-{number}")):
        (folder / side / f"{number}.jsonl").write_bytes((source / "predictions/test.jsonl").read_bytes())
    return {"attune": {"seconds": seconds, "trials": len(found["trials"]), "full": sum(t["share"] == 1 for t in found["trials"]), "chosen": found["chosen"], "proven": found["proven"],
                       "sentence": found["sentence"]},
            "optuna": {"seconds": peer_seconds} | {key: peer_found[key] for key in ("trials", "finished", "best", "versions")},
            "defaults": {"seconds": default_seconds}}


def compare(opts, folder, first, second, metric):
    told = subprocess.run([opts.attune, "compare", folder / first, folder / second, "--metric", metric, "--json"], capture_output=True, text=True, check=True).stdout
    return json.loads(told)


def main():
    opts = options()
    results_path = opts.out / "results.json"
    results = json.loads(results_path.read_text()) if results_path.exists() else {}
    names, learning = opts.sets.split(","), {}
    for name in names:
        folder = opts.out / name
        rows, test = drawn.read(opts.data / name, "train"), drawn.read(opts.data / name, "test") or drawn.read(opts.data / name, "dev")
        if SETS[name].get("task") == "multilabel":
            counts = collections.Counter(label for row in rows for label in row["labels"])
            frequent = {label for label, _ in counts.most_common(LABELS)}
            rows, test = with_frequent_labels(rows, frequent), with_frequent_labels(test, frequent)
        drawn.write(folder / "test.jsonl", drawn.draw(test, opts.test_rows, 0))
        for side in SIDES:
            (folder / side).mkdir(exist_ok=True)
        learning[name] = rows
        results.setdefault(name, {"metric": SETS[name]["metric"], "repetitions": {}})
    for number in range(opts.repetitions):  # of all sets, so that whoever stops early has as much of each
        for name in names:
            folder, done = opts.out / name, results[name]
            if str(number) in done["repetitions"]:
                continue
            count = round(opts.rows * SETS[name].get("share", 1))
            drawn.write(folder / f"train-{number}.jsonl", drawn.draw(learning[name], count, 100 + number))
            done["repetitions"][str(number)] = repetition(opts, name, number, folder)
            done["compared"] = {f"attune-{other}": compare(opts, folder, "attune", other, done["metric"]) for other in ("defaults", "optuna")}
            results_path.write_text(json.dumps(results, indent=2, ensure_ascii=False))
            print(name, number, json.dumps(done["repetitions"][str(number)], ensure_ascii=False), flush=True)
    print(table(results, opts.budget))


def table(results, budget):
    lines = [f"| set, metric | defaults | Optuna + PyTorch, {budget} s | attune tune, {budget} s | beside the defaults | beside Optuna | trials, in full | of Optuna, in full |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for name, told in results.items():
        if "compared" not in told:
            continue
        beside = {other: told["compared"][f"attune-{other}"] for other in ("defaults", "optuna")}
        mean = lambda side, key: sum(block[key]["value"] for block in side["blocks"]) / len(side["blocks"])
        counts = lambda side, full: ", ".join(f"{run[side]['trials']} ({run[side][full]})" for run in told["repetitions"].values())
        difference = lambda side: f"{100 * side['difference']:+.1f} ({100 * side['interval'][0]:+.1f} to {100 * side['interval'][1]:+.1f})"
        lines.append(f"| {name}, {told['metric']} | {100 * mean(beside['defaults'], 'second'):.1f} | {100 * mean(beside['optuna'], 'second'):.1f} | "
                     f"{100 * mean(beside['defaults'], 'first'):.1f} | {difference(beside['defaults'])} | {difference(beside['optuna'])} | {counts('attune', 'full')} | {counts('optuna', 'finished')} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
