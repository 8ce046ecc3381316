"""attune select-loss as a user meets it: a choice, going on, a replay, refusals.   select_test.py PROGRAM tests/models/golden"""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

from program import PROGRAM, ProgramTest, attune, sentences

QUICK = ["--threads", 1, "--lr", 5e-3, "--epochs", 40, "--batch-size", 8, "--draws", 200]


def at_work(name):
    """Processes whose command names it."""
    found = []
    for command in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [command] if str(name).encode() in command.read_bytes() else []
        except OSError:  # gone by now
            pass
    return found


def without_times(verdict):
    for timed in (verdict, verdict["profile"], *verdict["runs"]):
        timed.pop("seconds")
    return verdict


class SelectLoss(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model")
        cls.data = cls.file("train.csv", sentences(160, 1))

    def select(self, out, *more, data=None):
        return attune("select-loss", "--model", self.model, "--train", data or self.data, "--out", self.folder / out, *QUICK, *more)

    def test_budget_1_answers_by_corrections(self):
        text = self.succeeded(self.select("one", "--metric", "macro_f1")).stdout.decode()
        self.assertIn("no other loss was tried", text)
        self.assertIn("--budget 8", text)  # what a race would cost
        out = self.folder / "one"
        found = json.loads((out / "verdict.json").read_text())
        self.assertEqual(found["loss"], "cross_entropy")
        self.assertFalse(found["loss_is_proven"])
        self.assertEqual(len(found["runs"]), 1)
        self.assertEqual(len(found["judgements"]), 1)
        self.assertTrue(found["judgements"][0]["same_runs"])
        judged = [json.loads(line)["id"] for line in (out / "runs/plain/predictions/test.jsonl").read_text().splitlines()]
        learnt = [i for i, part in enumerate((out / "parts/race.txt").read_text().split()) if part == "train"]
        self.assertFalse({f"line {i + 2}" for i in learnt} & set(judged))  # rows that judge did not teach
        for name in ("report.html", "report.txt", "train.json", "profile.json", "plan.json", "suspicious.jsonl", "labels.txt"):
            self.assertTrue((out / name).exists(), name)
        page = (out / "report.html").read_text()
        self.assertNotIn("http://", page)
        self.assertNotIn("w0 w1", page)
        # The config trains as it stands.
        self.succeeded(attune("train", "--config", out / "train.json", "--out", self.folder / "final", "--threads", 1))

    def test_a_race_goes_on_and_replays_bit_for_bit(self):
        whole = self.select("race", "--budget", 8, "--candidate", "focal(gamma=2)")
        text = self.succeeded(whole).stdout.decode()
        found = json.loads((self.folder / "race/verdict.json").read_text())
        self.assertEqual(len([run for run in found["runs"] if run["purpose"].startswith("verdict")]), 6)
        self.assertIn("focal(gamma=2)", [line["arm"] for line in found["race"]])
        heads = [trial for trial in found["profile"]["heads"] if trial["loss"] == "cross_entropy"]
        self.assertEqual([trial["head"] for trial in heads], ["linear", "mlp"])
        for trial in heads:
            self.assertGreater(trial["value"], 0.5)  # three classes, and the text shows which
        blocks = {run["purpose"]: run["seed"] for run in found["runs"] if run["purpose"].startswith("verdict")}
        self.assertEqual(len(set(blocks.values())), 3)  # a seed a block
        if not found["loss_is_proven"]:
            self.assertIn("No loss was shown to be better", text)
        again = attune("select-loss", "--replay", self.folder / "race")
        self.assertIn("bit for bit", self.succeeded(again).stderr.decode())
        # What ran is not run again, and gives the same bytes.
        before = (self.folder / "race/verdict.json").read_bytes()
        shutil.rmtree(self.folder / "race/runs" / found["runs"][-1]["name"])
        said = self.succeeded(self.select("race", "--budget", 8, "--candidate", "focal(gamma=2)")).stderr.decode()
        self.assertEqual(said.count(" steps, about"), 1, said)
        now = json.loads((self.folder / "race/verdict.json").read_text())
        was = json.loads(before)
        self.assertEqual(without_times(now), without_times(was))
        # A verdict that was touched does not replay.
        (self.folder / "race/verdict.json").write_text(before.decode().replace('"strict": false', '"strict": true'))
        told = attune("select-loss", "--replay", self.folder / "race")
        self.assertEqual(told.returncode, 1)
        self.assertIn("NOT what", told.stderr.decode())

    def test_several_runs_at_once_give_the_same_choice(self):
        self.succeeded(self.select("alone", "--budget", 8))
        self.succeeded(self.select("pool", "--budget", 8, "--jobs", 3))
        one, other = (json.loads((self.folder / name / "verdict.json").read_text()) for name in ("alone", "pool"))
        self.assertEqual(without_times(one), without_times(other))

    def test_whoever_is_told_to_stop_tells_its_runs(self):
        out = self.folder / "stopped"
        long = [*QUICK[:QUICK.index("--epochs")], "--epochs", 2000, *QUICK[QUICK.index("--epochs") + 2:]]
        process = subprocess.Popen([PROGRAM, *map(str, ["select-loss", "--model", self.model, "--train", self.data, "--out", out, *long,
                                                        "--budget", 8, "--jobs", 2])], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + 120
        while len(list((out / "runs").glob("*"))) < 3 and time.monotonic() < end:  # the plain run, and two at once
            time.sleep(0.05)
        self.assertEqual(len(at_work(out)), 3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertFalse(at_work(out))

    def test_auto(self):
        out = self.folder / "auto"
        result = attune("train", "--model", self.model, "--train", self.data, "--out", out, *QUICK[:-2], "--loss", "auto(metric=macro_f1)")
        self.assertIn("no other loss was tried", self.succeeded(result).stdout.decode())
        self.assertTrue((out / "model.safetensors").exists())
        self.assertTrue((self.folder / "auto-choice/verdict.json").exists())
        self.refused(attune("train", "--model", self.model, "--train", self.data, "--out", self.folder / "no", "--loss", "auto(metrik=macro_f1)"), "metric")

    def test_an_adapter_brings_its_rate(self):
        quick = [*QUICK[:2], "--epochs", 10, *QUICK[QUICK.index("--batch-size"):]]
        result = attune("select-loss", "--model", self.model, "--train", self.data, "--out", self.folder / "adapter", *quick, "--adapter", "lora(r=2)")
        self.succeeded(result)
        told = [self.folder / "adapter/train.json", *(self.folder / "adapter/jobs").glob("*.json")]
        self.assertEqual({json.loads(path.read_text())["lr"] for path in told}, {2e-3})

    def test_a_dev_file_judges(self):
        dev = self.file("dev.csv", sentences(100, 2))
        self.succeeded(self.select("dev", "--dev", dev))
        plan = json.loads((self.folder / "dev/plan.json").read_text())
        self.assertLessEqual(plan["blocks"][1]["judges"], 60)
        self.assertGreater(plan["blocks"][0]["learns"], 100)

    def test_the_past_learns(self):
        rows = sentences(160, 5).splitlines()
        # The last row of the file is the first in time.
        dated = self.file("dated.csv", "\n".join([rows[0] + ",day"] + [f"{row},{1000 - i}" for i, row in enumerate(rows[1:])]) + "\n")
        self.succeeded(self.select("dated", "--time", "day", data=dated))
        parts = (self.folder / "dated/parts/race.txt").read_text().split()
        place = {part: [i for i, each in enumerate(parts) if each == part] for part in set(parts)}
        self.assertGreater(min(place["train"] + place["dev"]), max(place["test"]))
        self.assertIn("late rows from early ones", (self.folder / "dated/report.txt").read_text())

    def test_prices(self):
        # Three labels of the model's own stand before those of the rows; missing class0 is dear.
        matrix = [[0 if gold == said else 9 if gold == 3 else 1 for said in range(6)] for gold in range(6)]
        prices = f"cost({matrix})"
        text = self.succeeded(self.select("prices", "--metric", prices)).stdout.decode()
        self.assertIn(f"cost_sensitive(costs={matrix})", " ".join(text.split()))
        found = json.loads((self.folder / "prices/verdict.json").read_text())
        runs = self.folder / "prices/runs/plain/predictions/test.jsonl"
        rows = [json.loads(line) for line in runs.read_text().splitlines()]
        named = {"class0": 9, "class1": 1, "class2": 1}
        mean = sum(0 if row["gold"] == row["label"] else named[row["gold"]] for row in rows) / len(rows)
        self.assertAlmostEqual(found["runs"][0]["plain"], mean)
        result = attune("compare", runs, runs, "--metric", prices)
        self.assertIn(f"{mean:.4f}", self.succeeded(result).stdout.decode())

    def test_refusals(self):
        self.refused(self.select("x1", "--metric", "spearman"), "spearman", "classify does not have it")
        self.refused(self.select("x2", "--metric", "loss"), "measure of its own")
        self.refused(self.select("x3", "--metric", "f1"), "f1")
        self.refused(self.select("x4", "--budget", "soon"), "--budget", "20m")
        self.refused(self.select("x5", "--budget", "1s", "--epochs", 4000), "nothing can be decided in 1", "--budget")
        self.refused(self.select("x9", "--metric", "cost"), "price of every answer", "cost([[0, 10], [1, 0]])")
        self.refused(self.select("x10", "--metric", "cost([[0, 1], [1, 0]])"), "2 classes", "6 labels")
        self.refused(self.select("x11", "--only-candidates"), "--candidate")
        self.refused(self.select("x12", "--by-time", "--time", "day"), "give one")
        self.refused(self.select("x13", "--time", "day"), "no column 'day'", "in --time")
        five = self.file("five.csv", sentences(5, 3))
        self.refused(self.select("x6", data=five), "5 rows", "nothing can be decided")
        one = self.file("one-class.csv", "text,label\n" + "".join(f"w{i % 50} w{i % 7} w{i % 11},same\n" for i in range(80)))
        self.refused(self.select("x7", data=one), "same")
        dev = self.file("unknown.csv", sentences(60, 4).replace("class2", "other"))
        self.refused(self.select("x8", "--dev", dev), "unknown.csv", "other")
        (self.folder / "mine").mkdir()
        (self.folder / "mine/keep.txt").write_text("mine")
        self.refused(self.select("mine"), "was not made by")
        self.assertEqual((self.folder / "mine/keep.txt").read_text(), "mine")
        self.refused(attune("select-loss", "--replay", self.folder / "mine"), "plan.json")

    def test_parts(self):
        good = self.file("parts.txt", "train\n" * 120 + "dev\n" * 20 + "test\n" * 20)
        run = ["train", "--model", self.model, "--train", self.data, *QUICK[:-2], "--no-ladder", "--predictions", "--no-save-model"]
        self.succeeded(attune(*run, "--parts", good, "--out", self.folder / "parts"))
        self.assertEqual(len((self.folder / "parts/predictions/test.jsonl").read_text().splitlines()), 20)
        self.assertFalse((self.folder / "parts/model.safetensors").exists())
        short = self.file("short.txt", "train\n" * 12)
        self.refused(attune(*run, "--parts", short, "--out", self.folder / "no"), "12 lines", "160 rows")
        odd = self.file("odd.txt", "train\n" * 159 + "tset\n")
        self.refused(attune(*run, "--parts", odd, "--out", self.folder / "no"), "line 160", "test")
        self.refused(attune(*run, "--parts", good, "--dev", self.data, "--out", self.folder / "no"), "--parts", "--dev")

    def test_corrections_are_written_into_the_folder(self):
        rows = sentences(200, 5, classes=2)
        data = self.file("two.csv", rows)
        run = ["train", "--model", self.model, "--train", data, *QUICK[:-2], "--no-ladder", "--predictions", "--dev", data]
        self.succeeded(attune(*run, "--out", self.folder / "plain", "--epochs", 1))
        self.succeeded(attune(*run, "--out", self.folder / "tempered", "--epochs", 1, "--correct-for", "log_loss"))
        said = [json.loads((self.folder / name / "report.json").read_text()) for name in ("plain", "tempered")]
        losses = [json.dumps(report).count("temperature") for report in said]
        self.assertEqual(losses[0], 0)
        self.assertGreater(losses[1], 0)
        answers = []
        for name in ("plain", "tempered"):
            lines = self.succeeded(attune("eval", "--model", self.folder / name, "--data", data, "--json", "--bootstrap", 0)).stdout
            answers.append(json.loads(lines))
        values = [json.dumps(each) for each in answers]
        self.assertNotEqual(values[0], values[1])
        self.refused(attune(*run, "--out", self.folder / "no", "--correct-for", "auroc"), "no correction serves it")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
