"""A project's runs: kept while they go on, by several at once, through a kill; listed, filtered, compared.   runs_test.py PROGRAM tests/models/golden"""

import json
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest, attune, sentences


class Runs(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", id2label=None, label2id=None)
        cls.train_file = cls.file("train.csv", sentences(64, 1))
        cls.dev_file = cls.file("dev.csv", sentences(30, 2))

    def command(self, project, out, *more):
        """16 steps."""
        return ["train", "--model", self.model, "--train", self.train_file, "--dev", self.dev_file, "--out", self.folder / project / out, "--project", self.folder / project, "--epochs", 2,
                "--batch-size", 8, "--lr", "1e-3", "--eval-every", 4, "--log-every", 2, "--threads", 1, "--bootstrap", 0, "--no-ladder", *more]

    def make(self, project, out, *more):
        return self.succeeded(attune(*self.command(project, out, *more)))

    def runs(self, project, *words):
        return attune("runs", *words, "--project", self.folder / project)

    def asked(self, project, *words):
        return json.loads(self.succeeded(self.runs(project, *words, "--json")).stdout)

    def started(self, project, out, *more):
        return subprocess.Popen([PROGRAM, *map(str, self.command(project, out, *more))], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


class Kept(Runs):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        maker = cls("test_the_best")
        maker.make("p", "slow", "--lr", "1e-5")
        maker.make("p", "quick", "--lr", "3e-3", "--seed", 2)
        maker.make("p", "middle", "--lr", "1e-3")

    def report(self, out):
        return json.loads((self.folder / "p" / out / "report.json").read_text())["dev"]

    def test_a_run_stands_there_with_what_it_reached(self):
        run = self.asked("p", "show", "quick")
        self.assertEqual((run["id"], run["state"], run["step"], run["steps"]), (2, "finished", 16, 16))
        self.assertEqual(run["metrics"]["dev/accuracy"], self.report("quick")["accuracy"])
        self.assertEqual((run["options"]["lr"], run["options"]["seed"]), (3e-3, 2))
        self.assertEqual(len(run["identity"]["data_sha256"][str(self.train_file)]), 64)
        self.assertEqual(run["out"], str(self.folder / "p/quick"))
        log = [json.loads(line) for line in (self.folder / "p/quick/metrics.jsonl").read_text().splitlines()]
        steps = [line for line in log if "split" not in line]
        self.assertEqual(run["curves"]["train/loss"]["step"], [line["step"] for line in steps])
        self.assertEqual(run["curves"]["train/loss"]["value"], [line["loss"] for line in steps])
        self.assertEqual(run["curves"]["dev/accuracy"]["value"], [line["accuracy"] for line in log if "split" in line])
        text = self.succeeded(self.runs("p", "show", "quick")).stdout.decode()
        for part in ("quick, number 2", "finished", "16 of 16", "train/loss", "0.003", "SHA-256"):
            self.assertIn(part, text)

    def test_lists_sorts_and_filters(self):
        def names(*words):
            return [run["name"] for run in self.asked("p", "list", *words)]

        self.assertEqual(names(), ["slow", "quick", "middle"])
        self.assertEqual(names("--sort", "lr"), ["slow", "middle", "quick"])
        self.assertEqual(names("--sort", "-lr", "--limit", 2), ["quick", "middle"])
        self.assertEqual(names("--where", "lr > 1e-4 and seed = 1"), ["middle"])
        self.assertEqual(names("--where", "not (lr > 1e-4)"), ["slow"])
        text = self.succeeded(self.runs("p", "list")).stdout.decode()
        for part in ("slow", "quick", "middle", "finished", "lr", "seed", "dev/accuracy"):
            self.assertIn(part, text)
        self.assertNotIn("weight_decay", text)  # the same for all
        self.assertEqual(self.succeeded(self.runs("p", "list", "--where", "lr > 1")).stdout, b"  no runs\n")

    def test_the_best(self):
        for metric, pick in (("accuracy", max), ("dev/loss", min)):
            values = {out: self.report(out)[metric.rpartition("/")[2]] for out in ("slow", "quick", "middle")}
            best = self.asked("p", "best", "--metric", metric)
            self.assertEqual(best["value"], pick(values.values()), values)
            self.assertEqual(values[best["name"]], best["value"])
        self.assertEqual(self.asked("p", "best", "--where", "lr < 1e-4")["name"], "slow")
        self.assertIn("run 1, slow", self.succeeded(self.runs("p", "best", "--where", "name = slow")).stdout.decode())

    def test_two_beside_each_other(self):
        page = self.folder / "both.html"
        text = self.succeeded(self.runs("p", "compare", "slow", "2", "--html", page)).stdout.decode()
        for part in ("slow (1)", "quick (2)", "lr", "1e-05", "0.003", "dev/accuracy", "train/loss", "▁", "█", str(page)):
            self.assertIn(part, text)
        html = page.read_text()
        self.assertIn("Content-Security-Policy", html)
        self.assertGreaterEqual(html.count("<svg"), 10)
        for link in ("http://", "https://", "src="):
            self.assertNotIn(link, html)
        differs = self.asked("p", "compare", "slow", "quick")["differs"]
        self.assertEqual(differs, {"lr": [1e-5, 3e-3], "seed": [1, 2]})
        same = self.succeeded(self.runs("p", "compare", "1", "1")).stdout.decode()
        self.assertIn("the same options and the same data", same)

    def test_what_is_refused(self):
        self.refused(self.runs("p", "show", "quik"), "no run 'quik'", "did you mean 'quick'")
        self.refused(self.runs("p", "list", "--where", "acuracy > 0"), "--where", "no run knows 'acuracy'", "did you mean 'accuracy'")
        self.refused(self.runs("p", "list", "--where", "lr >"), "a value at the end")
        self.refused(self.runs("p", "list", "--sort", "learning"), "--sort", "no run knows 'learning'")
        self.refused(self.runs("p", "best", "--metric", "test/accuracy"), "test/accuracy")
        self.refused(self.runs("p", "lst"), "unknown verb 'lst'", "did you mean 'list'")
        self.refused(self.runs("p", "show"), "`show` takes one run, got 0")
        self.refused(self.runs("p", "compare", "1"), "`compare` takes two runs, got 1")
        self.refused(self.runs("nowhere", "list"), "no run has been kept there")
        self.refused(attune("runs", "list"), "--project")


class Together(Runs):
    def test_two_runs_at_once(self):
        both = [self.started("together", f"run{i}", "--seed", i) for i in (1, 2)]
        for run in both:
            said = run.stderr.read()
            run.stderr.close()
            self.assertEqual(run.wait(), 0, said)
            self.assertNotIn("told nothing more", said)
        for run in self.asked("together", "list"):
            self.assertEqual(run["state"], "finished")
            self.assertEqual(self.asked("together", "show", str(run["id"]))["curves"]["train/loss"]["step"], [2, 4, 6, 8, 10, 12, 14, 16])

    def test_a_killed_run_is_interrupted_and_goes_on_as_itself(self):
        self.make("killed", "whole")
        self.killed_once_it_says("step 12/16", *self.command("killed", "cut", "--save-every", 5))
        cut = self.asked("killed", "show", "cut")
        self.assertEqual((cut["state"], cut["metrics"]), ("interrupted", {}))
        self.assertGreaterEqual(cut["step"], 10)  # a step is said before it is kept
        self.make("killed", "cut", "--save-every", 5, "--resume")
        self.assertEqual(len(self.asked("killed", "list")), 2)
        whole, cut = self.asked("killed", "show", "whole"), self.asked("killed", "show", "cut")
        self.assertEqual(cut["state"], "finished")
        self.assertEqual(whole["metrics"], cut["metrics"])
        for name, curve in whole["curves"].items():
            self.assertEqual(curve["step"], cut["curves"][name]["step"], name)
            if "per_second" not in name:
                self.assertEqual(curve["value"], cut["curves"][name]["value"], name)

    def test_a_failed_run_says_why(self):
        self.refused(attune(*self.command("failed", "wild", "--lr", "1e30", "--clip", 0, "--warmup", 0)), "the loss is")
        run = self.asked("failed", "show", "wild")
        self.assertEqual(run["state"], "failed")
        self.assertIn("the loss is", run["error"])


class Broken(Runs):
    def test_a_broken_database_is_said_before_training(self):
        (self.folder / "broken").mkdir()
        (self.folder / "broken/attune-runs.sqlite").write_text("this is not what it seems to be " * 20)
        self.refused(attune(*self.command("broken", "run")), "attune-runs.sqlite", "damaged, or no database at all")
        self.assertFalse((self.folder / "broken/run").exists())
        self.refused(self.runs("broken", "list"), "damaged, or no database at all")

    def test_a_project_that_cannot_be_made(self):
        self.file("file", "")
        self.refused(attune("train", "--model", self.model, "--train", self.train_file, "--out", self.folder / "not", "--project", self.folder / "file/project"), "file/project",
                     "name one that may be written to")
        self.refused(attune("train", "--model", self.model, "--train", self.train_file, "--out", self.folder / "not", "--project", "/proc/project"), "/proc/project")
        self.assertFalse((self.folder / "not").exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
