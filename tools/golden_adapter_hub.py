#!/usr/bin/env python3
"""Folders of bottleneck adapters as AdapterHub's package writes them, with their logits:   golden_adapter_hub.py [tests/models/golden]

Needs torch, `adapters` 1.3 and the transformers that it asks for. Over the golden sequence classification model: a Houlsby adapter (swish) and a
Pfeiffer one (relu), weights drawn, each with a head of three labels; and a Pfeiffer one with a tagging head. Texts are of the words that
tests/cli/program.py gives the golden models, as ids: word i is 5 + i, between [CLS] (2) and [SEP] (3).
"""
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from adapters import AutoAdapterModel, DoubleSeqBnConfig, SeqBnConfig

GOLDEN = Path(sys.argv[1] if len(sys.argv) > 1 else "tests/models/golden")
KINDS = {"houlsby": (DoubleSeqBnConfig(reduction_factor=8), "add_classification_head"), "pfeiffer": (SeqBnConfig(reduction_factor=4, scaling=0.5), "add_classification_head"),
         "tagger": (SeqBnConfig(reduction_factor=8, non_linearity="gelu"), "add_tagging_head")}
LABELS = {0: "down", 1: "level", 2: "up"}
TEXTS = [[1, 2, 3], [50, 7, 7, 12, 90], [0], [33, 41, 8, 8, 60, 61, 2, 19, 77, 5]]


def main():
    out = GOLDEN / "adapter_hub"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    told = {"texts": [" ".join(f"w{word}" for word in text) for text in TEXTS]}
    for kind, (config, add_head) in KINDS.items():
        with tempfile.TemporaryDirectory() as base:
            for name in ("config.json", "model.safetensors"):
                shutil.copy(GOLDEN / "sequence_classification" / name, base)
            model = AutoAdapterModel.from_pretrained(base)
            model.add_adapter(kind, config=config)
            getattr(model, add_head)(kind, num_labels=3, id2label=LABELS)
            torch.manual_seed(len(kind))
            for name, parameter in model.named_parameters():
                if ".adapters." in name or name.startswith("heads."):
                    torch.nn.init.normal_(parameter, std=0.3)
            model.set_active_adapters(kind)
            model.save_adapter(str(out / kind), kind, use_safetensors=True)
            for path in (out / kind).glob("*.json"):  # the base is where the test puts it
                path.write_text(json.dumps(json.loads(path.read_text()) | {"model_name": "base"}, indent=2, sort_keys=True) + "\n")
            with torch.no_grad():
                told[kind] = [model.eval()(input_ids=torch.tensor([[2, *(5 + word for word in text), 3]])).logits[0].tolist() for text in TEXTS]
    (out / "logits.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
