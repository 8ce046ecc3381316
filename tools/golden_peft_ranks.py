#!/usr/bin/env python3
"""Folders of PEFT's LoRA and AdaLoRA whose modules have ranks of their own, with their logits:   golden_peft_ranks.py [tests/models/golden]

Needs torch, transformers and peft (bench/peers/requirements.txt has the versions). Over the golden sequence classification model, weights drawn:
LoRA with rank_pattern and alpha_pattern, plain and rank-stabilised with DoRA; AdaLoRA with the rank_pattern that it notes once its ranks have sunk.
The logits are those of PEFT after it has read the folder again. Texts are ids as in golden_adapter_hub.py.
"""
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from peft import AdaLoraConfig, LoraConfig, PeftModel, get_peft_model

GOLDEN = Path(sys.argv[1] if len(sys.argv) > 1 else "tests/models/golden")
TEXTS = [[1, 2, 3], [50, 7, 7, 12, 90], [0], [33, 41, 8, 8, 60, 61, 2, 19, 77, 5]]
COMMON = {"task_type": "SEQ_CLS", "modules_to_save": ["classifier", "pooler"]}
KINDS = {
    "lora": LoraConfig(r=2, lora_alpha=4, target_modules=["query", "value", "output.dense"], rank_pattern={"query": 5, "^bert.encoder.layer.1.output.dense": 1},
                       alpha_pattern={"layer.0.attention.self.value": 3}, **COMMON),
    "dora": LoraConfig(r=4, lora_alpha=4, use_rslora=True, use_dora=True, target_modules=["key", "intermediate.dense"], rank_pattern={"key": 3}, alpha_pattern={"layer.1.attention.self.key": 7}, **COMMON),
    "adalora": AdaLoraConfig(init_r=4, target_r=2, lora_alpha=6, total_step=10, target_modules=["query", "value"], **COMMON),
}
SUNK = [[True, False, True, True], [False, False, True, False], [False, True, False, True], [True, True, True, True]]


def base_model(folder):
    return transformers.AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3)


def main():
    out = GOLDEN / "peft_ranks"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    told = {"texts": [" ".join(f"w{word}" for word in text) for text in TEXTS]}
    for kind, config in KINDS.items():
        with tempfile.TemporaryDirectory() as base:
            for name in ("config.json", "model.safetensors"):
                shutil.copy(GOLDEN / "sequence_classification" / name, base)
            model = get_peft_model(base_model(base), config)
            torch.manual_seed(len(kind))
            names = []
            for name, parameter in model.named_parameters():
                if "lora_" in name and "magnitude" not in name:
                    torch.nn.init.normal_(parameter, std=0.3)
                if "lora_E" in name:
                    names.append(name.removeprefix("base_model.model.").removesuffix(".default"))
            if kind == "adalora":
                config.rank_pattern = dict(zip(names, SUNK, strict=True))
                for name, parameter in model.named_parameters():
                    if "lora_E" in name:
                        left = config.rank_pattern[name.removeprefix("base_model.model.").removesuffix(".default")]
                        parameter.data *= torch.tensor(left).float().unsqueeze(1)
            model.save_pretrained(out / kind)
            (out / kind / "README.md").unlink(missing_ok=True)
            read = PeftModel.from_pretrained(base_model(base), out / kind).eval()
            with torch.no_grad():
                told[kind] = [read(input_ids=torch.tensor([[2, *(5 + word for word in text), 3]])).logits[0].tolist() for text in TEXTS]
            path = out / kind / "adapter_config.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": "base"}, indent=2, sort_keys=True) + "\n")
    (out / "logits.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
