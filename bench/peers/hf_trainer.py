#!/usr/bin/env python3
"""Fine-tunes a BERT classifier with Hugging Face Trainer as installed, to be timed from outside.

  hf_trainer.py --model FOLDER --ids SET.ids.json --max-steps 300 [--bf16 --group-by-length]

f32, rows shuffled, each batch padded to its longest row (DataCollatorWithPadding), Trainer's own default optimizer
(fused AdamW) and schedule, clipping 1.0, dropout as in the model's config; no evaluation, no saving, no logging. `--bf16` and
`--group-by-length` are its better switches. Prints one JSON line with the real tokens seen and the mean loss of the last 20 steps.
"""
import json
import tempfile

import finetune


def options():
    parser = finetune.parser(__doc__)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--group-by-length", action="store_true")
    return parser.parse_args()


def watch(trainer, collator):
    """Has the trainer note the loss of each step and the real tokens of each batch; returns both, still empty."""
    losses, tokens = [], []
    compute_loss = trainer.compute_loss

    def noted_loss(*arguments, **named):
        loss = compute_loss(*arguments, **named)
        losses.append(loss[0].detach() if isinstance(loss, tuple) else loss.detach())
        return loss

    def counted(rows):
        tokens.append(sum(len(row["input_ids"]) for row in rows))
        return collator(rows)

    trainer.compute_loss = noted_loss
    trainer.data_collator = counted
    return losses, tokens


def train(opts, scratch):
    import torch
    import transformers
    from transformers import (AutoTokenizer, BertForSequenceClassification, DataCollatorWithPadding, PrinterCallback,
                              Trainer, TrainingArguments)
    torch.set_num_threads(opts.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    data = json.loads(opts.ids.read_text(encoding="utf-8"))
    rows = [row | {"attention_mask": [1] * len(row["input_ids"])} for row in data["rows"]]
    transformers.set_seed(opts.seed)
    model = BertForSequenceClassification.from_pretrained(
        opts.model, num_labels=len(data["labels"]), dtype=torch.float32, ignore_mismatched_sizes=True)
    args = TrainingArguments(
        output_dir=scratch, per_device_train_batch_size=opts.batch_size, max_steps=opts.max_steps, learning_rate=opts.lr,
        max_grad_norm=1.0, bf16=opts.bf16, train_sampling_strategy="group_by_length" if opts.group_by_length else "random",
        use_cpu=True, report_to="none", save_strategy="no", eval_strategy="no", logging_strategy="no", disable_tqdm=True,
        remove_unused_columns=False, seed=opts.seed)
    collator = DataCollatorWithPadding(AutoTokenizer.from_pretrained(opts.model))
    trainer = Trainer(model=model, args=args, train_dataset=rows, data_collator=collator)
    trainer.remove_callback(PrinterCallback)
    losses, tokens = watch(trainer, collator)
    trainer.train()
    last = [float(loss) for loss in losses[-20:]]
    print(json.dumps({
        "steps": trainer.state.global_step, "real_tokens": sum(tokens[:opts.max_steps]), "loss": sum(last) / len(last),
        "optimizer": str(args.optim.value), "versions": {"torch": torch.__version__, "transformers": transformers.__version__}}))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        train(options(), empty)
