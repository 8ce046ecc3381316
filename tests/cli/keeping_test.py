"""What is kept whatever happens, and what a run refuses to do in silence.   keeping_test.py PROGRAM tests/models/golden"""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import unittest

from program import PROGRAM, ProgramTest, attune, sentences


class Keeping(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", id2label=None, label2id=None)
        cls.data = cls.file("train.csv", sentences(40, 1))
        cls.dev = cls.file("dev.csv", sentences(9, 2))

    def train(self, out, *more, data=None, model=None, dev=True):
        """12 steps."""
        fixed = ["--epochs", 2.4, "--batch-size", 8, "--lr", "1e-3", "--max-length", 32, "--threads", 1, "--bootstrap", 0, "--no-ladder"]
        given = ["--dev", self.dev] if dev else []
        return attune("train", "--model", model or self.model, "--train", data or self.data, "--out", self.folder / out, *given, *fixed, *more)

    def log(self, out):
        return [json.loads(line) for line in (self.folder / out / "metrics.jsonl").read_text().splitlines()]


class AfterTheLastStep(Keeping):
    def test_killed_in_the_ladder_nothing_is_trained_again(self):
        data = self.file("many.csv", sentences(6000, 3, classes=30))
        command = [PROGRAM, "train", "--model", self.model, "--train", data, "--dev", self.dev, "--max-steps", 12, "--threads", 1, "--bootstrap", 0, "--out"]
        whole, killed = self.folder / "with_ladder", self.folder / "killed"
        subprocess.run([*map(str, command), str(whole), "--no-ladder"], check=True, capture_output=True)
        run = subprocess.Popen([*map(str, command), str(killed)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in run.stderr:
            if "measuring what less effort would give" in line:
                run.kill()
        run.wait()
        run.stderr.close()
        self.assertFalse((killed / "attune.json").exists())
        log = (killed / "metrics.jsonl").read_bytes()
        resumed = self.succeeded(attune(*command[1:], killed, "--resume", "--no-ladder"))
        self.assertIn("resuming after step 12 of 12", resumed.stderr.decode())
        self.assertEqual((killed / "metrics.jsonl").read_bytes(), log)
        self.assertEqual((killed / "model.safetensors").read_bytes(), (whole / "model.safetensors").read_bytes())
        for run in (whole, killed):  # the folder itself is the last state: no second copy of it stays
            self.assertFalse((run / "checkpoints").exists())

    def test_the_last_step_is_always_evaluated(self):
        for out, options, steps in (("half", ["--epochs", 0.5], [3]), ("few", ["--max-steps", 7], [5, 7]), ("often", ["--eval-every", 5], [5, 10, 12])):
            self.succeeded(self.train(out, *options))
            evaluations = [line for line in self.log(out) if "split" in line]
            self.assertEqual([line["step"] for line in evaluations], steps)
            report = json.loads((self.folder / out / "report.json").read_text())["dev"]
            self.assertAlmostEqual(evaluations[-1]["accuracy"], report["accuracy"])
            self.assertAlmostEqual(evaluations[-1]["loss"], report["loss"], places=6)


class Overwriting(Keeping):
    def test_the_old_run_stays_until_the_new_one_is_finished(self):
        out = self.folder / "kept"
        self.succeeded(self.train("kept"))
        old = (out / "model.safetensors").read_bytes()
        diverging = ["--overwrite", "--lr", "1e30", "--clip", 0, "--warmup", 0]
        for _ in range(2):  # the second one finds an unfinished run there
            self.refused(self.train("kept", *diverging), "the loss is", f"is kept in {out}/replaced-run")
            self.assertEqual((out / "replaced-run/model.safetensors").read_bytes(), old)
            self.succeeded(attune("predict", "--model", out / "replaced-run", stdin="w1\n"))
        self.succeeded(self.train("kept", "--overwrite", "--seed", 2))
        self.assertFalse((out / "replaced-run").exists())
        self.assertNotEqual((out / "model.safetensors").read_bytes(), old)

    def test_an_unfinished_run_is_not_kept(self):
        self.refused(self.train("unfinished", "--lr", "1e30", "--clip", 0, "--warmup", 0), "the loss is")
        self.succeeded(self.train("unfinished", "--overwrite"))
        self.assertFalse((self.folder / "unfinished/replaced-run").exists())
        self.assertFalse((self.folder / "unfinished/last-good").exists())


class LastGood(Keeping):
    def test_it_stands_there_as_a_model_too(self):
        result = self.train("wild", "--optimizer", "sgd", "--lr", 300, "--clip", 0, "--warmup", 0, "--schedule", "constant", "--max-steps", 400)
        message = self.refused(result, "as a model it stands in", f"{self.folder}/wild/last-good")
        step = int(re.search(r"the state after step (\d+) is kept", message).group(1))
        self.assertGreater(step, 1)
        answers = self.succeeded(attune("predict", "--model", self.folder / "wild/last-good", stdin="w1 w2\n")).stdout
        self.assertIn(b'"probabilities"', answers)

    def test_a_log_shorter_than_the_checkpoint_says(self):
        self.refused(self.train("cut", "--optimizer", "sgd", "--lr", 300, "--clip", 0, "--warmup", 0, "--schedule", "constant", "--max-steps", 400, "--log-every", 1), "is kept in")
        with open(self.folder / "cut/metrics.jsonl", "r+b") as file:
            file.truncate(40)
        again = self.train("cut", "--optimizer", "sgd", "--lr", 300, "--clip", 0, "--warmup", 0, "--schedule", "constant", "--max-steps", 400, "--resume")
        self.refused(again, "metrics.jsonl: has 40 bytes", "Remove the newest folder in", "--overwrite")


class Refusals(Keeping):
    def test_the_best_of_nothing(self):
        for options in (["--early-stopping", 2], ["--best-metric", "accuracy"]):
            self.refused(self.train("no_dev", "--dev", "none", *options, dev=False), options[0], "this run has none", "--dev FILE")
            self.refused(self.train("no_dev", "--test", self.dev, *options, dev=False), options[0], "this run has none")
        message = self.refused(self.train("no_f1", "--best-metric", "f1"), "'f1' has no value for these 3 labels", self.dev)
        self.assertIn("macro_f1", message)
        self.assertFalse((self.folder / "no_f1").exists())

    def test_tags_without_entities_are_judged_by_words(self):
        words = "".join(f"w{i} {'NOUN' if i % 2 else 'VERB'}\n" + ("\n" if i % 5 == 4 else "") for i in range(60))
        data = self.file("pos.conll", words)
        tagged = ["--task", "tag", "--dev", data, "--max-steps", 20, "--eval-every", 2, "--lr", "1e-2", "--batch-size", 4, "--threads", 1, "--bootstrap", 0]
        self.succeeded(attune("train", "--model", self.model, "--train", data, "--out", self.folder / "pos", *tagged, "--early-stopping", 3))
        evaluations = [line for line in self.log("pos") if "split" in line]
        report = json.loads((self.folder / "pos/report.json").read_text())["dev"]
        self.assertAlmostEqual(report["token_accuracy"], max(line["token_accuracy"] for line in evaluations))
        result = attune("train", "--model", self.model, "--train", data, "--out", self.folder / "none", *tagged, "--best-metric", "entity_f1")
        self.refused(result, "'entity_f1' has no value", "token_accuracy")

    def test_nothing_to_train(self):
        self.refused(self.train("x", "--epochs", 0), "--epochs 0 trains nothing", "--max-steps")
        self.refused(self.train("x", "--eps", 0), "--eps")
        self.refused(self.train("x", "--momentum", 0.9), "--momentum is for --optimizer sgd")
        self.refused(self.train("x", "--freeze-layers", 9), "--freeze-layers is 9; the model has 2 layers")
        self.refused(self.train("y", "--class-weights", "0,0,0"), "--class-weights", "nothing would be learned")
        for weights in ("1,inf,1", "1,nan,1", "0x1,1,1", "1,-1,1"):
            self.refused(self.train("x", "--class-weights", weights), weights.split(",")[weights[0] != "0"], "is no weight")
        self.assertFalse((self.folder / "x").exists())

    def test_steps_that_learn_nothing_are_told(self):
        rows = "text,label,w\n" + "".join(f"w{i},class{i % 2},{int(i >= 8)}\n" for i in range(16))
        data = self.file("weighted.csv", rows)
        result = attune("train", "--model", self.model, "--train", data, "--dev", "none", "--weight", "w", "--no-shuffle", "--batch-size", 4, "--epochs", 1,
                        "--log-every", 1, "--out", self.folder / "half_silent", "--threads", 1)
        self.assertIn("2 of 4 steps had no row with a target that counts", self.succeeded(result).stderr.decode())
        self.assertEqual([line["loss"] is None for line in self.log("half_silent")], [True, True, False, False])

    def test_a_class_without_rows_gets_no_weight(self):
        labels = self.file("labels.txt", "class0\nclass1\nclass2\nnever\n")
        result = self.train("absent", "--labels", labels, "--class-weights", "auto")
        self.assertIn("never 0; 1 of 4 labels never occur and get 0", self.succeeded(result).stderr.decode())

    def test_sentences_without_a_word_in_a_micro_batch_of_their_own(self):
        rows = [{"tokens": ["\u200b"], "tags": ["O"]}, {"tokens": ["w1", "w2"], "tags": ["B-X", "O"]}] * 3
        data = self.file("wordless.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        weights = []
        for split in (0, 1):
            out = self.folder / f"wordless{split}"
            self.succeeded(attune("train", "--task", "tag", "--model", self.model, "--train", data, "--dev", "none", "--batch-size", 2, "--micro-batch", split,
                                  "--precision", "f32", "--no-shuffle", "--out", out, "--threads", 1))
            weights.append((out / "model.safetensors").read_bytes())
        self.assertEqual(*weights)  # what has no word adds nothing, to the bit

    def test_a_pipe_as_training_file(self):
        self.succeeded(self.train("piped"))
        read, write = os.pipe()
        os.write(write, self.data.read_bytes())
        os.close(write)
        fixed = ["--format", "csv", "--dev", self.dev, "--max-steps", 1, "--threads", 1, "--bootstrap", 0]
        result = subprocess.run([PROGRAM, "train", "--model", self.model, "--train", f"/dev/fd/{read}", "--out", self.folder / "piped", "--overwrite", *map(str, fixed)],
                                capture_output=True, pass_fds=[read], text=True)
        os.close(read)
        self.assertNotIn("canonical", result.stderr)


class Waits(Keeping):
    """How long OpenMP's threads wait awake: set for commands that run long, unless the user says otherwise."""

    def spin_of(self, own, command, stdin="", sign="step ", stream="stderr"):
        """GOMP_SPINCOUNT of the running program, once a line of what it says begins with `sign`."""
        plain = {key: value for key, value in os.environ.items() if key not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
        with subprocess.Popen([PROGRAM, *map(str, command)], env=plain | own, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as running:
            running.stdin.write(stdin)
            running.stdin.flush()
            self.assertTrue(any(line.startswith(sign) for line in getattr(running, stream)), sign)
            with open(f"/proc/{running.pid}/environ", encoding="utf-8") as file:
                environment = dict(pair.split("=", 1) for pair in file.read().split("\0") if "=" in pair)
            running.kill()
        return environment.get("GOMP_SPINCOUNT")

    def long_training(self):
        return ["train", "--model", self.model, "--train", self.data, "--dev", "none", "--threads", 1, "--epochs", 100000, "--overwrite",
                "--out", self.folder / "waits"]

    def test_waits_are_shortened_unless_the_user_says_otherwise(self):
        train = self.long_training()
        for own, wanted in (({}, "20000"), ({"OMP_WAIT_POLICY": "active"}, None), ({"GOMP_SPINCOUNT": "7"}, "7")):
            spin = self.spin_of(own, train)
            if not own and spin is None:
                self.skipTest("built without libgomp, which alone has this setting")
            self.assertEqual(spin, wanted)

    def test_bound_threads_are_counted_all(self):
        """OMP_PROC_BIND ties the first thread to one processor: the others are there all the same."""
        plain = {key: value for key, value in os.environ.items() if key not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
        if self.spin_of({}, self.long_training()) is None:
            self.skipTest("with Clang's OpenMP beside libgomp, which oneDNN brings, each ties threads without the other's knowing")
        said = []
        for number, own in enumerate(({}, {"OMP_PROC_BIND": "true"}, {"OMP_PLACES": "cores"})):
            out = self.folder / f"bound{number}"
            self.succeeded(attune("train", "--model", self.model, "--train", self.data, "--dev", "none", "--max-steps", 1, "--no-ladder", "--out", out, env=plain | own))
            said.append([line for line in (out / "report.txt").read_text().splitlines() if "thread" in line])
        self.assertEqual(said[0], said[1])
        self.assertEqual(said[0], said[2])

    def test_a_command_that_answers_at_once_does_not_start_twice(self):
        self.succeeded(self.train("answers"))
        self.assertIsNone(self.spin_of({}, ["predict", "--model", self.folder / "answers"], "w1 w2\n", "{", "stdout"))


class Terminal(Keeping):
    def run_in_terminal(self, columns, *more):
        """What is drawn, and the exit code; Ctrl-C after the first bar if `more` says so."""
        try:
            parent, child = pty.openpty()
        except OSError as error:  # a bare chroot without /dev/pts
            raise unittest.SkipTest(f"no pseudo-terminal: {error}")
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        command = [PROGRAM, "train", "--model", self.model, "--train", self.data, "--dev", "none", "--threads", 1, "--out", self.folder / f"terminal{columns}", *more]
        run = subprocess.Popen(list(map(str, command)), stderr=child, stdout=subprocess.DEVNULL)
        os.close(child)
        drawn = b""
        while True:
            try:
                part = os.read(parent, 65536)
            except OSError:
                break
            if b"step " in part and b"step " not in drawn and columns == 100:
                run.send_signal(signal.SIGINT)
            drawn += part
        os.close(parent)
        return drawn.decode(), run.wait()

    def test_the_bar_stays_in_one_line(self):
        for columns in (40, 80, 120):
            drawn, code = self.run_in_terminal(columns, "--epochs", 20)
            self.assertEqual(code, 0)
            bars = [bar.split("\r\n")[0] for bar in drawn.split("\r\033[K")[1:]]
            self.assertTrue(bars)
            for bar in bars:
                self.assertLess(len(bar), columns)
                self.assertIn("step ", bar)
        self.assertIn("0:00 left", bars[-1])

    def test_an_interrupt_is_heard(self):
        drawn, code = self.run_in_terminal(100, "--epochs", 3000)
        self.assertEqual(code, 130)
        self.assertIn("stopping as soon as this step is done and saved; once more: at once", drawn)
        self.assertIn("To go on: the same command with --resume", drawn)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
