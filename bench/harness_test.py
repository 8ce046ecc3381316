#!/usr/bin/env python3
"""Tests of the harness that need neither attune nor a peer: made-up engines are shell commands. `python3 bench/harness_test.py`"""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import chart  # noqa: E402
import made_up  # noqa: E402
import process  # noqa: E402
import rounds  # noqa: E402
import suites  # noqa: E402
import summary  # noqa: E402
import table  # noqa: E402
from engine import Engine, Job, choose, lacks  # noqa: E402
from kinds import KINDS  # noqa: E402


def job(isa="native"):
    return Job(Path("attune"), Path("/nonexistent"), Path("model"), Path("set"), Path(tempfile.gettempdir()), isa=isa)


def shell(name, script):
    return Engine(name, name, lambda job, amount: ["sh", "-c", script.format(n=amount)])


def run_of(short, long, tokens=1000):
    part = lambda seconds, share: {"seconds": seconds, "peak_mib": 100 * seconds, "others": 0.0, "facts": {"real_tokens": share}}
    return {"short": part(short, tokens), "long": part(long, 3 * tokens)}


def round_of(calibration, **engines):
    return {"calibration": {"ms": calibration, "gflops": {"f32": 200}}, "kept": True, "engines": {
        name.replace("_", "-"): run for name, run in engines.items()}}


class Process(unittest.TestCase):
    def test_memory_is_the_commands_own(self):
        held = b"x" * (300 << 20)  # must not show up
        done = process.run(["sh", "-c", "echo out; echo told >&2; exit 3"])
        self.assertEqual((done.stdout, done.code, done.reason()), ("out\n", 3, "told"))
        self.assertLess(done.peak_mib, 50)
        self.assertEqual(len(held), 300 << 20)

    def test_a_command_that_is_not_there(self):
        done = process.run(["/nonexistent/program"])
        self.assertEqual((done.code, done.reason()), (127, "/nonexistent/program: No such file or directory"))


class Rounds(unittest.TestCase):
    def test_a_failing_engine_is_left_out_with_its_reason(self):
        left_out = {}
        engines = [shell("good", "echo '{{\"real_tokens\": {n}}}'"), shell("bad", "echo no memory >&2; exit 1")]
        measured = rounds.measure(engines, job(), 1, 2, 2, 0, None, False, left_out)
        self.assertEqual(left_out, {"bad": "in round 1: no memory (exit status 1)"})
        self.assertEqual([list(entry["engines"]) for entry in measured], [["good"], ["good"]])

    def test_rounds_beyond_five_percent_do_not_count(self):
        measured = [round_of(ms) for ms in (100, 104, 106, 94, 100)]
        self.assertEqual([entry["calibration"]["ms"] for entry in rounds.counting(measured)], [100, 104, 100])

    def test_calibration_that_prints_no_number(self):
        with self.assertRaisesRegex(Exception, "must print milliseconds"):
            rounds.calibrate("echo hello")
        self.assertEqual(rounds.calibrate("echo 12.5"), {"ms": 12.5})


class Summary(unittest.TestCase):
    def test_ratios_are_taken_round_by_round(self):
        engines = [shell("attune-f32", ""), shell("peer", "")]
        measured = [round_of(10, attune_f32=run_of(1, 2), peer=run_of(1, 3)), round_of(10, attune_f32=run_of(1, 3), peer=run_of(1, 9)),
                    round_of(10, attune_f32=run_of(1, 2), peer=run_of(1, 6))]
        ours, peer = summary.rows(engines, measured, 100, 300, 1, lambda amount, facts: facts["real_tokens"],
                                  lambda engine, facts: 0.5, flops=1e8)
        self.assertEqual(peer["times_slower_than"]["attune-f32"], {"median": 4, "min": 2, "max": 5, "rounds": 3})
        self.assertEqual((ours["ms"], ours["work_per_second"], ours["share_of_peak"]), (5, 2000, 1))

    def test_a_difference_that_noise_ate_is_not_used(self):
        engines = [shell("peer", "")]
        self.assertEqual(summary.rows(engines, [round_of(10, peer=run_of(2, 1))], 100, 300, 1, lambda amount, facts: amount,
                                      lambda engine, facts: None), [])

    def test_flops_of_minilm(self):
        config = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6}
        self.assertAlmostEqual(summary.flops_a_token(config, [25], False) / 1e6, 21.46, 2)


class Engines(unittest.TestCase):
    def test_what_is_missing_is_said(self):
        engine = next(each for each in KINDS["predict"].engines if each.name == "openvino-f32-sorted")
        self.assertIn("no package openvino", lacks(engine, job(), {"torch": True, "transformers": True, "onnx": True}))
        have = dict.fromkeys(engine.packages, True)
        self.assertEqual(lacks(engine, job("avx2"), have), "has no switch that holds it to avx2")
        self.assertIsNone(lacks(engine, job("avx512"), have))

    def test_bf16_is_not_run_where_it_is_switched_off(self):
        self.assertTrue(all(each.precision == "f32" for each in choose(KINDS["train"], None, "avx2")))
        with self.assertRaisesRegex(Exception, "unknown engine 'x'"):
            choose(KINDS["train"], ("x",), "native")

    def test_every_comparison_names_engines_that_exist(self):
        for comparison in [*suites.ALL.values(), *suites.QUICK]:
            engines = {each.name for each in choose(KINDS[comparison.kind], comparison.engines, comparison.isa)}
            for bar in comparison.bars:
                self.assertLessEqual({bar.ours, *bar.peers}, engines, comparison.name)


class Tables(unittest.TestCase):
    rows = {"attune-bf16": {"peak_mib": 500, "ms": 100, "times_slower_than": {}},
            "a": {"peak_mib": 1600, "ms": 1, "times_slower_than": {"attune-bf16": {"median": 2.0, "min": 1.9, "max": 2.2}}},
            "b": {"peak_mib": 1400, "ms": 1, "times_slower_than": {"attune-bf16": {"median": 1.5, "min": 1.4, "max": 1.6}}}}

    def bar(self, must, aim, measure="speed", peers=("a", "b")):
        return {"what": "it", "ours": "attune-bf16", "peers": peers, "must": must, "aim": aim, "measure": measure}

    def test_verdicts(self):
        self.assertTrue(table.verdict(self.bar(1.4, 1.6), self.rows).endswith("1.50 (1.40 to 1.60) | must held |"))
        self.assertTrue(table.verdict(self.bar(1.8, 2), self.rows).endswith("**missed** by 17% |"))
        self.assertTrue(table.verdict(self.bar(2, 2.5, "memory"), self.rows).endswith("2.80 | aim held |"))
        self.assertTrue(table.verdict(self.bar(150, 60, "ms", ()), self.rows).endswith("100 ms | must held |"))
        self.assertIn("not measured", table.verdict(self.bar(1, 2, peers=("c",)), self.rows))

    def test_figures_in_doubt_show_nothing(self):
        result = {"others": {"median": 0.2, "max": 0.3}, "rounds_kept": 3, "rounds_wanted": 7, "rows": [{"title": "a", "rounds": 2}]}
        self.assertEqual(table.doubts(result), [
            "Other processes took 20% of the machine while these ran (at most 30%).", "Only 3 of 7 rounds count.",
            "a: in 1 round the long run took no longer than the short one."])
        self.assertTrue(table.verdict(self.bar(1.4, 1.6), self.rows, True).endswith("1.50 (1.40 to 1.60) | nothing shown |"))

    def test_chart_is_well_formed(self):
        from xml.dom import minidom
        result = {"kind": "train", "title": "Size < base & more", "rows": [row | {"engine": name} for name, row in self.rows.items()],
                  "bars": [self.bar(1.4, 1.6)]}
        minidom.parseString(chart.svg([result]))


class MadeUp(unittest.TestCase):
    def test_lengths_have_the_stored_histogram(self):
        lengths = made_up.draw_lengths({"5": 2, "7": 1})
        self.assertEqual(sorted(lengths), [5, 5, 7])

    def test_more_texts_are_different_ones_of_the_same_parts(self):
        more = made_up.more_texts(["a b c d e f g h", "i j k l m n o p"], 50)
        self.assertEqual(len(set(more)), 50)
        self.assertTrue(all(len(text.split()) == 8 for text in more))
        self.assertEqual("".join(made_up.CLAUSE.findall("很快，好吃。。量大")), "很快，好吃。。量大")


if __name__ == "__main__":
    unittest.main()
