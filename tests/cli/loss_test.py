"""`attune loss`: the catalogue, its evidence and losses on numbers out of files; docs/losses-table.md has every loss as the program shows it.
loss_test.py PROGRAM tests/models/golden"""

import json
import math
import pathlib
import re
import shutil
import struct
import sys
import unittest

from program import GOLDEN, ProgramTest, attune

PAGE = pathlib.Path(GOLDEN).resolve().parents[2] / "docs/losses-table.md"


def npy(path, shape, numbers, kind="d"):
    """An array as numpy.save writes it; kind: d (f64), f (f32), q (i64)."""
    header = f"{{'descr': '<{kind if kind == 'f' else 'f' if kind == 'd' else 'i'}{4 if kind == 'f' else 8}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(numbers)}{kind}", *numbers))
    return path


def numbers_of(path):
    content = path.read_bytes()
    begin = 10 + struct.unpack("<H", content[8:10])[0]
    return struct.unpack(f"<{(len(content) - begin) // 8}d", content[begin:])


class Loss(ProgramTest):
    def names(self):
        listed = self.succeeded(attune("loss", "list")).stdout.decode()
        return re.findall(r"^  ([a-z0-9_]+) ", listed, re.M)

    def test_list_show_and_page_say_the_same(self):
        names, page = self.names(), PAGE.read_text()
        self.assertGreaterEqual(len(names), 30)
        for name in names:
            shown = dict(re.findall(r"^(formula|divided by|source)  +(.*)$", self.succeeded(attune("loss", "show", name)).stdout.decode(), re.M))
            row = next((line for line in page.splitlines() if line.startswith(f"| `{name}` |")), "")
            for text in shown.values():
                self.assertIn(text.replace("|", "\\|"), row, "run `attune loss check all --table docs/losses-table.md`")
            self.assertIn("| held |", row)

        formula = self.succeeded(attune("loss", "show", "formula")).stdout.decode()
        self.assertIn("-(1-p[y])^g * log(p[y]); g=2", formula)

    def test_check(self):
        self.assertIn("ok", self.succeeded(attune("loss", "check", "focal")).stdout.decode())
        self.refused(attune("loss", "check", "focall"), "unknown loss 'focall'", "did you mean 'focal'")
        self.refused(attune("loss", "check", "focal", "--table", self.folder / "x"), "--table is for `attune loss check all`")

    def test_eval_is_arithmetic(self):
        logits = npy(self.folder / "z.npy", (3, 2), [0.0, 1.0, 2.0, -1.0, 0.5, 0.5], "f")
        targets = npy(self.folder / "y.npy", (3,), [1, -100, 0], "q")
        items, gradient = self.folder / "items.npy", self.folder / "grad.npy"
        said = self.succeeded(attune("loss", "eval", "0.5*cross_entropy + cross_entropy(weights=[3,1])", "--logits", logits, "--targets", targets, "--out", items, "--grad", gradient))
        first, last = math.log(1 + math.exp(-1)), math.log(2)
        self.assertAlmostEqual(float(said.stdout.decode().split()[-1]), 0.5 * (first + last) / 2 + (first + 3 * last) / 4, places=6)
        for got, want in zip(numbers_of(items), (1.5 * first, 0, 3.5 * last)):
            self.assertAlmostEqual(got, want, places=6)
        slope = 1 - 1 / (1 + math.exp(-1))  # of the first row, by the logit of class 0
        self.assertAlmostEqual(numbers_of(gradient)[0], slope * (0.5 / 2 + 1 / 4), places=6)
        self.assertEqual(numbers_of(gradient)[2:4], (0, 0))

    def test_eval_of_embeddings(self):
        """--logits are vectors then: rows of two texts, of more, of one."""
        vectors = npy(self.folder / "v.npy", (4, 2), [3.0, 0.0, 0.0, 2.0, 0.0, 1.0, 5.0, 0.0])  # a, p of two rows, at right angles
        items, gradient = self.folder / "vitems.npy", self.folder / "vgrad.npy"
        def objective(loss, *more, z=vectors):
            return float(self.succeeded(attune("loss", "eval", loss, "--logits", z, *more)).stdout.decode().split()[-1])

        cost = math.log(1 + math.e)
        self.assertAlmostEqual(objective("info_nce(temperature=1)", "--out", items, "--grad", gradient), cost, places=6)
        for got in numbers_of(items):
            self.assertAlmostEqual(got, cost, places=6)
        wrong = 1 / (1 + math.exp(-1))  # share of the other row's positive; of the first anchor, by its second coordinate
        self.assertAlmostEqual(numbers_of(gradient)[1], -wrong / 3 / 2, places=6)
        self.assertEqual(len(numbers_of(gradient)), 8)
        weights = npy(self.folder / "vw.npy", (2,), [1.0, 3.0])
        self.assertAlmostEqual(objective("info_nce(temperature=1)", "--weights", weights), cost, places=6)
        texts = npy(self.folder / "vt.npy", (4,), [0, 1, 2, 1], "q")  # both positives are the same text: none is left
        self.assertAlmostEqual(objective("info_nce", "--targets", texts), 0, places=6)
        self.assertAlmostEqual(objective("cosine_mse", "--targets", npy(self.folder / "vs.npy", (2,), [0.0, 5.0])), 0.5, places=6)  # scaled from 0..5
        self.assertAlmostEqual(objective("cosent(temperature=1)", "--targets", npy(self.folder / "vc.npy", (2,), [0.0, 1.0])), math.log(2), places=6)
        classes = npy(self.folder / "vy.npy", (4,), [0, 1, 1, 0], "q")
        self.assertAlmostEqual(objective("supcon(temperature=1)", "--targets", classes), math.log(math.e + 2) - 1, places=6)
        triplets = npy(self.folder / "v3.npy", (3, 2), [1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
        self.assertAlmostEqual(objective("triplet(margin=1.5)", "--texts-per-row", 3, z=triplets), 0.5, places=6)

        def refused(loss, *more):
            expected, arguments = more[-1], more[:-1]
            self.refused(attune("loss", "eval", loss, "--logits", vectors, *arguments), expected)

        refused("triplet", "rows need a third text")
        refused("info_nce", "--texts-per-row", 3, "4 vectors are no rows of 3 texts")
        refused("cosent", "needs --targets")
        refused("supcon", "--targets", weights, "2 numbers; expected 4, one for each row")
        refused("cosent", "--targets", weights, "--out", items, "no cost by row")
        refused("focal + supcon", "--targets", classes, "one reads logits, the other vectors")
        refused("formula: z", "--targets", classes, "--task", "embed", "--task")

    def test_bad_files(self):
        logits = npy(self.folder / "bz.npy", (3, 2), [0.0] * 6)
        def refused(targets, *expected, loss="cross_entropy", z=logits):
            self.refused(attune("loss", "eval", loss, "--logits", z, "--targets", targets), *expected)

        refused(npy(self.folder / "a.npy", (2,), [0, 1], "q"), "2 rows of targets for 3 rows of logits")
        refused(npy(self.folder / "b.npy", (3,), [0, 1, 2], "q"), "row 2 has the class 2", "0 to 1")
        refused(npy(self.folder / "c.npy", (3, 3), [0.0] * 9), "3 targets a row")
        text = self.folder / "text.npy"
        text.write_text("no array")
        refused(text, "no .npy file")
        cut = self.folder / "cut.npy"
        cut.write_bytes(logits.read_bytes()[:-8])
        refused(npy(self.folder / "d.npy", (3,), [0, 1, 1], "q"), "40 bytes of numbers where the header promises 6 of 8", z=cut)
        refused(npy(self.folder / "e.npy", (3,), [0, 1, 1], "q"), "made of the training items by label", loss="logit_adjusted")
        self.refused(attune("loss", "eval", "cross_entropy"), "needs --logits")
        self.refused(attune("loss", "evaluate"), "did you mean 'eval'")

    def test_a_trained_run_keeps_what_its_loss_read(self):
        """Every loss of classes trains, and its folder reports the very objective again."""
        model = self.make_model("tiny")
        data = self.file("rows.csv", "text,label\n" + "".join(f"w{i} w{i % 3},class{i % 3}\n" for i in range(30)))
        for loss in ("logit_adjusted(tau=0.5)", "0.5*corn(weights=balanced) + 0.5*corn", "oll until 50% + cross_entropy after 50%", "r_drop(poly1, alpha=2)", "flooding(focal, level=0.5)", "0.7*focal + 0.3*supcon(temperature=0.2)", "focal + 0.1*batch_triplet(mining=all) after 50%",
                     "ldam(weights=effective(0.999)) after 50%", "early_learning(lambda=0..3)", "open_set(unknown=class1) + (0..1)*supcon"):
            out = self.folder / re.sub(r"\W", "", loss)
            self.succeeded(attune("train", "--model", model, "--train", data, "--dev", data, "--loss", loss, "--max-steps", 3, "--no-ladder", "--bootstrap", 0, "--precision", "f32",
                                  "--new-head", "--out", out))
            trained = json.loads((out / "report.json").read_text())["dev"]["loss"]
            self.assertEqual(json.loads((out / "attune.json").read_text())["loss"], loss)
            if "oll" in loss or "corn" in loss:
                self.assertIn("quadratic_kappa", json.loads((out / "report.json").read_text())["dev"])
            again = self.succeeded(attune("eval", "--model", out, "--data", data, "--bootstrap", 0, "--json", "--precision", "f32")).stdout.decode()
            self.assertAlmostEqual(json.loads(again)["test"]["loss"], trained, places=6, msg=loss)
        out = self.folder / "rows"
        rated = ["train", "--model", model, "--train", data, "--dev", "none", "--batch-size", 8, "--max-steps", 6, "--no-ladder", "--new-head", "--precision", "f32", "--dropout", 0,
                 "--attention-dropout", 0, "--classifier-dropout", 0, "--log-every", 1]
        self.succeeded(attune(*rated, "--per-example", "--out", out))
        lines = [json.loads(line) for line in (out / "per_example.jsonl").read_text().splitlines()]
        steps = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        for step in steps:
            costs = [line["loss"] for line in lines if line["step"] == step["step"]]
            self.assertAlmostEqual(sum(costs) / len(costs), step["loss"], places=5)
        self.assertEqual([line["epoch"] for line in lines], [1] * 30 + [2] * 16)
        self.assertEqual(sorted(line["row"] for line in lines[:30]), sorted(f"{data} line {i + 2}" for i in range(30)))
        self.refused(attune(*rated, "--per-example", "--loss", "flooding(focal)", "--out", self.folder / "x"), "--per-example", "depends on the whole batch")
        self.refused(attune("train", "--model", model, "--train", data, "--dev", data, "--loss", "crf", "--out", self.folder / "x"), "tags of words in sentences")
        self.refused(attune("train", "--model", model, "--train", data, "--dev", data, "--loss", "r_drop(focal)", "--dropout", 0, "--attention-dropout", 0, "--classifier-dropout", 0,
                            "--out", self.folder / "x"), "r_drop compares two passes", "--dropout")

    def test_a_head_of_cosines_goes_on(self):
        model = self.make_model("cosine_model")
        data = self.file("imbalanced.csv", "text,label\n" + "".join(f"w{i} w{i % 3},class{min(i % 7, 2)}\n" for i in range(28)))
        first, then = self.folder / "cosine", self.folder / "cosine_on"
        train = ["train", "--train", data, "--dev", data, "--max-steps", 4, "--no-ladder", "--bootstrap", 0, "--precision", "f32"]
        said = self.succeeded(attune(*train, "--model", model, "--new-head", "--loss", "ldam", "--out", first))
        self.assertIn("transformers has no class", said.stderr.decode())
        record = json.loads((first / "attune.json").read_text())
        self.assertEqual((record["head"], record["head_scale"]), ("cosine", 30))
        on = self.succeeded(attune(*train, "--model", first, "--loss", "ldam(max_margin=0.3)", "--out", then)).stderr.decode()
        self.assertIn("own 3 labels are kept", on)
        plain = self.succeeded(attune(*train, "--model", first, "--loss", "focal", "--out", self.folder / "plain_on")).stderr.decode()
        self.assertIn("the last layer is new: the loss 'focal' has an ordinary one", plain)
        self.refused(attune(*train, "--model", model, "--new-head", "--loss", "ldam", "--head-start", "linear", "--out", self.folder / "y"), "one of cosines")
        answers = self.succeeded(attune("predict", "--model", then, data)).stdout.decode()
        self.assertIn("class0", answers)

    def test_what_a_loss_remembers_is_resumed(self):
        """Stopped after 5 of 9 steps and gone on with: the same bits as in one go."""
        model = self.make_model("memory_model")
        data = self.file("noisy.csv", "text,label\n" + "".join(f"w{i} w{i % 3},class{i % 3}\n" for i in range(24)))
        train = ["train", "--model", model, "--train", data, "--dev", "none", "--batch-size", 8, "--lr", "1e-3", "--max-steps", 9, "--no-ladder", "--new-head", "--precision", "f32",
                 "--loss", "early_learning(lambda=1..3)", "--save-every", 5, "--keep-checkpoints", 9]
        whole, again = self.folder / "whole_run", self.folder / "again"
        self.succeeded(attune(*train, "--out", whole))
        checkpoint = whole / "checkpoints/step-5"
        self.assertIn(b"loss.0.early_learning", checkpoint.joinpath("state.safetensors").read_bytes())
        shutil.copytree(whole, again)
        (again / "attune.json").unlink()  # as if it had been killed after its checkpoint
        said = self.succeeded(attune(*train, "--resume", "--out", again)).stderr.decode()
        self.assertIn("resuming after step 5", said)
        self.assertEqual((again / "model.safetensors").read_bytes(), (whole / "model.safetensors").read_bytes())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
