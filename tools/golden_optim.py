#!/usr/bin/env python3
"""Writes tests/optim/golden and tests/losses/golden: what PyTorch's optimizers, clipping and losses and transformers'
schedules give on small inputs, in f64. What each file holds is said in the READMEs this script writes there.

  golden_optim.py [TESTS]      TESTS defaults to the tests folder beside this script's folder
"""
import json
import math
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers
from torch.nn import functional as F

STEPS = 10
START = [1.0, -0.5, 0.25, 2.0, -3.0]


def step_gradients():
    """Ten gradients of five numbers: ordinary, changing sign, tiny (1e-9: eps decides), huge, and zero until step 5."""
    draws = torch.Generator().manual_seed(3)
    rows = []
    for step in range(STEPS):
        g = torch.randn(5, generator=draws, dtype=torch.float64)
        g[1] = abs(g[1]) * (-1) ** step
        g[2] *= 1e-9
        g[3] *= 1e4
        g[4] = g[4] if step >= 5 else 0.0
        rows.append(g.float().tolist())  # exact in f32
    return rows


def optimizer_cases():
    adam = {"lr": 1e-2, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    return {
        "adamw": ("AdamW", adam | {"weight_decay": 0.01}),
        "adamw_no_decay": ("AdamW", adam | {"weight_decay": 0.0}),
        "adamw_other_betas": ("AdamW", adam | {"beta1": 0.8, "beta2": 0.95, "eps": 1e-6, "weight_decay": 0.1}),
        "adam_l2": ("Adam", adam | {"weight_decay": 0.1}),
        "sgd": ("SGD", {"lr": 1e-2, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}),
        "sgd_decay": ("SGD", {"lr": 1e-2, "momentum": 0.0, "nesterov": False, "weight_decay": 0.1}),
        "sgd_momentum": ("SGD", {"lr": 1e-2, "momentum": 0.9, "nesterov": False, "weight_decay": 0.01}),
        "sgd_nesterov": ("SGD", {"lr": 1e-2, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    }


def run_optimizer(kind, options, rates, grads):
    arguments = {k: v for k, v in options.items() if k not in ("beta1", "beta2")}
    if "beta1" in options:
        arguments["betas"] = (options["beta1"], options["beta2"])
    p = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = getattr(torch.optim, kind)([p], foreach=False, **arguments)
    values = []
    for rate, grad in zip(rates, grads):
        optimizer.param_groups[0]["lr"] = rate
        p.grad = torch.tensor(grad, dtype=torch.float64)
        optimizer.step()
        values.append(p.detach().tolist())
    return values


def optimizers():
    grads = step_gradients()
    cases = {}
    for name, (kind, options) in optimizer_cases().items():
        rates = [options["lr"]] * STEPS
        cases[name] = {"optimizer": kind, "options": options, "rates": rates,
                       "values": run_optimizer(kind, options, rates, grads)}
    falling = [1e-2 * (STEPS - step) / STEPS for step in range(STEPS)]
    for name in ("adamw", "sgd_momentum"):
        kind, options = optimizer_cases()[name]
        cases[name + "_falling_rate"] = {"optimizer": kind, "options": options, "rates": falling,
                                         "values": run_optimizer(kind, options, falling, grads)}
    return {"start": START, "gradients": grads, "cases": cases}


def clipping():
    inputs = {
        "above": [[3.0, -4.0], [12.0]], "below": [[0.3, -0.4], [0.1]], "exactly": [[0.6, -0.8], [0.0]],
        "zero": [[0.0, 0.0], [0.0]], "huge": [[1e15, -1e15], [1e15]], "tiny": [[1e-20, 0.0], [1e-21]],
    }
    cases = {}
    for name, tensors in inputs.items():
        for max_norm in (1.0, 5.0):
            params = [torch.nn.Parameter(torch.zeros(len(t), dtype=torch.float64)) for t in tensors]
            for p, t in zip(params, tensors):
                p.grad = torch.tensor(t, dtype=torch.float64)
            norm = torch.nn.utils.clip_grad_norm_(params, max_norm, foreach=False)
            cases[f"{name}_{max_norm:g}"] = {"gradients": tensors, "max_norm": max_norm, "norm": norm.item(),
                                             "clipped": [p.grad.tolist() for p in params]}
    return cases


def schedules():
    makers = {
        "constant": lambda o, w, n: transformers.get_constant_schedule_with_warmup(o, w),
        "linear": lambda o, w, n: transformers.get_linear_schedule_with_warmup(o, w, n),
        "cosine": lambda o, w, n: transformers.get_cosine_schedule_with_warmup(o, w, n),
    }
    cases = []
    for name, make in makers.items():
        for warmup, total in ((0, 20), (2, 20), (5, 12), (1, 1), (0, 1), (3, 3), (20, 200)):
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            schedule = make(optimizer, warmup, total)
            factors = []
            for _ in range(total):
                factors.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                schedule.step()
            cases.append({"schedule": name, "warmup_steps": warmup, "total_steps": total, "factors": factors})
    return cases


CLASS_LOGITS = [[1.5, -0.25, 0.75], [-2.0, 0.5, 3.0], [0.0, 0.0, 0.0], [100.0, -100.0, 0.0], [-1.0, 2.5, 2.25], [0.1, 0.2, 0.3]]
CLASS_LABELS = [0, 1, 2, 1, 2, 0]
BINARY_LOGITS = [[0.0, 1.5, -2.0, 0.25], [100.0, -100.0, 3.0, -0.5], [-100.0, 100.0, 0.75, -1.25]]
BINARY_TARGETS = [[0.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0]]


def finite(values):
    """JSON has no NaN: null stands for it."""
    if isinstance(values, list):
        return [finite(v) for v in values]
    return values if math.isfinite(values) else None


def case(logits, targets, items, denominator, mean, **options):
    """Value by item, their sum, the denominator, the mean, and the mean's gradient."""
    mean.backward()
    total = items.sum().item()
    assert not math.isfinite(mean.item()) or abs(total / denominator - mean.item()) < 1e-12
    return {"options": options, "logits": logits.tolist(), "targets": targets.tolist(), "items": items.tolist(), "sum": total,
            "denominator": denominator, "loss": finite(mean.item()), "dlogits": finite(logits.grad.tolist())}


def cross_entropy(labels=CLASS_LABELS, rows=CLASS_LOGITS, weight=None, smoothing=0.0):
    logits = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor(labels)
    tensor = None if weight is None else torch.tensor(weight, dtype=torch.float64)
    run = lambda reduction: F.cross_entropy(logits, targets, tensor, label_smoothing=smoothing, reduction=reduction)
    denominator = float(sum(1.0 if weight is None else weight[label] for label in labels if label != -100))
    return case(logits, targets, run("none"), denominator, run("mean"), class_weights=weight, label_smoothing=smoothing,
                ignored_label=-100)


def binary(pos_weight=None):
    logits = torch.tensor(BINARY_LOGITS, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor(BINARY_TARGETS, dtype=torch.float64)
    tensor = None if pos_weight is None else torch.tensor(pos_weight, dtype=torch.float64)
    run = lambda reduction: F.binary_cross_entropy_with_logits(logits, targets, pos_weight=tensor, reduction=reduction)
    return case(logits, targets, run("none"), float(targets.numel()), run("mean"), pos_weight=pos_weight)


def squared(rows, targets):
    logits = torch.tensor(rows, dtype=torch.float64, requires_grad=True)
    wanted = torch.tensor(targets, dtype=torch.float64)
    run = lambda reduction: F.mse_loss(logits, wanted, reduction=reduction)
    return case(logits, wanted, run("none"), float(wanted.numel()), run("mean"))


def losses():
    weight, ignored = [0.5, 2.0, 1.25], [0, -100, 2, -100, 2, 0]
    return {
        "cross_entropy": {
            "plain": cross_entropy(), "weighted": cross_entropy(weight=weight), "smoothed": cross_entropy(smoothing=0.1),
            "weighted_smoothed": cross_entropy(weight=weight, smoothing=0.1), "ignored": cross_entropy(ignored),
            "ignored_weighted": cross_entropy(ignored, weight=weight),
            "ignored_weighted_smoothed": cross_entropy(ignored, weight=weight, smoothing=0.1),
            "all_ignored": cross_entropy([-100] * 6), "zero_weight": cross_entropy(weight=[0.0, 1.0, 3.0]),
            "smoothed_fully": cross_entropy(smoothing=1.0),
            "two_classes": cross_entropy([0, 1, 1], [[2.0, -1.0], [0.5, 0.5], [30.0, -30.0]]),
            "one_row": cross_entropy([1], [[0.25, -0.75, 1.0]]),
        },
        "bce_with_logits": {"plain": binary(), "pos_weight": binary([1.0, 3.0, 0.5, 2.0])},
        "squared_error": {
            "one_output": squared([0.5, -1.25, 3.0, 1e4], [0.0, -1.25, 5.0, -1e4]),
            "two_outputs": squared([[0.5, 1.0], [-2.0, 0.25]], [[0.0, 1.5], [-1.0, 0.25]]),
        },
    }


OPTIM_README = """# Golden values for optimizers, clipping and schedules

Made by `tools/golden_optim.py` with torch {torch} and transformers {transformers}, in f64. Do not edit; run the script again.

* `optimizers.json`: `start` [5]; `gradients` [10, 5] (each exact in f32: ordinary, alternating in sign, tiny, huge, zero
  until the sixth step); `cases`: name -> `optimizer` (`torch.optim` class), `options`, `rates` [10] (rate of each step), `values`
  [10, 5] (the parameter after each step). AdamW decays by rate * decay * parameter beside the update; Adam and SGD add decay *
  parameter to the gradient (L2). Momentum has no dampening; its first step takes the gradient itself. Adam's eps is added
  to the root of the bias-corrected second moment.
* `clipping.json`: name -> `gradients` (two tensors), `max_norm`, `norm` before, `clipped`. The factor is min(1, max_norm / (norm + 1e-6)),
  so a norm of exactly `max_norm` is already scaled by 1 - 1e-6 or so.
* `schedules.json`: a list of `schedule` (`constant`, `linear`, `cosine`, each with warm-up), `warmup_steps`, `total_steps` and `factors`:
  rate over peak rate at each step. They are transformers' own: with warm-up the first step has factor 0 and step t (from 0)
  t / warmup_steps; the peak comes at step `warmup_steps`; the last step of `linear` is not yet 0.
"""

LOSS_README = """# Golden values for losses

Made by `tools/golden_optim.py` with torch {torch}, in f64. Do not edit; run the script again.

`cross_entropy.json`, `bce_with_logits.json`, `squared_error.json`: case -> `options`, `logits`, `targets`, `items` (value of each item,
already with its weight; 0 for an ignored one), `sum` of them, `denominator`, `loss` = sum / denominator, `dlogits` = gradient of `loss`.
`null` stands for NaN: where all labels are ignored PyTorch's mean is 0 / 0 (its gradient there is 0).

* Cross-entropy, `logits` [n, K], `targets` [n] with -100 for ignored. The denominator is the number of items that count, or
  the sum of their labels' `class_weights`. With smoothing e and weights w an item is
  (1 - e) w[y] (-log p[y]) + e / K * sum over k of w[k] (-log p[k]); the denominator stays the sum of w[y].
* Sigmoid cross-entropy, `logits` and `targets` [n, L], denominator n * L; `pos_weight` [L] multiplies the term of a positive.
* Squared error: (logit - target)^2, denominator n * outputs.
"""


def write(path, value):
    """One line a case."""
    dump = lambda v: json.dumps(v, allow_nan=False)
    if isinstance(value, dict):
        value = "{\n" + ",\n".join(f"{dump(k)}: {dump(v)}" for k, v in value.items()) + "\n}\n"
    elif isinstance(value, list):
        value = "[\n" + ",\n".join(map(dump, value)) + "\n]\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value, encoding="utf-8")


def main():
    tests = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "tests"
    torch.set_num_threads(1)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    for name, value in (("optimizers", optimizers()), ("clipping", clipping()), ("schedules", schedules())):
        write(tests / "optim/golden" / f"{name}.json", value)
    for name, cases in losses().items():
        write(tests / "losses/golden" / f"{name}.json", cases)
    write(tests / "optim/golden/README.md", OPTIM_README.format(**versions))
    write(tests / "losses/golden/README.md", LOSS_README.format(**versions))


if __name__ == "__main__":
    main()
