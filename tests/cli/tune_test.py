"""attune tune as a user meets it: a study, going on, several processes, refusals.   tune_test.py PROGRAM tests/models/golden"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

from program import PROGRAM, ProgramTest, attune, sentences

SLOWNESS = 8 if os.environ.get("ATTUNE_SANITIZED") else 1  # of the program under sanitizers
QUICK = ["--threads", 1, "--epochs", 6, "--batch-size", 8, "--draws", 200]
SPACE = ["--lr", "5e-4..5e-2:log", "--search", "none"]


def runs_of(folder):
    """(purpose, trial, stage, state) of each run that the database knows."""
    with sqlite3.connect(folder / "attune-runs.sqlite") as database:
        return database.execute("SELECT purpose, trial, stage, state FROM study_runs ORDER BY id").fetchall()


class Tune(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model")
        cls.data = cls.file("train.csv", sentences(300, 1))
        cls.test = cls.file("test.csv", sentences(60, 2))

    def command(self, out, *more, budget=15):
        return ["tune", "--model", self.model, "--train", self.data, "--out", self.folder / out, "--budget", budget if isinstance(budget, str) else f"{SLOWNESS * budget}s",
                "--metric", "macro_f1", *QUICK, *more]

    def tune(self, out, *more, budget=15):
        return attune(*self.command(out, *more, budget=budget))

    def begin(self, out, *more, budget=15):
        return subprocess.Popen([PROGRAM, *map(str, self.command(out, *more, budget=budget))], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def study(self, out):
        return json.loads((self.folder / out / "study.json").read_text())

    def wait_for_runs(self, out, count, state="finished"):
        end = time.monotonic() + SLOWNESS * 60
        while time.monotonic() < end:
            try:
                if sum(run[3] == state for run in runs_of(self.folder / out)) >= count:
                    return
            except sqlite3.OperationalError:
                pass
            time.sleep(0.05)
        self.fail("the study does not get anywhere")

    def test_a_study_finds_a_better_rate_and_says_how_sure_it_is(self):
        begun = time.monotonic()
        text = self.succeeded(self.tune("one", *SPACE, "--trials", 14, "--final-model", self.folder / "one-model", "--test", self.test, budget=60)).stdout.decode()
        self.assertLess(time.monotonic() - begun, SLOWNESS * 63)
        found, out = self.study("one"), self.folder / "one"
        # The default rate of 5e-5 learns nothing in six epochs of a tiny model; the space has rates that do.
        self.assertTrue(found["proven"], text)
        self.assertIn("lr ", text.splitlines()[1])
        self.assertGreater(float(found["chosen"]["lr"]), 5e-4)
        self.assertEqual(len(found["trials"]), 14)
        self.assertEqual({trial["arm"] for trial in found["trials"]}, {"defaults", "random", "sampled"})
        judged = found["judgement"]
        self.assertGreater(judged["interval"]["low"] if isinstance(judged["interval"], dict) else judged["interval"][0], 0)
        self.assertGreaterEqual(len(judged["blocks"]), 3)
        # Rows that judge the verdict taught and judged nothing before.
        search, verdict = ((out / "parts" / f"{name}.txt").read_text().split() for name in ("search", "verdict"))
        self.assertTrue(all(before == "none" for before, now in zip(search, verdict) if now == "test"))
        self.assertGreater(verdict.count("test"), 40)
        for name in ("report.html", "report.txt", "train.json", "plan.json", "labels.txt"):
            self.assertTrue((out / name).exists(), name)
        page = (out / "report.html").read_text()
        self.assertNotIn("http://", page)
        self.assertIn("What mattered", page)
        # A trial can be made again, and answers alike.
        job = sorted((out / "jobs").glob("trial-00[1-9]*.json"))[0]
        self.succeeded(attune("train", "--config", job, "--out", self.folder / "again", "--threads", 1))
        answers = "predictions/test.jsonl"
        self.assertEqual((self.folder / "again" / answers).read_text(), (out / "runs" / job.stem / answers).read_text())
        # The final model was judged on the test file, once, as `attune eval` judges it.
        judged = json.loads(self.succeeded(attune("eval", "--model", self.folder / "one-model", "--data", self.test, "--json", "--threads", 1)).stdout)
        self.assertAlmostEqual(judged["test"]["macro_f1"], found["test"]["value"], places=12)
        self.succeeded(attune("train", "--config", out / "train.json", "--out", self.folder / "one-final", "--threads", 1))
        names = [run["name"] for run in json.loads(self.succeeded(attune("runs", "list", "--project", out, "--json")).stdout)]
        self.assertIn("trial-000-rung-0", " ".join(names).replace("rung-1", "rung-0").replace("rung-2", "rung-0"))

    def test_a_finished_study_is_told_again_and_goes_on_with_a_larger_budget(self):
        self.succeeded(self.tune("told", *SPACE, "--trials", 4))
        before = runs_of(self.folder / "told")
        self.succeeded(self.tune("told", *SPACE, "--trials", 4))
        self.assertEqual(runs_of(self.folder / "told"), before)
        self.refused(self.tune("told", "--lr", "1e-4..1e-2:log", "--search", "none"), "holds a study with other options", "--overwrite")
        self.succeeded(self.tune("told", *SPACE, "--trials", 8, budget=40))
        after = runs_of(self.folder / "told")
        self.assertTrue(set(before) <= set(after))
        self.assertEqual(len({trial for purpose, trial, _, _ in after if purpose == "search"}), 8)

    def test_the_final_model_is_made_wherever_it_is_asked_for(self):
        more = (*SPACE, "--trials", 4)
        for name in ("final-a", "final-b", "final-a"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            self.succeeded(self.tune("finals", *more, "--final-model", self.folder / name, budget=40))
            self.succeeded(attune("info", self.folder / name))
        study = self.study("finals")
        config = json.loads((self.folder / "final-a" / "config.resolved.json").read_text())
        self.assertAlmostEqual(config["lr"], float(study["chosen"]["lr"]))
        self.assertEqual(config["dev"], "none", "on all rows")

    def test_whoever_is_told_to_stop_tells_its_helpers(self):
        process = self.begin("stopped", *SPACE, "--jobs", 2, budget=600)
        self.wait_for_runs("stopped", 3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SLOWNESS * 60)
        self.assertEqual(process.returncode, 130)
        runs = runs_of(self.folder / "stopped")
        time.sleep(1)
        self.assertEqual(runs_of(self.folder / "stopped"), runs, "nobody works on")
        self.assertFalse([run for run in runs if run[3] == "running"])

    def test_a_killed_study_goes_on_where_it_was(self):
        for how, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
            out = f"killed-{int(how)}"
            process = self.begin(out, *SPACE, "--trials", 8, budget=40)
            self.wait_for_runs(out, 3)
            process.send_signal(how)
            process.communicate(timeout=SLOWNESS * 60)
            self.assertEqual(process.returncode, code)
            before = [run for run in runs_of(self.folder / out) if run[3] == "finished"]
            self.succeeded(self.tune(out, *SPACE, "--trials", 8, budget=40))
            after = runs_of(self.folder / out)
            self.assertTrue(set(before) <= set(after))
            self.assertEqual(len(after), len(set(run[:3] for run in after)))
            self.assertFalse([run for run in after if run[3] == "running"])
            self.assertEqual(len({trial for purpose, trial, _, _ in after if purpose == "search"}), 8)

    def test_several_processes_work_on_one_study(self):
        processes = [self.begin("shared", *SPACE, "--trials", 10, budget=60) for _ in range(3)]
        for process in processes:
            _, errors = process.communicate(timeout=SLOWNESS * 120)
            self.assertEqual(process.returncode, 0, errors.decode())
        runs = runs_of(self.folder / "shared")
        self.assertEqual(len(runs), len(set(run[:3] for run in runs)))
        self.assertEqual(len({trial for purpose, trial, _, _ in runs if purpose == "search"}), 10)
        with sqlite3.connect(self.folder / "shared/attune-runs.sqlite") as database:
            processes = database.execute("SELECT count(DISTINCT process) FROM study_runs").fetchone()[0]
        self.assertGreater(processes, 1)
        self.succeeded(self.tune("jobs", *SPACE, "--trials", 6, "--jobs", 2, budget=60))
        self.assertEqual(len(self.study("jobs")["trials"]), 6)

    def test_limits_keep_out_what_is_too_slow_or_too_large(self):
        found = self.tune("none", *SPACE, "--trials", 4, "--max-latency", "1s", "--max-size", "1kB", budget=40)
        text = self.succeeded(found).stdout.decode()
        self.assertIn("Keep the defaults", text)
        self.assertIn("breaks a limit", text)
        # 23,718 parameters: 95 kB in f32, a third of it in bytes.
        found = self.tune("bytes", *SPACE, "--trials", 6, "--max-size", "40kB", budget=60)
        text = self.succeeded(found).stdout.decode()
        study = self.study("bytes")
        self.assertEqual(study["answer_in"], "int8", text)
        self.assertIn("answers in int8", text)
        full = [trial for trial in study["trials"] if trial["share"] == 1]
        self.assertTrue(all({"f32", "int8"} <= set(trial["answers"]) for trial in full))
        self.assertTrue(all(trial["answers"]["int8"]["bytes"] < 40e3 < trial["answers"]["f32"]["bytes"] for trial in full))
        self.assertIn("What could be served", (self.folder / "bytes/report.html").read_text())
        judged = [run for run in study["judgement_runs"] if run["trial"] == study["finalist"]]
        self.assertTrue((self.folder / "bytes/runs" / judged[0]["name"] / "predictions/test-int8.jsonl").exists())

    def test_refusals(self):
        self.refused(self.tune("a", "--search", "none"), "nothing to search", "--lr 1e-5..5e-4:log")
        self.refused(self.tune("a", "--search", "lrr"), "did you mean 'lr'")
        self.refused(self.tune("a", "--space", "learning-rate=1..2"), "no option that can be searched")
        self.refused(self.tune("a", "--space", "lr"), "NAME=SPACE")
        self.refused(self.tune("a", "--lr", "5e-4..5e-5:log", "--search", "none"), "did you mean 5e-05..0.0005")
        self.refused(self.tune("a", "--dropout", "0.0..2.0", "--search", "none"), "in the space of 'dropout'")
        self.refused(self.tune("a", *SPACE, budget="0.2s"), "too small for one run", "give at least")
        self.refused(self.tune("a", *SPACE, budget="8"), "expected a time")
        self.refused(self.tune("a", "--loss", "cross_entropy|focl", "--search", "none"), "in the space of 'loss'", "focl")
        self.refused(self.tune("a", "--loss", "cross_entropy|focal(gamma=-1..3)", "--search", "none"), "gamma")
        self.refused(self.tune("a", "--adapter", "none|lroa(r=4|8)", "--search", "none"), "in the space of 'adapter'", "did you mean 'lora'")
        self.refused(self.tune("a", "--space", "lr-times=-1.0..2.0", "--search", "none"), "lr-times", "above 0")
        self.refused(self.tune("a", "--search", "lr-times", "--lr", "1e-4"), "lr-times", "--lr says another")
        self.refused(self.tune("a", *SPACE, "--by-time", "--dev", self.test), "--by-time", "--dev")
        self.refused(self.tune("a", *SPACE, "--early-stopping", 2, "--final-model", self.folder / "m", "--test", self.test), "--early-stopping", "--dev")
        self.refused(self.tune("a", *SPACE, "--metric", "macrof1"), "macro_f1")
        self.refused(self.tune("a", *SPACE, "--max-latency", "5"), "--max-latency", "5ms")
        self.refused(self.tune("a", *SPACE, "--task", "embed"), "--task embed")
        strange = self.file("strange.csv", "text,label\nw1 w2,classX\n")  # told before anything runs
        self.refused(self.tune("a", *SPACE, "--test", strange, "--final-model", self.folder / "m"), "strange.csv line 2", "classX")
        (self.folder / "mine").mkdir()
        self.file("mine/attune.json", "{}")  # a model that is not the study's is never replaced unasked
        self.refused(self.tune("a", *SPACE, "--final-model", self.folder / "mine"), "--final-model", "exists")
        self.assertEqual([path.name for path in (self.folder / "mine").iterdir()], ["attune.json"])
        (self.folder / "full").mkdir()
        self.file("full/file.txt", "mine")
        self.refused(self.tune("full", *SPACE), "was not made by `attune tune`")
        self.assertFalse((self.folder / "a" / "runs" / "trial-000-rung-0" / "attune.json").exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
