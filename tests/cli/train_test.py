"""A run as a user meets it: the same bits for any thread count, after Ctrl-C and after kill -9; refusals.   train_test.py PROGRAM tests/models/golden"""

import json
import signal
import subprocess
import sys
import time
import unittest

from program import PROGRAM, ProgramTest, sentences


class Training(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, id2label=None, label2id=None)
        cls.file("train.csv", sentences(203, 1))
        cls.file("dev.csv", sentences(40, 2))
        cls.whole = cls.train("whole")

    @classmethod
    def command(cls, out, *more):
        return [PROGRAM, "train", "--model", str(cls.model), "--train", str(cls.folder / "train.csv"), "--dev", str(cls.folder / "dev.csv"), "--out",
                str(cls.folder / out), "--epochs", "4", "--batch-size", "8", "--lr", "1e-3", "--max-length", "32", "--bootstrap", "0", *more]

    @classmethod
    def train(cls, out, *more, code=0):
        done = subprocess.run(cls.command(out, *more), capture_output=True, timeout=300)
        if done.returncode != code:
            raise AssertionError(f"exit {done.returncode}: {done.stderr.decode()}")
        cls.said = done.stderr.decode()
        return cls.folder / out

    def same_run(self, one, other):
        self.assertEqual((one / "model.safetensors").read_bytes(), (other / "model.safetensors").read_bytes())
        self.assertEqual(self.log(one), self.log(other))

    @staticmethod
    def log(run):
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        return [{k: v for k, v in line.items() if k not in ("ms_per_step", "tokens_per_second")} for line in lines]

    def test_same_bits_for_any_thread_count(self):
        for precision in ("f32", "bf16"):
            one = self.train(f"one_{precision}", "--threads", "1", "--precision", precision)
            for threads in (2, 3, 4):
                self.same_run(one, self.train(f"threads{threads}_{precision}", "--threads", str(threads), "--precision", precision))

    def test_killed_at_any_moment_and_resumed(self):
        for milliseconds in (30, 90, 200, 400):
            out = f"killed{milliseconds}"
            process = subprocess.Popen(self.command(out, "--save-every", "7"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            time.sleep(milliseconds / 1000)
            process.kill()
            process.wait()
            self.same_run(self.whole, self.train(out, "--save-every", "7", "--resume"))

    def test_interrupted_and_resumed_with_other_threads(self):
        process = subprocess.Popen(self.command("interrupted", "--threads", "1"), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for line in process.stderr:
            if line.startswith(b"step 20/"):
                process.send_signal(signal.SIGINT)
                break
        with process.stderr:
            rest = process.stderr.read().decode()
        self.assertEqual(process.wait(), 130)
        self.assertIn("--resume", rest)
        self.same_run(self.whole, self.train("interrupted", "--resume", "--threads", "2"))
        self.train("interrupted", "--resume")
        self.assertIn("is finished", self.said)

    def test_refusals(self):
        self.train("whole", code=2)
        self.assertIn("--overwrite", self.said)
        self.train("partial", "--max-steps", "9", "--save-every", "4")
        (self.folder / "partial/attune.json").unlink()
        self.train("partial", "--max-steps", "9", "--save-every", "4", "--resume", "--lr", "1e-4", code=2)
        self.assertIn("'lr' was 0.001", self.said)
        foreign = self.folder / "foreign"
        foreign.mkdir()
        (foreign / "thesis.txt").write_text("years of work")
        self.train("foreign", "--overwrite", code=2)
        self.assertTrue((foreign / "thesis.txt").exists())

    def test_loss_that_is_not_a_number(self):
        self.train("diverged", "--lr", "1e30", "--clip", "0", "--warmup", "0", "--optimizer", "sgd", code=2)
        self.assertIn("the weights were left as they were", self.said)
        self.assertIn("Training rows in it", self.said)

    def test_continued_with_a_new_label(self):
        self.file("more.csv", sentences(30, 3) + "w4 w5 w6,a new one\n")
        more = [PROGRAM, "train", "--model", str(self.whole), "--train", str(self.folder / "more.csv"), "--dev", "none", "--out", str(self.folder / "more"),
                "--max-steps", "1", "--lr", "0"]
        done = subprocess.run(more, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn("3 labels keep their rows; 1 new", done.stderr.decode())
        labels = json.loads((self.folder / "more/config.json").read_text())["id2label"]
        self.assertEqual(list(labels.values()), ["class0", "class1", "class2", "a new one"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
