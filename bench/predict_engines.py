"""The engines that predict, from rows to logits (amount = rows), and the cold start (amount = 1 text, the whole process).

attune reads texts and writes JSON, so its time holds tokenising and printing; peers begin at ids unless their name says text.
"""
import json
import subprocess

import places
from engine import PEERS, Engine, last_json_line
from train_engines import TORCH


def largest_error(logits, reference):
    """Largest distance of any logit from the reference; None where there is none."""
    if reference is None:
        return None
    if len(logits) > len(reference) or any(len(row) != len(want) for row, want in zip(logits, reference)):
        raise ValueError("logits of another shape than the reference's")
    return max(abs(a - b) for row, want in zip(logits, reference) for a, b in zip(row, want))


def attune_predict(precision):
    def command(job, rows):
        return [job.attune, "predict", "--model", job.model, job.head(rows, ".csv"), "--logits", "--precision", precision,
                "--batch-size", job.batch_size, "--threads", job.threads]
    return command


def attune_predict_facts(job, engine, amount, stdout):
    logits = [json.loads(line)["logits"] for line in stdout.splitlines()]
    return {"rows": len(logits), "logits_error": largest_error(logits, job.reference)}


def export(job, kind):
    return job.work / "exports" / job.model.name / kind


def peer_predict(script, *switches, exported=None, order="arrival", text=False):
    def command(job, rows):
        source = ["--texts", job.head(rows, ".txt")] if text else ["--ids", f"{job.stem}.ids.json"]
        where = ["--export", export(job, exported)] if exported else []
        return [job.python, PEERS / script, "--model", job.model, *source, "--rows", rows, "--order", order, "--batch-size",
                job.batch_size, "--threads", job.threads, *where, *switches, "--out", job.work / "logits.jsonl"]
    return command


def peer_prepare(script, exported, *switches):
    return lambda job: [job.python, PEERS / script, "--model", job.model, "--export", export(job, exported), "--ids", f"{job.stem}.ids.json",
                        *switches, "--prepare"]


def peer_predict_facts(job, engine, amount, stdout):
    with open(job.work / "logits.jsonl", encoding="utf-8") as file:
        error = largest_error([json.loads(line) for line in file], job.reference)
    return last_json_line(job, engine, amount, stdout) | {"logits_error": error}


def orders(name, title, script, precision, packages, *switches, exported=None, **more):
    """The same peer twice: batches in arrival order, and sorted by length."""
    prepare = peer_prepare(script, exported, *switches) if exported else None
    return [Engine(f"{name}-{order}", f"{title}, {words}", peer_predict(script, *switches, exported=exported, order=order), precision,
                   packages, prepare=prepare, facts=peer_predict_facts, **more)
            for order, words in (("arrival", "arrival order"), ("sorted", "sorted by length"))]


NO_BF16 = ("avx512",)  # its f32 is AVX-512 without a switch to AVX2
# CTranslate2 picks oneDNN and AVX2 by itself on AMD processors; with these it is about twice as fast.
CTRANSLATE2_ENV = {"CT2_USE_MKL": 1} | ({"CT2_FORCE_CPU_ISA": "AVX512"} if places.has_flag("avx512f") else {})
INT8 = ("--precision", "int8")
ONNX = (*TORCH, "onnx", "onnxruntime")
OPENVINO = (*TORCH, "onnx", "openvino")
PREDICT = [
    Engine("attune-f32", "attune, f32, from texts", attune_predict("f32"), "f32", facts=attune_predict_facts),
    Engine("attune-bf16", "attune, bf16, from texts", attune_predict("bf16"), "bf16", facts=attune_predict_facts),
    Engine("attune-int8", "attune, int8, from texts", attune_predict("int8"), "int8", facts=attune_predict_facts, default=False),
    *orders("torch-f32", "PyTorch, f32, tcmalloc", "torch_predict.py", "f32", TORCH, tcmalloc=True),
    *orders("torch-bf16", "PyTorch, bf16, tcmalloc", "torch_predict.py", "bf16", TORCH, "--precision", "bf16", tcmalloc=True),
    *orders("onnxruntime", "ONNX Runtime, f32", "onnxruntime_predict.py", "f32", ONNX, exported="onnx", held_to=NO_BF16),
    Engine("onnxruntime-text", "ONNX Runtime, f32, arrival order, from texts",
           peer_predict("onnxruntime_predict.py", exported="onnx", text=True), "f32", (*ONNX, "tokenizers"),
           prepare=peer_prepare("onnxruntime_predict.py", "onnx"), facts=peer_predict_facts, held_to=NO_BF16),
    *orders("openvino-f32", "OpenVINO, f32", "openvino_predict.py", "f32", OPENVINO, exported="onnx", held_to=NO_BF16),
    *orders("openvino-bf16", "OpenVINO, bf16", "openvino_predict.py", "bf16", OPENVINO, "--precision", "bf16", exported="onnx"),
    *orders("openvino-bf16-2streams", "OpenVINO, bf16, two streams of one thread", "openvino_predict.py", "bf16", OPENVINO,
            "--precision", "bf16", "--streams", "2", exported="onnx"),
    *orders("ctranslate2", "CTranslate2, f32", "ctranslate2_predict.py", "f32", (*TORCH, "ctranslate2", "safetensors"), exported="ct2",
            env=CTRANSLATE2_ENV),
    *orders("onnxruntime-int8", "ONNX Runtime, int8", "onnxruntime_predict.py", "int8", ONNX, *INT8, exported="onnx", default=False),
    *orders("openvino-int8", "OpenVINO, int8", "openvino_predict.py", "int8", (*OPENVINO, "nncf"), *INT8, exported="onnx", default=False),
    *orders("openvino-int8-2streams", "OpenVINO, int8, two streams of one thread", "openvino_predict.py", "int8", (*OPENVINO, "nncf"), *INT8,
            "--streams", "2", exported="onnx", default=False),
    *orders("openvino-int8-bf16", "OpenVINO, int8, the rest bf16", "openvino_predict.py", "int8", (*OPENVINO, "nncf"), *INT8, "--between",
            "bf16", exported="onnx", default=False),
    *orders("ctranslate2-int8", "CTranslate2, int8", "ctranslate2_predict.py", "int8", (*TORCH, "ctranslate2", "safetensors"), *INT8,
            exported="ct2", env=CTRANSLATE2_ENV, default=False),
]

START = [
    Engine("attune", "attune predict", attune_predict("auto"), facts=attune_predict_facts),
    Engine("torch", "PyTorch and transformers, f32", peer_predict("torch_predict.py", text=True), packages=(*TORCH, "tokenizers"),
           facts=peer_predict_facts),
    Engine("onnxruntime", "ONNX Runtime and tokenizers, f32", peer_predict("onnxruntime_predict.py", exported="onnx", text=True),
           packages=(*ONNX, "tokenizers"), prepare=peer_prepare("onnxruntime_predict.py", "onnx"), facts=peer_predict_facts, held_to=NO_BF16),
]


def fine_tuned(job):
    """A folder with a trained last layer, made once by 40 steps of attune."""
    folder = job.work / "runs" / f"finetuned-{job.model.name}-{job.stem.name}"
    if not (folder / "model.safetensors").is_file():
        done = subprocess.run([str(part) for part in (
            job.attune, "train", "--model", job.model, "--train", f"{job.stem}.csv", "--dev", "none", "--max-steps", 40, "--lr", 2e-4,
            "--no-ladder", "--precision", "f32", "--threads", job.threads, "--out", folder, "--overwrite")], capture_output=True, text=True)
        if done.returncode != 0:
            raise places.PlaceError(f"attune could not make a model to predict with:\n{done.stderr.strip()}")
    return folder


def prepare(job, rows):
    """Has the job predict with a fine-tuned folder; the reference logits are PyTorch's in float32 (None without PyTorch)."""
    job.model = fine_tuned(job)
    out = job.work / "reference" / f"{job.model.name}-{rows}.jsonl"
    if not out.is_file():
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished = out.with_suffix(".unfinished")
        done = subprocess.run([str(part) for part in (
            job.python, PEERS / "torch_predict.py", "--model", job.model, "--ids", f"{job.stem}.ids.json", "--rows", rows, "--threads",
            job.threads, "--out", unfinished)], capture_output=True, text=True) if job.python.is_file() else None
        if done is None or done.returncode != 0:
            return
        unfinished.rename(out)
    with open(out, encoding="utf-8") as file:
        job.reference = [json.loads(line) for line in file]
