"""Fills the banks (fill_bank) and draws null races and planted gains from them (null_races).

  banks.py --data ../shared/data --work /tmp/bank [--seeds 8] [--races 1000] [--parallel 2] [--plan]

Prints the compute plan first; --plan: nothing else. Goes on where it was stopped. Results, raw:
bench/selection/results/{null_races,planted_gains}.json.
"""

import pathlib
import subprocess
import sys

from runs import RESULTS, at_once, many_options_of
from sets import SETS, sample

BLOCKS = 5
SECONDS = 25  # of one run on one core of a Zen 4, 1,050 short rows, 3 epochs


def main():
    parser = many_options_of(__doc__, "/tmp/bank")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--races", type=int, default=1000)
    options = parser.parse_args()
    programs = pathlib.Path(options.build) / "bench/selection"
    runs = len(SETS) * BLOCKS * options.seeds
    print(f"plan: {len(SETS)} sets x {BLOCKS} blocks x {options.seeds} seeds = {runs} runs of about {SECONDS} s on a core: {runs * SECONDS / 3600 / options.parallel:.1f} h on {options.parallel} cores; then {options.races} null races a set", flush=True)
    if options.plan:
        return 0

    def fill(name):
        rows, count = sample(name, SETS[name], options.work, options.data)
        folder = pathlib.Path(options.work) / f"b-{name}"
        with (pathlib.Path(options.work) / f"{name}.log").open("w") as log:
            subprocess.run([programs / "fill_bank", str(options.seeds), "all", *SETS[name][2], "--train", rows, "--out", folder, "--seed", "1", "--threads", "1"], stdout=log, stderr=subprocess.STDOUT, check=True)
        print(f"{name}: {count} rows, bank full", flush=True)
        return folder

    folders = at_once(options, fill, SETS)
    RESULTS.mkdir(exist_ok=True)
    classes = [folder for name, folder in zip(SETS, folders) if "classify" in SETS[name][2]]
    subprocess.run([programs / "planted_gains", str(options.races // 4), str(options.seeds), RESULTS / "planted_gains.json", *classes], check=True)
    subprocess.run([programs / "null_races", str(options.races), str(options.seeds), RESULTS / "null_races.json", *folders], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
