"""--head-start linear: the last layer begins as a logistic regression on the untrained encoder.   head_start_test.py PROGRAM tests/models/golden"""

import json
import signal
import subprocess
import sys
import time
import unittest

from program import PROGRAM, W_WORDS, ProgramTest, attune, sentences


class HeadStart(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, id2label=None, label2id=None)
        cls.file("train.csv", sentences(400, 1))
        cls.file("dev.csv", sentences(100, 2))

    def command(self, out, *more, data=("train.csv", "dev.csv")):
        return ["train", "--model", self.model, "--train", self.folder / data[0], "--dev", self.folder / data[1], "--out", self.folder / out, "--new-head",
                "--max-length", "32", "--batch-size", "8", "--bootstrap", "0", "--no-ladder", *more]

    def train(self, out, *more, **data):
        self.said = self.succeeded(attune(*self.command(out, *more, **data))).stderr.decode()
        return self.folder / out

    def metric(self, run, name):
        return json.loads((run / "report.json").read_text())["dev"][name]

    # --lr 0: what the run ends with is what it began with.
    untrained = ("--lr", "0", "--max-steps", "1")

    def test_it_is_worth_more_than_a_random_one(self):
        random = self.metric(self.train("random", *self.untrained), "log_loss")
        linear = self.metric(self.train("linear", *self.untrained, "--head-start", "linear"), "log_loss")
        self.assertIn("the last layer begins as a logistic regression of 400 rows, C = ", self.said)
        self.assertLess(linear, random - 0.2)

    def test_training_goes_on_from_it(self):
        start = self.metric(self.train("start", *self.untrained, "--head-start", "linear"), "log_loss")
        trained = self.train("trained", "--lr", "1e-3", "--epochs", "2", "--head-start", "linear")
        self.assertLess(self.metric(trained, "log_loss"), start)

    def test_same_bits_for_any_thread_count(self):
        for precision in ("f32", "bf16"):
            options = ("--lr", "1e-3", "--max-steps", "5", "--head-start", "linear", "--precision", precision)
            one = (self.train(f"one_{precision}", *options, "--threads", "1") / "model.safetensors").read_bytes()
            for threads in (2, 3):
                other = self.train(f"threads{threads}_{precision}", *options, "--threads", threads)
                self.assertEqual(one, (other / "model.safetensors").read_bytes())

    def test_resumed_it_is_not_fitted_again(self):
        options = ("--lr", "1e-3", "--epochs", "4", "--head-start", "linear", "--save-every", "10")
        whole = self.train("whole", *options)
        for attempt in range(5):
            out = self.folder / f"killed{attempt}"
            process = subprocess.Popen([PROGRAM, *map(str, self.command(out, *options))], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            while process.poll() is None and not (out / "checkpoints/step-10").exists():
                time.sleep(0.0005)
            process.kill()
            if process.wait() == -signal.SIGKILL:
                break
        else:
            self.fail("the run ended before it was killed, five times")
        resumed = self.train(out, *options, "--resume")
        self.assertIn("resuming after step", self.said)
        self.assertNotIn("the last layer begins", self.said)
        self.assertEqual((whole / "model.safetensors").read_bytes(), (resumed / "model.safetensors").read_bytes())

    def test_multilabel_and_tagging(self):
        rows = [json.dumps({"text": " ".join(W_WORDS[i % 30 : i % 30 + 5]), "labels": [["a"], ["a", "b"], []][i % 3]}) for i in range(90)]
        self.file("many.jsonl", "\n".join(rows) + "\n")
        self.train("many", "--task", "multilabel", *self.untrained, "--head-start", "linear", data=("many.jsonl", "many.jsonl"))
        self.assertIn("of 90 rows, C = ", self.said)
        sentence = "".join(f"w{i} {'B-X' if i < 3 else 'O'}\n" for i in range(10)) + "\n"
        self.file("words.txt", sentence * 8)
        words = ("--task", "tag", *self.untrained, "--head-start")
        linear = self.train("tags", *words, "linear", data=("words.txt", "words.txt"))
        self.assertIn("of 80 words, C = ", self.said)
        self.assertGreater(self.metric(linear, "entity_f1"), self.metric(self.train("random_tags", *words, "random", data=("words.txt", "words.txt")), "entity_f1"))

    def test_a_last_layer_that_cannot_go_on_is_a_new_one(self):
        """The folder has three outputs with made-up names, the data two labels: nothing of the old layer is kept."""
        self.file("two.csv", sentences(100, 3, classes=2))
        command = self.command("two", *self.untrained, "--head-start", "linear", data=("two.csv", "two.csv"))
        command.remove("--new-head")
        self.assertIn("the last layer begins as a logistic regression of 100 rows", self.succeeded(attune(*command)).stderr.decode())

    def test_refusals(self):
        linear = ("--max-steps", "1", "--head-start")
        command = [argument for argument in self.command("continued", *linear, "linear") if argument != "--new-head"]
        self.refused(attune(*command), "fits a new last layer", self.model, "--new-head")
        self.file("scores.csv", "text,label\n" + "".join(f"w{i} w{i + 1},{i}\n" for i in range(20)))
        self.refused(attune(*self.command("scores", "--task", "regress", *linear, "linear", data=("scores.csv", "scores.csv"))), "'regress' has none")
        self.refused(attune(*self.command("other", *linear, "liner")), "liner", "linear")
        for out in ("continued", "scores", "other"):
            self.assertFalse((self.folder / out).exists(), "refused before anything is written")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
