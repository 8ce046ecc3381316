"""A run as a user meets it: the same bits for any thread count, after Ctrl-C and after kill -9.   train_test.py PROGRAM tests/models/golden"""

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
        for milliseconds in (15, 30, 45, 60, 90, 120, 200, 400):
            out = f"killed{milliseconds}"
            process = subprocess.Popen(self.command(out, "--save-every", "7"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            time.sleep(milliseconds / 1000)
            process.kill()
            process.wait()
            self.same_run(self.whole, self.train(out, "--save-every", "7", "--resume"))

    def interrupted(self, out):
        """Ctrl-C after step 10; what the run said then, or None where it was quicker than the signal."""
        process = subprocess.Popen(self.command(out, "--threads", "1"), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for line in process.stderr:
            if line.startswith(b"step 10/"):
                process.send_signal(signal.SIGINT)
                break
        with process.stderr:
            rest = process.stderr.read().decode()
        return rest if process.wait() == 130 else None

    def test_interrupted_and_resumed_with_other_threads(self):
        for attempt in range(10):
            out = f"interrupted{attempt}"
            rest = self.interrupted(out)
            if rest is not None:
                break
        self.assertIsNotNone(rest)
        self.assertIn("--resume", rest)
        self.same_run(self.whole, self.train(out, "--resume", "--threads", "2"))
        self.train(out, "--resume")
        self.assertIn("is finished", self.said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
