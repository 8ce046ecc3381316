"""What `attune select-loss` says of real sets. One line each, boring ones included.

  real_verdicts.py --data ../shared/data --work /tmp/verdicts [--budget 1] [--jobs 2] [SET ...]

Goes on where it was stopped. Results: bench/selection/results/verdicts-budget-N.json, raw figures without row texts or places.
"""

import sys

from runs import add_results, judgements, options_of, select_loss
from sets import VERDICTS, sample


def short(verdict):
    keep = ("sentence", "loss", "loss_is_proven", "corrections_pay", "corrections_taken", "correction", "metric", "worth", "budget", "rows", "seconds", "race", "runs", "outlook")
    found = {key: verdict[key] for key in keep}
    found["judgements"] = judgements(verdict)
    found["figures"] = {figure["name"]: [figure["value"], figure["interval"], figure["n"]] for figure in verdict["profile"]["figures"]}
    return found


def main():
    parser = options_of(__doc__, "/tmp/verdicts")
    parser.add_argument("--budget", default="1")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("sets", nargs="*")
    options = parser.parse_args()
    results = f"verdicts-budget-{options.budget}.json"
    for name in options.sets or VERDICTS:
        rows, count = sample(name, VERDICTS[name], options.work, options.data)
        more = [*VERDICTS[name][2], "--train", rows, "--budget", options.budget, "--jobs", options.jobs]
        verdict = select_loss(options, f"{name}-budget-{options.budget}", *more)
        if not verdict:
            continue
        command = "select-loss " + " ".join(str(part) for part in more)
        add_results(results, {name: {"command": command, "source": VERDICTS[name][0], "sampled_rows": count, **short(verdict)}})
        print(f"{name} ({count} rows, {verdict['metric']}): {verdict['sentence']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
