#!/usr/bin/env python3
"""Writes tests/losses/golden/parity: what public implementations of losses give on small inputs, in f64, with gradients.
docs/loss-parity.md says what the packages' conventions are.

  loss_parity.py [FOLDER]      needs tools/loss_parity_requirements.txt

Packages are called, never copied. Where a function casts its inputs to f32 (timm, balanced-loss, dlordinal's weights), it
is run with Tensor.float replaced by Tensor.double, and its file says so. loss_parity_pairs.py makes those of losses that
take sequences or embeddings, loss_parity_edges.py what the packages do at the edges.
"""
import contextlib
import importlib.metadata
import json
import math
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import torch
from torch.nn import functional as F

FOLDER = Path(__file__).resolve().parents[1] / "tests/losses/golden/parity"


@contextlib.contextmanager
def wide():
    """Inside, Tensor.float() gives f64."""
    narrow = torch.Tensor.float
    torch.Tensor.float = torch.Tensor.double
    try:
        yield
    finally:
        torch.Tensor.float = narrow


def draw(seed, *shape, scale=64):
    """Numbers between -4 and 4 that are exact in f32."""
    numbers = torch.Generator().manual_seed(seed)
    return torch.randint(-4 * scale, 4 * scale + 1, shape, generator=numbers).double() / scale


def plain(value):
    """JSON has neither NaN nor infinity: their names stand for them."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def version(package):
    return importlib.metadata.version(package).split("+")[0]


def gradient(value, of):
    return torch.autograd.grad(value, of, retain_graph=True)[0]


class File:
    """Cases of one function of one package."""

    def __init__(self, name, package, function, note=""):
        self.name, self.cases = name, {}
        self.head = {"package": package, "version": version(package), "function": function, "note": note}

    def case(self, name, logits, targets, arguments, run, modes=("none", "sum", "mean")):
        """run(z, reduction) is what the function says; targets and arguments are written down."""
        z = logits.clone().requires_grad_()
        row = {"arguments": arguments, "logits": logits, "targets": targets}
        for mode in modes:
            value = run(z, mode)
            row["items" if mode == "none" else mode] = value.detach()
            if mode != "none":
                row["d_" + mode] = gradient(value, z)
        self.cases[name] = plain(row)
        return self

    def write(self):
        line = lambda v: json.dumps(v, allow_nan=False)
        lines = [f"{line(k)}: {line(v)}" for k, v in self.head.items()]
        cases = ",\n".join(f"{line(k)}: {line(v)}" for k, v in self.cases.items())
        (FOLDER / f"{self.name}.json").write_text("{\n" + ",\n".join(lines) + ',\n"cases": {\n' + cases + "\n}}\n")


WIDE = "the function casts to f32; run with Tensor.float replaced by Tensor.double"
CLASSES = torch.tensor([0, 2, 1, 2, 0])
SOME_IGNORED = torch.tensor([0, -100, 1, 2, -100])
WEIGHTS = [0.5, 2.0, 1.25]
SOFT = torch.tensor([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.125, 0.125, 0.75], [0.25, 0.75, 0.0], [0.0, 0.5, 0.5]])
LABELS = torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
PARTS = torch.tensor([[1.0, 0.25, 0.0, 0.5], [0.0, 0.75, 1.0, 0.0], [0.125, 1.0, 1.0, 0.5], [0.0, 0.0, 0.5, 0.0]])
Z3, Z4 = draw(1, 5, 3), draw(2, 4, 4)
SCORES, WANTED = draw(3, 6, 1), draw(4, 6, 1)


def of_classes():
    ce = File("torch_cross_entropy", "torch", "torch.nn.functional.cross_entropy")
    for name, y in (("", CLASSES), ("ignored_", SOME_IGNORED), ("soft_", SOFT.double())):
        for kind, arguments in (("plain", {}), ("weighted", {"weight": WEIGHTS}), ("smoothed", {"label_smoothing": 0.25}),
                                ("weighted_smoothed", {"weight": WEIGHTS, "label_smoothing": 0.25})):
            w = torch.tensor(arguments["weight"], dtype=torch.float64) if "weight" in arguments else None
            ce.case(name + kind, Z3, y, arguments,
                    lambda z, r: F.cross_entropy(z, y, w, label_smoothing=arguments.get("label_smoothing", 0), reduction=r))
    ce.write()

    square = File("torch_square", "torch", "torch.nn.functional.mse_loss", "on logits against m times the one-hot target")
    for m in (1.0, 4.0):
        hot = m * F.one_hot(CLASSES, 3).double()
        square.case(f"m_{m:g}", Z3, CLASSES, {"m": m}, lambda z, r: F.mse_loss(z, hot, reduction=r))
    square.write()

    from timm.loss import PolyCrossEntropy
    poly = File("timm_poly", "timm", "timm.loss.PolyCrossEntropy", WIDE)
    for name, y, arguments in (("plain", CLASSES, {"epsilon": 2.0}), ("negative", CLASSES, {"epsilon": -0.5}),
                               ("smoothed", CLASSES, {"epsilon": 1.0, "smoothing": 0.25}), ("soft", SOFT, {"epsilon": 1.0})):
        with wide():
            poly.case(name, Z3, y, arguments, lambda z, r: PolyCrossEntropy(**arguments, reduction=r)(z, y))
    poly.write()

    from imbalanced_losses import SoftmaxFocalLoss
    focal = File("imbalanced_losses_focal", "imbalanced-losses", "imbalanced_losses.SoftmaxFocalLoss")
    for name, y, arguments in (("gamma_2", CLASSES, {"gamma": 2.0}), ("gamma_half", CLASSES, {"gamma": 0.5}),
                               ("alpha", CLASSES, {"gamma": 2.0, "alpha": WEIGHTS}),
                               ("ignored", SOME_IGNORED, {"gamma": 1.5, "alpha": WEIGHTS}),
                               ("smoothed", CLASSES, {"gamma": 2.0, "label_smoothing": 0.25})):
        focal.case(name, Z3, y, arguments,
                   lambda z, r: SoftmaxFocalLoss(**arguments, ignore_index=-100, reduction=r)(z, y))
    focal.write()

    from balanced_loss import Loss
    balanced = File("balanced_loss", "balanced-loss", "balanced_loss.Loss", WIDE)
    for beta in (0.5, 0.99):
        arguments = {"loss_type": "cross_entropy", "beta": beta, "samples_per_class": [50, 5, 500]}
        with wide():
            balanced.case(f"beta_{beta}", Z3, CLASSES, arguments,
                          lambda z, r: Loss(**arguments, class_balanced=True)(z, CLASSES), modes=("mean",))
    balanced.write()

    from pytorch_toolbelt.losses.bitempered_loss import bi_tempered_logistic_loss
    tempered = File("toolbelt_bi_tempered", "pytorch-toolbelt", "pytorch_toolbelt.losses.bitempered_loss.bi_tempered_logistic_loss")
    for t1, t2, smoothing in ((0.8, 1.2, 0.0), (0.5, 2.0, 0.0), (1.0, 1.5, 0.0), (0.75, 1.0, 0.0), (0.8, 1.4, 0.125)):
        arguments = {"t1": t1, "t2": t2, "label_smoothing": smoothing, "num_iters": 400}
        tempered.case(f"{t1}_{t2}_{smoothing}", Z3, CLASSES, arguments,
                      lambda z, r: bi_tempered_logistic_loss(z, CLASSES, reduction=r, **arguments))
    tempered.write()


def of_ordered_classes():
    from coral_pytorch.dataset import corn_label_from_logits, levels_from_labelbatch, proba_to_label
    from coral_pytorch.losses import coral_loss, corn_loss
    import dlordinal.losses as dlordinal
    y, z = torch.tensor([0, 3, 1, 2, 4, 1]), draw(5, 6, 4)
    corn = File("coral_pytorch_corn", "coral-pytorch", "coral_pytorch.losses.corn_loss")
    for name, labels in (("plain", y), ("none_high", torch.tensor([0, 1, 1, 0, 1, 0])), ("lowest", torch.zeros(6, dtype=torch.int64))):
        corn.case(name, z, labels, {"num_classes": 5}, lambda x, r: corn_loss(x, labels, 5), modes=("mean",))
        corn.cases[name]["labels_said"] = corn_label_from_logits(z).tolist()
    part = torch.tensor([[0.40625, 0.0]], dtype=torch.float64)  # about 0.4, 0.3, 0.3: the mode is 0, the median 1
    corn.case("mode_and_median", part, torch.tensor([1]), {"num_classes": 3}, lambda x, r: corn_loss(x, torch.tensor([1]), 3), modes=("mean",))
    corn.cases["mode_and_median"]["labels_said"] = corn_label_from_logits(part).tolist()
    corn.write()
    other = File("dlordinal_corn", "dlordinal", "dlordinal.losses.CORNLoss")
    other.case("plain", z, y, {"num_classes": 5}, lambda x, r: dlordinal.CORNLoss(5)(x, y), modes=("mean",)).write()

    # coral reads one score an item, and thresholds; the package takes their sums
    coral = File("coral_pytorch_coral", "coral-pytorch", "coral_pytorch.losses.coral_loss",
                 "logits: score + thresholds, the thresholds are given; gradients by score and by threshold")
    biases = torch.tensor([1.5, 0.5, -0.25, -2.0], dtype=torch.float64)
    levels = levels_from_labelbatch(y.tolist(), num_classes=5).double()
    for name, importance in (("plain", None), ("importance", [1.0, 0.5, 2.0, 0.25])):
        weights = None if importance is None else torch.tensor(importance, dtype=torch.float64)
        b = biases.clone().requires_grad_()
        run = lambda g, r: coral_loss(g + b, levels, importance_weights=weights, reduction=None if r == "none" else r)
        coral.case(name, draw(6, 6, 1), y, {"num_classes": 5, "importance_weights": importance}, run)
        coral.cases[name] |= plain({"thresholds": biases, "d_thresholds": gradient(run(draw(6, 6, 1), "sum"), b),
                                    "labels_said": proba_to_label(torch.sigmoid(draw(6, 6, 1) + biases))})
    coral.write()

    z = draw(7, 6, 5)
    emd = File("dlordinal_emd", "dlordinal", "dlordinal.losses.EMDLoss")
    emd.case("plain", z, y, {"num_classes": 5}, lambda x, r: dlordinal.EMDLoss(5)(x, y), modes=("mean",)).write()
    cdw = File("dlordinal_cdw", "dlordinal", "dlordinal.losses.CDWCELoss", WIDE)
    for alpha, weight in ((1.0, None), (1.5, None), (2.0, [0.5, 1.0, 2.0, 0.25, 0.25])):
        arguments = {"num_classes": 5, "alpha": alpha, "weight": weight}
        w = None if weight is None else torch.tensor(weight, dtype=torch.float64)
        with wide():
            cdw.case(f"alpha_{alpha:g}" + ("_weighted" if weight else ""), z, y, arguments,
                     lambda x, r: dlordinal.CDWCELoss(5, alpha=alpha, weight=w)(x, y), modes=("mean",))
    cdw.write()


def of_labels():
    bce = File("torch_bce", "torch", "torch.nn.functional.binary_cross_entropy_with_logits")
    for name, y, arguments in (("plain", LABELS, {}), ("parts", PARTS, {}), ("pos_weight", PARTS, {"pos_weight": [1.0, 3.0, 0.5, 2.0]}),
                               ("weight", LABELS, {"weight": [0.5, 2.0, 1.25, 1.0]})):
        given = {k: torch.tensor(v, dtype=torch.float64) for k, v in arguments.items()}
        bce.case(name, Z4, y, arguments,
                 lambda z, r: F.binary_cross_entropy_with_logits(z, y.double(), reduction=r, **given))
    bce.write()

    from torchvision.ops import sigmoid_focal_loss
    from imbalanced_losses import SigmoidFocalLoss
    for name, package, function, run in (
            ("torchvision_focal", "torchvision", "torchvision.ops.sigmoid_focal_loss", sigmoid_focal_loss),
            ("imbalanced_losses_sigmoid_focal", "imbalanced-losses", "imbalanced_losses.SigmoidFocalLoss",
             lambda z, y, reduction, **more: SigmoidFocalLoss(reduction=reduction, **more)(z, y))):
        focal = File(name, package, function)
        for case, y, arguments in (("defaults", LABELS, {"gamma": 2.0, "alpha": 0.25}), ("no_alpha", LABELS, {"gamma": 2.0, "alpha": -1}),
                                   ("gamma_half", LABELS, {"gamma": 0.5, "alpha": 0.5}), ("parts", PARTS, {"gamma": 2.0, "alpha": 0.25})):
            focal.case(case, Z4, y, arguments, lambda z, r: run(z, y.double(), reduction=r, **arguments))
        focal.write()

    from timm.loss import AsymmetricLossMultiLabel, DistributionBalancedLoss, ZlprLoss
    asl = File("timm_asymmetric", "timm", "timm.loss.AsymmetricLossMultiLabel", WIDE)
    for name, arguments in (("defaults", {}), ("even", {"gamma_neg": 2, "gamma_pos": 2, "clip": 0}), ("paper", {"gamma_neg": 2, "gamma_pos": 0, "clip": 0.25})):
        with wide():
            asl.case(name, Z4, LABELS, arguments, lambda z, r: AsymmetricLossMultiLabel(**arguments, reduction=r)(z, LABELS),
                     modes=("none", "sum", "mean", "batchmean"))
    asl.write()
    zlpr = File("timm_zlpr", "timm", "timm.loss.ZlprLoss", WIDE)
    with wide():
        zlpr.case("plain", Z4, LABELS, {}, lambda z, r: ZlprLoss()(z, LABELS), modes=("mean",)).write()
    db = File("timm_distribution_balanced", "timm", "timm.loss.DistributionBalancedLoss",
              WIDE + "; its prior logits (logit_bias) are made in f32 and written down here")
    for name, more in (("defaults", {}), ("text", {"map_mu": 0.9, "neg_scale": 4.0, "init_bias": 0.5, "focal_gamma": 1.0, "focal_balance": 1.0}),
                       ("no_bias", {"init_bias": 0.0})):
        arguments = {"class_counts": [64.0, 8.0, 2.0, 256.0], "num_samples": 512} | more
        y = LABELS.clone()
        with wide():
            make = lambda r: DistributionBalancedLoss(**arguments, reduction=r).double()
            db.case(name, Z4, y, arguments, lambda z, r: make(r)(z, y))
        db.cases[name]["logit_bias"] = make("sum").logit_bias.tolist()
    db.write()

    from segmentation_models_pytorch.losses import DiceLoss, TverskyLoss
    overlap = File("smp_tversky", "segmentation-models-pytorch", "segmentation_models_pytorch.losses.TverskyLoss")
    for a, b, s in ((0.3, 0.7, 1.0), (0.5, 0.5, 0.25)):
        arguments = {"mode": "multilabel", "alpha": a, "beta": b, "smooth": s}
        overlap.case(f"{a}_{b}_{s}", Z4, LABELS, arguments, lambda z, r: TverskyLoss(**arguments)(z, LABELS.double()), modes=("mean",))
    overlap.write()
    dice = File("smp_dice", "segmentation-models-pytorch", "segmentation_models_pytorch.losses.DiceLoss")
    for s in (0.5, 1.0):
        arguments = {"mode": "multilabel", "smooth": s}
        dice.case(f"smooth_{s}", Z4, LABELS, arguments, lambda z, r: DiceLoss(**arguments)(z, LABELS.double()), modes=("mean",))
    dice.write()


def of_scores():
    simple = {"mse": (F.mse_loss, [{}]), "l1": (F.l1_loss, [{}]), "huber": (F.huber_loss, [{"delta": 1.0}, {"delta": 0.25}, {"delta": 3.0}]),
              "smooth_l1": (F.smooth_l1_loss, [{"beta": 1.0}, {"beta": 0.25}, {"beta": 3.0}])}
    for name, (run, all_arguments) in simple.items():
        file = File(f"torch_{name}", "torch", f"torch.nn.functional.{run.__name__}")
        for arguments in all_arguments:
            case = "_".join(f"{k}_{v:g}" for k, v in arguments.items()) or "plain"
            file.case(case, SCORES, WANTED, arguments, lambda z, r: run(z, WANTED, reduction=r, **arguments))
        file.write()
    nll = File("torch_gaussian_nll", "torch", "torch.nn.functional.gaussian_nll_loss", "logits: mean, log variance; var = exp of the latter")
    both = torch.cat([SCORES, draw(8, 6, 1) * 2], 1)
    both[0, 1] = -16  # its variance is below eps
    for full in (False, True):
        nll.case("full" if full else "plain", both, WANTED, {"full": full, "eps": 1e-6}, lambda z, r: F.gaussian_nll_loss(
            z[:, :1], WANTED, z[:, 1:].exp(), full=full, eps=1e-6, reduction=r))
    nll.write()
    from pytorch_toolbelt.losses import LogCoshLoss
    cosh = File("toolbelt_log_cosh", "pytorch-toolbelt", "pytorch_toolbelt.losses.LogCoshLoss")
    cosh.case("plain", SCORES, WANTED, {}, lambda z, r: LogCoshLoss()(z, WANTED), modes=("mean",)).write()
    from sklearn.metrics import mean_pinball_loss
    pinball = File("sklearn_pinball", "scikit-learn", "sklearn.metrics.mean_pinball_loss", "values only")
    for tau in (0.5, 0.125, 0.9):
        mean = mean_pinball_loss(WANTED.numpy(), SCORES.numpy(), alpha=tau)
        pinball.cases[f"alpha_{tau}"] = plain({"arguments": {"alpha": tau}, "logits": SCORES, "targets": WANTED, "mean": float(mean)})
    pinball.write()


def main():
    global FOLDER
    if len(sys.argv) > 1:
        FOLDER = Path(sys.argv[1])
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for make in (of_classes, of_ordered_classes, of_labels, of_scores):
        make()


if __name__ == "__main__":
    main()
