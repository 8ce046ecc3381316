#!/usr/bin/env python3
"""Writes tests/models/golden: tiny random BERTs with the logits, losses, gradients and AdamW steps that PyTorch and
transformers give for them in f32 (dropout off). What each file holds is said in the README this script writes there.

  golden_bert.py [OUT]      OUT defaults to tests/models/golden beside this script's folder
"""
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers
from safetensors.torch import save_file
from torch.nn import functional as F
from transformers import (BertConfig, BertForSequenceClassification, BertForTokenClassification,
                          get_linear_schedule_with_warmup)

LENGTHS = [7, 1, 20, 12, 4]   # tokens of the five sequences, specials included
PAIR_AT = [4, 1, 11, 12, 2]   # the first token of the second segment; at the length: no second segment
STEPS, RATE, DECAY, CLIP = 10, 1e-3, 0.01, 1.0

VARIANTS = {
    "sequence_classification": dict(
        activation="gelu", outputs=3, problem="single_label_classification", labels=[2, 0, 1, 1, 0]),
    "regression": dict(
        activation="gelu_new", outputs=1, problem="regression", labels=[0.5, -1.25, 3.0, 2.0, 0.0]),
    "multi_label": dict(
        activation="relu", outputs=4, problem="multi_label_classification",
        labels=[[1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0, 0], [0, 0, 1, 0]]),
    "token_classification": dict(activation="gelu", outputs=5, problem=None, labels=None),
}


def sequences(draws):
    """Five rows of ids (3 = [CLS], 4 = [SEP], never 0, which is [PAD]) with their segment ids."""
    rows = []
    for length, pair_at in zip(LENGTHS, PAIR_AT):
        ids = torch.randint(5, 100, (length,), generator=draws).tolist()
        ids[0] = 3
        if length > 1:
            ids[-1] = 4
        rows.append({"ids": ids, "segments": [int(i >= pair_at) for i in range(length)]})
    return rows


def token_labels(rows, draws):
    """One of five labels a token; -100 (ignored) on the first and last token and on every fifth in between."""
    labels = []
    for row in rows:
        row_labels = torch.randint(0, 5, (len(row["ids"]),), generator=draws).tolist()
        last = len(row_labels) - 1
        labels.append([-100 if i in (0, last) or i % 5 == 4 else label for i, label in enumerate(row_labels)])
    return labels


def config_of(variant):
    labels = {str(i): f"label_{i}" for i in range(variant["outputs"])}
    return BertConfig(
        vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=64, type_vocab_size=2, hidden_act=variant["activation"], layer_norm_eps=1e-12,
        problem_type=variant["problem"], id2label={int(k): v for k, v in labels.items()},
        label2id={v: int(k) for k, v in labels.items()}, attn_implementation="eager")


def randomise(model, draws):
    """N(0, 0.2) for every weight and bias, 1 + N(0, 0.2) for LayerNorm weights: no gradient is tiny by design. Drawn
    in the order of the sorted names, encoder first, so that all variants share the encoder's numbers."""
    with torch.no_grad():
        for name, p in sorted(model.named_parameters(), key=lambda item: (item[0].startswith("classifier"), item[0])):
            if name.startswith("bert.pooler"):
                continue
            p.copy_(torch.randn(p.shape, generator=draws) * 0.2 + float(name.endswith("LayerNorm.weight")))
        pooler_draws = torch.Generator().manual_seed(99)
        for name, p in sorted(model.named_parameters()):
            if name.startswith("bert.pooler"):
                p.copy_(torch.randn(p.shape, generator=pooler_draws) * 0.2)


def build(name, variant, dtype):
    kind = BertForTokenClassification if name == "token_classification" else BertForSequenceClassification
    model = kind(config_of(variant)).eval()
    randomise(model, torch.Generator().manual_seed(20))
    return model.to(dtype)


def padded(rows):
    width = max(LENGTHS)
    fill = lambda values: torch.tensor([v + [0] * (width - len(v)) for v in values])
    return {"input_ids": fill([r["ids"] for r in rows]), "token_type_ids": fill([r["segments"] for r in rows]),
            "attention_mask": fill([[1] * len(r["ids"]) for r in rows])}


def targets_of(name, variant, dtype):
    if name == "token_classification":
        return torch.tensor([label for row in variant["labels"] for label in row])
    is_class = name == "sequence_classification"
    return torch.tensor(variant["labels"], dtype=torch.int64 if is_class else dtype)


def logits_of(name, model, rows):
    """[5, K], or for tokens [44, K]: the real tokens of all rows end to end."""
    logits = model(**padded(rows)).logits
    if name != "token_classification":
        return logits
    return torch.cat([row[:length] for row, length in zip(logits, LENGTHS)])


def loss_options(name):
    """Name of the loss -> what the criterion is given; the first is the one that is trained with."""
    classes = {"sequence_classification": [0.5, 2.0, 1.25], "token_classification": [0.25, 1.0, 2.0, 1.5, 0.75]}
    if name == "regression":
        return {"mse": {}}
    if name == "multi_label":
        return {"bce": {}, "bce_pos_weight": {"pos_weight": [1.0, 3.0, 0.5, 2.0]}}
    weights = {"weight": classes[name]}
    options = {"cross_entropy": {}, "cross_entropy_weighted": weights, "cross_entropy_smoothed": {"label_smoothing": 0.1},
               "cross_entropy_weighted_smoothed": weights | {"label_smoothing": 0.1}}
    if name == "sequence_classification":
        options["cross_entropy_ignored"] = {"ignored_rows": [1]}
    return options


def criterion(name, logits, targets, options):
    tensors = {k: torch.tensor(v, dtype=logits.dtype) for k, v in options.items() if k in ("weight", "pos_weight")}
    if name == "regression":
        return F.mse_loss(logits.squeeze(-1), targets)
    if name == "multi_label":
        return F.binary_cross_entropy_with_logits(logits, targets, **tensors)
    targets = targets.clone()
    targets[options.get("ignored_rows", [])] = -100
    return F.cross_entropy(logits, targets, label_smoothing=options.get("label_smoothing", 0.0), **tensors)


def gradients(name, variant, rows, options, dtype=torch.float32):
    model = build(name, variant, dtype)
    logits = logits_of(name, model, rows)
    logits.retain_grad()
    loss = criterion(name, logits, targets_of(name, variant, dtype), options)
    loss.backward()
    return model, logits, loss


def check_against_transformers(name, variant, rows, loss):
    """transformers' own loss must be the plain one here."""
    model = build(name, variant, torch.float32)
    batch = padded(rows)
    if name == "token_classification":
        width = max(LENGTHS)
        batch["labels"] = torch.tensor([row + [-100] * (width - len(row)) for row in variant["labels"]])
    else:
        batch["labels"] = targets_of(name, variant, torch.float32)
    theirs = model(**batch).loss
    assert torch.allclose(theirs, loss, rtol=1e-6), (name, theirs, loss)


def is_plain(name):
    return name.endswith("bias") or "LayerNorm" in name


def adamw(name, variant, rows, steps, dtype=torch.float32, scheduled=True):
    """AdamW steps on the whole batch; one constant-rate step where `scheduled` is false."""
    model = build(name, variant, dtype)
    named = list(model.named_parameters())
    optimizer = torch.optim.AdamW(
        [{"params": [p for n, p in named if not is_plain(n)], "weight_decay": DECAY},
         {"params": [p for n, p in named if is_plain(n)], "weight_decay": 0.0}],
        lr=RATE, betas=(0.9, 0.999), eps=1e-8, foreach=False)
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.1 * steps), steps) if scheduled else None
    targets, plain = targets_of(name, variant, dtype), next(iter(loss_options(name).values()))
    record = []
    for _ in range(steps):
        loss = criterion(name, logits_of(name, model, rows), targets, plain)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP, foreach=False)
        record.append({"lr": optimizer.param_groups[0]["lr"], "loss": loss.item(), "grad_norm": norm.item()})
        optimizer.step()
        if schedule:
            schedule.step()
        optimizer.zero_grad()
    return model, record


def relative(a, b, whole=0.0):
    """|a - b| / |b|, or against `whole` where b weighs less than 1e-7 of it."""
    a, b = a.detach().double(), b.detach().double()
    size = b.norm().item()
    return (a - b).norm().item() / (whole if size < 1e-7 * whole else size)


def parameter_table(initial, f32, f64, after, after64):
    """A line a parameter: what its gradient weighs, and how far PyTorch's f32 itself is from f64."""
    table, finals, finals64 = {}, dict(after.named_parameters()), dict(after64.named_parameters())
    f64s, initials = dict(f64.named_parameters()), dict(initial.named_parameters())
    whole = torch.sqrt(sum(p.grad.square().sum() for p in f64s.values())).item()
    for name, p in f32.named_parameters():
        change = finals[name].detach().double() - initials[name].detach().double()
        table[name] = {
            "shape": list(p.shape), "grad_norm": p.grad.double().norm().item(),
            "grad_f32_from_f64": relative(p.grad, f64s[name].grad, whole),
            "after_10_change_norm": change.norm().item(), "after_10_sum": finals[name].detach().double().sum().item(),
            "after_10_f32_from_f64": relative(finals[name], finals64[name])}
    return table


def prefixed(prefix, model, of=lambda p: p):
    return {prefix + name: of(p).detach().contiguous().clone() for name, p in model.named_parameters()}


def write_variant(out, name, variant, rows):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    initial = build(name, variant, torch.float32)
    full = name == "sequence_classification"
    if full:
        initial.save_pretrained(folder)
    else:
        initial.config.architectures = [type(initial).__name__]
        initial.config.dtype = "float32"
        initial.config.save_pretrained(folder)

    tensors, losses = {}, {}
    for loss_name, loss_opts in loss_options(name).items():
        model, logits, loss = gradients(name, variant, rows, loss_opts)
        if not losses:
            check_against_transformers(name, variant, rows, loss)
            tensors["logits"] = logits.detach().contiguous()
            tensors |= prefixed("grad.", model, lambda p: p.grad)
            first = model
        tensors[f"dlogits.{loss_name}"] = logits.grad.contiguous()
        losses[loss_name] = loss_opts | {
            "loss": loss.item(), "grad_norm": torch.sqrt(sum(p.grad.double().square().sum() for p in model.parameters())).item(),
            "grad_norms": {n: p.grad.double().norm().item() for n, p in model.named_parameters()}}
    plain = next(iter(loss_options(name).values()))
    f64 = gradients(name, variant, rows, plain, torch.float64)[0]
    after_10, record = adamw(name, variant, rows, STEPS)
    after_10_f64, _ = adamw(name, variant, rows, STEPS, torch.float64)
    if full:
        after_1, record_1 = adamw(name, variant, rows, 1, scheduled=False)
        tensors |= prefixed("after_1.", after_1) | prefixed("after_10.", after_10)
    else:
        tensors |= {n: p.detach().clone() for n, p in initial.named_parameters() if n.startswith("classifier")}
    save_file(tensors, folder / "golden.safetensors")
    for file in folder.glob("*.safetensors"):
        file.chmod(0o644)

    golden = {
        "made_with": {"torch": torch.__version__, "transformers": transformers.__version__},
        "activation": variant["activation"], "outputs": variant["outputs"],
        "sequences": [row | {"labels": labels} for row, labels in zip(rows, variant["labels"])],
        "losses": losses,
        "adamw": {"loss": next(iter(losses)), "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": DECAY,
                  "clip": CLIP, "schedule": "linear", "peak_lr": RATE, "warmup_steps": 1, "total_steps": STEPS,
                  "steps": record} | ({"after_1": record_1[0]} if full else {}),
        "parameters": parameter_table(initial, first, f64, after_10, after_10_f64),
    }
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


README = """# Golden values for BERT: tiny random models

Made by `tools/golden_bert.py` with torch {torch} and transformers {transformers} (CPU, f32, one thread, eager
attention, dropout off). Do not edit; run the script again. Nothing here comes from a data set or a trained model.

The models: vocabulary 100, hidden 32, 2 layers, 4 heads, intermediate 64, 64 positions, 2 segments, LayerNorm eps
1e-12; every weight and bias from N(0, 0.2), LayerNorm weights from 1 + N(0, 0.2). **All four variants share the
encoder's numbers** (`bert.*`); token classification has no pooler.

| folder | head | activation | trained with |
|---|---|---|---|
| `sequence_classification` | pooler, `classifier` [3, 32] | gelu (erf) | cross-entropy, mean |
| `regression` | pooler, `classifier` [1, 32] | gelu_new (tanh) | squared error, mean |
| `multi_label` | pooler, `classifier` [4, 32] | relu | sigmoid cross-entropy, mean over rows and labels |
| `token_classification` | `classifier` [5, 32] on every token | gelu (erf) | cross-entropy, mean over labels that are not -100 |

Only `sequence_classification` is a whole Hugging Face folder (`config.json`, `model.safetensors` as `save_pretrained`
writes them). For another variant take its own `config.json`, the `bert.*` tensors of that folder, and
`classifier.weight` and `classifier.bias` from the variant's `golden.safetensors`.

## `golden.safetensors` (all f32)

| tensor | shape | |
|---|---|---|
| `logits` | [5, K]; tokens: [44, K], the five sequences end to end | |
| `dlogits.LOSS` | as logits | gradient of the loss LOSS with respect to the logits |
| `grad.NAME` | as the parameter | gradient of the first loss, before clipping; NAME as in `model.safetensors` |
| `after_1.NAME` | | sequence classification only: after one AdamW step at the constant rate 1e-3 |
| `after_10.NAME` | | sequence classification only: after ten scheduled steps |
| `classifier.weight`, `classifier.bias` | [K, 32], [K] | the other three: the initial head |

## `golden.json`

* `sequences`: `ids`, `segments` and `labels` of five sequences of {lengths} tokens. `labels` is a class, a score, a list of
  0/1, or one label a token. The second has one token.
* `losses`: name -> its options (`weight`: of classes, `pos_weight`, `label_smoothing`, `ignored_rows`: rows whose label
  is -100 for this loss), `loss`, `grad_norm` (over all parameters) and `grad_norms` (by parameter). The means are
  PyTorch's: weighted cross-entropy divides by the sum of the targets' class weights.
* `adamw`: the hyper-parameters and, for each of ten steps on the whole batch, `lr`, `loss` and `grad_norm` (before
  clipping). Decay on all but biases and LayerNorm. The rates are those of `get_linear_schedule_with_warmup` with one step
  of ten for warm-up: **the first step has rate 0** (moments move, weights do not), the second 1e-3, the last 1e-3/9.
  Clipping multiplies by min(1, 1 / (norm + 1e-6)). `after_1` (sequence classification): loss and norm of the one constant step.
* `parameters`: by name `shape`, `grad_norm`, `after_10_change_norm` (norm of final minus initial), `after_10_sum`, and how far
  PyTorch's own f32 is from its f64 (norm of the difference over the norm, or over the global norm for gradients below
  1e-7 of it): `grad_f32_from_f64`, `after_10_f32_from_f64`.

Key biases have no gradient in exact arithmetic (soft-max ignores a constant added to a row of scores): what stands here
is rounding, of no meaning, and Adam makes steps of it. Compare such gradients against the global norm, and
`attention.self.key.bias` after steps only within lr * steps.
"""


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "tests/models/golden"
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    draws = torch.Generator().manual_seed(10)
    rows = sequences(draws)
    VARIANTS["token_classification"]["labels"] = token_labels(rows, draws)
    for name, variant in VARIANTS.items():
        write_variant(out, name, variant, rows)
    (out / "README.md").write_text(README.format(
        torch=torch.__version__, transformers=transformers.__version__, lengths=", ".join(map(str, LENGTHS))), encoding="utf-8")


if __name__ == "__main__":
    main()
