"""Live null races: `attune select-loss` whole, on losses that are the plain one but for a few parts in a thousand of
another, so that their runs part ways and none is better. How often does it say that one is?

  live_nulls.py --data ../shared/data --work /tmp/nulls [--races 20] [--parallel 2] [--plan]

Prints the compute plan first; --plan: nothing else. Goes on where it was stopped. Results, raw:
bench/selection/results/live_nulls.json.
"""

import sys

from runs import at_once, judgements, many_options_of, select_loss, write_results
from sets import SETS, sample

SECONDS = 25  # of a plain run on one core of a Zen 4

# A part in a million is lost in bf16: runs stay the same bit for bit.
OF_CLASSES = ["cross_entropy + 0.003*square", "cross_entropy(label_smoothing=0.002)", "poly1(epsilon=0.01)"]
OF_LABELS = ["bce + 0.003*zlpr", "bce(label_smoothing=0.002)", "bce + 0.003*asymmetric"]


def race(task):
    name, seed, options = task
    rows, _ = sample(name, SETS[name], options.work, options.data, seed)
    arms = OF_LABELS if "multilabel" in SETS[name][2] else OF_CLASSES
    candidates = [part for arm in arms for part in ("--candidate", arm)]
    verdict = select_loss(options, f"{name}-{seed}", *SETS[name][2], *candidates, "--only-candidates", "--budget", "8", "--seed", str(seed), "--threads", "1", "--train", rows)
    if not verdict:
        return None
    print(f"{name} {seed}: {verdict['sentence']}", flush=True)
    judged = [each for each in judgements(verdict) if not each["same_runs"]]
    raced = [{"arm": line["arm"], "difference": line["difference"]} for line in verdict["race"][1:]]
    return {"set": name, "seed": seed, "loss": verdict["loss"], "proven": verdict["loss_is_proven"], "sentence": verdict["sentence"], "seconds": verdict["seconds"], "race": raced, "judged": judged}


def main():
    parser = many_options_of(__doc__, "/tmp/nulls")
    parser.add_argument("--races", type=int, default=20)
    options = parser.parse_args()
    tasks = [(name, seed, options) for seed in range(1, -(-options.races // len(SETS)) + 1) for name in SETS][: options.races]
    print(f"plan: {len(tasks)} races of 8 plain runs of about {SECONDS} s on a core: {len(tasks) * 8 * SECONDS / 3600 / options.parallel:.1f} h on {options.parallel} cores", flush=True)
    if options.plan:
        return 0
    races = [told for told in at_once(options, race, tasks) if told]
    write_results("live_nulls.json", races)
    print(f"{len(races)} races, {sum(told['proven'] for told in races)} say that a loss is better", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
