"""What a run leaves to read: the ladder, and the probe that guards its weights.   report_test.py PROGRAM tests/models/golden"""

import json
import shutil
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


class Evaluations(ProgramTest):
    """What eval makes of what a run left in its folder."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", id2label=None, label2id=None)
        for name, rows, seed in (("train", 200, 1), ("test", 60, 2), ("dev", 60, 3), ("other", 40, 5)):
            cls.file(f"{name}.csv", sentences(rows, seed))
            cls.file(f"{name}.jsonl", many_labels(rows, seed))
        cls.train("run", "--dev", cls.folder / "dev.csv", "--test", cls.folder / "test.csv")

    @classmethod
    def train(cls, out, *more, data="csv"):
        result = attune("train", "--model", cls.model, "--train", cls.folder / f"train.{data}", "--out", cls.folder / out, "--max-steps", "20", "--lr", "5e-3",
                        "--threads", "1", "--bootstrap", "50", *more)
        assert result.returncode == 0, result.stderr.decode()

    def eval(self, run, data, *more):
        return attune("eval", "--model", self.folder / run, "--data", self.folder / data, "--threads", "1", "--bootstrap", "50", "--json", *more)

    def judged(self, run, data, *more):
        return json.loads(self.succeeded(self.eval(run, data, *more)).stdout)

    def written(self, run):
        return json.loads((self.folder / run / "report.json").read_text())

    def copy(self, name, run="run"):
        shutil.copytree(self.folder / run, self.folder / name)
        return self.folder / name

    def test_the_run_s_own_rows_have_its_ladder_routing_and_curves(self):
        told, again = self.written("run"), self.judged("run", "test.csv")
        scores = lambda report: [(rung["name"], rung["score"]) for rung in report["ladder"]["rows"]]
        self.assertEqual(scores(again), scores(told))
        self.assertEqual((again["ladder"]["pays"], again["ladder"]["verdict"]), (told["ladder"]["pays"], told["ladder"]["verdict"]))
        self.assertEqual(again["routing"]["overall"], told["routing"]["overall"])
        self.assertEqual(again["routing"]["by_class"], told["routing"]["by_class"])
        self.assertEqual(again["routing"]["chosen_on"], "the run's dev rows")
        self.assertFalse(again["routing"]["same_rows"])
        self.assertEqual((again["curve"], again["evaluations"]), (told["curve"], told["evaluations"]))
        self.assertNotIn("ladder", " ".join(again["notes"]))

    def test_rows_of_another_name_and_format_are_the_same_rows(self):
        lines = (self.folder / "test.csv").read_text().splitlines()[1:]
        self.file("same.jsonl", "".join(json.dumps(dict(zip(("text", "label"), line.rsplit(",", 1)))) + "\n" for line in lines))
        self.assertEqual(self.judged("run", "same.jsonl")["ladder"]["verdict"], self.written("run")["ladder"]["verdict"])

    def test_rows_that_were_used_are_owned(self):
        self.assertTrue(self.judged("run", "dev.csv")["routing"]["same_rows"])
        trained_on = "trained on these very rows"
        self.assertIn(trained_on, " ".join(self.judged("run", "train.csv")["notes"]))
        self.assertNotIn(trained_on, " ".join(self.judged("run", "dev.csv")["notes"]))

    def test_a_log_that_was_cut_short_is_read_as_far_as_it_goes(self):
        run, whole = self.copy("cut"), self.judged("run", "test.csv")
        with open(run / "metrics.jsonl", "a") as log:
            log.write('{"loss": 1}\n{"step": "x"}\n[3]\n{"step": 99, "lo')
        cut = self.judged("cut", "test.csv")
        self.assertEqual((cut["curve"], cut["evaluations"]), (whole["curve"], whole["evaluations"]))

    def test_other_rows_have_a_ladder_where_it_is_asked_for(self):
        plain = self.judged("run", "other.csv")
        self.assertNotIn("ladder", plain)
        self.assertIn("--ladder", " ".join(plain["notes"]))
        ladder = self.judged("run", "other.csv", "--ladder")["ladder"]
        self.assertEqual(len(ladder["rows"]), 4)
        self.assertGreater(ladder["rows"][1]["score"], 0.8)
        self.assertAlmostEqual(ladder["rows"][3]["score"], plain["test"]["accuracy"])
        # Fitted on the very rows of the run, one dev set held out of them or not: the rungs of `train` again.
        self.train("held", "--no-ladder")
        self.train("held_ladder")
        other = self.judged("held", "other.csv", "--ladder")["ladder"]
        self.assertEqual([rung["score"] for rung in other["rows"]],
                         [rung["score"] for rung in self.judged("held_ladder", "other.csv", "--ladder")["ladder"]["rows"]])
        self.assertNotEqual(other["rows"][2]["score"], ladder["rows"][2]["score"])

    def test_a_ladder_needs_what_the_run_was_trained_on(self):
        self.file("gone.csv", (self.folder / "train.csv").read_text())
        run = self.copy("moved")
        config = json.loads((run / "config.resolved.json").read_text())
        (run / "config.resolved.json").write_text(json.dumps(config | {"train": [str(self.folder / "gone.csv")]}))
        self.judged("moved", "other.csv", "--ladder")
        with open(self.folder / "gone.csv", "a") as file:
            file.write("w1,class1\n")
        self.refused(self.eval("moved", "other.csv", "--ladder"), "gone.csv", "any more", "without --ladder")
        (self.folder / "gone.csv").unlink()
        self.refused(self.eval("moved", "other.csv", "--ladder"), "gone.csv", "config.resolved.json")
        model = self.make_model("changed", id2label=None, label2id=None, layer_norm_eps=1e-3)
        (run / "config.resolved.json").write_text(json.dumps(config | {"model": str(model)}))
        self.refused(self.eval("moved", "other.csv", "--ladder"), "changed", "not the one that the run began with")

    def test_a_folder_that_attune_did_not_train(self):
        run = self.copy("foreign")
        (run / "attune.json").unlink()
        report = self.judged("foreign", "test.csv")
        self.assertNotIn("ladder", report)
        self.assertIn("not a run of", " ".join(report["notes"]))
        self.assertTrue(report["routing"]["same_rows"])
        self.assertNotIn("curve", report)
        self.refused(self.eval("foreign", "test.csv", "--ladder"), "not a finished run", "leave --ladder out")

    def test_a_record_that_is_none(self):
        run = self.copy("odd")
        record = json.loads((run / "attune.json").read_text())
        for key, value in (("routing", 7), ("ladder", {"rows": 3}), ("splits", {"dev": []}), ("run", "yes")):
            (run / "attune.json").write_text(json.dumps(record | {key: value}))
            self.refused(self.eval("odd", "test.csv"), "attune.json", "as attune writes it")

    def test_multi_label_thresholds_say_where_they_were_chosen(self):
        self.train("many", "--task", "multilabel", "--dev", self.folder / "dev.jsonl", "--best-metric", "micro_f1", data="jsonl")
        dev = self.written("many")["dev"]
        self.assertTrue(dev["thresholds_chosen_on_these_rows"])
        text, page = ((self.folder / f"many/report.{kind}").read_text() for kind in ("txt", "html"))
        for shown in (text, page):
            self.assertIn("dev: thresholds were chosen on these rows: the figures flatter", shown)
        # The log judges with 0.5: its line for the state that was kept is found in the report.
        log = [json.loads(line) for line in (self.folder / "many/metrics.jsonl").read_text().splitlines()]
        best = max((line for line in log if "split" in line), key=lambda line: line["micro_f1"])
        self.assertEqual((dev["micro_f1_at_0.5"], dev["macro_f1_at_0.5"]), (best["micro_f1"], best["macro_f1"]))
        self.assertGreater(dev["micro_f1"], dev["micro_f1_at_0.5"])
        self.assertIn(f"step {best['step']}, the best dev micro F1 ({best['micro_f1']:.4f})", text)
        self.assertTrue(self.judged("many", "dev.jsonl")["test"]["thresholds_chosen_on_these_rows"])
        self.assertNotIn("thresholds_chosen_on_these_rows", self.judged("many", "other.jsonl")["test"])
        self.assertEqual(len(self.judged("many", "other.jsonl", "--ladder")["ladder"]["rows"]), 4)

    def test_a_metric_by_another_library_s_name(self):
        result = attune("train", "--model", self.model, "--train", self.folder / "train.csv", "--out", self.folder / "never", "--best-metric", "f1_macro")
        self.refused(result, "f1_macro", "did you mean 'macro_f1'")
        self.assertFalse((self.folder / "never").exists())

    def test_only_classification_has_a_ladder(self):
        self.file("scores.csv", "text,score\n" + "".join(f"w{i} w{i % 7},{i % 5}\n" for i in range(40)))
        self.succeeded(attune("train", "--model", self.model, "--train", self.folder / "scores.csv", "--task", "regress", "--out", self.folder / "scores",
                              "--max-steps", "1", "--threads", "1"))
        self.refused(self.eval("scores", "scores.csv", "--ladder"), "regress", "no ladder")

    def test_where_reports_may_be_written(self):
        def out(name, *more):
            return self.eval("run", "other.csv", "--out", self.folder / name, *more)

        self.succeeded(out("fresh/inner"))
        folder = self.folder / "fresh/inner"
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["report.html", "report.json", "report.txt"])
        self.refused(out("fresh/inner"), "earlier `attune eval`", "--overwrite")
        (folder / "report.txt").write_text("old")
        self.succeeded(out("fresh/inner", "--overwrite"))
        self.assertIn("accuracy", (folder / "report.txt").read_text())
        (self.folder / "precious").mkdir()
        self.file("precious/thesis.txt", "years of work")
        self.refused(out("precious"), "not made by `attune eval`", "--overwrite")
        self.assertEqual([path.name for path in (self.folder / "precious").iterdir()], ["thesis.txt"])
        self.succeeded(out("precious", "--overwrite"))
        self.assertEqual((self.folder / "precious/thesis.txt").read_text(), "years of work")
        self.refused(out("other.csv"), "is a file")
        self.refused(out("run", "--overwrite"), "a model stands there")


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
