"""Made-up texts with given numbers of pieces: whole-word pieces of a model's vocabulary, separated by blanks.

A word is kept only if `attune tokenize` reads it as that one piece, so a text's ids are known from the vocabulary file.
Words are drawn with weights 1/(rank + 10), as frequent in natural text; a third of a text's words comes from those that
belong to its label (word number modulo labels), so that there is something to learn.
"""
import json
import random
import re
import subprocess
import tempfile
from pathlib import Path

WORDS = 8000
CLAUSE = re.compile("[^，。！？、,!?~ ]+[，。！？、,!?~ ]*|[，。！？、,!?~ ]+")


class MadeUpError(Exception):
    pass


def attune_ids(attune, model, texts):
    """Ids of each text by `attune tokenize`, special pieces included."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(text + "\n" for text in texts))
        file.flush()
        done = subprocess.run([str(attune), "tokenize", "--model", str(model), file.name], capture_output=True, text=True)
    if done.returncode != 0:
        raise MadeUpError(f"attune tokenize failed: {done.stderr.strip()}")
    return [json.loads(line)["ids"] for line in done.stdout.splitlines()]


def vocabulary(model):
    """(piece, id) in order of id, and the prefix that begins a word."""
    path = Path(model) / "tokenizer.json"
    if not path.is_file():
        raise MadeUpError(f"{path} is not there: made-up texts are drawn from it")
    inner = json.loads(path.read_text(encoding="utf-8"))["model"]
    vocab = inner["vocab"]
    if inner.get("type") == "Unigram":
        return [(entry[0], i) for i, entry in enumerate(vocab)], "\u2581"
    return sorted(vocab.items(), key=lambda item: item[1]), ""


def words(attune, model):
    """Up to WORDS (word, id), and the two special ids around a text."""
    pieces, prefix = vocabulary(model)
    # Lower-case letters only: nothing that a normaliser changes. Twice as many as needed, as some are read as other pieces.
    candidates = [(piece[len(prefix):], i) for piece, i in pieces
                  if piece.startswith(prefix) and len(piece) > len(prefix) + 1 and piece[len(prefix):].isalpha()
                  and piece.isascii() == (prefix == "") and piece == piece.lower()][:2 * WORDS]
    kept = []
    for (word, i), ids in zip(candidates, attune_ids(attune, model, [word for word, _ in candidates])):
        if len(ids) == 3 and ids[1] == i:
            kept.append((word, i))
            begin, end = ids[0], ids[2]
    if len(kept) < 1000:
        raise MadeUpError(f"only {len(kept)} whole-word pieces found in {model}: too few to make texts of")
    return kept[:WORDS], begin, end


def draw_lengths(counts, seed=1):
    """Lengths drawn so that their histogram is exactly the stored one, in a fixed random order."""
    lengths = [int(length) for length, count in counts.items() for _ in range(count)]
    random.Random(seed).shuffle(lengths)
    return lengths


def texts(attune, model, lengths, labels, seed=1):
    """Rows (text, label) and their ids; a text of length n has n - 2 words between the special pieces."""
    vocab, begin, end = words(attune, model)
    draws = random.Random(seed)
    weights = [1 / (rank + 10) for rank in range(len(vocab))]
    own = [range(label, len(vocab), labels) for label in range(labels)]
    own_weights = [[weights[i] for i in indices] for indices in own]
    rows, ids = [], []
    for length in lengths:
        label = draws.randrange(labels)
        of_label = length // 3
        chosen = draws.choices(own[label], own_weights[label], k=of_label) + draws.choices(range(len(vocab)), weights, k=length - 2 - of_label)
        draws.shuffle(chosen)
        rows.append((" ".join(vocab[i][0] for i in chosen), f"label{label:02d}"))
        ids.append([begin, *(vocab[i][1] for i in chosen), end])
    return rows, ids


def more_texts(texts, amount, seed=1):
    """`amount` different texts: the given ones, then texts of parts drawn from all of them, each with as many parts as a given
    one. Parts are words, or clauses where texts have no blanks. (Repeated texts would be answered by tokenizers' caches.)"""
    spaced = sum(" " in text for text in texts) > len(texts) / 2
    split = [text.split(" ") if spaced else CLAUSE.findall(text) for text in texts]
    pool = [part for parts in split for part in parts]
    draws = random.Random(seed)
    result = list(texts[:amount])
    while len(result) < amount:
        parts = draws.choices(pool, k=len(split[len(result) % len(split)]))
        result.append((" " if spaced else "").join(parts))
    return result
