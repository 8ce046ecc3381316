#!/usr/bin/env python3
"""Logits of all rows by ONNX Runtime's CPU provider, f32 or int8.

  onnxruntime_predict.py --model RUN --export DIR --prepare                      once, not timed
  onnxruntime_predict.py --model RUN --export DIR --ids SET.ids.json [--order sorted] [--precision int8]

All graph optimisations on. int8: its own dynamic quantisation (export_onnx.py).
"""
import export_onnx
import rows


def main():
    parser = rows.parser(__doc__)
    parser.add_argument("--precision", choices=["f32", "int8"], default="f32")
    opts = rows.require(parser, parser.parse_args(), exported=True)
    if opts.prepare:
        export_onnx.export(opts.model, opts.export)
        if opts.precision == "int8":
            export_onnx.quantize_dynamic(opts.export)
        return
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = opts.threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(str(opts.export / ("model.onnx" if opts.precision == "f32" else export_onnx.DYNAMIC)), options, providers=["CPUExecutionProvider"])
    pad = rows.config(opts).get("pad_token_id", 0)

    def logits_of(batch):
        ids, mask = rows.padded(batch, pad)
        return session.run(None, {"input_ids": ids, "attention_mask": mask})[0].tolist()

    rows.run(opts, logits_of, {"onnxruntime": onnxruntime.__version__})


if __name__ == "__main__":
    main()
