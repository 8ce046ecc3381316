"""The engines that tokenise on one thread (amount = texts), and the share of texts whose ids differ from Hugging Face's."""
import json
import tempfile
from pathlib import Path

import places
import process
from engine import PEERS, Engine

CHECKED = 10000
ONE = {"RAYON_NUM_THREADS": 1, "OMP_NUM_THREADS": 1}


def attune_library(job, texts):
    return [job.attune.parent / "bench" / "tokenize_lines", job.model, job.head(texts, ".txt")]


def attune_program(job, texts):
    return [job.attune, "tokenize", "--model", job.model, job.head(texts, ".txt")]


def peer(script):
    return lambda job, texts: [job.python, PEERS / script, "--model", job.model, "--texts", job.head(texts, ".txt")]


def no_facts(job, engine, amount, stdout):
    return {}


TOKENIZE = [
    Engine("attune", "attune's library (bench/tokenize_lines)", attune_library, env=ONE,
           program=lambda job: job.attune.parent / "bench" / "tokenize_lines"),
    Engine("attune-program", "`attune tokenize`: ids, pieces and offsets as JSON", attune_program, env=ONE, facts=no_facts),
    Engine("hf-tokenizers", "Hugging Face tokenizers", peer("hf_tokenize.py"), packages=("tokenizers",), env=ONE),
    Engine("flash-tokenizer", "flash-tokenizer", peer("flash_tokenize.py"), packages=("flash_tokenizer",), env=ONE,
           refuses=lambda job: None if (job.model / "vocab.txt").is_file() else "reads WordPiece vocabularies (vocab.txt) only"),
]


def ids_of(engine, job, texts):
    """Ids of all texts, in a run that is not timed."""
    if engine.name == "attune-program":
        done = process.run(engine.command(job, texts), job.environment(engine))
        lines = [json.loads(line)["ids"] for line in done.stdout.splitlines()]
    else:
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "ids.json"
            done = process.run([*engine.command(job, texts), "--out", out], job.environment(engine))
            lines = json.loads(out.read_text(encoding="utf-8")) if done.code == 0 else []
    if done.code != 0:
        raise places.PlaceError(f"{engine.name}: {done.reason()}")
    return lines


def share_wrong(job, texts):
    """Function of an engine: share of texts with other ids than Hugging Face's; None where its package is missing. At most
    CHECKED texts are compared."""
    reference, texts = None, min(texts, CHECKED)

    def share(engine, facts):
        nonlocal reference
        if not job.python.is_file():
            return None
        try:
            reference = reference or ids_of(next(each for each in TOKENIZE if each.name == "hf-tokenizers"), job, texts)
        except places.PlaceError:
            return None
        theirs = ids_of(engine, job, texts)
        return sum(a != b for a, b in zip(theirs, reference)) / len(reference)
    return share
