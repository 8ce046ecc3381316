#!/usr/bin/env python3
"""Golden values for tests/metrics: what scikit-learn, scipy and seqeval say of small seeded and degenerate cases.

Needs numpy, scipy, scikit-learn and seqeval. Run from the project root:  python3 tools/metrics_golden.py
Values that scikit-learn or scipy leave undefined (NaN) are written as null.
"""
import json
import math
import pathlib
import warnings

import numpy as np
from scipy import stats
from seqeval.metrics import classification_report as seq_report
from seqeval.metrics import f1_score as seq_f1
from seqeval.scheme import IOB2
from sklearn import metrics as sk

warnings.simplefilter("ignore")
OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "metrics" / "golden"
RNG = np.random.default_rng(20240501)


def number(value):
    value = math.nan if value is None else float(value)
    return None if math.isnan(value) else value


def softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    exp = np.exp(shifted)
    return exp / exp.sum(axis=1, keepdims=True)


# ------------------------------------------------------------------ classification

def ece(top, correct, bins=15):
    """Guo et al. 2017, written out with numpy only: bins (b/15, (b+1)/15]."""
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (top > low) & (top <= high)
        if inside.any():
            total += inside.mean() * abs(correct[inside].mean() - top[inside].mean())
    return total


def classification_scores(gold, logits):
    classes = logits.shape[1]
    probabilities = softmax(logits.astype(np.float64))
    predicted = logits.argmax(axis=1)
    scores = {
        "accuracy": sk.accuracy_score(gold, predicted),
        "micro_f1": sk.f1_score(gold, predicted, average="micro", zero_division=0),
        "mcc": sk.matthews_corrcoef(gold, predicted),
        "log_loss": sk.log_loss(gold, probabilities, labels=list(range(classes))),
        "ece": ece(probabilities.max(axis=1), (gold == predicted).astype(float)),
    }
    for average in ("macro", "weighted"):
        p, r, f, _ = sk.precision_recall_fscore_support(gold, predicted, average=average, zero_division=0)
        scores.update({f"{average}_precision": p, f"{average}_recall": r, f"{average}_f1": f})
    if classes == 2:
        margin = logits[:, 1] - logits[:, 0]
        scores["f1"] = sk.f1_score(gold, predicted, zero_division=0)
        scores["precision"] = sk.precision_score(gold, predicted, zero_division=0)
        scores["recall"] = sk.recall_score(gold, predicted, zero_division=0)
        scores["auroc"] = sk.roc_auc_score(gold, margin) if len(set(gold)) == 2 else math.nan
        scores["average_precision"] = sk.average_precision_score(gold, margin)
    return {name: number(value) for name, value in scores.items()}


def classification_case(name, gold, logits):
    gold = np.asarray(gold)
    logits = np.asarray(logits, dtype=np.float32)
    predicted = logits.argmax(axis=1)
    report = sk.classification_report(gold, predicted, output_dict=True, zero_division=0)
    table = {key: row for key, row in report.items() if key.isdigit()}
    cells = [[int(g), int(p), int(n)] for (g, p), n in
             sorted({(g, p): int(((gold == g) & (predicted == p)).sum()) for g in gold for p in predicted}.items()) if n]
    return {"name": name, "gold": gold.tolist(), "logits": [[round(float(x), 3) for x in row] for row in logits],
            "scores": classification_scores(gold, logits), "table": table, "confusion": cells}


def seeded_logits(rows, classes, skill, step=0.25):
    gold = RNG.choice(classes, size=rows, p=RNG.dirichlet(np.ones(classes) * 3))
    logits = RNG.normal(size=(rows, classes))
    logits[np.arange(rows), gold] += skill
    return gold, np.round(logits / step) * step  # a coarse grid makes ties


def classification():
    # gold is drawn from a few classes only, the model predicts others
    gold, logits = seeded_logits(30, 7, 0.5)
    gold = np.where(gold > 3, 1, gold)
    cases = [
        classification_case("five classes", *seeded_logits(60, 5, 1.5)),
        classification_case("a class never in gold", gold, logits),
        classification_case("two classes", *seeded_logits(50, 2, 1.0)),
        classification_case("two classes, coarse ties", *seeded_logits(40, 2, 0.5, step=1.0)),
        classification_case("two classes, gold all 0", [0] * 6, RNG.normal(size=(6, 2)).round(2)),
        classification_case("two classes, gold all 1", [1] * 6, RNG.normal(size=(6, 2)).round(2)),
        classification_case("all predictions one class", [0, 1, 2, 1], [[5, 0, 0]] * 4),
        classification_case("all wrong", [0, 1, 2], [[0, 5, 0], [0, 0, 5], [5, 0, 0]]),
        classification_case("all right", [0, 1, 2], [[9, 0, 0], [0, 9, 0], [0, 0, 9]]),
        classification_case("one row", [1], [[0.5, 0.25, 0.0]]),
        classification_case("all logits equal", [0, 1, 2], [[0, 0, 0]] * 3),
        classification_case("two classes, all scores tied", [0, 1, 1, 0], [[0, 0]] * 4),
    ]
    return {"cases": cases}


# ------------------------------------------------------------------ multi-label

def multilabel_case(name, gold, logits, thresholds=None):
    gold = np.asarray(gold, dtype=int)
    logits = np.asarray(logits, dtype=np.float64)
    cut = np.full(gold.shape[1], 0.5) if thresholds is None else np.asarray(thresholds)
    predicted = (1 / (1 + np.exp(-logits)) >= cut).astype(int)
    scores = {}
    for average in ("micro", "macro", "weighted"):
        p, r, f, _ = sk.precision_recall_fscore_support(gold, predicted, average=average, zero_division=0)
        scores.update({f"{average}_precision": p, f"{average}_recall": r, f"{average}_f1": f})
    scores["samples_f1"] = sk.f1_score(gold, predicted, average="samples", zero_division=0)
    scores["subset_accuracy"] = sk.accuracy_score(gold, predicted)
    scores["hamming_loss"] = sk.hamming_loss(gold, predicted)
    two_sided = [k for k in range(gold.shape[1]) if 0 < gold[:, k].sum() < len(gold)]
    scores["auroc"] = (np.mean([sk.roc_auc_score(gold[:, k], logits[:, k]) for k in two_sided])
                       if two_sided else math.nan)
    flat = gold.ravel()
    scores["auroc_micro"] = sk.roc_auc_score(flat, logits.ravel()) if 0 < flat.sum() < flat.size else math.nan
    scores["average_precision"] = sk.average_precision_score(gold, logits, average="macro")
    scores["average_precision_micro"] = sk.average_precision_score(gold, logits, average="micro")
    p, r, f, s = sk.precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    table = [{"precision": float(a), "recall": float(b), "f1-score": float(c), "support": int(d)}
             for a, b, c, d in zip(p, r, f, s)]
    return {"name": name, "gold": gold.tolist(), "logits": logits.tolist(), "thresholds": thresholds,
            "scores": {k: number(v) for k, v in scores.items()}, "table": table}


def multilabel():
    gold = (RNG.random((40, 4)) < [0.5, 0.2, 0.1, 0.3]).astype(int)
    logits = np.round(RNG.normal(size=(40, 4)) + 1.5 * gold - 0.8, 1)
    return {"cases": [
        multilabel_case("four labels", gold, logits),
        multilabel_case("own thresholds", gold, logits, [0.3, 0.6, 0.21, 0.5]),
        multilabel_case("a label without gold", np.c_[gold[:, :2], np.zeros(40, int)], logits[:, :3]),
        multilabel_case("empty rows on both sides", [[0, 0], [1, 0], [0, 0]], [[-1, -2], [2, -1], [1, -1]]),
        multilabel_case("nothing predicted", [[1, 0], [0, 1]], [[-1, -2], [-2, -1]]),
        multilabel_case("no gold at all", [[0, 0], [0, 0]], [[1, -2], [-2, -1]]),
        multilabel_case("logits exactly at 0", [[1, 0], [0, 1]], [[0, 0], [0, 0]]),
    ]}


# ------------------------------------------------------------------ regression

def regression_case(name, gold, predicted):
    gold, predicted = np.asarray(gold, float), np.asarray(predicted, float)
    mse = sk.mean_squared_error(gold, predicted)
    two = len(gold) > 1
    scores = {
        "pearson": stats.pearsonr(gold, predicted)[0] if two else math.nan,
        "spearman": stats.spearmanr(gold, predicted)[0] if two else math.nan,
        "mse": mse, "rmse": math.sqrt(mse), "mae": sk.mean_absolute_error(gold, predicted),
        "r2": sk.r2_score(gold, predicted),
    }
    return {"name": name, "gold": gold.tolist(), "predicted": predicted.tolist(),
            "scores": {k: number(v) for k, v in scores.items()}}


def regression():
    gold = np.round(RNG.random(50) * 5 * 5) / 5
    predicted = np.round(gold + RNG.normal(size=50), 1)
    return {"cases": [
        regression_case("fifty rows with ties", gold, predicted),
        regression_case("far from zero", gold + 1e6, predicted + 1e6),
        # Not 0.1: the mean of three of them is not 0.1 in f64, and R2 becomes -3e34 there (0 in attune: tested by hand).
        regression_case("constant gold", [0.5, 0.5, 0.5], [1, 2, 4]),
        regression_case("constant predictions", [1, 2, 3], [0.7, 0.7, 0.7]),
        regression_case("constant gold, perfect", [0.1, 0.1, 0.1], [0.1, 0.1, 0.1]),
        regression_case("reversed", [1, 2, 3, 4], [4, 3, 2, 1]),
        regression_case("one row", [1], [2]),
    ]}


# ------------------------------------------------------------------ tagging

def tagging_case(name, gold, predicted):
    words_gold, words_predicted = sum(gold, []), sum(predicted, [])
    scores = {
        "entity_f1": seq_f1(gold, predicted, zero_division=0),
        "entity_f1_strict": seq_f1(gold, predicted, mode="strict", scheme=IOB2, zero_division=0),
        "token_accuracy": sk.accuracy_score(words_gold, words_predicted),
        "token_macro_f1": sk.f1_score(words_gold, words_predicted, average="macro", zero_division=0),
        "token_weighted_f1": sk.f1_score(words_gold, words_predicted, average="weighted", zero_division=0),
    }
    plain = lambda report: {key: {k: number(v) for k, v in row.items()} for key, row in report.items()
                            if isinstance(row, dict)}
    default = plain(seq_report(gold, predicted, output_dict=True, zero_division=0))
    strict = plain(seq_report(gold, predicted, output_dict=True, mode="strict", scheme=IOB2, zero_division=0))
    tokens = plain(sk.classification_report(words_gold, words_predicted, output_dict=True, zero_division=0))
    micro = default.get("micro avg", {"precision": 0, "recall": 0})
    scores["entity_precision"], scores["entity_recall"] = micro["precision"], micro["recall"]
    scores["entity_macro_f1"] = default.get("macro avg", {"f1-score": 0})["f1-score"]
    return {"name": name, "gold": gold, "predicted": predicted,
            "scores": {k: number(v) for k, v in scores.items()},
            "entities": default, "strict": strict, "tokens": tokens}


def random_tags(sentences, labels, outside):
    p = np.full(len(labels), (1 - outside) / (len(labels) - 1))
    p[0] = outside
    return [[labels[k] for k in RNG.choice(len(labels), size=RNG.integers(1, 12), p=p)] for _ in range(sentences)]


def tagging():
    labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
    gold = random_tags(60, labels, 0.5)
    predicted = [[labels[RNG.integers(len(labels))] if RNG.random() < 0.3 else tag for tag in row] for row in gold]
    split = lambda text: [row.split() for row in text]
    return {"cases": [
        tagging_case("sixty random sentences, broken runs included", gold, predicted),
        tagging_case("I without B", split(["I-PER I-PER O I-LOC"]), split(["B-PER I-PER O B-LOC"])),
        tagging_case("B in the middle", split(["B-PER B-PER I-PER"]), split(["B-PER I-PER I-PER"])),
        tagging_case("type changes inside", split(["B-PER I-LOC I-LOC O"]), split(["B-PER I-PER I-LOC O"])),
        tagging_case("no entity on either side", split(["O O", "O"]), split(["O O", "O"])),
        tagging_case("no entity in gold", split(["O O O"]), split(["O B-PER I-PER"])),
        tagging_case("no entity predicted", split(["O B-PER I-PER"]), split(["O O O"])),
        tagging_case("an entity ends its sentence", split(["O B-PER", "I-PER O"]), split(["O B-PER", "B-PER O"])),
        tagging_case("types with dashes and none", split(["B-a-b I-a-b O B I"]), split(["B-a-b I-a-b O B O"])),
    ]}


def tagging_other_schemes():
    """seqeval's default mode only: its strict IOB2 refuses these prefixes."""
    labels = ["O", "B-X", "I-X", "E-X", "S-X", "B-Y", "E-Y", "S-Y", "NOUN"]
    gold = random_tags(60, labels, 0.3)
    predicted = [[labels[RNG.integers(len(labels))] if RNG.random() < 0.3 else tag for tag in row] for row in gold]
    return {"labels": labels, "gold": gold, "predicted": predicted,
            "entity_f1": seq_f1(gold, predicted, zero_division=0)}


# ------------------------------------------------------------------ bootstrap, with attune's own random numbers

MASK = (1 << 64) - 1


def mix64(x):
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def mix_key(key, part):
    return mix64((key + 0x9E3779B97F4A7C15 + mix64((part + 0x9E3779B97F4A7C15) & MASK)) & MASK)


def lowbias32(x):
    x = (x ^ x >> 16) * 0x7FEB352D & 0xFFFFFFFF
    x = (x ^ x >> 15) * 0x846CA68B & 0xFFFFFFFF
    return x ^ x >> 16


def draw(seed, number_of_draw, units):
    key = mix_key(mix_key(seed, 0x626F6F74), number_of_draw)
    low, high = key & 0xFFFFFFFF, key >> 32
    taken = []
    for i in range(units):
        bits = lowbias32((lowbias32((i * 0x9E3779B9 + low) & 0xFFFFFFFF) + high) & 0xFFFFFFFF)
        taken.append(bits * units >> 32)
    return np.array(taken)


def bootstrap():
    """Percentile intervals of scikit-learn's values on explicitly resampled rows."""
    gold, logits = seeded_logits(40, 2, 1.0)
    logits = logits.astype(np.float32)
    samples, draws, seed = {}, 200, 7
    for number_of_draw in range(draws):
        rows = draw(seed, number_of_draw, len(gold))
        for name, value in classification_scores(gold[rows], logits[rows]).items():
            samples.setdefault(name, []).append(value)
    intervals = {name: [float(np.percentile([v for v in values if v is not None], q)) for q in (2.5, 97.5)]
                 for name, values in samples.items()}
    score_gold = np.round(RNG.random(25) * 5, 1)
    score_predicted = np.round(score_gold + RNG.normal(size=25), 1)
    spearman = []
    for number_of_draw in range(draws):
        rows = draw(seed, number_of_draw, 25)
        spearman.append(stats.spearmanr(score_gold[rows], score_predicted[rows])[0])
    return {"gold": gold.tolist(), "logits": logits.tolist(), "draws": draws, "seed": seed, "intervals": intervals,
            "score_gold": score_gold.tolist(), "score_predicted": score_predicted.tolist(),
            "spearman": [float(np.percentile(spearman, q)) for q in (2.5, 97.5)]}


# ------------------------------------------------------------------ retrieval

def retrieval_query(rng, documents, relevant, graded, step):
    """Scores on a grid (ties), the relevant documents with their gains, documents that are left out."""
    scores = rng.normal(size=documents)
    chosen = rng.choice(documents, size=relevant + 2, replace=False)
    scores[chosen[:relevant]] += 1.5
    scores = np.round(scores / step) * step
    gains = rng.integers(1, 4, size=relevant) if graded else np.ones(relevant, int)
    order = np.argsort(gains, kind="stable")
    return {"scores": scores.tolist(), "relevant": chosen[:relevant][order].tolist(),
            "gains": gains[order].tolist(), "left_out": chosen[relevant:].tolist()}


def judged_query(query):
    """Written out as an order of the corpus: irrelevant documents first among equal scores, then by their place in
    `relevant`. NDCG and average precision (LRAP of one row) are scikit-learn's, of scores without ties in that order."""
    scores, relevant = query["scores"], query["relevant"]
    kept = [d for d in range(len(scores)) if d not in query["left_out"]]
    place = {d: i for i, d in enumerate(relevant)}
    order = sorted(kept, key=lambda d: (-scores[d], d in place, place.get(d, 0)))
    ranks = [order.index(d) + 1 for d in relevant]
    gain = [dict(zip(relevant, query["gains"])).get(d, 0) for d in order]
    falling = np.arange(len(order), 0, -1)
    values = {"ndcg_10": sk.ndcg_score([gain], [falling], k=10), "mrr": 1 / min(ranks),
              "mrr_10": 1 / min(ranks) if min(ranks) <= 10 else 0,
              "map": sk.label_ranking_average_precision_score([[int(g > 0) for g in gain]], [falling])}
    for depth in (1, 5, 10):
        values[f"recall_{depth}"] = sum(g > 0 for g in gain[:depth]) / len(relevant)
    return ranks, values


def retrieval_case(name, queries):
    values = []
    for query in queries:
        query["ranks"], of_query = judged_query(query)
        values.append(of_query)
    return {"name": name, "queries": queries,
            "scores": {key: float(np.mean([v[key] for v in values])) for key in values[0]}}


def retrieval():
    rng = np.random.default_rng(20240502)  # its own: the other files stay as they are
    many = lambda queries, *how: [retrieval_query(rng, *how) for _ in range(queries)]
    flat = {"scores": [0.5] * 12, "relevant": [3, 0], "gains": [1, 2], "left_out": [7]}
    return {"cases": [
        retrieval_case("one relevant document each", many(30, 40, 1, False, 0.125)),
        retrieval_case("up to six, graded, with ties", [q for n in range(1, 7) for q in many(4, 30, n, True, 0.5)]),
        retrieval_case("more than ten relevant ones, few scores", many(5, 60, 14, True, 1.0)),
        retrieval_case("all scores equal", [flat]),
    ]}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for make in (classification, multilabel, regression, tagging, tagging_other_schemes, bootstrap, retrieval):
        path = OUT / f"{make.__name__}.json"
        path.write_text(json.dumps(make(), separators=(",", ":")) + "\n")
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
