"""What `attune select-loss` says of real sets. One line each, boring ones included.

  real_verdicts.py --data ../shared/data --work /tmp/verdicts [--budget 1] [--jobs 2] [SET ...]

Goes on where it was stopped. Results: bench/selection/results/verdicts-budget-N.json, raw figures without row texts or places.
"""

import argparse
import json
import pathlib
import subprocess
import sys

from sets import VERDICTS, sample

HERE = pathlib.Path(__file__).resolve().parent


def short(verdict):
    keep = ("sentence", "loss", "loss_is_proven", "corrections_pay", "correction", "metric", "worth", "budget", "rows", "seconds", "race", "runs", "outlook")
    found = {key: verdict[key] for key in keep}
    found["judgements"] = [{key: each[key] for key in each if key not in ("changed", "classes", "blocks")} for each in verdict["judgements"]]
    found["figures"] = {figure["name"]: [figure["value"], figure["interval"], figure["n"]] for figure in verdict["profile"]["figures"]}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--work", default="/tmp/verdicts")
    parser.add_argument("--build", default="build")
    parser.add_argument("--budget", default="1")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("sets", nargs="*")
    options = parser.parse_args()
    results = HERE / "results" / f"verdicts-budget-{options.budget}.json"
    results.parent.mkdir(exist_ok=True)
    found = json.loads(results.read_text()) if results.exists() else {}
    for name in options.sets or VERDICTS:
        rows, count = sample(name, VERDICTS[name], options.work, options.data)
        out = pathlib.Path(options.work) / f"{name}-budget-{options.budget}"
        command = [pathlib.Path(options.build) / "attune", "select-loss", *VERDICTS[name][2], "--train", rows, "--out", out, "--budget", options.budget, "--jobs", options.jobs]
        with (pathlib.Path(options.work) / f"{name}-budget-{options.budget}.log").open("w") as log:
            status = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=log).returncode
        if status:
            print(f"{name}: FAILED, see {log.name}", flush=True)
            continue
        verdict = json.loads((out / "verdict.json").read_text())
        found[name] = {"command": " ".join(str(part) for part in command[1:]), "source": VERDICTS[name][0], "sampled_rows": count, **short(verdict)}
        results.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        print(f"{name} ({count} rows, {verdict['metric']}): {verdict['sentence']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
