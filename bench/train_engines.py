"""The engines that fine-tune: amount = steps."""
import json

from engine import PEERS, Engine

def attune_train(precision, threads=None, adapter=None, base=None):
    def command(job, steps):
        return [job.attune, "train", "--model", job.model, "--task", "classify", "--train", f"{job.stem}.csv", "--dev", "none",
                "--batch-size", job.batch_size, "--max-steps", steps, "--precision", precision, "--threads", threads or job.threads,
                "--log-every", 1, "--no-ladder", "--out", run_folder(job, precision), "--overwrite",
                *(("--adapter", adapter) if adapter else ()), *(("--base-precision", base) if base else ())]
    return command


def run_folder(job, precision):
    return job.work / "runs" / f"timed-{precision}"


def attune_train_facts(job, engine, amount, stdout):
    """Tokens and losses from the run's metrics.jsonl (one line a step)."""
    lines = [json.loads(line) for line in (run_folder(job, engine.precision) / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "ms_per_step" in line]
    last = [line["loss"] for line in steps[-20:]]
    return {"real_tokens": round(sum(line["ms_per_step"] * line["tokens_per_second"] / 1e3 for line in steps)),
            "loss": sum(last) / len(last)}


def peer_train(script, *switches):
    def command(job, steps):
        return [job.python, PEERS / script, "--model", job.model, "--ids", f"{job.stem}.ids.json", "--batch-size", job.batch_size,
                "--max-steps", steps, "--threads", job.threads, *switches]
    return command


TORCH = ("torch", "transformers")
TRAINER = (*TORCH, "accelerate")
TRAIN = [
    Engine("attune-bf16", "attune, bf16", attune_train("bf16"), "bf16", facts=attune_train_facts),
    Engine("attune-f32", "attune, f32", attune_train("f32"), "f32", facts=attune_train_facts),
    Engine("attune-bf16-1thread", "attune, bf16, 1 thread", attune_train("bf16", 1), "bf16", facts=attune_train_facts,
           env={"OMP_NUM_THREADS": 1}, default=False),
    *(Engine(f"attune-bf16-{name}", f"attune, bf16, {adapter}", attune_train("bf16", adapter=adapter), "bf16",
             facts=attune_train_facts, default=False)
      for name, adapter in (("lora", "lora"), ("bottleneck", "bottleneck"), ("prefix", "prefix"))),
    Engine("attune-bf16-lora-int8-base", "attune, bf16, lora over a base in int8", attune_train("bf16", adapter="lora", base="int8"), "bf16",
           facts=attune_train_facts, default=False),
    Engine("peft-bf16-lora", "PEFT's LoRA tuned: bf16, length grouping, fused AdamW, tcmalloc",
           peer_train("torch_loop.py", "--precision", "bf16", "--lora"), "bf16", (*TORCH, "peft"), tcmalloc=True, default=False),
    Engine("peft-bf16-lora-compile", "the same with torch.compile(dynamic)",
           peer_train("torch_loop.py", "--precision", "bf16", "--lora", "--compile"), "bf16", (*TORCH, "peft"), tcmalloc=True, default=False),
    Engine("peft-f32-lora", "PEFT's LoRA tuned, f32", peer_train("torch_loop.py", "--precision", "f32", "--lora"),
           packages=(*TORCH, "peft"), tcmalloc=True, default=False),
    Engine("trainer", "Hugging Face Trainer as installed, f32", peer_train("hf_trainer.py"), packages=TRAINER),
    Engine("trainer-bf16-grouped", "Hugging Face Trainer, bf16, length grouping",
           peer_train("hf_trainer.py", "--bf16", "--group-by-length"), "bf16", TRAINER),
    Engine("torch-bf16", "PyTorch tuned: bf16, length grouping, fused AdamW, tcmalloc",
           peer_train("torch_loop.py", "--precision", "bf16"), "bf16", TORCH, tcmalloc=True),
    Engine("torch-bf16-compile", "the same with torch.compile(dynamic)",
           peer_train("torch_loop.py", "--precision", "bf16", "--compile"), "bf16", TORCH, tcmalloc=True),
    Engine("torch-bf16-eager-attention", "PyTorch tuned, bf16, with plain attention",
           peer_train("torch_loop.py", "--precision", "bf16", "--attention", "eager"), "bf16", TORCH, tcmalloc=True, default=False),
    Engine("torch-f32", "PyTorch tuned: f32, length grouping, fused AdamW, tcmalloc",
           peer_train("torch_loop.py", "--precision", "f32"), "f32", TORCH, tcmalloc=True),
]
