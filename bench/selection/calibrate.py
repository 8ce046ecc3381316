"""What is fitted to some causes and judged by others: how far to trust the race's figures, and what was measured to help.

  calibrate.py

Reads results/causes.json and results/upper_layers.json (causes.py). Fitted on four causes, frozen, judged on those that were
run afterwards. Writes results/calibration.json.
"""

import json
import sys

from causes import mean, sign_of
from runs import read_results, write_results

FITTED = ["noise40", "ordinal", "rare_labels", "one_in_fifty"]
JUDGED = ["noise20", "noise40_all", "costs"]
PRIORS = [0.25, 0.5, 1, 2, 3, 4, 6, 8, None]  # points; None: nothing is shrunk
Z = 1.959964


def points(name, told):
    """What a difference of 1 is in points; of a cost, in percent of what the plain loss costs."""
    return 100 / told[name]["plain_corrected"] if sign_of(name) < 0 else 100


def arms(name, told, upper):
    """Of each arm: in the race, its variance, in the upper layers over two seeds (None: not measured), in all layers."""
    unit = points(name, told)
    true = told[name]["arms_against_plain_corrected"]
    lines = {line["arm"].replace(" ", ""): line for line in told[name]["race"] if line["upper_layers_only"] and not line["failed"]}
    for arm, gain in true.items():
        line = lines.get(arm.replace(" ", ""))  # written as asked for there, as the program writes it here
        if line:
            low, high = line["interval_by_rows"]
            yield {"arm": arm, "race": line["difference"] * unit, "variance": ((high - low) * unit / 2 / Z) ** 2, "upper": upper[name]["upper"][arm] * unit if name in upper else None, "true": gain["gain"] * unit}


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


def again(told):
    """Losses that stood in a fitted cause and in a judged one: gain and error there, in points."""
    gains = {}
    for which, names in (("fitted", FITTED), ("judged", JUDGED)):
        for name in filter(told.get, names):
            for arm, gain in told[name]["arms_against_plain_corrected"].items():
                gains.setdefault(arm, {"fitted": {}, "judged": {}})[which][name] = [gain["gain"] * points(name, told), gain["se"] * points(name, told)]
    return {arm: of for arm, of in gains.items() if of["fitted"] and of["judged"]}


def main():
    told, upper = read_results("causes.json"), read_results("upper_layers.json")
    rows = {which: [list(arms(name, told, upper)) for name in names if name in told] for which, names in (("fitted", FITTED), ("judged", JUDGED))}
    prior = min(PRIORS, key=lambda w: error(rows["fitted"], lambda arm: shrunk(arm, w)))
    both = {which: [of_cause for of_cause in each if of_cause[0]["upper"] is not None] for which, each in rows.items()}
    slopes = [step / 20 for step in range(41)]
    slope = min(slopes, key=lambda s: error(both["fitted"], lambda arm: s * arm["upper"]))
    out = {"fitted_on": FITTED, "judged_on": JUDGED, "prior": {"best": prior}, "slope": {"best": slope}, "again": again(told)}
    for which, each in rows.items():
        out["prior"][which] = {str(w): scores(each, lambda arm, w=w: shrunk(arm, w)) for w in PRIORS}
        out["slope"][which] = {str(s): scores(both[which], lambda arm, s=s: s * arm["upper"]) for s in (0, slope, 1)}
    write_results("calibration.json", out)
    print(json.dumps(out, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
