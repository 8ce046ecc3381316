"""Live causes: data with a planted reason for another loss, arms that might serve it, an exhaustive bank of all arms on
seeds and judging rows that the choice never sees, and the choices themselves.

  causes.py --data ../shared/data --work /tmp/causes [--seeds 5] [--parallel 2] [--plan] STAGE [CAUSE ...]

STAGE: fill (the exhaustive banks), upper (the same, upper layers alone), choose (attune select-loss on each), regret
(banks and choices together: bench/selection/results/causes.json), proxy (banks of all and of upper layers:
upper_layers.json). Prints the compute plan first; --plan: nothing else. Goes on where it was stopped.
"""

import json
import pathlib
import random
import subprocess
import sys

from runs import add_results, at_once, judgements, many_options_of, read_results, select_loss, verdict_in
from sets import read, write

SECONDS = {"all": 30, "upper": 12}  # of one run on one core of a Zen 4
UPPER_SEEDS = 2

OPTIONS = ["--model", "minilm", "--batch-size", "32", "--lr", "2e-4", "--threads", "1"]
MISS_COSTS_TEN = "[[0, 10, 10], [1, 0, 1], [1, 1, 0]]"  # negative, neutral, positive: news of trouble not to be missed
ROBUST = ["generalized_ce", "symmetric_ce", "bi_tempered", "cross_entropy(label_smoothing=0.2)", "early_learning"]


def flip(share):
    """Labels of `share` of the rows turned into another one."""

    def change(head, rows, draw):
        label = head.index("label")
        names = sorted({row[label] for row in rows})
        for i in draw.sample(range(len(rows)), round(share * len(rows))):
            rows[i] = [*rows[i]]
            rows[i][label] = draw.choice([name for name in names if name != rows[i][label]])
        return rows

    return change


def one_in_fifty(head, rows, draw):
    """The rarer of two classes thinned to one row in fifty."""
    label = head.index("label")
    common = [row for row in rows if row[label] == "other"]
    rare = [row for row in rows if row[label] != "other"]
    rows = common + draw.sample(rare, len(common) // 49)
    draw.shuffle(rows)
    return rows


def same(head, rows, draw):
    return rows


# name: source below the data folder; rows to train on, of --dev, of the exhaustive judge; what is planted in the rows
# that train and in those that judge the choice (the exhaustive bank is always judged by rows as they are, or thinned);
# options; arms beside the plain loss.
def cause(train, judge, rows, options, arms, planted=same, planted_in_dev=same, planted_in_judge=same):
    return {"train": train, "judge": judge, "rows": rows, "options": options, "arms": arms, "planted": (planted, planted_in_dev, planted_in_judge)}


SST2 = ("sst2/train.csv", "sst2/test.csv")
CAUSES = {
    "noise20": cause(*SST2, (1000, 1000, 1500), ["--epochs", "5", "--task", "classify", "--metric", "accuracy"], ROBUST, flip(0.2)),
    "noise40": cause(*SST2, (1000, 1000, 1500), ["--epochs", "5", "--task", "classify", "--metric", "accuracy"], ROBUST, flip(0.4)),
    "noise40_all": cause(*SST2, (1000, 1000, 1500), ["--epochs", "5", "--task", "classify", "--metric", "accuracy"], ROBUST, flip(0.4), flip(0.4)),
    "one_in_fifty": cause("goemotions/train.jsonl#anger", "goemotions/test.jsonl#anger", (1590, 2700, 4900), ["--epochs", "3", "--task", "classify", "--metric", "macro_f1"], ["logit_adjusted", "cross_entropy(weights=balanced)", "focal", "ldam", "square"], one_in_fifty, one_in_fifty, one_in_fifty),
    "ordinal": cause("sst5/train.csv", "sst5/test.csv", (1500, 1000, 1600), ["--epochs", "3", "--task", "classify", "--metric", "quadratic_kappa", "--ordered"], ["oll", "0.5*cross_entropy + 0.5*oll", "corn", "emd", "square"]),
    "costs": cause("financial_phrasebank/train.csv", "financial_phrasebank/test.csv", (1500, 1000, 970), ["--epochs", "3", "--task", "classify", "--metric", f"cost({MISS_COSTS_TEN})"], [f"0.5*cross_entropy + 0.5*cost_sensitive(costs={MISS_COSTS_TEN})", "cross_entropy(weights=[10, 1, 1])", "cross_entropy(weights=balanced)", "focal", "square"]),
    "rare_labels": cause("goemotions/train.jsonl", "goemotions/test.jsonl", (1500, 1500, 2000), ["--head-start", "linear", "--epochs", "3", "--task", "multilabel", "--metric", "macro_f1"], ["asymmetric", "zlpr", "distribution_balanced", "focal_bce", "bce(weights=balanced)"]),
}


def rows_of(source, folder):
    """(head, rows, ending) of a file; "FILE#EMOTION": whether that is among a row's labels, as two classes."""
    file, _, emotion = source.partition("#")
    path = pathlib.Path(folder) / file
    head, rows = read(path)
    if not emotion:
        return head, rows, path.suffix
    each = (json.loads(row) for row in rows)
    return ["text", "label"], [[row["text"], emotion if emotion in row["labels"] else "other"] for row in each], ".csv"


def files(name, options):
    """(train, dev, judge) of a cause, written once; the same rows every time."""
    entry, folder = CAUSES[name], pathlib.Path(options.work) / "data"
    counts, draw = entry["rows"], random.Random(f"cause {name}")
    head, rows, ending = rows_of(entry["train"], options.data)
    taken = draw.sample(range(len(rows)), min(len(rows), counts[0] + counts[1]))
    judge_head, judge_rows, _ = rows_of(entry["judge"], options.data)
    parts = [[rows[i] for i in taken[: counts[0]]], [rows[i] for i in taken[counts[0] :]], draw.sample(judge_rows, min(len(judge_rows), counts[2]))]
    paths = []
    for part, which, planted in zip(parts, ("train", "dev", "judge"), entry["planted"]):
        path = folder / f"{name}-{which}{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, head if which != "judge" else judge_head, planted(head, part, draw))
        paths.append(path)
    return paths


def common(name):
    return [*OPTIONS, *CAUSES[name]["options"], *(part for arm in CAUSES[name]["arms"] for part in ("--candidate", arm))]


def bank_of(name, options):
    return pathlib.Path(options.work) / f"bank-{name}"


def seeds_of(layers, options):
    return options.seeds if layers == "all" else UPPER_SEEDS


def fill(name, options, layers):
    train, _, judge = files(name, options)
    with (pathlib.Path(options.work) / f"{name}-{layers}.log").open("w") as log:
        subprocess.run([pathlib.Path(options.build) / "bench/selection/fill_bank", str(seeds_of(layers, options)), layers, *common(name), "--train", train, "--dev", judge, "--out", bank_of(name, options), "--seed", "1"], stdout=log, stderr=subprocess.STDOUT, check=True)
    print(f"{name}: bank of {layers} layers full", flush=True)


def choose(name, options):
    train, dev, _ = files(name, options)
    verdict = select_loss(options, f"choice-{name}", *common(name), "--only-candidates", "--budget", options.budget, "--seed", "77", "--train", train, "--dev", dev)
    if verdict:
        print(f"{name}: {verdict['sentence']}", flush=True)


def metric_of(name):
    return CAUSES[name]["options"][CAUSES[name]["options"].index("--metric") + 1]


def sign_of(name):
    """1 where more is better."""
    return -1 if metric_of(name).startswith("cost(") else 1


def runs_of(name, options, layers="all"):
    out = pathlib.Path(options.work) / f"exhaustive-{name}-{layers}.json"
    subprocess.run([pathlib.Path(options.build) / "bench/selection/exhaustive", str(seeds_of(layers, options)), layers, out, bank_of(name, options), metric_of(name), *CAUSES[name]["arms"]], check=True)
    return json.loads(out.read_text())


def mean(values):
    return sum(values) / len(values)


def spread(values):
    middle = mean(values)
    return (sum((value - middle) ** 2 for value in values) / max(1, len(values) - 1)) ** 0.5


def regret(name, options):
    """Of one cause: what each arm is worth on the exhaustive rows, and how far each policy is from the best. The best is
    chosen on half of the seeds and scored on the other half, both ways round."""
    sign = sign_of(name)
    runs = [run for run in runs_of(name, options) if not run["failed"]]
    arms = sorted({run["loss"] for run in runs}, key=lambda loss: [run["loss"] for run in runs].index(loss))
    plain = arms[0]
    value = {(arm, kind): {run["seed"]: sign * run[kind] for run in runs if run["loss"] == arm} for arm in arms for kind in ("plain", "corrected")}
    seeds = sorted(value[plain, "plain"])
    halves = [seeds[: len(seeds) // 2], seeds[len(seeds) // 2 :]]
    verdict = verdict_in(pathlib.Path(options.work) / f"choice-{name}")
    chosen = (verdict["loss"], "corrected" if verdict["corrections_taken"] or verdict["loss_is_proven"] else "plain")
    policies = {"chosen": chosen, "always plain": (plain, "plain"), "always plain, corrected": (plain, "corrected")}
    regrets = {policy: [] for policy in policies}
    for pick, score in (halves, halves[::-1]):
        worth = {key: mean([of[seed] for seed in pick if seed in of]) for key, of in value.items() if any(seed in of for seed in pick)}
        best = max(worth, key=worth.get)
        for policy, key in policies.items():
            regrets[policy] += [value[best][seed] - value[key][seed] for seed in score if seed in value[best] and seed in value[key]]
    against = {}
    for arm in arms[1:]:
        gains = [value[arm, "corrected"][seed] - value[plain, "corrected"][seed] for seed in seeds if seed in value[arm, "corrected"]]
        against[arm] = {"gain": mean(gains), "se": spread(gains) / len(gains) ** 0.5, "runs": len(gains)}
    return {
        "plain": mean(list(value[plain, "plain"].values())) * sign,
        "plain_corrected": mean(list(value[plain, "corrected"].values())) * sign,
        "arms_against_plain_corrected": against,
        "chosen": chosen,
        "regret": {policy: {"mean": mean(each), "se": spread(each) / len(each) ** 0.5} for policy, each in regrets.items()},
        "sentence": verdict["sentence"],
        "race": verdict["race"],
        "judgements": judgements(verdict),
        "seconds": verdict["seconds"],
    }


def proxy(name, options):
    """Do the upper layers alone tell what all layers would? Gains of each arm, both ways; of all layers as regret told."""
    sign = sign_of(name)
    by_arm = {}
    runs = [run for run in runs_of(name, options, "upper") if not run["failed"]]
    for run in runs:
        by_arm.setdefault(run["loss"], []).append(sign * run["corrected"])
    plain = runs[0]["loss"]
    gains = {
        "upper": {arm: mean(values) - mean(by_arm[plain]) for arm, values in by_arm.items() if arm != plain},
        "all": {arm: gain["gain"] for arm, gain in read_results("causes.json")[name]["arms_against_plain_corrected"].items()},
    }
    return gains | {"spearman": spearman(gains), "upper_seconds": mean([run["seconds"] for run in runs])}


def spearman(gains):
    """Of the arms that ran both ways; there are no ties."""
    arms = sorted(set(gains["upper"]) & set(gains["all"]))
    ranks = [{arm: rank for rank, arm in enumerate(sorted(arms, key=gains[way].get))} for way in ("upper", "all")]
    squares = sum((ranks[0][arm] - ranks[1][arm]) ** 2 for arm in arms)
    return 1 - 6 * squares / (len(arms) * (len(arms) ** 2 - 1))


STAGES = {"fill": "all", "upper": "upper"}  # layers that train


def main():
    parser = many_options_of(__doc__, "/tmp/causes")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", default="8")
    parser.add_argument("stage", choices=[*STAGES, "choose", "regret", "proxy"])
    parser.add_argument("causes", nargs="*")
    options = parser.parse_args()
    names = options.causes or list(CAUSES)
    if options.stage == "regret":
        add_results("causes.json", {name: regret(name, options) for name in names})
    elif options.stage == "proxy":
        add_results("upper_layers.json", {name: proxy(name, options) for name in names})
    elif options.stage == "choose":
        print(f"plan: {len(names)} choices of {options.budget} plain runs: {len(names) * float(options.budget) * SECONDS['all'] / 3600 / options.parallel:.1f} h on {options.parallel} cores", flush=True)
        if not options.plan:
            at_once(options, lambda name: choose(name, options), names)
    else:
        layers = STAGES[options.stage]
        runs = sum(seeds_of(layers, options) * (1 + len(CAUSES[name]["arms"])) for name in names)
        print(f"plan: {options.stage} {len(names)} causes, {runs} runs of about {SECONDS[layers]} s on a core: {runs * SECONDS[layers] / 3600 / options.parallel:.1f} h on {options.parallel} cores", flush=True)
        if not options.plan:
            at_once(options, lambda name: fill(name, options, layers), names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
