"""attune compare as a user meets it: predictions of attune and of others, verdicts, refusals. compare_test.py PROGRAM tests/models/golden"""

import json
import random
import sys
import unittest

from program import ProgramTest, attune, sentences


def predictions(error, seed, rows=600):
    draw = random.Random(seed)
    return "".join(json.dumps({"id": i, "gold": i % 3, "label": (i + (draw.random() < error)) % 3}) + "\n" for i in range(rows))


class Compare(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for side, error in (("good", 0.1), ("poor", 0.3), ("alike", 0.1)):
            (cls.folder / side).mkdir()
            for seed in (1, 2, 3):
                (cls.folder / side / f"seed{seed}.jsonl").write_text(predictions(error, f"{side} {seed}"))

    def compare(self, *more):
        return attune("compare", *more)

    def verdict(self, *more):
        return json.loads(self.succeeded(self.compare(*more, "--json")).stdout)

    def test_a_verdict(self):
        found = self.verdict(self.folder / "good", self.folder / "poor")
        self.assertEqual(found["state"], "better_by_worth")
        self.assertEqual(found["better"], str(self.folder / "good"))
        self.assertAlmostEqual(found["difference"], 0.2, delta=0.05)
        self.assertLess(found["interval"][0], found["difference"])
        turned = self.verdict(self.folder / "poor", self.folder / "good")
        self.assertEqual(turned["better"], found["better"])
        self.assertAlmostEqual(turned["difference"], -found["difference"])
        text = self.succeeded(self.compare(self.folder / "good", self.folder / "poor")).stdout.decode()
        self.assertIn("is better, by more than 0.5 points", text)

    def test_undecided_is_not_equal(self):
        files = [path for side in ("good", "alike") for path in sorted((self.folder / side).iterdir())]
        text = self.succeeded(self.compare(*files, "--metric", "macro_f1")).stdout.decode()
        self.assertIn("undecided, which does not mean equal", text)
        self.assertIn("would decide", text)
        one = self.succeeded(self.compare(self.folder / "good/seed1.jsonl", self.folder / "poor/seed1.jsonl")).stdout.decode()
        self.assertIn("one run of each tells which of two trained models is better", one)

    def test_the_same_seed_gives_the_same_bits(self):
        first, again = (self.succeeded(self.compare(self.folder / "good", self.folder / "alike", "--json")).stdout for _ in range(2))
        self.assertEqual(first, again)

    def test_predictions_of_attune(self):
        model = self.make_model("model")
        data, test = self.file("train.csv", sentences(60, 1)), self.file("test.csv", sentences(40, 2))
        for side, epochs in (("one", 1), ("two", 8)):
            self.succeeded(attune("train", "--model", model, "--train", data, "--dev", "none", "--out", self.folder / f"run-{side}", "--threads", 1, "--lr", 1e-3, "--epochs", epochs))
            said = self.succeeded(attune("predict", "--model", self.folder / f"run-{side}", test, "--format", "csv")).stdout
            (self.folder / f"{side}.jsonl").write_bytes(said)
        found = self.verdict(self.folder / "one.jsonl", self.folder / "two.jsonl", "--gold", test, "--metric", "log_loss")
        judged = json.loads(self.succeeded(attune("eval", "--model", self.folder / "run-two", "--data", test, "--bootstrap", 0, "--json")).stdout)
        self.assertAlmostEqual(found["blocks"][0]["second"]["value"], judged["test"]["log_loss"], places=5)
        self.assertEqual(found["state"], "undecided")
        # and beside what is right, by `attune eval`
        for side in ("one", "two"):
            self.succeeded(attune("eval", "--model", self.folder / f"run-{side}", "--data", test, "--bootstrap", 0, "--predictions", self.folder / f"{side}-eval.jsonl"))
        again = self.verdict(self.folder / "one-eval.jsonl", self.folder / "two-eval.jsonl", "--metric", "log_loss")
        self.assertAlmostEqual(again["difference"], found["difference"], places=9)

    def test_predictions_of_a_tagger(self):
        data = self.file("tags.conll", "".join(f"w{i} B-X\nw{i + 1} I-X\nw{i + 2} O\n\n" for i in range(0, 60, 3)))
        self.succeeded(attune("train", "--model", self.make_model("untagged"), "--task", "tag", "--train", data, "--dev", "none", "--out", self.folder / "tagger", "--threads", 1, "--epochs", 8, "--lr", 1e-2))
        judged = json.loads(self.succeeded(attune("eval", "--model", self.folder / "tagger", "--data", data, "--bootstrap", 0, "--json", "--predictions", self.folder / "tags.jsonl")).stdout)
        (self.folder / "entities.jsonl").write_bytes(self.succeeded(attune("predict", "--model", self.folder / "tagger", data)).stdout)
        found = self.verdict(self.folder / "tags.jsonl", self.folder / "tags.jsonl", "--metric", "entity_f1")
        self.assertAlmostEqual(found["blocks"][0]["first"]["value"], judged["test"]["entity_f1"], places=9)
        self.assertGreater(judged["test"]["entity_f1"], 0)
        placed = self.verdict(self.folder / "entities.jsonl", self.folder / "entities.jsonl", "--gold", data, "--metric", "entity_f1")
        self.assertAlmostEqual(placed["blocks"][0]["first"]["value"], judged["test"]["entity_f1"], places=9)

    def test_refusals(self):
        good = self.folder / "good"
        self.refused(self.compare(good), "two sides")
        self.refused(self.compare(good, self.folder / "god"), "no such file or folder")
        self.refused(self.compare(good, self.folder / "poor/seed1.jsonl"), "3 files", "1 file")
        self.refused(self.compare(good, self.folder / "poor", "--metric", "mae"), "do not have it")
        self.refused(self.compare(good, self.folder / "poor", "--metric", "log_loss"), "no probabilities")
        few = self.file("few.jsonl", predictions(0.1, 1, rows=5))
        self.refused(self.compare(few, good / "seed1.jsonl"), "are of other rows")
        five = self.succeeded(self.compare(few, few)).stdout.decode()
        self.assertIn("undecided", five)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
