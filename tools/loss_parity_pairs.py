#!/usr/bin/env python3
"""Writes tests/losses/golden/parity, the losses that take sequences or embeddings: pytorch-crf's likelihood and Viterbi
decoding, and losses of pytorch-metric-learning, sentence-transformers and entmax. In f64, with gradients.

  loss_parity_pairs.py [FOLDER]      needs tools/loss_parity_requirements.txt
"""
import sys
from pathlib import Path

import loss_parity
import torch
from loss_parity import File, draw, gradient, plain


class Given(torch.nn.Module):
    """A model that returns the embeddings it is given."""

    def forward(self, features):
        return {"sentence_embedding": features["embeddings"]}


def crf():
    from torchcrf import CRF
    file = File("torchcrf", "pytorch-crf", "torchcrf.CRF",
                "log likelihood (attune's loss is less it); gradients are of sum; mean divides by sequences, token_mean by tokens")
    n, length, tags = 3, 4, 3
    emissions, y = draw(20, n, length, tags), torch.tensor([[0, 1, 2, 1], [2, 2, 0, 1], [1, 0, 0, 2]])
    scores = {"start_transitions": draw(21, tags) / 4, "end_transitions": draw(22, tags) / 4, "transitions": draw(23, tags, tags) / 4}
    masks = {"full": torch.ones(n, length, dtype=torch.bool),
             "masked": torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]], dtype=torch.bool),
             "a_hole": torch.tensor([[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1]], dtype=torch.bool)}
    for name, mask in masks.items():
        model = CRF(tags, batch_first=True).double()
        for key, value in scores.items():
            getattr(model, key).data.copy_(value)
        z = emissions.clone().requires_grad_()
        run = lambda reduction: model(z, y, mask=mask, reduction=reduction)
        row = {"mask": mask.long(), "emissions": emissions, "tags": y} | scores
        row |= {mode: run(mode).detach() for mode in ("none", "sum", "mean", "token_mean")}
        total = run("sum")
        row |= {"d_emissions": gradient(total, z)} | {"d_" + key: gradient(total, getattr(model, key)) for key in scores}
        row["decoded"] = model.decode(emissions, mask=mask)
        file.cases[name] = plain(row)
    file.write()


def by_embeddings(file, name, embeddings, arguments, run, **more):
    z = [e.clone().requires_grad_() for e in embeddings]
    value = run(*z)
    file.cases[name] = plain({"arguments": arguments, "embeddings": embeddings, "loss": value.detach(),
                              "d_embeddings": [gradient(value, e) for e in z]} | more)


def metric_learning():
    from pytorch_metric_learning import losses
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    alone = torch.tensor([0, 1, 0, 2, 3, 0])
    for name, make, all_arguments in (
            ("supcon", losses.SupConLoss, [{"temperature": 0.1}, {"temperature": 0.5}]),
            ("ntxent", losses.NTXentLoss, [{"temperature": 0.07}, {"temperature": 0.5}]),
            ("triplet", losses.TripletMarginLoss, [{"margin": 0.05}, {"margin": 0.5}]),
            ("contrastive", losses.ContrastiveLoss, [{"pos_margin": 0.0, "neg_margin": 1.0}])):
        file = File(f"pml_{name}", "pytorch-metric-learning", f"pytorch_metric_learning.losses.{make.__name__}",
                    "embeddings are normalised by the loss; labels that stand alone have no positive pair")
        for i, arguments in enumerate(all_arguments):
            for kind, y in (("pairs", labels), ("alone", alone)):
                by_embeddings(file, f"{kind}_{i}", [draw(30, 6, 3)], arguments, lambda e: make(**arguments)(e, y), labels=y)
        file.write()


def sentences():
    from sentence_transformers.sentence_transformer import losses
    a, b, c = (draw(seed, 4, 3) for seed in (40, 41, 42))
    y = torch.tensor([1.0, 0.0, 0.5, 0.5], dtype=torch.float64)
    same = torch.full((4,), 0.5, dtype=torch.float64)
    features = lambda *e: [{"embeddings": each} for each in e]
    file = File("st_mnrl", "sentence-transformers", "MultipleNegativesRankingLoss", "anchors, positives and, in one case, negatives")
    for name, given, arguments in (("pairs", [a, b], {"scale": 20.0}), ("scale_2", [a, b], {"scale": 2.0}),
                                   ("negatives", [a, b, c], {"scale": 5.0}), ("one_pair", [a[:1], b[:1]], {"scale": 20.0})):
        by_embeddings(file, name, given, arguments,
                      lambda *e: losses.MultipleNegativesRankingLoss(Given(), **arguments)(features(*e), None))
    file.write()
    for name, make in (("st_cosent", losses.CoSENTLoss), ("st_cosine", losses.CosineSimilarityLoss)):
        file = File(name, "sentence-transformers", make.__name__)
        for kind, labels in (("plain", y), ("equal_labels", same)):
            by_embeddings(file, kind, [a, b], {}, lambda *e: make(Given())(features(*e), labels), labels=labels)
        file.write()


def sparse():
    import entmax
    y, z = torch.tensor([0, 2, 1, 2, 0]), draw(50, 5, 3) / 2
    for name in ("sparsemax_loss", "entmax15_loss"):
        file = File(f"entmax_{name}", "entmax", f"entmax.{name}", "value of each item; gradient of their sum")
        x = z.clone().requires_grad_()
        items = getattr(entmax, name)(x, y)
        file.cases["plain"] = plain({"logits": z, "targets": y, "items": items.detach(), "d_sum": gradient(items.sum(), x)})
        file.write()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        loss_parity.FOLDER = Path(sys.argv[1])
    torch.set_num_threads(1)
    for make in (crf, metric_learning, sentences, sparse):
        make()
