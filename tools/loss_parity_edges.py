#!/usr/bin/env python3
"""Writes tests/losses/golden/parity/facts.json, and prints it: what public implementations of losses do where conventions
part: nothing to learn from, unknown targets, logits far out, targets between 0 and 1. Values and gradients, in f64.

  loss_parity_edges.py [FOLDER]      needs tools/loss_parity_requirements.txt
"""
import contextlib
import json
import math
import sys
from pathlib import Path

import loss_parity
import torch
from loss_parity import gradient, plain, wide
from torch.nn import functional as F


def two_of_a_pair(e):
    """Mean over rows 0 and 1, each other's only positive, of -log of its share among the other rows."""
    unit = F.normalize(e, dim=1)
    scores = (unit @ unit.T / 0.5).fill_diagonal_(-math.inf)
    return -(scores.log_softmax(1)[0, 1] + scores.log_softmax(1)[1, 0]).item() / 2


def of_pairs():
    """Of losses over sequences and embeddings."""
    from pytorch_metric_learning import losses as pml
    from sentence_transformers.sentence_transformer import losses as st
    from torchcrf import CRF
    from loss_parity_pairs import Given
    crf = CRF(3, batch_first=True).double()
    numbers = loss_parity.draw
    crf.start_transitions.data.zero_()
    crf.transitions.data.copy_(numbers(23, 3, 3) / 4), crf.end_transitions.data.copy_(numbers(22, 3) / 4)
    emissions, tags = numbers(60, 1, 4, 3), torch.tensor([[0, 1, 2, 2]])
    kept, hole = torch.tensor([0, 2, 3]), torch.tensor([[1, 0, 1, 1]], dtype=torch.bool)
    error = lambda run: error_of(lambda: run().item())
    e = numbers(30, 4, 3)
    given = lambda *each: [{"embeddings": x} for x in each]
    supcon = pml.SupConLoss(temperature=0.5)
    return plain({
        "torchcrf, a hole in the mask": error(lambda: crf(emissions, tags, hole)),
        "torchcrf, the same with the hole cut out": error(lambda: crf(emissions[:, kept], tags[:, kept])),
        "torchcrf, a hole, decoded": crf.decode(emissions, hole)[0],
        "torchcrf, the same with the hole cut out, decoded": crf.decode(emissions[:, kept])[0],
        "torchcrf, a mask that begins with 0": error(lambda: crf(emissions, tags, ~hole)),
        "torchcrf, a tag of -100 under the mask": error(
            lambda: crf(emissions, torch.tensor([[0, 1, 2, -100]]), torch.tensor([[1, 1, 1, 0]], dtype=torch.bool))),
        "pml SupConLoss, one pair and two that stand alone": supcon(e, torch.tensor([0, 0, 1, 2])).item(),
        "pml SupConLoss, the first two rows' share by hand": two_of_a_pair(e),
        "pml SupConLoss, all stand alone": supcon(e, torch.tensor([0, 1, 2, 3])).item(),
        "pml TripletMarginLoss, all stand alone": pml.TripletMarginLoss()(e, torch.tensor([0, 1, 2, 3])).item(),
        "st MultipleNegativesRankingLoss, one pair": st.MultipleNegativesRankingLoss(Given())(given(e[:1], e[1:2]), None).item(),
        "st CoSENTLoss, all labels equal": st.CoSENTLoss(Given())(given(e, numbers(31, 4, 3)), torch.full((4,), 0.5)).item(),
        "st CosineSimilarityLoss, a zero vector": st.CosineSimilarityLoss(Given())(
            given(torch.zeros(1, 3).double(), e[:1]), torch.ones(1).double()).item(),
    })


def edges():
    """What the packages do where conventions part."""
    from coral_pytorch.losses import corn_loss
    from imbalanced_losses import SoftmaxFocalLoss
    from pytorch_toolbelt.losses import LogCoshLoss
    from pytorch_toolbelt.losses.bitempered_loss import bi_tempered_logistic_loss
    from segmentation_models_pytorch.losses import TverskyLoss
    from timm.loss import AsymmetricLossMultiLabel, AsymmetricLossSingleLabel, DistributionBalancedLoss, ZlprLoss
    from torchvision.ops import sigmoid_focal_loss
    import dlordinal.losses as dlordinal

    def at(run, logits):
        z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
        value = run(z)
        if isinstance(value, torch.Tensor) and value.requires_grad:
            return plain({"loss": value.detach(), "d_logits": gradient(value.sum(), z)})
        return plain({"loss": value})

    none, two = torch.tensor([-100, -100]), [[0.5, -1.0, 2.0], [1.0, 0.0, 0.25]]
    hot = lambda *y: torch.tensor([y], dtype=torch.float64)
    facts = {
        "torch cross_entropy mean, all ignored": at(lambda z: F.cross_entropy(z, none), two),
        "torch cross_entropy sum, all ignored": at(lambda z: F.cross_entropy(z, none, reduction="sum"), two),
        "torch cross_entropy mean, the only class weighs 0": at(
            lambda z: F.cross_entropy(z, torch.tensor([0, 0]), torch.tensor([0.0, 1, 1], dtype=torch.float64)), two),
        "torch cross_entropy mean, soft targets that are all 0": at(lambda z: F.cross_entropy(z, torch.zeros(2, 3, dtype=torch.float64)), two),
        "torch mse_loss mean, no items": at(lambda z: F.mse_loss(z[:0], torch.zeros(0, 3, dtype=torch.float64)), two),
        "torch mse_loss mean, a target is NaN": at(lambda z: F.mse_loss(z, hot(math.nan, 0.0)), [[1.0, 2.0]]),
        "torch binary_cross_entropy_with_logits, target -1 at logit 2": at(lambda z: F.binary_cross_entropy_with_logits(z, hot(-1.0)), [[2.0]]),
        "torch binary_cross_entropy_with_logits, target 0 at logit 800": at(lambda z: F.binary_cross_entropy_with_logits(z, hot(0.0)), [[800.0]]),
        "torch l1_loss at residual 0": at(lambda z: F.l1_loss(z, hot(1.0)), [[1.0]]),
        "torch gaussian_nll_loss, log variance -800, residual 0": at(
            lambda z: F.gaussian_nll_loss(z[:, :1], hot(1.0), z[:, 1:].exp()), [[1.0, -800.0]]),
        "imbalanced_losses SoftmaxFocalLoss mean, all ignored": at(lambda z: SoftmaxFocalLoss(ignore_index=-100)(z, none), two),
        "imbalanced_losses SoftmaxFocalLoss gamma 0.5, p = 1": at(
            lambda z: SoftmaxFocalLoss(gamma=0.5)(z, torch.tensor([0])), [[60.0, -60.0]]),
        "torchvision sigmoid_focal_loss gamma 0.5 no alpha, target 1 at logit 60": at(
            lambda z: sigmoid_focal_loss(z, hot(1.0), gamma=0.5, alpha=-1, reduction="sum"), [[60.0]]),
        "torchvision sigmoid_focal_loss no alpha, target 1 at logit -800": at(
            lambda z: sigmoid_focal_loss(z, hot(1.0), alpha=-1, reduction="sum"), [[-800.0]]),
        "coral_pytorch corn_loss, no item reaches questions 1 to 3": at(
            lambda z: corn_loss(z, torch.tensor([0, 0]), 5), [[0.5, -1.0, 2.0, 1.0], [1.0, 0.0, 0.25, 1.0]]),
        "coral_pytorch corn_loss, labels -100 and 2": at(
            lambda z: corn_loss(z, torch.tensor([-100, 2]), 5), [[0.5, -1.0, 2.0, 1.0], [1.0, 0.0, 0.25, 1.0]]),
        "dlordinal CDWCELoss, logit 40 at a wrong class": at(
            lambda z: dlordinal.CDWCELoss(3, alpha=1.0)(z, torch.tensor([0])), [[0.0, 40.0, 0.0]]),
        "dlordinal CDWCELoss, logit 800 at a wrong class": at(
            lambda z: dlordinal.CDWCELoss(3, alpha=1.0)(z, torch.tensor([0])), [[0.0, 800.0, 0.0]]),
        "smp TverskyLoss, a label that no row has": at(
            lambda z: TverskyLoss("multilabel", smooth=1.0)(z, hot(1.0, 0.0)), [[0.5, 2.0]]),
        "toolbelt LogCoshLoss at residual -1000": at(lambda z: LogCoshLoss()(z, hot(0.0)), [[-1000.0]]),
        "toolbelt LogCoshLoss at residual 1e-9": at(lambda z: LogCoshLoss()(z, hot(0.0)), [[1e-9]]),
        "toolbelt bi_tempered 0.5 4, ten classes, 5 steps": at(
            lambda z: bi_tempered_logistic_loss(z, torch.tensor([2]), 0.5, 4.0), [[i / 4 for i in range(10)]]),
        "toolbelt bi_tempered 0.5 4, ten classes, 400 steps": at(
            lambda z: bi_tempered_logistic_loss(z, torch.tensor([2]), 0.5, 4.0, num_iters=400), [[i / 4 for i in range(10)]]),
        "coral_pytorch corn_loss, no items": at(
            lambda z: error_of(lambda: corn_loss(z[:0], torch.zeros(0, dtype=torch.int64), 5)), [[0.5, -1.0, 2.0, 1.0]]),
    }
    for z in (50.0, -50.0):
        for target in (0.0, 1.0):
            for cast, run in (("f32", contextlib.nullcontext), ("f64", wide)):
                with run():
                    facts[f"timm AsymmetricLossMultiLabel sum, {cast}, target {target:g} at logit {z:g}"] = at(
                        lambda x: AsymmetricLossMultiLabel(reduction="sum")(x, hot(target)), [[z]])
    with wide():
        facts["timm AsymmetricLossMultiLabel sum, target 0.5 at logit 1"] = at(
            lambda x: AsymmetricLossMultiLabel(reduction="sum")(x, hot(0.5)), [[1.0]])
        facts["timm AsymmetricLossMultiLabel sum, target 0 at logit -4, below the clip"] = at(
            lambda x: AsymmetricLossMultiLabel(reduction="sum")(x, hot(0.0)), [[-4.0]])
        facts["timm ZlprLoss, target 0.75"] = at(lambda z: ZlprLoss()(z, hot(0.75)), [[1.0]])
        facts["timm DistributionBalancedLoss sum, no label holds"] = at(lambda z: DistributionBalancedLoss(
            [64.0, 8.0], 512, init_bias=0.0, focal_gamma=0.0, neg_scale=1.0, reduction="sum")(z, hot(0.0, 0.0)), [[1.0, -1.0]])
    facts |= of_pairs()
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in facts.items())
    (loss_parity.FOLDER / "facts.json").write_text("{\n" + lines + "\n}\n")
    print(lines)


def error_of(run):
    try:
        return run()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        loss_parity.FOLDER = Path(sys.argv[1])
    torch.set_num_threads(1)
    edges()
