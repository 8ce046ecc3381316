"""What wraps a loss or stands beside it in training: a teacher, pre-trained weights that draw the others back.
strategies_test.py PROGRAM tests/models/golden"""

import array
import json
import math
import random
import struct
import sys
import unittest

from program import ProgramTest, attune, sentences


class Training(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model")
        cls.data = cls.file("train.csv", sentences(60, 1))
        cls.dev = cls.file("dev.csv", sentences(30, 2))

    def train(self, name, *more, **others):
        return attune("train", "--model", others.get("model", self.model), "--train", others.get("data", self.data), "--dev", self.dev, "--out", self.folder / name, "--threads", 1,
                      "--lr", 1e-3, "--bootstrap", 0, "--no-ladder", "--log-every", 1, *more)

    def losses(self, name):
        lines = [json.loads(line) for line in (self.folder / name / "metrics.jsonl").read_text().splitlines()]
        return [line["loss"] for line in lines if "split" not in line]


class Teacher(Training):
    def test_a_teachers_answers_alone_teach(self):
        self.succeeded(self.train("teacher", "--epochs", 12))
        said = self.succeeded(self.train("student", "--epochs", 12, "--loss", "distill(temperature=1)", "--teacher", self.folder / "teacher")).stderr.decode()
        self.assertIn("asked the teacher", said)
        losses = self.losses("student")
        self.assertLess(sum(losses[-8:]), 0.5 * sum(losses[:8]), "the divergence falls")
        self.assertTrue(all(loss > 0 for loss in losses), "and is never below 0")
        # Evaluated again without a teacher: its term counts for nothing.
        judged = json.loads(self.succeeded(attune("eval", "--model", self.folder / "student", "--data", self.dev, "--bootstrap", 0, "--json")).stdout)
        self.assertIsNone(judged["test"]["loss"])
        teacher = json.loads(self.succeeded(attune("eval", "--model", self.folder / "teacher", "--data", self.dev, "--bootstrap", 0, "--json")).stdout)
        self.assertGreaterEqual(judged["test"]["accuracy"], teacher["test"]["accuracy"] - 0.2)

    def test_labels_are_matched_by_name(self):
        """A model that is its own teacher has nothing to learn, whatever the order of the labels is."""
        self.succeeded(self.train("own", "--epochs", 2))
        reversed_labels = self.file("labels.txt", "class2\nclass1\nclass0\n")
        still = ("--dropout", 0, "--attention-dropout", 0, "--lr", 1e-30, "--precision", "f32", "--max-steps", 2, "--loss", "distill", "--teacher", self.folder / "own")
        self.succeeded(self.train("itself", *still, model=self.folder / "own"))
        self.assertLess(max(self.losses("itself")), 1e-9)
        self.succeeded(self.train("turned", *still, "--labels", reversed_labels, "--new-head", model=self.folder / "own"))
        self.assertGreater(min(self.losses("turned")), 1e-6)

    def test_tags(self):
        rows = "".join(f"w{i} B-X\nw{i + 1} I-X\nw{i + 2} O\n\n" for i in range(0, 60, 3))
        data = self.file("tags.conll", rows)
        tag = ["--task", "tag", "--dev", "none", "--precision", "f32"]
        run = lambda name, *more, model=self.model: self.succeeded(attune("train", "--model", model, "--train", data, "--out", self.folder / name, "--threads", 1, "--log-every", 1, *tag, *more))
        run("tagger", "--max-steps", 3)
        run("tagged", "--max-steps", 2, "--loss", "distill", "--teacher", self.folder / "tagger", "--dropout", 0, "--attention-dropout", 0, "--lr", 1e-30, model=self.folder / "tagger")
        self.assertLess(max(self.losses("tagged")), 1e-9)

    def still(self, name, data, task, *more, loss, model):
        """Two steps that change nothing."""
        self.succeeded(attune("train", "--model", model, "--task", task, "--train", data, "--dev", "none", "--out", self.folder / name, "--threads", 1, "--log-every", 1, "--precision", "f32",
                              "--max-steps", 2, "--lr", 1e-30, "--dropout", 0, "--attention-dropout", 0, "--loss", loss, *more))
        return self.losses(name)

    def test_every_kind_of_answer_and_hidden_states(self):
        """A model that is its own teacher has nothing to learn; another has."""
        kinds = {"multilabel": ("text,labels\n" + "".join(f"w{i} w{i + 1},{'a' if i % 2 else 'a|b'}\n" for i in range(20)), "distill_labels", "bce"),
                 "regress": ("text,label\n" + "".join(f"w{i} w{i + 1},{i % 5}\n" for i in range(20)), "distill_score", "mse"),
                 "embed": ("anchor,positive\n" + "".join(f"w{i} w{i + 1},w{i + 1}\n" for i in range(20)), "distill_hidden", "info_nce"),
                 "tag": (None, "distill", "cross_entropy")}
        for task, (rows, answers, plain) in kinds.items():
            with self.subTest(task):
                data = self.file(f"{task}.csv", rows) if rows else self.file("tags2.conll", "".join(f"w{i} B-X\nw{i + 1} O\n\n" for i in range(0, 60, 3)))
                run = lambda name, seed: self.succeeded(attune("train", "--model", self.model, "--task", task, "--train", data, "--dev", "none", "--out", self.folder / name, "--threads", 1,
                                                              "--max-steps", 4, "--lr", 1e-2, "--seed", seed))
                run(f"{task}-own", 1), run(f"{task}-other", 2)
                hidden = "distill_hidden" if task == "embed" else f"(0..0)*{plain} + distill_hidden"
                for loss in {answers, hidden}:
                    own = self.still("still", data, task, "--teacher", self.folder / f"{task}-own", "--overwrite", loss=loss, model=self.folder / f"{task}-own")
                    self.assertLess(max(own), 1e-9, loss)
                    other = self.still("still", data, task, "--teacher", self.folder / f"{task}-other", "--overwrite", loss=loss, model=self.folder / f"{task}-own")
                    self.assertGreater(min(other), 1e-8, loss)

    def twice_as_wide(self, name):
        """The golden model's sizes with twice the hidden size, and weights that are drawn."""
        narrow = json.loads((self.model / "config.json").read_text())["hidden_size"]
        folder = self.make_model(name, hidden_size=2 * narrow)
        file = (folder / "model.safetensors").read_bytes()
        header = json.loads(file[8 : 8 + struct.unpack("<Q", file[:8])[0]])
        header.pop("__metadata__", None)
        draw, values = random.Random(1), array.array("f")
        for tensor in header.values():
            tensor["shape"] = [2 * d if d == narrow else d for d in tensor["shape"]]
            begin = 4 * len(values)
            values.extend(draw.gauss(0, 0.1) for _ in range(math.prod(tensor["shape"])))
            tensor.update(dtype="F32", data_offsets=[begin, 4 * len(values)])
        text = json.dumps(header).encode()
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + values.tobytes())
        return folder

    def test_hidden_states_of_another_width_in_parts(self):
        """A teacher twice as wide; and a step whose rows run in parts is the same step."""
        wide = self.twice_as_wide("wide")
        self.succeeded(self.train("wide-run", "--epochs", 1, model=wide))
        loss = ("--loss", "cross_entropy + 10*distill_hidden", "--teacher", self.folder / "wide-run", "--max-steps", 3, "--precision", "f32")
        self.succeeded(self.train("whole", *loss))
        self.succeeded(self.train("parts", *loss, "--micro-batch", 64))
        for whole, parts in zip(self.losses("whole"), self.losses("parts")):
            self.assertAlmostEqual(whole, parts, delta=1e-4 * whole)

    def test_the_run_knows_its_teacher(self):
        """A resumed run compares this: another teacher is another run."""
        known = []
        for epochs in (1, 2):
            self.succeeded(self.train("t1", "--epochs", epochs, "--overwrite"))
            self.succeeded(self.train("taught", "--loss", "0.5*cross_entropy + 0.5*distill", "--teacher", self.folder / "t1", "--max-steps", 2, "--overwrite"))
            known.append(json.loads((self.folder / "taught/attune.json").read_text())["identity"]["data_sha256"]["--teacher"])
        self.assertNotEqual(*known)

    def test_refusals(self):
        self.succeeded(self.train("few", "--epochs", 1))
        other = self.file("other.csv", sentences(40, 3).replace("class", "kind"))
        self.refused(self.train("x", "--loss", "distill"), "--teacher RUN")
        self.refused(self.train("x", "--teacher", self.folder / "few"), "--teacher", "0.5*cross_entropy + 0.5*distill")
        self.refused(attune("train", "--model", self.model, "--train", other, "--dev", "none", "--out", self.folder / "x", "--loss", "distill", "--teacher", self.folder / "few"),
                     "--teacher", "it has no label 'kind0'")


class WeightsThatDrawBack(Training):
    def test_l2_sp_keeps_weights_near_where_they_began(self):
        self.succeeded(self.train("free", "--epochs", 2, "--precision", "f32"))
        self.succeeded(self.train("drawn", "--epochs", 2, "--precision", "f32", "--loss", "l2_sp(cross_entropy, alpha=1, beta=0)"))
        self.assertLess(self.losses("drawn")[0], self.losses("free")[0] + 1e-4, "nothing has moved at first")
        self.assertGreater(self.losses("drawn")[-1], 0)
        self.refused(self.train("x", "--loss", "l2_sp(cross_entropy, gamma=1)"), "l2_sp has no option 'gamma'")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
