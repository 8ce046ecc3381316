"""What an adapter's base is held in while it trains (--base-precision).   base_precision_test.py PROGRAM tests/models/golden"""

import array
import json
import random
import shutil
import unittest

from program import ProgramTest, attune, read_tensors, sentences, write_tensors

HIDDEN, INNER = 64, 128  # whole blocks of 64: products of bf16 read the bytes block by block where the processor has them


class BasePrecision(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.narrow = cls.make_model("narrow")  # 32 wide: no whole blocks
        cls.model = cls.widened("model")
        cls.data = cls.file("train.csv", sentences(400, 1))
        cls.dev = cls.file("dev.csv", sentences(120, 2))
        cls.texts = cls.file("texts.csv", sentences(12, 3))

    @classmethod
    def widened(cls, name):
        """The golden model's shape with the width above and weights of its own, as large as make the labels learnable."""
        folder = cls.make_model(name, hidden_size=HIDDEN, intermediate_size=INNER, hidden_dropout_prob=0.1)
        header, _ = read_tensors(folder / "model.safetensors")
        draw, content, kept = random.Random(7), b"", {}
        for tensor, place in header.items():
            if tensor == "__metadata__":
                continue
            shape = [{32: HIDDEN, 64: INNER}.get(axis, axis) for axis in place["shape"]]
            if tensor.endswith("position_embeddings.weight"):
                shape[0] = 64
            count = shape[0] * (shape[1] if len(shape) > 1 else 1)
            scale = 1 if "LayerNorm.weight" in tensor else 0
            spread = 0 if scale or tensor.endswith("bias") else 1 if "embeddings" in tensor else 0.15
            values = array.array("f", (scale + spread * draw.gauss(0, 1) for _ in range(count)))
            kept[tensor] = {"dtype": "F32", "shape": shape, "data_offsets": [len(content), len(content) + 4 * count]}
            content += values.tobytes()
        write_tensors(folder / "model.safetensors", kept, content)
        return folder

    def train(self, name, adapter, base, *more, model=None, threads=1):
        return attune("train", "--model", model or self.model, "--train", self.data, "--dev", "none", "--out", self.folder / name, "--threads", threads, "--no-ladder",
                      "--bootstrap", 0, "--log-every", 1, *(("--adapter", adapter) if adapter else ()), *(("--base-precision", base) if base else ()), *more)

    def losses(self, name):
        return [json.loads(line)["loss"] for line in (self.folder / name / "metrics.jsonl").read_text().splitlines() if "ms_per_step" in line]

    def kept(self, name):
        return (self.folder / name / "adapter_model.safetensors").read_bytes()

    def test_every_method_learns_over_bytes(self):
        for number, method in enumerate(("lora(r=4)", "lora(dora=true, r=4)", "lora(targets=all-linear, r=2)", "adalora(init_r=3, target_r=1, interval=2)", "ia3", "bottleneck(reduction=4)", "prefix(length=3)",
                                         "prompt(length=2)", "bitfit", "last_layers(k=1)")):
            for model in (self.model, self.narrow):
                with self.subTest(method, model=model.name):
                    out = f"m{number}-{model.name}"
                    said = self.succeeded(self.train(out, method, "int8", "--epochs", 3, model=model))
                    self.assertIn("over a base in int8", said.stderr.decode())
                    losses = self.losses(out)
                    self.assertLess(sum(losses[-5:]), sum(losses[:5]), "it learns")
                    base = json.loads((self.folder / out / "attune.json").read_text())["base"]
                    self.assertEqual(base["held_in"], "int8")
                    self.succeeded(attune("predict", "--model", self.folder / out, self.texts, "--text", "text", "--threads", 1))

    def test_as_good_as_over_the_weights_themselves(self):
        accuracy = {}
        for base in (None, "int8"):
            out = f"good-{base}"
            self.succeeded(self.train(out, "lora(r=8, targets=all-linear)", base, "--epochs", 6, "--lr", 3e-3))
            judged = json.loads(self.succeeded(attune("eval", "--model", self.folder / out, "--data", self.dev, "--bootstrap", 0, "--json")).stdout)
            accuracy[base] = judged["test"]["accuracy"]
        self.assertGreater(accuracy[None], 0.8, "the task can be learned")
        self.assertGreater(accuracy["int8"], accuracy[None] - 0.05)
        hashes = [json.loads((self.folder / f"good-{base}" / "attune.json").read_text())["base"]["encoder_sha256"] for base in accuracy]
        self.assertEqual(*hashes, "that of the base's own weights")
        self.assertNotEqual(self.kept("good-None"), self.kept("good-int8"), "the bytes were read")

    def test_same_bits_for_any_threads_and_micro_batch(self):
        for precision in ("auto", "f32"):
            self.succeeded(self.train(f"bits-{precision}", "lora", "int8", "--epochs", 1, "--precision", precision))
            for threads in (2, 5):  # (with five, the threads share what they unpack)
                self.succeeded(self.train("again", "lora", "int8", "--epochs", 1, "--precision", precision, "--overwrite", threads=threads))
                self.assertEqual(self.kept("again"), self.kept(f"bits-{precision}"), f"{threads} threads, {precision}")
        self.succeeded(self.train("micro", "lora", "int8", "--epochs", 1, "--micro-batch", 3))
        for whole, parts in zip(self.losses("bits-auto"), self.losses("micro")):
            self.assertAlmostEqual(whole, parts, delta=1e-4 * (1 + abs(whole)))

    def test_resumed_is_the_same(self):
        self.succeeded(self.train("whole", "lora", "int8", "--epochs", 2))
        more = ("--epochs", 2, "--save-every", 4, "--keep-checkpoints", 99)
        self.succeeded(self.train("parts", "lora", "int8", *more))
        checkpoints = sorted((self.folder / "parts" / "checkpoints").iterdir(), key=lambda path: int(path.name.split("-")[1]))
        for late in checkpoints[len(checkpoints) // 2 :]:
            shutil.rmtree(late)
        for name in ("attune.json", "adapter_model.safetensors"):
            (self.folder / "parts" / name).unlink()
        self.refused(self.train("parts", "lora", None, *more, "--resume"), "base_precision")
        self.succeeded(self.train("parts", "lora", "int8", *more, "--resume"))
        self.assertEqual(self.kept("parts"), self.kept("whole"))

    def test_what_is_refused(self):
        self.refused(self.train("never", None, "int8"), "without an adapter all weights train")
        self.refused(self.train("never", "lora", "bf16", "--precision", "f32"), "products are made of f32")
        self.refused(self.train("never", "lora", "int4"), "int8")
        self.assertFalse((self.folder / "never").exists())


if __name__ == "__main__":
    unittest.main(argv=[__file__])
