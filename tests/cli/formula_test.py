"""A loss formula from --loss to the saved folder and back.   formula_test.py PROGRAM tests/models/golden"""

import json
import unittest

from program import ProgramTest, attune, sentences

FOCAL = "formula: -(1-p[y])^g * log(p[y]); g=2"


class Formula(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        cls.data = cls.file("train.csv", sentences(32, 5))

    def train(self, out, loss, *more, model=None):
        return attune("train", "--model", model or self.model, "--train", self.data, "--dev", "none", "--out", self.folder / out,
                      "--loss", loss, "--epochs", 2, "--batch-size", 8, "--threads", 1, "--precision", "f32", "--bootstrap", 0,
                      "--no-ladder", "--log-every", 1, "--labels", self.labels(), *more)

    def labels(self):
        return self.file("labels.txt", "class0\nclass1\nclass2\n")

    def losses(self, out):
        lines = [json.loads(line) for line in (self.folder / out / "metrics.jsonl").read_text().splitlines()]
        return [line["loss"] for line in lines if "split" not in line]

    def test_trains_as_the_lists_loss_does_and_opens_again(self):
        self.succeeded(self.train("told", "focal(gamma=2, weights=balanced)"))
        self.succeeded(self.train("own", FOCAL, "--class-weights", "balanced"))
        for own, told in zip(self.losses("own"), self.losses("told"), strict=True):
            self.assertAlmostEqual(own, told, places=5)
        record = json.loads((self.folder / "own" / "attune.json").read_text())
        self.assertEqual(record["loss"], FOCAL + "; weights=balanced")

        def judged(run):
            result = attune("eval", "--model", self.folder / run, "--data", self.data, "--json", "--bootstrap", 0,
                            "--precision", "f32", "--threads", 1)
            return json.loads(self.succeeded(result).stdout)["test"]

        own, told = judged("own"), judged("told")
        self.assertAlmostEqual(own["loss"], told["loss"], places=5)
        self.succeeded(self.train("more", FOCAL, model=self.folder / "own"))

    def test_the_share_of_the_training_done_reaches_it(self):
        self.succeeded(self.train("late", "formula: -t*log(p[y])", "--lr", 1e-9))
        losses = self.losses("late")
        self.assertLess(losses[0], losses[-1] / 3)

    def test_a_broken_one_is_refused_before_anything_is_written(self):
        said = self.refused(self.train("broken", "formula: -log(z[y])"), "log of a number below 0", "logits [", "class y = ")
        self.assertIn("\n  formula: -log(z[y])\n            ^", said)
        self.refused(self.train("broken", "formula: -lgo(p[y])"), "did you mean 'log'")
        self.refused(self.train("broken", FOCAL, "--pos-weight", 2), "--pos-weight")
        self.assertFalse((self.folder / "broken").exists())


if __name__ == "__main__":
    unittest.main(argv=["formula_test.py"])
