"""The kinds of comparison: which engines, what an amount of work is, and the two amounts whose difference is timed."""
from engine import Kind
from predict_engines import PREDICT, START, prepare
from tokenize_engines import TOKENIZE, share_wrong
from train_engines import TRAIN


def logits_error(job, rows):
    prepare(job, rows)
    return lambda engine, facts: facts.get("logits_error")


KINDS = {kind.name: kind for kind in [
    Kind("train", TRAIN, "steps", "step", 1, 100, 300, 16, "real tokens", "mean loss of the last 20 steps",
         work_of=lambda job, lengths, amount, facts: facts["real_tokens"], rows_needed=lambda amount: 0,
         prepare=lambda job, steps: lambda engine, facts: facts["loss"]),
    Kind("predict", PREDICT, "rows", "row", 1000, 1024, 4096, 32, "real tokens", "largest logits error against PyTorch f32",
         work_of=lambda job, lengths, amount, facts: sum(lengths[:amount]), prepare=logits_error),
    Kind("tokenize", TOKENIZE, "texts", "text", 1000, 20000, 400000, 1, "bytes", "share of texts with wrong ids",
         work_of=lambda job, lengths, amount, facts: job.head(amount, ".txt").stat().st_size, rows_needed=lambda amount: 0,
         prepare=share_wrong, threads=1),
    Kind("start", START, None, "text", 1, 0, 1, 1, "texts", "largest logits error against PyTorch f32",
         work_of=lambda job, lengths, amount, facts: amount, prepare=logits_error),
]}
