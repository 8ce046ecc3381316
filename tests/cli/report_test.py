"""What a run leaves to read: the ladder, and the probe that guards its weights.   report_test.py PROGRAM tests/models/golden"""

import json
import sys
import unittest

from program import ProgramTest, attune, read_tensors, sentences, write_tensors


def many_labels(rows, seed):
    lines = []
    for line in sentences(rows, seed).splitlines()[1:]:
        text, label = line.rsplit(",", 1)
        lines.append(json.dumps({"text": text, "labels": [label] + (["long"] if len(text.split()) > 6 else [])}))
    return "\n".join(lines) + "\n"


class Reports(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", id2label=None, label2id=None)
        cls.file("train.csv", sentences(200, 1))
        cls.file("test.csv", sentences(60, 2))
        cls.file("train.jsonl", many_labels(200, 1))
        cls.file("test.jsonl", many_labels(60, 2))

    def train(self, out, *more, data="csv"):
        return self.succeeded(attune("train", "--model", self.model, "--train", self.folder / f"train.{data}", "--test", self.folder / f"test.{data}", "--out",
                                     self.folder / out, "--max-steps", "3", "--threads", "1", "--bootstrap", "50", *more))

    def report(self, out):
        return json.loads((self.folder / out / "report.json").read_text())

    def test_the_ladder_shows_what_less_effort_gives(self):
        self.train("run")
        ladder = self.report("run")["ladder"]
        self.assertEqual((ladder["metric"], ladder["split"]), ("accuracy", "test"))
        names = [rung["name"] for rung in ladder["rows"]]
        self.assertEqual(names, ["majority class", "hashed n-grams + logistic regression", "frozen encoder + logistic regression", "fine-tuned"])
        scores = [rung["score"] for rung in ladder["rows"]]
        # One word tells the class: words find it, three steps of a random model do not.
        self.assertLess(scores[0], 0.6)
        self.assertGreater(scores[1], 0.9)
        self.assertAlmostEqual(scores[3], self.report("run")["test"]["accuracy"])
        self.assertEqual(ladder["pays"], "no")
        text = (self.folder / "run/report.txt").read_text()
        self.assertIn("does not pay", text)
        self.assertLess(text.index("Ladder"), text.index("Metrics"))
        for rung in ladder["rows"]:
            self.assertGreater(rung["seconds"], 0)
            self.assertLessEqual(rung["interval"][0], rung["score"])

    def test_a_majority_is_the_commonest_training_label(self):
        test = (self.folder / "test.csv").read_text()
        train = (self.folder / "train.csv").read_text()
        commonest = max((f"class{c}" for c in range(3)), key=lambda c: train.count(f",{c}\n"))
        self.train("majority")
        self.assertAlmostEqual(self.report("majority")["ladder"]["rows"][0]["score"], test.count(f",{commonest}\n") / 60)

    def test_multi_label_reports_have_one_too(self):
        self.train("many", "--task", "multilabel", data="jsonl")
        ladder = self.report("many")["ladder"]
        self.assertEqual(ladder["metric"], "micro_f1")
        self.assertEqual(len(ladder["rows"]), 4)
        self.assertGreater(ladder["rows"][1]["score"], 0.8)

    def test_it_can_be_left_out(self):
        said = self.train("without", "--no-ladder").stderr.decode()
        self.assertNotIn("ladder", self.report("without"))
        self.assertNotIn("less effort", said)

    def test_a_resumed_run_has_the_same_ladder(self):
        self.train("one")
        self.train("cut", "--save-every", "2")
        (self.folder / "cut/attune.json").unlink()
        self.train("cut", "--save-every", "2", "--resume")
        one, cut = ([(rung["name"], rung["score"]) for rung in self.report(run)["ladder"]["rows"]] for run in ("one", "cut"))
        self.assertEqual(one, cut)


class Probe(ProgramTest):
    def setUp(self):
        self.model = self.make_model("model_" + self._testMethodName, id2label=None, label2id=None)
        self.file("train.csv", sentences(60, 1))
        self.run_folder = self.folder / ("run_" + self._testMethodName)

    def train(self, *more):
        self.succeeded(attune("train", "--model", self.model, "--train", self.folder / "train.csv", "--dev", "none", "--out", self.run_folder, "--max-steps",
                              "2", "--threads", "1", "--precision", "bf16", *more))

    def predict(self):
        return attune("predict", "--model", self.run_folder, "--threads", "1", stdin="w1 w2\n")

    def change(self, tensor):
        path = self.run_folder / "model.safetensors"
        header, data = read_tensors(path)
        begin, end = header[tensor]["data_offsets"]
        write_tensors(path, header, data[:begin] + bytes(end - begin) + data[end:])

    def test_weights_that_changed_are_found_out(self):
        self.train()
        self.succeeded(self.predict())
        self.change("classifier.weight")
        self.refused(self.predict(), "attune.json", "when it was saved", "remove \"probe\"")
        record = json.loads((self.run_folder / "attune.json").read_text())
        self.assertEqual(len(record["probe"]["ids"]), 8)
        self.assertEqual(len(record["probe"]["logits"]), 8)
        del record["probe"]
        (self.run_folder / "attune.json").write_text(json.dumps(record))
        self.succeeded(self.predict())

    def test_a_head_that_only_attune_knows_is_probed_too(self):
        self.train("--pooling", "mean", "--new-head")
        self.succeeded(self.predict())
        self.change("encoder.layer.0.output.dense.weight")
        self.refused(self.predict(), "when it was saved")

    def test_a_probe_that_is_none(self):
        self.train()
        path = self.run_folder / "attune.json"
        good = json.loads(path.read_text())
        for probe in ({}, {"ids": [[1]], "logits": []}, {"ids": [[10**6]], "logits": [[1.0]]}, {"ids": [[1]], "logits": [[1.0]]}, 7):
            path.write_text(json.dumps(good | {"probe": probe}))
            self.refused(self.predict(), "attune.json", "probe")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
