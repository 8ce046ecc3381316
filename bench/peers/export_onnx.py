"""Exports a fine-tuned folder to ONNX, for ONNX Runtime and OpenVINO, and makes int8 of it as each advises.

The TorchScript exporter with plain attention: of the exports tried (this one, torch.export's, both with scaled-dot-product
attention, and each rewritten by onnxruntime.transformers.optimizer) it is the one whose attention ONNX Runtime
recognises, and the fastest there; OpenVINO is as fast with any of them, or with its own conversion of the PyTorch module.
"""
import warnings


def wrapped(model):
    """A module whose output is the logits alone."""
    import torch

    class LogitsOnly(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits
    return LogitsOnly().eval()


def export(folder, out):
    """Makes out/model.onnx if it is not there; a stopped export leaves no whole-looking file."""
    path, unfinished = out / "model.onnx", out / "unfinished.onnx"
    if path.is_file():
        return path
    import torch
    import transformers
    out.mkdir(parents=True, exist_ok=True)
    transformers.logging.set_verbosity_error()
    warnings.filterwarnings("ignore")
    model = transformers.BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = torch.tensor([[5, 6, 7, 8, 9]] * 3)
    mask = torch.ones_like(ids)
    mask[1, 3:] = 0
    axes = {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"}, "logits": {0: "batch"}}
    torch.onnx.export(wrapped(model), (ids, mask), str(unfinished), dynamo=False, opset_version=14, dynamic_axes=axes,
                      input_names=["input_ids", "attention_mask"], output_names=["logits"])
    unfinished.rename(path)
    return path


DYNAMIC, STATIC = "dynamic.onnx", "static.xml"


def quantize_dynamic(out):
    """out/dynamic.onnx: ONNX Runtime's dynamic quantisation, weights by column; activations become bytes in the run, as attune's do. (With
    attention fused beforehand by its optimiser for BERT, and with one scale a matrix, it was as fast within noise.)"""
    if (out / DYNAMIC).is_file():
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic as quantize
    quantize(str(out / "model.onnx"), str(out / ("unfinished-" + DYNAMIC)), per_channel=True, weight_type=QuantType.QInt8)
    (out / ("unfinished-" + DYNAMIC)).rename(out / DYNAMIC)


def quantize_static(out, inputs):
    """out/static.xml: NNCF's post-training quantisation for Transformers, ranges of activations from `inputs`."""
    if (out / STATIC).is_file():
        return
    import nncf
    import openvino
    made = nncf.quantize(openvino.Core().read_model(str(out / "model.onnx")), nncf.Dataset(inputs), model_type=nncf.ModelType.TRANSFORMER,
                         subset_size=len(inputs))
    openvino.save_model(made, str(out / STATIC), compress_to_fp16=False)
