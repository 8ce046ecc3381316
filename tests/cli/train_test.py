"""A run as a user meets it: the same bits for any thread count, after Ctrl-C and after kill -9.   train_test.py PROGRAM tests/models/golden"""

import json
import re
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

    def killed(self, out, when):
        """Starts a run and kills it as soon as `when` holds of its folder; whether it was still training then."""
        process = subprocess.Popen(self.command(out, "--threads", "1", "--save-every", "7", "--log-every", "1"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while process.poll() is None and not when(self.folder / out) and time.monotonic() < deadline:
            time.sleep(0.0005)
        process.kill()
        return process.wait() == -signal.SIGKILL

    def resumes(self, out, after):
        """The killed run goes on from its newest whole checkpoint, which is one of those `after` these steps, and ends as one that was never killed."""
        log = self.train(out, "--save-every", "7", "--log-every", "1", "--resume")
        found = re.search(r"resuming after step (\d+)", self.said)
        self.assertTrue(found, self.said)
        self.assertIn(int(found[1]), after)
        self.same_run(self.each_step, log)

    def test_killed_at_any_moment_and_resumed(self):
        """Right after a checkpoint, and at some step between two: each is written every 7 steps of 104."""
        self.each_step = self.train("each_step", "--log-every", "1")

        def has_checkpoint(step):
            return lambda out: (out / f"checkpoints/step-{step}").exists()

        def has_logged(step):
            return lambda out: (out / "metrics.jsonl").exists() and f'{{"step":{step},' in (out / "metrics.jsonl").read_text()

        moments = [(f"saved{step}", has_checkpoint(step), step) for step in (7, 14, 49)]
        moments += [(f"logged{step}", has_logged(step), step // 7 * 7) for step in (9, 20, 26, 41, 60, 83)]
        for name, when, newest in moments:
            with self.subTest(name):
                for attempt in range(5):  # a tiny run may end between two looks
                    out = f"{name}_{attempt}"
                    if self.killed(out, when):
                        break
                else:
                    self.fail("the run ended before it was killed, five times")
                self.resumes(out, range(newest, 105, 7))

    def test_killed_before_its_first_checkpoint(self):
        """Nothing to go on from: --resume begins anew, and does not say that it resumes."""
        self.each_step = self.train("each_step_again", "--log-every", "1")
        for attempt in range(5):
            out = f"early_{attempt}"
            if self.killed(out, lambda folder: (folder / "metrics.jsonl").exists()) and not list((self.folder / out).glob("checkpoints/step-*")):
                break
        else:
            self.skipTest("the run wrote its first checkpoint before it was killed, five times")
        log = self.train(out, "--save-every", "7", "--log-every", "1", "--resume")
        self.assertNotIn("resuming after step", self.said)
        self.same_run(self.each_step, log)

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
        found = re.search(r"resuming after step (\d+)", self.said)
        self.assertTrue(found and 10 <= int(found[1]) < 104, self.said)
        self.train(out, "--resume")
        self.assertIn("is finished", self.said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
