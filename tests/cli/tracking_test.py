"""Runs kept for TensorBoard and W&B, read by their own programs.   tracking_test.py PROGRAM tests/models/golden

Reading needs the packages tensorboard (2.21.0 was used) and wandb (0.31.0) for this Python, or for the one that ATTUNE_TRACKING_PYTHON names; those tests are skipped without them.
Nothing here needs a network, and `wandb` is told to use none."""

import json
import os
import shutil
import subprocess
import sys
import unittest

from program import ProgramTest, attune, sentences

PYTHON = os.environ.get("ATTUNE_TRACKING_PYTHON", sys.executable)

READER = r"""
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.pr_curve import metadata as curves
from tensorboard.util import tensor_util
a = EventAccumulator(sys.argv[1], size_guidance={k: 0 for k in ("scalars", "tensors", "images", "histograms")})
a.Reload()
def content(tag):
    return a.SummaryMetadata(tag).plugin_data.content
tags = a.Tags()
out = {
    "scalars": {t: [(e.step, e.value) for e in a.Scalars(t)] for t in tags["scalars"]},
    "histograms": {t: [(e.step, e.histogram_value.num, e.histogram_value.min, e.histogram_value.max) for e in a.Histograms(t)] for t in tags["histograms"]},
    "images": {t: [(e.step, e.width, e.height, e.encoded_image_string[:4].hex()) for e in a.Images(t)] for t in tags["images"]},
    "curves": {}, "hparams": {}, "metrics": [], "status": None}
curve_tags = [t for t in tags["tensors"] if a.SummaryMetadata(t).plugin_data.plugin_name == "pr_curves"]
for t in curve_tags:
    threshold_count = curves.parse_plugin_metadata(content(t)).num_thresholds
    out["curves"][t] = [(e.step, threshold_count, tensor_util.make_ndarray(e.tensor_proto).tolist()) for e in a.Tensors(t)]
for key, value in hparams.parse_session_start_info_plugin_data(content(hparams.SESSION_START_INFO_TAG)).hparams.items():
    out["hparams"][key] = getattr(value, value.WhichOneof("kind"))
out["metrics"] = [m.name.tag for m in hparams.parse_experiment_plugin_data(content(hparams.EXPERIMENT_TAG)).metric_infos]
if hparams.SESSION_END_INFO_TAG in tags["tensors"]:
    out["status"] = hparams.parse_session_end_info_plugin_data(content(hparams.SESSION_END_INFO_TAG)).status
print(json.dumps(out))
"""


def is_there(package):
    return subprocess.run([PYTHON, "-c", f"import {package}"], capture_output=True).returncode == 0


class Tracking(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", id2label=None, label2id=None)
        cls.train_file = cls.file("train.csv", sentences(64, 1))
        cls.dev_file = cls.file("dev.csv", sentences(30, 2))
        cls.test_file = cls.file("test.csv", sentences(30, 3))

    def command(self, out, *more):
        """16 steps, a look after every 4."""
        return ["train", "--model", self.model, "--train", self.train_file, "--dev", self.dev_file, "--test", self.test_file, "--out", self.folder / out, "--epochs", 2, "--batch-size", 8,
                "--lr", "1e-3", "--eval-every", 4, "--log-every", 2, "--threads", 1, "--bootstrap", 0, "--no-ladder", *more]

    def run_it(self, out, *more):
        return self.succeeded(attune(*self.command(out, *more)))

    def log(self, out):
        return [json.loads(line) for line in (self.folder / out / "metrics.jsonl").read_text().splitlines()]


class Unasked(Tracking):
    def test_nothing_is_kept_and_nothing_changes(self):
        for name, more in (("dev", []), ("no_dev", ["--dev", "none"])):
            self.run_it(f"plain_{name}", *more)
            self.assertFalse((self.folder / f"plain_{name}/tracking.json").exists())
            out = self.folder / f"tracked_{name}"
            self.run_it(out.name, *more, "--track", "tensorboard", "--track", "wandb", "--project", self.folder / "unasked")
            self.assertTrue(list(out.glob(f"tensorboard/{out.name}/events.out.tfevents.*")))
            self.assertTrue(list(out.glob("wandb/offline-run-*/run-*.wandb")))
            self.assertEqual((self.folder / f"plain_{name}/model.safetensors").read_bytes(), (out / "model.safetensors").read_bytes())
            timeless = [[{k: v for k, v in line.items() if k not in ("ms_per_step", "tokens_per_second")} for line in self.log(run)] for run in (f"plain_{name}", out.name)]
            self.assertEqual(*timeless)

    def test_an_unknown_tracker_is_refused(self):
        self.refused(attune(*self.command("unknown", "--track", "tensorbord")), "--track", "did you mean 'tensorboard'")

    def test_a_folder_that_may_not_be_made_is_said_before_training(self):
        self.file("a_file", "")
        self.refused(attune(*self.command("refused", "--tensorboard", self.folder / "a_file/tb")), "a_file/tb", "name one that may be written to")
        self.assertFalse((self.folder / "refused").exists())


@unittest.skipUnless(is_there("tensorboard"), "no package tensorboard: ATTUNE_TRACKING_PYTHON may name a Python that has it")
class TensorBoard(Tracking):
    def read(self, folder):
        result = subprocess.run([PYTHON, "-c", READER, str(folder)], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_its_reader_finds_what_the_log_says(self):
        self.run_it("run", "--tensorboard", self.folder / "tb")
        told = self.read(self.folder / "tb/run")
        steps = [line for line in self.log("run") if "loss" in line and "split" not in line]
        for name, key in (("train/loss", "loss"), ("train/learning_rate", "lr"), ("train/gradient_norm", "grad_norm")):
            self.assertEqual([step for step, _ in told["scalars"][name]], [line["step"] for line in steps])
            for (_, value), line in zip(told["scalars"][name], steps, strict=True):
                self.assertAlmostEqual(value, line[key], places=5)
        groups = [name for name in told["scalars"] if name.startswith("gradient_norm/")]
        self.assertIn("gradient_norm/embeddings", groups)
        self.assertIn("gradient_norm/head", groups)
        for at, (_, whole) in enumerate(told["scalars"]["train/gradient_norm"]):
            parts = sum(told["scalars"][name][at][1] ** 2 for name in groups)
            self.assertAlmostEqual(parts**0.5 / whole, 1, places=5)
        dev = [line for line in self.log("run") if line.get("split") == "dev"]
        self.assertEqual([step for step, _ in told["scalars"]["dev/accuracy"]], [4, 8, 12, 16])
        for (_, value), line in zip(told["scalars"]["dev/accuracy"], dev, strict=True):
            self.assertAlmostEqual(value, line["accuracy"], places=6)
        report = json.loads((self.folder / "run/report.json").read_text())
        self.assertAlmostEqual(told["scalars"]["final/test/accuracy"][0][1], report["test"]["accuracy"], places=6)
        self.assertEqual(told["hparams"]["lr"], 1e-3)
        self.assertEqual(told["hparams"]["batch_size"], 8)
        self.assertIn("final/test/accuracy", told["metrics"])
        self.assertEqual(told["status"], 1)  # success

    def test_histograms_curves_and_pictures(self):
        self.run_it("shown", "--tensorboard", self.folder / "shown_tb")
        told = self.read(self.folder / "shown_tb/shown")
        head = told["histograms"]["weights/head"]
        self.assertEqual([step for step, *_ in head], [4, 8, 12, 16])
        self.assertEqual(len({count for _, count, *_ in head}), 1)
        self.assertTrue(all(low < 0 < high for _, _, low, high in head))
        self.assertIn("gradients/embeddings", told["histograms"])
        for label in range(3):
            for step, thresholds, rows in told["curves"][f"dev/label/class{label}"]:
                self.assertEqual((thresholds, len(rows), len(rows[0])), (201, 6, 201))
                self.assertEqual(rows[0][0] + rows[1][0], 30)  # at 0 everything is found
                self.assertEqual(rows[5][0], 1)
        self.assertEqual([step for step, *_ in told["images"]["dev/confusion"]], [4, 8, 12, 16])
        self.assertEqual(told["images"]["test/confusion"][0][3], "89504e47")

    def test_a_killed_run_goes_on_without_a_gap_or_a_repetition(self):
        self.run_it("whole", "--tensorboard", self.folder / "pair")
        self.killed_once_it_says("step 12/16", *self.command("cut", "--tensorboard", self.folder / "pair", "--save-every", 5))
        self.run_it("cut", "--tensorboard", self.folder / "pair", "--save-every", 5, "--resume")
        whole, cut = self.read(self.folder / "pair/whole"), self.read(self.folder / "pair/cut")
        self.assertEqual(set(whole["scalars"]), set(cut["scalars"]))
        for name in whole["scalars"]:
            if "per_second" not in name:
                self.assertEqual(whole["scalars"][name], cut["scalars"][name], name)
        for kind in ("histograms", "curves", "images"):
            self.assertEqual(whole[kind], cut[kind])
        self.assertFalse((self.folder / "pair/cut-2").exists())

    def test_a_failed_run_says_so(self):
        self.refused(attune(*self.command("wild", "--lr", "1e30", "--clip", 0, "--warmup", 0, "--tensorboard", self.folder / "wild_tb")), "the loss is")
        self.assertEqual(self.read(self.folder / "wild_tb/wild")["status"], 2)  # failure


@unittest.skipUnless(is_there("wandb"), "no package wandb: ATTUNE_TRACKING_PYTHON may name a Python that has it")
class WeightsAndBiases(Tracking):
    def wandb(self, *arguments):
        """Its command, without a key, a network or a place beyond this test's folder."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        quiet = {"HOME": str(home), "WANDB_MODE": "offline", "WANDB_BASE_URL": "http://127.0.0.1:9", "WANDB_ERROR_REPORTING": "false", "WANDB_DIR": str(home)}
        result = subprocess.run([PYTHON, "-m", "wandb", *map(str, arguments)], capture_output=True, text=True, cwd=home, timeout=120, env=os.environ | quiet)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result

    def file_of(self, root):
        return next(root.glob("offline-run-*/run-*.wandb"))

    def records(self, root, kind):
        lines = self.wandb("leet", "inspect", "--json", self.file_of(root)).stdout.splitlines()
        return [record for record in map(json.loads, lines) if record["type"] == kind]

    def steps(self, root):
        return [int(record["history"]["step"]["num"]) for record in self.records(root, "history")]

    def test_its_reader_finds_the_run(self):
        self.run_it("run", "--wandb", self.folder / "wb")
        summary = json.loads(self.wandb("leet", "inspect", "--summary", "--json", self.file_of(self.folder / "wb")).stdout)
        report = json.loads((self.folder / "run/report.json").read_text())
        self.assertEqual(summary["state"], "finished")
        self.assertEqual(summary["config"]["lr"], 1e-3)
        self.assertAlmostEqual(summary["summary"]["final/test/accuracy"], report["test"]["accuracy"])
        self.assertIn("Would sync 1 run", self.wandb("beta", "sync", "--dry-run", self.folder / "wb").stderr)

    def test_a_killed_run_goes_on_in_its_file(self):
        self.run_it("whole", "--track", "wandb")
        self.killed_once_it_says("step 12/16", *self.command("cut", "--track", "wandb", "--save-every", 5))
        self.run_it("cut", "--track", "wandb", "--save-every", 5, "--resume")
        whole, cut = self.folder / "whole/wandb", self.folder / "cut/wandb"
        self.assertEqual(len(list(cut.iterdir())), 1)
        self.assertEqual(self.steps(cut), self.steps(whole))
        self.assertEqual(self.steps(cut), [2, 4, 6, 8, 10, 12, 14, 16])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
