#!/usr/bin/env python3
"""A search as a CPU user builds it: Optuna (TPE, median pruner) over a PyTorch loop, within a budget of wall-clock time.

  optuna_search.py --model FOLDER --train ROWS.jsonl --test ROWS.jsonl --task classify|multilabel --metric accuracy|macro_f1|micro_f1|mcc
                   --budget SECONDS --out PREDICTIONS.jsonl [--epochs 3] [--threads 1] [--seed 1]

Rows: {"text", "pair"?, "label" | "labels"}. The space is the one that `attune tune` searches by default, but for where the last layer
begins: rate 1e-5 to 5e-4 by logarithms, batch 8, 16 or 32, the loss with its options, weight decay, dropout, layer-wise rates, pooling. The
defaults are the first trial. A fifth of the rows judges trials, epoch by epoch; the best trial's options are trained once more on all rows,
in the budget, and answer the test rows: a line each, as `attune compare` reads them. The loop is torch_loop.py's: bf16 by autocast where
the processor multiplies it, batches of like length, fused AdamW, warm-up and linear decay. Prints one JSON line.
"""
import argparse
import json
import os
import random
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))
START = time.monotonic()
LAYER_STEP = "encoder.layer."


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "train", "test", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--task", choices=["classify", "multilabel"], default="classify")
    parser.add_argument("--metric", choices=["accuracy", "macro_f1", "micro_f1", "mcc"], required=True)
    parser.add_argument("--budget", type=float, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


OPTS = options()
import numpy as np  # noqa: E402
import optuna  # noqa: E402
import torch  # noqa: E402
import torch_loop  # noqa: E402
import transformers  # noqa: E402
from torch.nn import functional as F  # noqa: E402

torch.set_num_threads(OPTS.threads)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
optuna.logging.set_verbosity(optuna.logging.WARNING)


def at_precision():
    return torch.autocast("cpu", torch.bfloat16, enabled=torch_loop.has_fast_bf16())


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Model(torch.nn.Module):
    """An encoder, pooled, and a linear layer."""

    def __init__(self, labels, pooling, dropout):
        super().__init__()
        config = transformers.AutoConfig.from_pretrained(OPTS.model)
        config.hidden_dropout_prob = dropout
        self.encoder = transformers.AutoModel.from_pretrained(OPTS.model, config=config, dtype=torch.float32, attn_implementation="sdpa")
        self.pooling, self.dropout = pooling, torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(config.hidden_size, labels)
        torch.nn.init.normal_(self.head.weight, std=0.02)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, inputs):
        out = self.encoder(**inputs)
        if self.pooling == "mean":
            mask = inputs["attention_mask"].unsqueeze(-1).to(out.last_hidden_state.dtype)
            pooled = (out.last_hidden_state * mask).sum(1) / mask.sum(1)
        else:
            pooled = out.pooler_output
        return self.head(self.dropout(pooled))


def loss_of(params, logits, targets):
    logits = logits.float()
    if OPTS.task == "multilabel":
        cost = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        if params["loss"] == "focal_bce":
            p = torch.sigmoid(logits)
            right = torch.where(targets > 0, p, 1 - p)
            cost = cost * (1 - right) ** params["gamma"]
        return cost.mean()
    if params["loss"] == "smoothed":
        return F.cross_entropy(logits, targets, label_smoothing=params["label_smoothing"])
    cost = F.cross_entropy(logits, targets, reduction="none")
    p = torch.exp(-cost)
    if params["loss"] == "focal":
        cost = cost * (1 - p) ** params["gamma"]
    if params["loss"] == "poly1":
        cost = cost + params["epsilon"] * (1 - p)
    return cost.mean()


def batches_of(rows, size, draws):
    """An epoch: batches of like length, in another order each time."""
    group_rows = 50 * size
    order = draws.sample(range(len(rows)), len(rows))
    batches = []
    for begin in range(0, len(order), group_rows):
        group = sorted(order[begin:begin + group_rows], key=lambda i: len(rows[i]["ids"]))
        batches += [group[i:i + size] for i in range(0, len(group), size)]
    draws.shuffle(batches)
    return batches


def collate(rows, pad):
    longest = max(len(row["ids"]) for row in rows)
    fill = lambda key, value: torch.tensor([row[key] + [value] * (longest - len(row[key])) for row in rows])
    inputs = {"input_ids": fill("ids", pad), "attention_mask": fill("mask", 0)}
    if rows[0]["types"]:
        inputs["token_type_ids"] = fill("types", 0)
    return inputs


def targets_of(rows):
    return torch.tensor(np.stack([row["target"] for row in rows])) if OPTS.task == "multilabel" else torch.tensor([row["target"] for row in rows])


def optimizer_of(model, params):
    """AdamW whose rates fall by layer_decay for every layer further from the head; no decay of biases and norms."""
    layers = model.encoder.config.num_hidden_layers
    groups = {}
    for name, parameter in model.named_parameters():
        depth = layers + 1
        if name.startswith("encoder.embeddings"):
            depth = 0
        elif LAYER_STEP in name:
            depth = int(name.split(LAYER_STEP)[1].split(".")[0]) + 1
        key = (depth, parameter.dim() > 1)
        groups.setdefault(key, []).append(parameter)
    made = [{"params": group, "lr": params["lr"] * params["layer_decay"] ** (layers + 1 - depth), "weight_decay": params["weight_decay"] if decays else 0.0}
            for (depth, decays), group in groups.items()]
    return torch.optim.AdamW(made, betas=(0.9, 0.999), eps=1e-8, fused=True)


def answers_of(model, rows, pad):
    model.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["ids"]))
    logits = [None] * len(rows)
    with torch.no_grad(), at_precision():
        for begin in range(0, len(order), 64):
            chosen = order[begin:begin + 64]
            for i, row in zip(chosen, model(collate([rows[i] for i in chosen], pad)).float().numpy()):
                logits[i] = row
    model.train()
    return np.stack(logits)


def metric_of(logits, rows):
    if OPTS.task == "multilabel":
        gold, said = np.stack([row["target"] for row in rows]) > 0, logits >= 0
        hits = (gold & said).sum()
        return 2 * hits / max(1, gold.sum() + said.sum())
    gold, said = np.array([row["target"] for row in rows]), logits.argmax(1)
    if OPTS.metric == "accuracy":
        return (gold == said).mean()
    classes = sorted(set(gold) | set(said))
    table = np.array([[((gold == g) & (said == s)).sum() for s in classes] for g in classes], dtype=float)
    if OPTS.metric == "macro_f1":
        hits = np.diag(table)
        return (2 * hits / np.maximum(1, table.sum(0) + table.sum(1))).mean()
    n, rows_sum, columns_sum = table.sum(), table.sum(1), table.sum(0)
    covariance = np.trace(table) * n - (rows_sum * columns_sum).sum()
    spread = (n * n - (rows_sum**2).sum()) * (n * n - (columns_sum**2).sum())
    return covariance / spread**0.5 if spread > 0 else 0.0


def train(params, rows, labels, pad, seed, after_epoch=None, stop=None):
    transformers.set_seed(seed)
    model = Model(labels, params["pooling"], params["dropout"]).train()
    optimizer = optimizer_of(model, params)
    size = params["batch_size"]
    steps = -(-len(rows) // size) * OPTS.epochs
    warm = max(1, round(0.1 * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / warm if step < warm else (steps - step) / max(1, steps - warm))
    draws = random.Random(seed)
    for epoch in range(OPTS.epochs):
        for batch in batches_of(rows, size, draws):
            chosen = [rows[i] for i in batch]
            with at_precision():
                logits = model(collate(chosen, pad))
            loss_of(params, logits, targets_of(chosen)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            if stop and stop():
                return None
        if after_epoch:
            after_epoch(model, epoch)
    return model


DEFAULTS = {"lr": 5e-5, "batch_size": 16, "loss": "bce" if OPTS.task == "multilabel" else "cross_entropy", "weight_decay": 0.01, "dropout": 0.1, "layer_decay": 1.0,
            "pooling": "cls"}


def suggested(trial):
    params = {"lr": trial.suggest_float("lr", 1e-5, 5e-4, log=True), "batch_size": trial.suggest_categorical("batch_size", [8, 16, 32]),
              "weight_decay": trial.suggest_float("weight_decay", 1e-3, 1e-1, log=True), "dropout": trial.suggest_float("dropout", 0.0, 0.3),
              "layer_decay": trial.suggest_float("layer_decay", 0.7, 1.0), "pooling": trial.suggest_categorical("pooling", ["cls", "mean"])}
    if OPTS.task == "multilabel":
        params["loss"] = trial.suggest_categorical("loss", ["bce", "focal_bce"])
    else:
        params["loss"] = trial.suggest_categorical("loss", ["cross_entropy", "smoothed", "focal", "poly1"])
    if params["loss"].startswith("focal"):
        params["gamma"] = trial.suggest_float("gamma", 0.5, 3.0)
    if params["loss"] == "smoothed":
        params["label_smoothing"] = trial.suggest_float("label_smoothing", 0.02, 0.2)
    if params["loss"] == "poly1":
        params["epsilon"] = trial.suggest_float("epsilon", 0.5, 4.0)
    return params


def main():
    tokenizer = transformers.AutoTokenizer.from_pretrained(OPTS.model)
    pad = tokenizer.pad_token_id
    rows, test = read(OPTS.train), read(OPTS.test)
    names = sorted({label for row in rows for label in (row["labels"] if OPTS.task == "multilabel" else [row["label"]])})
    place = {name: i for i, name in enumerate(names)}

    def encode(row):
        encoded = tokenizer(row["text"], row.get("pair"), truncation=True, max_length=128)
        if OPTS.task == "multilabel":
            target = np.zeros(len(names), dtype=np.float32)
            for label in row["labels"]:
                if label in place:
                    target[place[label]] = 1
        else:
            target = place.get(row["label"], -1)
        return {"ids": encoded["input_ids"], "mask": encoded["attention_mask"], "types": encoded.get("token_type_ids"), "target": target}

    everything = [encode(row) for row in rows]
    order = random.Random(OPTS.seed).sample(range(len(rows)), len(rows))
    judging = len(rows) // 5
    dev, learning = [everything[i] for i in order[:judging]], [everything[i] for i in order[judging:]]
    longest = 0.0  # a full trial

    def left():
        return OPTS.budget - (time.monotonic() - START)

    def final_takes():
        return longest * len(everything) / len(learning) * 1.15

    def objective(trial):
        nonlocal longest
        params = suggested(trial)
        begun, value = time.monotonic(), [0.0]

        def after_epoch(model, epoch):
            value[0] = float(metric_of(answers_of(model, dev, pad), dev))
            trial.report(value[0], epoch)
            if epoch + 1 < OPTS.epochs and trial.should_prune():
                raise optuna.TrialPruned
        if train(params, learning, len(names), pad, OPTS.seed, after_epoch, stop=lambda: trial.number > 0 and left() < final_takes()) is None:
            trial.study.stop()
            raise optuna.TrialPruned
        longest = max(longest, time.monotonic() - begun) if params["batch_size"] >= 16 or longest == 0 else longest
        return value[0]

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=OPTS.seed), pruner=optuna.pruners.MedianPruner())
    study.enqueue_trial(DEFAULTS)
    while left() > 2 * final_takes():
        study.optimize(objective, n_trials=1)
        if study.trials[-1].state == optuna.trial.TrialState.PRUNED and left() < final_takes():
            break
    best = suggested(optuna.trial.FixedTrial(study.best_params))
    model = train(best, everything, len(names), pad, OPTS.seed)
    encoded = [encode(row) for row in test]
    logits = answers_of(model, encoded, pad)
    lines = []
    for i, (row, z) in enumerate(zip(test, logits)):
        if OPTS.task == "multilabel":
            said = {"labels": [name for name, value in zip(names, z) if value >= 0], "gold": row["labels"]}
        else:
            said = {"label": names[int(z.argmax())], "gold": row["label"]}
        lines.append(json.dumps({"id": f"row {i}"} | said, ensure_ascii=False))
    OPTS.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    finished = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    print(json.dumps({"trials": len(study.trials), "finished": len(finished), "best": study.best_params, "best_on_dev": study.best_value, "seconds": time.monotonic() - START,
                      "versions": {"optuna": optuna.__version__, "torch": torch.__version__}}))


if __name__ == "__main__":
    main()
