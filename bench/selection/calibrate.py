"""What is fitted to some causes and judged by others: how far to trust the race's figures, and in which order to try losses.

  calibrate.py [--work /tmp/causes]

Reads results/causes.json and results/upper_layers.json (causes.py), and the queues of `attune select-loss --budget 1` on
each cause's rows (made here, a run of the plain loss each). Fitted on four causes, frozen, judged on three that were run
afterwards. Writes results/calibration.json.
"""

import json
import pathlib
import sys

from causes import CAUSES, OPTIONS, files, mean, sign_of
from runs import options_of, read_results, select_loss, write_results

FITTED = ["noise40", "ordinal", "rare_labels", "one_in_fifty"]
JUDGED = ["noise20", "noise40_all", "costs"]
PRIORS = [0.25, 0.5, 1, 2, 3, 4, 6, 8, None]  # points; None: nothing is shrunk
Z = 1.959964


def points(name, told):
    """What a difference of 1 is in points; of a cost, in percent of what the plain loss costs."""
    return 100 / told[name]["plain_corrected"] if sign_of(name) < 0 else 100


def arms(name, told, upper):
    """Of each arm: in the race, its variance, in the upper layers over two seeds, in all layers over five."""
    unit = points(name, told)
    true = told[name]["arms_against_plain_corrected"]
    lines = {line["arm"]: line for line in told[name]["race"] if line["upper_layers_only"] and not line["failed"]}
    for arm, gain in true.items():
        if arm in lines and arm in upper[name]["upper"]:
            low, high = lines[arm]["interval_by_rows"]
            yield {"arm": arm, "race": lines[arm]["difference"] * unit, "variance": ((high - low) * unit / 2 / Z) ** 2, "upper": upper[name]["upper"][arm] * unit, "true": gain["gain"] * unit}


def shrunk(arm, prior):
    return arm["race"] if prior is None else arm["race"] * prior**2 / (prior**2 + arm["variance"])


def error(rows, estimate):
    """Mean absolute error: one arm that fails by 17 points must not decide."""
    return mean([abs(estimate(arm) - arm["true"]) for of_cause in rows for arm in of_cause])


def left_behind(rows, estimate):
    """How far what is picked lies behind the best arm, the plain loss among them: points, mean over causes."""
    lost = []
    for of_cause in rows:
        pick = max(of_cause, key=estimate)
        best = max(0, *(arm["true"] for arm in of_cause))
        lost.append(best - pick["true"])
    return mean(lost)


def scores(rows, estimate):
    return {"error": error(rows, estimate), "finalist_behind_best": left_behind(rows, estimate)}


def queue_of(name, options):
    """Losses in the order in which the rules would try them."""
    train, dev, _ = files(name, options)
    asked = CAUSES[name]["options"]
    verdict = select_loss(options, f"queue-{name}", *OPTIONS, *asked, "--budget", "1", "--seed", "77", "--train", train, "--dev", dev)
    return [ruling["loss"] for ruling in verdict["rulings"] if ruling["standing"] != "ruled_out"]


def base(loss):
    """The catalogue's name within; options and weights set aside."""
    for name in ("cost_sensitive", "oll", "emd"):
        if name in loss:
            return loss.split("(")[0] if loss.startswith("0.5") else name
    return loss.split("(")[0] + ("(weights)" if "weights" in loss else "")


def first_arms(name, told, queue):
    """True gains of the cause's arms in the order of the queue."""
    unit = points(name, told)
    gains = {base(arm): gain["gain"] * unit for arm, gain in told[name]["arms_against_plain_corrected"].items()}
    order = list(dict.fromkeys(base(loss) for loss in queue if base(loss) in gains))
    return [(loss, gains[loss]) for loss in order]


def main():
    options = options_of(__doc__, "/tmp/causes").parse_args()
    told, upper = read_results("causes.json"), read_results("upper_layers.json")
    rows = {which: [list(arms(name, told, upper)) for name in names] for which, names in (("fitted", FITTED), ("judged", JUDGED))}
    prior = min(PRIORS, key=lambda w: error(rows["fitted"], lambda arm: shrunk(arm, w)))
    slopes = [step / 20 for step in range(41)]
    slope = min(slopes, key=lambda s: error(rows["fitted"], lambda arm: s * arm["upper"]))
    out = {"fitted_on": FITTED, "judged_on": JUDGED, "prior": {"fitted": prior}, "slope": {"fitted": slope}, "queue": {}}
    for which, each in rows.items():
        out["prior"][which] = {str(w): scores(each, lambda arm, w=w: shrunk(arm, w)) for w in PRIORS}
        out["slope"][which] = {str(s): scores(each, lambda arm, s=s: s * arm["upper"]) for s in (0, slope, 1)}
    for name in FITTED + JUDGED:
        out["queue"][name] = first_arms(name, told, queue_of(name, options))
    write_results("calibration.json", out)
    print(json.dumps(out, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
