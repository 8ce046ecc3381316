#!/usr/bin/env python3
"""Logits of all rows by CTranslate2, f32 or int8: its BERT encoder and pooler; the last layer, one small product, in numpy.

  ctranslate2_predict.py --model RUN --export DIR --prepare                      once, not timed
  ctranslate2_predict.py --model RUN --export DIR --ids SET.ids.json [--order sorted] [--precision int8]
"""
import rows


def convert(opts):
    import ctranslate2
    if not (opts.export / "model.bin").is_file():
        opts.export.parent.mkdir(parents=True, exist_ok=True)
        ctranslate2.converters.TransformersConverter(str(opts.model)).convert(str(opts.export), force=True)


def main():
    parser = rows.parser(__doc__)
    parser.add_argument("--precision", choices=["f32", "int8"], default="f32")
    opts = rows.require(parser, parser.parse_args(), exported=True)
    if opts.prepare:
        convert(opts)
        return
    import ctranslate2
    import numpy as np
    from safetensors.numpy import load_file
    weights = load_file(opts.model / "model.safetensors")
    weight, bias = weights["classifier.weight"].astype(np.float32), weights["classifier.bias"].astype(np.float32)
    encoder = ctranslate2.Encoder(str(opts.export), device="cpu", compute_type={"f32": "float32", "int8": "int8"}[opts.precision], intra_threads=opts.threads)

    def logits_of(batch):
        return (np.array(encoder.forward_batch(batch).pooler_output) @ weight.T + bias).tolist()

    rows.run(opts, logits_of, {"ctranslate2": ctranslate2.__version__})


if __name__ == "__main__":
    main()
