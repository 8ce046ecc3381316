"""The kinds of comparison: which engines, what an amount of work is, and the two amounts whose difference is timed."""
from engine import Kind
from train_engines import TRAIN

KINDS = {kind.name: kind for kind in [
    Kind("train", TRAIN, "steps", "step", 1, 100, 300, 16, "real tokens", "mean loss of the last 20 steps",
         work_of=lambda job, lengths, amount, facts: facts["real_tokens"], rows_needed=lambda amount: 0),
]}
