#!/usr/bin/env python3
"""Writes tests/losses/golden/parity/formula_*.json: losses that no package offers, their papers' formulas written once more in
PyTorch, in f64, with gradients by its autograd.

  loss_parity_formulas.py [FOLDER]      needs torch
"""
import json
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

import loss_parity
from loss_parity import File, draw, gradient, plain


def reduced(items, mode, over=None):
    return items if mode == "none" else items.sum() / (1 if mode == "sum" else over or len(items))


def ldam():
    """Cao et al. 2019, eq. 12-13, as their losses.py writes it: the margin is taken off before the scale."""
    file = File("formula_ldam", "torch", "cross_entropy(S * (x - margins))", "logits z = S x")
    targets = torch.tensor([0, 2, 1, 3, 0])
    counts = [400, 90, 10, 25]
    for name, most, scale, weight in (("paper", 0.5, 30, None), ("plain", 0.3, 1, None), ("weighted", 0.5, 30, [0.5, 1, 2, 3])):
        margins = 1 / torch.tensor(counts).double() ** 0.25
        margins *= most / margins.max()

        def run(z, mode):
            x = z / scale - F.one_hot(targets, 4) * margins
            w = None if weight is None else torch.tensor(weight).double()
            return F.cross_entropy(scale * x, targets, weight=w, reduction=mode)

        file.case(name, draw(61, 5, 4), targets, {"counts": counts, "max_margin": most, "scale": scale, "weight": weight}, run)
    return file


def cosine():
    """The head that goes with it: scale * cosine of features and weights, and gradients of both."""
    x, w = draw(62, 4, 3).requires_grad_(), draw(63, 5, 3).requires_grad_()
    z = 30 * F.linear(F.normalize(x), F.normalize(w))
    seed = draw(64, 4, 5)
    total = (z * seed).sum()
    return {"x": x.detach(), "weight": w.detach(), "scale": 30, "seed": seed, "logits": z.detach(), "d_x": gradient(total, x), "d_weight": gradient(total, w)}


def early_learning():
    """Liu et al. 2020, eq. 6, as their loss.py writes it: three steps over the same rows."""
    steps, lam, beta = [], 3.0, 0.7
    targets = torch.tensor([0, 2, 1, 1])
    memory = torch.zeros(4, 3).double()
    for step in range(3):
        logits = draw(70 + step, 4, 3)
        z = logits.clone().requires_grad_()
        p = F.softmax(z, dim=1).clamp(1e-4, 1 - 1e-4)
        detached = p.detach()
        memory = beta * memory + (1 - beta) * detached / detached.sum(dim=1, keepdim=True)
        items = F.cross_entropy(z, targets, reduction="none") + lam * (1 - (memory * p).sum(dim=1)).log()
        steps.append({"logits": logits, "items": items.detach(), "d_sum": gradient(items.sum(), z), "memory": memory.clone()})
        memory = memory.float().double()  # attune keeps f32
    return {"lambda": lam, "beta": beta, "targets": targets, "steps": steps}


def open_set():
    """Dhamija et al. 2018, eq. 1. Classes 0, 1, 3 are known, 2 is not."""
    file = File("formula_open_set", "torch", "cross_entropy of one-hot and even targets")
    targets, rank = torch.tensor([0, 2, 1, 3, 2]), {0: 0, 1: 1, 3: 2}

    def run(z, mode):
        target = torch.stack([torch.full((3,), 1 / 3, dtype=torch.float64) if y == 2 else F.one_hot(torch.tensor(rank[y]), 3).double() for y in targets.tolist()])
        return reduced(-(target * F.log_softmax(z, dim=1)).sum(dim=1), mode)

    file.case("some unknown", draw(65, 5, 3), targets, {}, run)
    return file


def main():
    if len(sys.argv) > 1:
        loss_parity.FOLDER = Path(sys.argv[1])
    for file in (ldam(), open_set()):
        file.write()
    head = {"package": "torch", "version": loss_parity.version("torch")}
    for name, content in (("formula_cosine", cosine()), ("formula_early_learning", early_learning())):
        (loss_parity.FOLDER / f"{name}.json").write_text(json.dumps(head | plain(content)) + "\n")


if __name__ == "__main__":
    main()
