#!/usr/bin/env python3
"""Logits of all rows by OpenVINO's CPU plugin, f32, bf16 or int8.

  openvino_predict.py --model RUN --export DIR --prepare                         once, not timed
  openvino_predict.py --model RUN --export DIR --ids SET.ids.json [--order sorted] [--precision bf16] [--streams 2]

Reads the ONNX export; int8: what NNCF's post-training quantisation made of it (export_onnx.py), calibrated on 300 rows. --streams N runs N batches at a time, each on its share of the threads.
"""
import export_onnx
import rows


def main():
    parser = rows.parser(__doc__)
    parser.add_argument("--precision", choices=["f32", "bf16", "int8"], default="f32")
    parser.add_argument("--between", choices=["f32", "bf16"], default="f32", help="of what is not int8")
    parser.add_argument("--streams", type=int, default=1)
    opts = rows.require(parser, parser.parse_args(), exported=True)
    if opts.prepare:
        export_onnx.export(opts.model, opts.export)
        if opts.precision == "int8":
            pad = rows.config(opts).get("pad_token_id", 0)
            export_onnx.quantize_static(opts.export, [dict(zip(("input_ids", "attention_mask"), rows.padded([row], pad))) for row in rows.read(opts)[:300]])
        return
    import openvino
    core = openvino.Core()
    int8 = opts.precision == "int8"
    compiled = core.compile_model(str(opts.export / (export_onnx.STATIC if int8 else "model.onnx")), "CPU", {
        "INFERENCE_PRECISION_HINT": opts.between if int8 else opts.precision, "INFERENCE_NUM_THREADS": opts.threads, "NUM_STREAMS": opts.streams})
    pad = rows.config(opts).get("pad_token_id", 0)

    def inputs_of(batch):
        ids, mask = rows.padded(batch, pad)
        return {"input_ids": ids, "attention_mask": mask}

    def one_by_one(batches):
        request = compiled.create_infer_request()
        return (request.infer(inputs_of(batch), share_inputs=True)[0].tolist() for batch in batches)

    def in_streams(batches):
        answers = {}
        queue = openvino.AsyncInferQueue(compiled, opts.streams)
        queue.set_callback(lambda request, number: answers.__setitem__(number, request.get_output_tensor(0).data.tolist()))
        for number, batch in enumerate(batches):
            queue.start_async(inputs_of(batch), number)
        queue.wait_all()
        return [answers[number] for number in range(len(batches))]

    rows.run_all(opts, in_streams if opts.streams > 1 else one_by_one, {"openvino": openvino.__version__})


if __name__ == "__main__":
    main()
