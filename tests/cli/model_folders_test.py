"""Model folders as Hugging Face and as attune leave them: what their labels, heads and records mean to each command.   model_folders_test.py PROGRAM tests/models/golden"""

import json
import select
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest, attune, sentences


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


class Pooling(ModelFolders):
    MEAN = "transformers has no class: it will open the encoder only"

    def test_a_continued_model_keeps_its_own(self):
        said, record = self.train(self.named, "fresh", "--pooling", "mean", "--new-head")
        self.assertEqual((said.count(self.MEAN), record["pooling"]), (1, "mean"))
        mean = self.folder / "fresh"
        said, record = self.train(mean, "again")
        self.assertEqual((said.count(self.MEAN), record["pooling"]), (1, "mean"))
        logits = [[line["logits"] for line in self.predicted(model, self.train_file, "--logits", "--precision", "f32")] for model in (mean, self.folder / "again")]
        self.assertEqual(*logits)
        self.refused(attune("train", "--model", mean, "--train", self.train_file, "--out", self.folder / "x", "--pooling", "cls"), "--pooling cls", mean, "trained with --pooling mean",
                     "--new-head")
        said, record = self.train(mean, "cls", "--pooling", "cls", "--new-head")
        self.assertEqual((said.count(self.MEAN), record["pooling"]), (0, "cls"))
        self.refused(attune("train", "--model", self.named, "--train", self.train_file, "--out", self.folder / "x", "--pooling", "mean"), "trained with --pooling cls")

    def test_an_encoder_s_is_the_first_token(self):
        model = self.make_model("encoder", architectures=["BertModel"])
        self.assertEqual(self.train(model, "encoder_cls")[1]["pooling"], "cls")

    def test_tagging_pools_nothing(self):
        tags = self.file("tags.conll", "w1 O\nw2 B-X\n\n" * 6)
        self.refused(attune("train", "--model", self.named, "--task", "tag", "--train", tags, "--dev", "none", "--out", self.folder / "x", "--pooling", "mean"), "--pooling mean", "'tag'")


class Loss(ModelFolders):
    def evaluated_as_trained(self, out, *options, task="classify", data=None):
        data = data or self.train_file
        out = self.folder / out
        self.succeeded(attune("train", "--model", self.unnamed, "--task", task, "--train", data, "--dev", data, "--out", out, "--max-steps", 3, "--no-ladder", "--threads", 1, "--precision",
                              "f32", "--bootstrap", 0, *options))
        trained = json.loads((out / "report.json").read_text())["dev"]["loss"]
        self.assertAlmostEqual(self.evaluated(out, data, "--precision", "f32")["test"]["loss"], trained, places=6)
        record = json.loads((out / "attune.json").read_text())
        told = record["loss"]
        self.assertNotAlmostEqual(self.with_loss(out, record, data, told.split("(")[0]), trained, places=3)
        return told

    def with_loss(self, out, record, data, loss, **more):
        (out / "attune.json").write_text(json.dumps(record | {"loss": loss} | more))
        return self.evaluated(out, data, "--precision", "f32")["test"]["loss"]

    def test_an_evaluation_reports_what_training_minimised(self):
        self.assertEqual(self.evaluated_as_trained("smooth", "--label-smoothing", 0.3), "cross_entropy(label_smoothing=0.3)")
        self.assertEqual(self.evaluated_as_trained("weighted", "--class-weights", "1,2,4"), "cross_entropy(weights=[1,2,4])")
        labels = self.file("multi.jsonl", "".join(json.dumps({"text": f"w{i}", "labels": [f"l{i % 2}"] * (i % 3 > 0)}) + "\n" for i in range(30)))
        self.assertEqual(self.evaluated_as_trained("positive", "--pos-weight", 3, task="multilabel", data=labels), "bce(pos_weight=3)")
        record = json.loads((self.folder / "positive/attune.json").read_text())
        self.assertEqual(record["loss_facts"], {"counts": [10, 10], "items": 30})

    def test_folders_of_before_the_language_open(self):
        self.evaluated_as_trained("old", "--class-weights", "1,2,4", "--label-smoothing", 0.2)
        out, data = self.folder / "old", self.train_file
        record = json.loads((out / "attune.json").read_text())
        now = self.with_loss(out, record, data, "cross_entropy(weights=[1,2,4], label_smoothing=0.2)")
        then = self.with_loss(out, record, data, "cross_entropy", loss_options={"class_weights": [1, 2, 4], "label_smoothing": 0.2})
        self.assertEqual(now, then)

    def test_a_record_that_does_not_fit_is_refused(self):
        for number, (record, expected) in enumerate([({"loss": "croos_entropy"}, "'cross_entropy'"), ({"loss": "bce"}, "does not fit"), ({"loss": 3}, "'loss' is 3"),
                                                     ({"loss": "cross_entropy", "loss_options": []}, "'loss_options' is []"),
                                                     ({"loss": "cross_entropy", "loss_options": {"class_weights": [1, 2]}}, "'class_weights' is [1,2], expected a number of at least 0 for each of the 3"),
                                                     ({"loss": "cross_entropy", "loss_options": {"label_smoothing": "x"}}, "'label_smoothing' is \"x\""),
                                                     ({"loss": "cross_entropy", "loss_options": {"label_smoothing": 2}}, "label_smoothing: expected a number from 0 to 0.999, got 2")]):
            with self.subTest(record):
                model = self.make_model(f"loss{number}")
                (model / "attune.json").write_text(json.dumps(record))
                data = self.file("fits.csv", "text,label\nw1,label_0\nw2,label_1\n")
                message = self.refused(attune("eval", "--model", model, "--data", data), expected)
                self.assertIn(str(model / "attune.json"), message)
                # What only judges does not stand in the way of predicting.
                if number != 2:
                    self.succeeded(attune("predict", "--model", model, data))
                    self.succeeded(attune("info", model))


class Cutting(ModelFolders):
    LONG = " ".join(f"w{i}" for i in range(40)) + "\n"

    def test_what_is_given_wins_over_the_record(self):
        self.train(self.named, "cut", "--max-length", 16, "--truncate", "tail", "--new-head")
        run, data = self.folder / "cut", self.file("long.txt", self.LONG)
        logits = lambda *more: self.predicted(run, data, "--logits", "--precision", "f32", *more)[0]["logits"]
        self.assertEqual(logits(), logits("--max-length", 16, "--truncate", "tail"))
        self.assertEqual(logits("--truncate", "head"), [self.predicted(run, self.file("head.txt", " ".join(self.LONG.split()[:14])), "--logits", "--precision", "f32")[0]["logits"]][0])
        self.assertEqual(logits("--max-length", 64), logits("--max-length", 42))
        self.assertNotEqual(logits("--max-length", 64), logits())
        self.refused(attune("predict", "--model", run, "--max-length", 65, data), "--max-length is 65", "at most 64")
        self.refused(attune("predict", "--model", run, "--max-length", 7, data), "max-length", "8")
        self.refused(attune("predict", "--model", run, "--truncate", "stride", data), "--truncate stride is for tagging")

    def test_eval_has_them_too(self):
        data = self.file("long.csv", f"text,label\n{self.LONG.strip()},label_0\nw1,label_1\n")
        cut = lambda *more: self.evaluated(self.named, data, *more)["test"]["truncation"]
        self.assertEqual((cut()["max_length"], cut()["rows_cut"]), (64, 0))  # the model's positions
        self.assertEqual((cut("--max-length", 20)["max_length"], cut("--max-length", 20)["rows_cut"]), (20, 1))


class Pairs(ModelFolders):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pairs = cls.file("pairs.csv", "sentence1,sentence2,label\n" + "w1,w2,a\nw3,w4 w5,b\n" * 6)
        cls.singles = cls.file("singles.csv", "text,label\n" + "w1,a\nw3,b\n" * 6)

    def test_the_record_says_what_the_rows_were(self):
        for name, data, pairs, other in (("of_pairs", self.pairs, True, self.singles), ("of_singles", self.singles, False, self.pairs)):
            self.assertIs(self.train(self.named, name, data=data)[1]["pairs"], pairs)
            run = self.folder / name
            self.assertNotIn("does not say", json.dumps(self.evaluated(run, data)["notes"]))
            self.assertEqual(len(self.predicted(run, data)), 12)
            for command in (["eval", "--model", run, "--data", other], ["predict", "--model", run, other]):
                result = attune(*command)
                self.refused(result, f"{other} line 2", run, "was trained on pairs" if pairs else "was trained on single ones", "--text COLUMN")
                self.assertEqual(result.stdout, b"")
        self.refused(attune("predict", "--model", self.folder / "of_pairs", stdin="w1\n"), "standard input line 1")
        self.assertEqual(len(self.predicted(self.folder / "of_singles", self.pairs, "--text", "sentence2")), 12)

    def test_predict_says_what_it_reads(self):
        for data, columns, kind in ((self.pairs, "text is column 'sentence1', its pair is column 'sentence2'", "read as pairs"), (self.singles, "text is column 'text'", "read as single texts")):
            said = self.succeeded(attune("predict", "--model", self.named, data)).stderr.decode()
            self.assertEqual((said.count(columns), said.count(kind)), (1, 1), said)
            self.assertIn(kind, json.dumps(self.evaluated(self.named, self.file("for_" + data.name, data.read_text().replace(",a", ",label_0").replace(",b", ",label_1")))["notes"]))
        broken = self.make_model("broken_pairs")
        (broken / "attune.json").write_text('{"pairs": "yes"}')
        self.refused(attune("predict", "--model", broken, stdin="w1\n"), broken / "attune.json", "'pairs' is \"yes\"")


class Promptly(ModelFolders):
    def test_each_line_is_answered_before_the_next_is_written(self):
        for form in ([], ["--format", "jsonl"], ["--format", "csv"]):
            with self.subTest(form), subprocess.Popen([PROGRAM, "predict", "--model", self.named, "--threads", "1", *form], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                      stderr=subprocess.DEVNULL) as process:
                if "csv" in form:
                    process.stdin.write(b"text\n")
                for word in ("w1", "w2 w3", "w4"):
                    line = json.dumps({"text": word}) if "jsonl" in form else word
                    process.stdin.write(f"{line}\n".encode())
                    process.stdin.flush()
                    self.assertTrue(select.select([process.stdout], [], [], 20)[0], "no answer while the writer waits")
                    self.assertIn(b'"label"', process.stdout.readline())
                process.stdin.close()
                self.assertEqual((process.stdout.read(), process.wait(20)), (b"", 0))

    def test_rows_before_a_bad_one_are_answered(self):
        bad = self.file("bad.jsonl", '{"text": "w1"}\n{"text": "w2"}\n{bad\n{"text": "w3"}\n')
        result = attune("predict", "--model", self.named, bad)
        self.refused(result, f"{bad} line 3")
        good = self.file("good.jsonl", '{"text": "w1"}\n{"text": "w2"}\n')
        self.assertEqual(result.stdout, attune("predict", "--model", self.named, good).stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
