#!/usr/bin/env python3
"""Logits of all rows by PyTorch and transformers, f32 or bf16.

  torch_predict.py --model RUN --ids SET.ids.json [--order sorted] [--precision bf16] [--out logits.jsonl]

inference_mode, scaled-dot-product attention, no mask where nothing is padded; bf16 holds the weights in bf16.
"""
import rows


def main():
    parser = rows.parser(__doc__)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    opts = rows.require(parser, parser.parse_args())
    import torch
    import transformers
    torch.set_num_threads(opts.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    dtype = torch.float32 if opts.precision == "f32" else torch.bfloat16
    model = transformers.BertForSequenceClassification.from_pretrained(opts.model, dtype=dtype, attn_implementation="sdpa").eval()
    pad = model.config.pad_token_id

    def logits_of(batch):
        ids, mask = rows.padded(batch, pad)
        inputs = {"input_ids": torch.from_numpy(ids)}
        if not mask.all():
            inputs["attention_mask"] = torch.from_numpy(mask)
        return model(**inputs).logits.float().tolist()

    with torch.inference_mode():
        rows.run(opts, logits_of, {"torch": torch.__version__, "transformers": transformers.__version__})


if __name__ == "__main__":
    main()
