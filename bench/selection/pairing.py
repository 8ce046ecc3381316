"""What pairing by seed buys: whether runs of two losses with the same seed (the same last layer at the start, the same order
of rows, the same dropout) resemble each other more than runs of different seeds do. From kept banks in seconds.

  pairing.py --work /tmp/pairing [--data ../shared/data]

For each loss of a bank and the plain loss, accuracies a_s and p_s by seed, each less its mean over S seeds: r, the mean square of
a_s - p_s over that of a_s - p_t for s != t, pooled over losses. Runs that correlate by c give r = (1 - c) / (1 + c / (S - 1)); 1 - c
is what the variance of a difference is with pairing, of what it is without. Results: results/pairing.json.
"""

import json
import sys

from keep import unpack
from runs import options_of, write_results

BANKS = ("bank-costs", "bank-noise20", "bank-noise40_all")


def accuracy(path):
    right = [max(row["probabilities"], key=row["probabilities"].get) == row["gold"] for row in map(json.loads, path.open(encoding="utf-8"))]
    return sum(right) / len(right)


def by_arm(bank):
    """{arm: {seed: accuracy}} of whole trainings."""
    found = {}
    for run in sorted((bank / "runs").iterdir()):
        arm, _, seed = run.name.rpartition("block-1-seed-")
        predictions = run / "predictions" / "test.jsonl"
        if "upper" not in arm and predictions.is_file():
            found.setdefault(arm.rstrip("-") or "plain", {})[int(seed)] = accuracy(predictions)
    return found


def centred(values):
    mean = sum(values.values()) / len(values)
    return {seed: value - mean for seed, value in values.items()}


def squares(a, p):
    """Mean squares of differences: same seed, other seed."""
    same = [(a[s] - p[s]) ** 2 for s in a]
    other = [(a[s] - p[t]) ** 2 for s in a for t in p if s != t]
    return sum(same) / len(same), sum(other) / len(other)


def main():
    options = options_of(__doc__, "/tmp/pairing").parse_args()
    told = {}
    for name in BANKS:
        arms = by_arm(unpack(name, options))
        plain = centred(arms.pop("plain"))
        told[name] = {"seeds": len(plain), "arms": {}}
        for arm, values in arms.items():
            mine = squares(centred(values), plain)
            told[name]["arms"][arm] = {"same_seed": mine[0], "other_seed": mine[1]}
        ratio = sum(each["same_seed"] for each in told[name]["arms"].values()) / sum(each["other_seed"] for each in told[name]["arms"].values())
        correlation = (1 - ratio) / (1 + ratio / (len(plain) - 1))
        told[name] |= {"ratio": ratio, "correlation": correlation}
        print(f"{name}: {len(arms)} losses, {len(plain)} seeds: of a difference's variance pairing leaves {1 - correlation:.2f}", flush=True)
    write_results("pairing.json", told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
