"""Exports a fine-tuned folder to ONNX, for ONNX Runtime and OpenVINO.

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
