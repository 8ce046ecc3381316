#!/usr/bin/env python3
"""Fine-tunes a BERT classifier with PyTorch as a CPU user would tune it, to be timed from outside.

  torch_loop.py --model FOLDER --ids SET.ids.json --max-steps 300 [--precision bf16] [--compile]

Batches of rows of like length, each padded to its own longest row and without a mask where nothing is padded; bf16 by
autocast, or f32; fused AdamW (5e-5, 0.9/0.999, 1e-8, decay 0.01 but none on biases and norms), warm-up over 10% of the steps
then linear to 0, clipping 1.0, dropout as in the model's config, scaled-dot-product attention; --compile adds
torch.compile(dynamic=True), --lora trains PEFT's LoRA and the head alone. Run it with tcmalloc preloaded. No evaluation, no saving. Prints one JSON line with the real
tokens seen and the mean loss of the last 20 steps.
"""
import json
import random
from pathlib import Path

import finetune

CPU = Path("/proc/cpuinfo")
GROUP = 50  # batches whose rows are sorted together, as Hugging Face's length grouping does


def options():
    parser = finetune.parser(__doc__)
    parser.add_argument("--precision", choices=["bf16", "f32"], default="bf16")
    parser.add_argument("--attention", choices=["sdpa", "eager"], default="sdpa")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--lora", action="store_true", help="PEFT's LoRA (r 8, alpha 16, query and value) with the head, in place of all weights")
    return parser.parse_args()


def has_fast_bf16():
    """Whether the processor multiplies bf16 itself; elsewhere autocast only slows a loop down."""
    return any(f" {flag} " in CPU.read_text(encoding="utf-8") for flag in ("amx_bf16", "avx512_bf16"))


def grouped_batches(rows, size, draws):
    """Batches without end: every epoch in another order, rows of like length together."""
    while True:
        order = draws.sample(range(len(rows)), len(rows))
        batches = []
        for begin in range(0, len(order), GROUP * size):
            group = sorted(order[begin:begin + GROUP * size], key=lambda i: len(rows[i]["input_ids"]))
            batches += [group[i:i + size] for i in range(0, len(group), size)]
        draws.shuffle(batches)
        yield from ([rows[i] for i in batch] for batch in batches)


def collate(torch, batch, pad):
    lengths = [len(row["input_ids"]) for row in batch]
    longest = max(lengths)
    inputs = {"input_ids": torch.tensor([row["input_ids"] + [pad] * (longest - n) for row, n in zip(batch, lengths)])}
    if min(lengths) != longest:
        inputs["attention_mask"] = torch.tensor([[1] * n + [0] * (longest - n) for n in lengths])
    inputs["labels"] = torch.tensor([row["labels"] for row in batch])
    return inputs, sum(lengths)


def make_optimizer(torch, model, lr):
    trained = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in trained if p.dim() > 1]
    other = [p for p in trained if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": other, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.999), eps=1e-8, fused=True)


def rate(step, steps):
    """Linear warm-up over a tenth of the steps, then linear to 0; a factor of the peak."""
    warm = max(1, round(0.1 * steps))
    return step / warm if step < warm else (steps - step) / max(1, steps - warm)


def main():
    opts = options()
    import torch
    import transformers
    torch.set_num_threads(opts.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    transformers.set_seed(opts.seed)
    data = json.loads(opts.ids.read_text(encoding="utf-8"))
    model = transformers.BertForSequenceClassification.from_pretrained(
        opts.model, num_labels=len(data["labels"]), dtype=torch.float32, attn_implementation=opts.attention,
        ignore_mismatched_sizes=True).train()
    if opts.lora:
        import peft
        model = peft.get_peft_model(model, peft.LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"],
                                                           modules_to_save=["classifier", "pooler"]))
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = make_optimizer(torch, model, opts.lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, opts.max_steps))
    forward = torch.compile(model, dynamic=True) if opts.compile else model
    batches = grouped_batches(data["rows"], opts.batch_size, random.Random(opts.seed))
    losses, tokens = [], 0
    for _ in range(opts.max_steps):
        inputs, real = collate(torch, next(batches), data["pad"])
        tokens += real
        with torch.autocast("cpu", torch.bfloat16, enabled=opts.precision == "bf16"):
            loss = forward(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.detach())
    last = [float(loss) for loss in losses[-20:]]
    print(json.dumps({"steps": opts.max_steps, "real_tokens": tokens, "loss": sum(last) / len(last),
                      "versions": {"torch": torch.__version__, "transformers": transformers.__version__}}))


if __name__ == "__main__":
    main()
