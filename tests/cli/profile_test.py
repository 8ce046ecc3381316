"""--profile and --profile-trace: the table, profile.json, the Chrome trace, and what they refuse.   profile_test.py PROGRAM tests/models/golden"""

import json
import sys
import unittest

from program import ProgramTest, attune, sentences

WARM_UP, TRACED = 3, 50


class Runs(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, id2label=None, label2id=None)
        cls.data = cls.file("train.csv", sentences(80, 1))
        cls.dev = cls.file("dev.csv", sentences(9, 2))

    @classmethod
    def train(cls, out, *more, steps=9):
        fixed = ["--dev", cls.dev, "--max-steps", steps, "--batch-size", 8, "--lr", "1e-3", "--max-length", 32, "--threads", 1, "--bootstrap", 0, "--no-ladder"]
        return attune("train", "--model", cls.model, "--train", cls.data, "--out", cls.folder / out, *fixed, *more)

    def profile(self, out):
        return json.loads((self.folder / out / "profile.json").read_text())


class Profile(Runs):
    def test_the_table(self):
        said = self.succeeded(self.train("table", "--profile")).stdout.decode()
        table = said[said.index("\nProfile  ") :]
        self.assertIn(f"of {9 - WARM_UP} steps", table)
        for row in ("matmul, forward", "matmul, data gradient", "matmul, weight gradient", "layer norm backward", "adam update", "sum squares", "all kernels",
                    "between kernels", "preparing batches", "a step of"):
            self.assertIn(f"\n  {row}", table)
        self.assertIn("GFLOP/s", table)
        self.assertIn("tokens/s", table)
        self.assertLessEqual(max(map(len, table.splitlines())), 100)
        self.assertLess(said.index("attune report"), said.index("\nProfile  "))

    def test_profile_json(self):
        self.succeeded(self.train("json", "--profile"))
        profile = self.profile("json")
        self.assertEqual((profile["steps"], profile["warm_up_steps"]), (9 - WARM_UP, WARM_UP))
        parts = sum(kernel["ms_per_step"] for kernel in profile["kernels"]) + profile["between_kernels_ms"] + profile["preparing_batches_ms"]
        self.assertAlmostEqual(parts, profile["ms_per_step"], delta=1e-6 * profile["ms_per_step"])
        self.assertGreater(profile["between_kernels_ms"], 0)
        times = [kernel["ms_per_step"] for kernel in profile["kernels"]]
        self.assertEqual(times, sorted(times, reverse=True))
        calls = {(kernel["kernel"], kernel.get("role")): kernel["calls_per_step"] for kernel in profile["kernels"]}
        self.assertEqual(calls["matmul", "forward"], calls["matmul", "weight gradient"])
        self.assertEqual(calls["layer_norm", None], calls["layer_norm_backward", None])
        self.assertEqual(calls["embedding_sum", None], 1)

    def test_it_changes_nothing(self):
        self.succeeded(self.train("plain"))
        self.succeeded(self.train("profiled", "--profile-trace", self.folder / "same.json"))
        plain, profiled = ((self.folder / out / "model.safetensors").read_bytes() for out in ("plain", "profiled"))
        self.assertEqual(plain, profiled)
        self.assertFalse((self.folder / "plain/profile.json").exists())

    def test_the_trace(self):
        path = self.folder / "trace.json"
        said = self.succeeded(self.train("traced", "--profile-trace", path, steps=TRACED + 10)).stdout.decode()
        self.assertIn(f"trace: {path}", said)
        events = json.loads(path.read_text())
        for event in events:
            self.assertEqual(event["ph"], "X")
            self.assertGreaterEqual(event["dur"], 0)
        steps = [event for event in events if event["cat"] == "step"]
        self.assertEqual([step["name"] for step in steps], [f"step {n + 1}" for n in range(WARM_UP, WARM_UP + TRACED)])
        kernels = [event for event in events if event["cat"] == "kernel"]
        self.assertEqual(len(events), len(steps) * 2 + len(kernels))

        # Every kernel lies within one step, and none overlaps the one before it.
        at, inside, free = 0, 0, 0.0
        for kernel in kernels:
            while kernel["ts"] > steps[at]["ts"] + steps[at]["dur"]:
                at += 1
            inside += steps[at]["ts"] <= kernel["ts"] and kernel["ts"] + kernel["dur"] <= steps[at]["ts"] + steps[at]["dur"] + 0.01
            self.assertGreaterEqual(kernel["ts"], free - 0.01)
            free = kernel["ts"] + kernel["dur"]
        self.assertEqual(inside, len(kernels))
        self.assertEqual(at, TRACED - 1)
        product = next(kernel for kernel in kernels if kernel["name"] == "matmul, forward")
        self.assertEqual(set(product["args"]), {"m", "n", "k", "gflop"})
        self.assertEqual(self.profile("traced")["steps"], TRACED + 10 - WARM_UP)

    def test_as_json_lines(self):
        done = self.succeeded(self.train("lines", "--profile", "--json"))
        lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
        self.assertEqual([line["profile"] for line in lines if "profile" in line], [self.profile("lines")])
        self.assertIn("report", lines[-1])

    def test_too_short_a_run(self):
        path = self.folder / "short.json"
        said = self.succeeded(self.train("short", "--profile-trace", path, steps=WARM_UP)).stdout.decode()
        self.assertIn("Profile  of no step", said)
        self.assertNotIn("trace:", said)
        self.assertFalse(path.exists())
        self.assertFalse((self.folder / "short/profile.json").exists())

    def test_a_resumed_run_keeps_what_it_has(self):
        """Only the last file is missing: no step is taken any more, and the profile of those that were stays."""
        self.succeeded(self.train("resumed", "--profile", "--save-every", 3))
        before = self.profile("resumed")
        (self.folder / "resumed/attune.json").unlink()
        self.succeeded(self.train("resumed", "--profile", "--save-every", 3, "--resume"))
        self.assertEqual(self.profile("resumed"), before)

    def test_in_the_run_folder(self):
        out = self.folder / "inside"
        self.succeeded(self.train("inside", "--profile-trace", out / "trace.json"))
        self.assertTrue(json.loads((out / "trace.json").read_text()))
        self.succeeded(self.train("inside", "--profile-trace", out / "trace.json", "--overwrite"))
        self.assertTrue(json.loads((out / "trace.json").read_text()))

    def test_in_a_run_folder_that_is_not_there_yet(self):
        trace = self.folder / "fresh/trace.json"
        self.succeeded(attune("train", "--model", self.model, "--train", self.data, "--dev", "none", "--max-steps", 5, "--max-length", 32,
                              "--threads", 1, "--out", "fresh", "--profile-trace", trace, cwd=self.folder))
        self.assertTrue(json.loads(trace.read_text()))

    def test_an_old_trace_is_replaced(self):
        path = self.folder / "again.json"
        path.write_text("")
        self.succeeded(self.train("again", "--profile-trace", path))
        first = path.read_bytes()
        self.succeeded(self.train("again2", "--profile-trace", path))
        self.assertNotEqual(path.read_bytes(), first)


class Refusals(Runs):
    def refused_early(self, trace, *expected):
        done = self.train("refused", "--profile-trace", trace)
        self.refused(done, "--profile-trace", *expected)
        self.assertNotIn("plan:", done.stderr.decode())
        self.assertFalse((self.folder / "refused").exists())

    def test_no_such_folder(self):
        self.refused_early(self.folder / "missing/trace.json", "there is no folder", self.folder / "missing")

    def test_a_folder(self):
        self.refused_early(self.folder, "is a folder")

    def test_another_file(self):
        before = self.data.read_bytes()
        self.refused_early(self.data, "is not a trace of attune's")
        self.assertEqual(self.data.read_bytes(), before)
        self.refused_early("/dev/null", "is not a trace of attune's")

    def test_a_file_of_the_run(self):
        for name in ("report.json", "sub/trace.json"):
            self.refused_early(self.folder / "refused" / name, "lies in the run's own folder", "trace.json")

    def test_no_value(self):
        self.refused(self.train("refused", "--profile-trace"), "--profile-trace needs a value")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
