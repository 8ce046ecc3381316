"""What the options of `attune train` promise, seen from outside: in metrics.jsonl and in the weights.   options_test.py PROGRAM tests/models/golden"""

import json
import math
import os
import random
import struct
import sys
import unittest

from program import W_WORDS, ProgramTest, attune, read_tensors

LABELS = ["label_0", "label_1", "label_2"]  # the golden model's own


def rows(count, seed, noise=False):
    """A csv whose label shows in the text, or with `noise` does not."""
    draw = random.Random(seed)
    lines = ["text,label"]
    for _ in range(count):
        label = min(draw.randrange(6), 3) % 3  # about 4 : 1 : 1
        shown = draw.randrange(3) if noise else label
        words = [draw.choice(W_WORDS[3:]) for _ in range(draw.randrange(2, 9))] + [W_WORDS[shown]]
        lines.append(" ".join(words) + f",{LABELS[label]}")
    return "\n".join(lines) + "\n"


class Options(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        cls.data = cls.file("train.csv", rows(48, 3))
        cls.dev = cls.file("dev.csv", rows(30, 2, noise=True))

    def train(self, out, *more, dev="none", batch=8):
        """The run's folder. In f32, without dropout; a line in the log for every step; 6 steps an epoch."""
        out = self.folder / out
        fixed = ["--batch-size", batch, "--threads", 1, "--precision", "f32", "--bootstrap", 0, "--no-ladder", "--log-every", 1]
        self.said = self.succeeded(attune("train", "--model", self.model, "--train", self.data, "--dev", dev, "--out", out, *fixed, *more)).stderr.decode()
        return out

    @staticmethod
    def log(out):
        """The lines of the steps, and those of the evaluations."""
        lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        return [line for line in lines if "split" not in line], [line for line in lines if "split" in line]

    def judged(self, folder):
        """The model in the folder, evaluated on dev once more."""
        result = attune("eval", "--model", folder, "--data", self.dev, "--json", "--bootstrap", 0, "--precision", "f32", "--threads", 1)
        return json.loads(self.succeeded(result).stdout)["test"]

    @staticmethod
    def tensors(folder):
        header, data = read_tensors(folder / "model.safetensors")
        return {name: data[slice(*tensor["data_offsets"])] for name, tensor in header.items() if name != "__metadata__"}

    @staticmethod
    def numbers(tensor):
        return struct.unpack(f"<{len(tensor) // 4}f", tensor)


class LookingOn(Options):
    # The text says nothing of dev's labels, so the loss there rises as the training rows are learnt by heart.
    LEARN_BY_HEART = ["--lr", "1e-2", "--schedule", "constant"]

    def test_eval_every(self):
        steps, evaluations = self.log(self.train("every4", "--epochs", 2, "--eval-every", 4, dev=self.dev))
        self.assertEqual([line["step"] for line in steps], list(range(1, 13)))
        self.assertEqual([line["step"] for line in evaluations], [4, 8, 12])
        _, evaluations = self.log(self.train("every_epoch", "--epochs", 2, dev=self.dev))
        self.assertEqual([(line["step"], line["epoch"]) for line in evaluations], [(6, 1.0), (12, 2.0)])

    def best_of(self, evaluations):
        return min(evaluations, key=lambda line: line["log_loss"])  # the first of equals

    def same_scores(self, judged, logged):
        for name in ("log_loss", "accuracy", "macro_f1", "mcc"):
            self.assertAlmostEqual(judged[name], logged[name], places=6, msg=name)

    def test_best_metric_keeps_the_best_state(self):
        settings = [*self.LEARN_BY_HEART, "--epochs", 5, "--eval-every", 3]
        out = self.train("best", *settings, "--best-metric", "log_loss", dev=self.dev)
        _, evaluations = self.log(out)
        best = self.best_of(evaluations)
        self.assertLess(best["step"], 30)
        self.assertLess(best["log_loss"], evaluations[-1]["log_loss"] - 0.1)
        self.same_scores(self.judged(out), best)
        # Without it the very same run keeps its last state.
        last = self.train("last", *settings, dev=self.dev)
        self.assertEqual(self.log(last)[1], evaluations)
        self.same_scores(self.judged(last), evaluations[-1])

    def test_best_metric_of_which_more_is_better(self):
        out = self.train("best_accuracy", *self.LEARN_BY_HEART, "--epochs", 4, "--eval-every", 2, "--best-metric", "macro_f1", dev=self.dev)
        _, evaluations = self.log(out)
        self.assertGreater(len({line["macro_f1"] for line in evaluations}), 2)
        self.same_scores(self.judged(out), max(evaluations, key=lambda line: line["macro_f1"]))

    def test_early_stopping_stops_and_keeps_the_best_state(self):
        settings = [*self.LEARN_BY_HEART, "--epochs", 20, "--eval-every", 2, "--best-metric", "log_loss"]
        out = self.train("early", *settings, "--early-stopping", 3, dev=self.dev)
        steps, evaluations = self.log(out)
        best = self.best_of(evaluations)
        self.assertEqual(evaluations[-1]["step"], best["step"] + 3 * 2, "three evaluations later")
        self.assertEqual(steps[-1]["step"], evaluations[-1]["step"])
        self.assertLess(steps[-1]["step"], 120)
        self.assertIn("stopping early", self.said)
        self.assertIn(f"at step {best['step']}", self.said)
        self.same_scores(self.judged(out), best)


class Objective(Options):
    def first_loss(self, out, *more):
        """The loss of all rows together before anything was learnt: one step, at rate 0."""
        (line,), _ = self.log(self.train(out, "--max-steps", 1, "--warmup", 1, *more, batch=48))
        self.assertEqual(line["lr"], 0)
        return line["loss"]

    def test_class_weights(self):
        predicted = attune("predict", "--model", self.model, self.data, "--logits", "--precision", "f32", "--threads", 1)
        logits = [json.loads(line)["logits"] for line in self.succeeded(predicted).stdout.splitlines()]
        targets = [LABELS.index(line.rsplit(",", 1)[1]) for line in self.data.read_text().splitlines()[1:]]
        costs = [math.log(sum(math.exp(z) for z in row)) - row[y] for row, y in zip(logits, targets)]
        counts = [targets.count(label) for label in range(3)]
        self.assertGreater(max(counts), 2 * min(counts))

        def by_hand(weights):
            return sum(weights[y] * cost for y, cost in zip(targets, costs)) / sum(weights[y] for y in targets)

        auto = [len(targets) / (3 * count) for count in counts]
        expected = {"none": by_hand([1, 1, 1]), "auto": by_hand(auto), "0.5,2,7": by_hand([0.5, 2, 7])}
        self.assertGreater(min(abs(a - b) for a in expected.values() for b in expected.values() if a is not b), 1e-3)
        for i, (weights, loss) in enumerate(expected.items()):
            self.assertAlmostEqual(self.first_loss(f"weights{i}", "--class-weights", weights), loss, places=5, msg=weights)
            if weights == "auto":
                self.assertIn(f"class weights: label_0 {auto[0]:.3g}, label_1 {auto[1]:.3g}, label_2 {auto[2]:.3g}", self.said)

    def test_class_weights_must_be_numbers_for_every_class(self):
        for weights, *expected in (("1,2", "2 numbers", "3 labels"), ("1,2,x", "'x' is no weight"), ("1,2,-1", "'-1' is no weight")):
            result = attune("train", "--model", self.model, "--train", self.data, "--dev", "none", "--out", self.folder / "refused", "--class-weights", weights)
            self.refused(result, "--class-weights", *expected)


class Rates(Options):
    TOTAL = 12

    def rates(self, out, *more):
        steps, _ = self.log(self.train(out, "--epochs", 2, "--lr", "1e-3", *more))
        self.assertEqual([line["step"] for line in steps], list(range(1, self.TOTAL + 1)))
        return [line["lr"] for line in steps]

    def expect(self, rates, warmup, after):
        for t, rate in enumerate(rates):
            left = (self.TOTAL - t) / (self.TOTAL - warmup)
            self.assertAlmostEqual(rate / 1e-3, t / warmup if t < warmup else after(left), places=9, msg=f"step {t + 1}")

    def test_schedule_and_warmup(self):
        shapes = {"constant": lambda left: 1, "linear": lambda left: left, "cosine": lambda left: (1 + math.cos(math.pi * (1 - left))) / 2}
        # A share of all steps, rounded up; or a number of steps.
        for given, warmup in ((0, 0), (0.2, 3), (0.25, 3), (1, 1), (5, 5)):
            for schedule, after in shapes.items():
                with self.subTest(schedule=schedule, warmup=given):
                    self.expect(self.rates(f"rate_{schedule}_{given}", "--schedule", schedule, "--warmup", given), warmup, after)

    def test_half_an_epoch(self):
        steps, _ = self.log(self.train("half", "--epochs", 0.5))
        self.assertEqual([line["step"] for line in steps], [1, 2, 3])
        self.assertEqual(steps[-1]["epoch"], 0.5)
        steps, _ = self.log(self.train("one_and_a_half", "--epochs", 1.5))
        self.assertEqual((len(steps), steps[-1]["epoch"]), (9, 1.5))
        steps, _ = self.log(self.train("max_steps", "--epochs", 1.5, "--max-steps", 2))
        self.assertEqual(len(steps), 2, "--max-steps counts")


class Parts(Options):
    @staticmethod
    def depth(name):
        """0 embeddings, 1 and 2 the layers, 3 the head."""
        if ".embeddings." in name:
            return 0
        return int(name.split(".layer.")[1].split(".")[0]) + 1 if ".layer." in name else 3

    def expect_frozen_below(self, out, depth):
        before, after = self.tensors(self.model), self.tensors(out)
        self.assertEqual(before.keys(), after.keys())
        self.assertEqual({self.depth(name) for name in after}, {0, 1, 2, 3})
        for name in before:
            if self.depth(name) < depth:
                self.assertEqual(before[name], after[name], f"{name} was to keep its bits")
            else:
                self.assertNotEqual(before[name], after[name], f"{name} was to learn")

    def test_freezing(self):
        settings = ["--max-steps", 3, "--lr", "1e-3", "--warmup", 0]
        self.expect_frozen_below(self.train("all", *settings), 0)
        self.expect_frozen_below(self.train("embeddings", *settings, "--freeze-embeddings"), 1)
        self.expect_frozen_below(self.train("first", *settings, "--freeze-layers", 1), 2)
        self.expect_frozen_below(self.train("second", *settings, "--freeze-layers", 2), 3)
        self.expect_frozen_below(self.train("both", *settings, "--freeze-layers", 1, "--freeze-embeddings"), 2)

    def test_kept_states_of_frozen_layers(self):
        """Without dropout the frozen layers give the same each time: kept or not, the weights are the same bits."""
        settings = ["--max-steps", 6, "--batch-size", 4, "--lr", "1e-3", "--freeze-layers", 1, "--dropout", 0, "--attention-dropout", 0]
        fresh, kept = self.tensors(self.train("fresh", *settings)), self.tensors(self.train("kept", *settings, "--cache-frozen"))
        self.assertEqual(fresh, kept)
        # All of them frozen: what the head reads is kept itself. The folder opens, its probe answered as when it was saved.
        settings[settings.index("--freeze-layers") + 1] = 2
        for pooling in ("cls", "mean"):
            fresh, kept = (self.train(f"{pooling} {cached}", *settings, "--new-head", "--pooling", pooling, *cached) for cached in ([], ["--cache-frozen"]))
            self.assertEqual(self.tensors(fresh), self.tensors(kept), pooling)
            self.assertEqual(attune("predict", "--model", kept, stdin="w1 w2\n").returncode, 0)
        settings[settings.index("--freeze-layers") + 1] = 1
        self.expect_frozen_below(self.train("with dropout", *settings[:-4], "--cache-frozen"), 2)
        result = attune("train", "--model", self.model, "--train", self.data, "--dev", "none", "--out", self.folder / "none_frozen", "--max-steps", 1, "--cache-frozen")
        self.refused(result, "--cache-frozen", "--freeze-layers N, of 2")

    def test_layer_decay(self):
        """One step of plain SGD moves a tensor by rate times gradient, so what the decay does to the rate shows in the weights."""
        settings = ["--max-steps", 1, "--lr", 1, "--warmup", 0, "--schedule", "constant", "--optimizer", "sgd", "--weight-decay", 0, "--clip", 0]
        before = self.tensors(self.model)

        def change(out):
            after = self.tensors(out)
            return {name: [b - a for a, b in zip(self.numbers(before[name]), self.numbers(after[name]))] for name in before}

        plain, decayed = change(self.train("plain", *settings)), change(self.train("decayed", *settings, "--layer-decay", 0.5))
        compared = 0
        for name, moved in plain.items():
            size = sum(x * x for x in moved)
            if math.sqrt(size) < 1e-4:
                continue  # key biases: no gradient but rounding
            factor = sum(x * y for x, y in zip(moved, decayed[name])) / size
            self.assertAlmostEqual(factor, 0.5 ** (3 - self.depth(name)), places=3, msg=name)
            compared += 1
        self.assertGreater(compared, 35)


class Instructions(Options):
    def test_the_environment_holds_it_to_lesser_instructions(self):
        command = ["eval", "--model", self.model, "--data", self.dev, "--bootstrap", 0, "--threads", 1, "--json"]
        for limit in ("avx512", "avx2", "baseline"):
            result = attune(*command, env={**os.environ, "ATTUNE_MAX_ISA": limit})
            self.assertIn("f32", self.succeeded(result).stdout.decode(), limit)
        result = attune(*command, env={**os.environ, "ATTUNE_MAX_ISA": "avx1024"})
        self.refused(result, "ATTUNE_MAX_ISA is 'avx1024'", "amx, avx512_bf16, avx512, avx2 or baseline")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
