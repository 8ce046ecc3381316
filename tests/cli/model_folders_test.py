"""Model folders as Hugging Face and as attune leave them: what their labels, heads and records mean to each command.   model_folders_test.py PROGRAM tests/models/golden"""

import json
import sys
import unittest

from program import ProgramTest, attune, sentences


class ModelFolders(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.named = cls.make_model("named")
        cls.unnamed = cls.make_model("unnamed", id2label=None, label2id=None)
        cls.train_file = cls.file("train.csv", sentences(40, 1))
        cls.numbers = cls.file("numbers.csv", sentences(40, 1).replace(",class", ","))

    def train(self, model, out, *more, data=None):
        """What the run said, and its record."""
        out = self.folder / out
        result = attune("train", "--model", model, "--train", data or self.train_file, "--dev", "none", "--out", out, "--max-steps", 2, "--lr", 0, "--no-ladder", "--threads", 1, *more)
        return self.succeeded(result).stderr.decode(), json.loads((out / "attune.json").read_text())

    def evaluated(self, model, data, *more):
        return json.loads(self.succeeded(attune("eval", "--model", model, "--data", data, "--json", "--bootstrap", 0, "--threads", 1, *more)).stdout)

    def predicted(self, model, data, *more):
        return [json.loads(line) for line in self.succeeded(attune("predict", "--model", model, "--threads", 1, *more, data)).stdout.splitlines()]


class MadeUpLabels(ModelFolders):
    NAMES = ["LABEL_0", "LABEL_1", "LABEL_2"]

    def test_a_config_without_names_has_made_up_ones(self):
        self.assertEqual(json.loads(self.succeeded(attune("info", self.unnamed, "--json")).stdout)["labels"], self.NAMES)
        probabilities = [list(line["probabilities"].values()) for line in self.predicted(self.unnamed, self.train_file)]
        self.assertEqual(probabilities, [list(line["probabilities"].values()) for line in self.predicted(self.named, self.train_file)])
        self.assertEqual(list(self.predicted(self.unnamed, self.train_file)[0]["probabilities"]), self.NAMES)

    def test_labels_of_the_data_may_be_numbers_of_the_outputs(self):
        report = self.evaluated(self.unnamed, self.numbers)
        same = self.file("same.csv", self.numbers.read_text().replace(",", ",LABEL_").replace("LABEL_label", "label"))
        named = self.evaluated(self.unnamed, same)
        self.assertEqual(report["test"]["accuracy"], named["test"]["accuracy"])
        self.assertIn("numbers of its outputs, 0 as LABEL_0", json.dumps(report["notes"]))
        self.assertNotIn("numbers of its outputs", json.dumps(named["notes"]))

    def test_other_labels_are_refused_with_both_sets(self):
        beyond = self.file("beyond.csv", "text,label\nw1,0\nw2,3\n")
        self.refused(attune("eval", "--model", self.unnamed, "--data", beyond), f"{beyond} line 3: the model lacks the label '3'", "'LABEL_0', 'LABEL_1', 'LABEL_2'", "0 to 2",
                     "the labels in this file are '0', '3'")
        self.refused(attune("eval", "--model", self.named, "--data", self.numbers), "Known are 'label_0'")

    def test_training_goes_on_by_number(self):
        two = self.file("two.csv", "text,label\n" + "w1 w2,2\nw3,0\n" * 5)
        said, record = self.train(self.unnamed, "by_number", data=two)
        self.assertIn("its last layer is kept, and its outputs in order are now called 0, 1, 2", said)
        self.assertNotIn("newly initialised", said)
        self.assertEqual(record["labels"], ["0", "1", "2"])
        logits = [line["logits"] for line in self.predicted(self.unnamed, two, "--logits", "--precision", "f32")]
        self.assertEqual([line["logits"] for line in self.predicted(self.folder / "by_number", two, "--logits", "--precision", "f32")], logits)

    def test_training_says_whether_the_last_layer_is_kept(self):
        said, record = self.train(self.unnamed, "in_order")
        self.assertIn("its last layer is kept, and its outputs in order are now called class0, class1, class2", said)
        self.assertEqual(record["labels"], ["class0", "class1", "class2"])
        order = self.file("order.labels", "class2\nclass0\nclass1\n")
        said, record = self.train(self.unnamed, "by_file", "--labels", order)
        self.assertIn("are now called class2, class0, class1", said)
        four = self.file("four.csv", self.train_file.read_text() + "w9,class3\n")
        said, record = self.train(self.unnamed, "four", data=four)
        self.assertIn("the model's 3 labels have made-up names (LABEL_0, ...), the data has 4: the last layer is new", said)
        self.assertIn("newly initialised: classifier.weight, classifier.bias", said)
        said, record = self.train(self.unnamed, "anew", "--new-head")
        self.assertNotIn("is kept", said)
        self.assertIn("newly initialised: classifier.weight, classifier.bias", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
