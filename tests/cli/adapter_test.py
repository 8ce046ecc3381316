"""Adapters: trained, continued, merged, refused. adapter_test.py PROGRAM tests/models/golden"""

import json
import shutil
import unittest

from program import GOLDEN, ProgramTest, attune, read_tensors, sentences, write_tensors

METHODS = ("lora", "lora(dora=true, r=2)", "lora(targets=all-linear, r=2, rank_stabilised=true, dropout=0.1)", "adalora(init_r=3, target_r=1, interval=2)", "ia3", "bottleneck(reduction=4)",
           "bottleneck(placement=pfeiffer, reduction=4)", "prefix(length=3)", "prefix(length=3, projection=4)", "prompt(length=2)", "bitfit", "last_layers(k=1)")
UNMERGED = ("prefix", "prompt", "bottleneck")


class Adapters(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model")
        cls.data = cls.file("train.csv", sentences(60, 1))
        cls.texts = cls.file("texts.csv", sentences(12, 3))

    def train(self, name, adapter, *more, model=None):
        return attune("train", "--model", model or self.model, "--train", self.data, "--dev", "none", "--out", self.folder / name, "--threads", 1, "--no-ladder", "--bootstrap", 0,
                      "--log-every", 1, *(("--adapter", adapter) if adapter else ()), *more)

    def logits(self, model, *more):
        said = self.succeeded(attune("predict", "--model", model, self.texts, "--text", "text", "--precision", "f32", "--threads", 1, "--logits", *more))
        return [json.loads(line)["logits"] for line in said.stdout.decode().splitlines()]

    def near(self, a, b, most):
        self.assertEqual(len(a), len(b))
        self.assertLess(max(abs(x - y) for one, other in zip(a, b) for x, y in zip(one, other)), most)

    def test_every_method_learns_is_kept_and_merged(self):
        for number, method in enumerate(METHODS):
            with self.subTest(method):
                out = self.folder / f"m{number}"
                self.succeeded(self.train(out.name, method, "--epochs", 6))
                losses = [json.loads(line)["loss"] for line in (out / "metrics.jsonl").read_text().splitlines() if "ms_per_step" in line]
                self.assertLess(sum(losses[-4:]), sum(losses[:4]), "it learns")
                self.assertFalse((out / "model.safetensors").exists())
                record = json.loads((out / "attune.json").read_text())
                self.assertTrue(record["adapter"].startswith(method.split("(")[0]))
                self.assertEqual(len(record["base"]["encoder_sha256"]), 64)
                before = self.logits(out)
                merged = attune("adapter", "merge", "--model", out, "--out", self.folder / f"whole{number}")
                if method.split("(")[0] in UNMERGED:
                    self.refused(merged, "no change of weights")
                    self.assertFalse((self.folder / f"whole{number}").exists())
                    continue
                self.succeeded(merged)
                self.near(before, self.logits(self.folder / f"whole{number}"), 1e-5)

    def test_resumed_is_the_same(self):
        for number, method in enumerate(("lora", "adalora(init_r=3, target_r=1, interval=2)", "prefix(length=3, projection=4)")):
            with self.subTest(method):
                whole, parts = f"whole-{number}", f"parts-{number}"
                self.succeeded(self.train(whole, method, "--epochs", 3))
                self.succeeded(self.train(parts, method, "--epochs", 3, "--save-every", 2, "--keep-checkpoints", 9))
                state = self.folder / parts
                checkpoints = sorted((state / "checkpoints").iterdir(), key=lambda path: int(path.name.split("-")[1]))
                for late in checkpoints[len(checkpoints) // 2:]:
                    shutil.rmtree(late)
                for name in ("attune.json", "adapter_model.safetensors"):
                    (state / name).unlink()
                self.succeeded(self.train(parts, method, "--epochs", 3, "--save-every", 2, "--keep-checkpoints", 9, "--resume"))
                self.assertEqual((self.folder / whole / "adapter_model.safetensors").read_bytes(), (state / "adapter_model.safetensors").read_bytes())

    def test_goes_on_from_an_adapter(self):
        self.succeeded(self.train("first", "lora(r=2)", "--epochs", 2))
        self.succeeded(self.train("second", None, "--epochs", 1, model=self.folder / "first"))
        self.assertEqual(json.loads((self.folder / "second" / "adapter_config.json").read_text())["r"], 2)
        self.assertEqual(json.loads((self.folder / "second" / "config.resolved.json").read_text())["lr"], 2e-3, "the method's own rate, of a narrow encoder")
        # Options that PEFT's file has no place for are gone on with too.
        options = "adalora(init_r=3, target_r=1, interval=2, start=0.2, end=0.8, orthogonality=0.25)"
        self.succeeded(self.train("ranks", options, "--epochs", 1))
        self.succeeded(self.train("ranks-on", None, "--epochs", 1, model=self.folder / "ranks"))
        self.succeeded(self.train("ranks-same", options, "--epochs", 1, model=self.folder / "ranks"))
        told = [json.loads((self.folder / name / "attune.json").read_text())["adapter"] for name in ("ranks", "ranks-on", "ranks-same")]
        self.assertEqual(told, [told[0]] * 3)
        self.succeeded(self.train("table", "prefix(length=3, projection=4)", "--epochs", 1))
        before = self.logits(self.folder / "table")
        self.succeeded(self.train("table-on", None, "--max-steps", 1, "--lr", 0, model=self.folder / "table"))
        self.assertEqual(self.logits(self.folder / "table-on"), before, "the table is kept, what made it is not made anew")
        self.refused(self.train("third", "ia3", model=self.folder / "first"), "attune adapter merge")

    def test_the_wrong_base_is_refused(self):
        base = self.make_model("moved")
        self.succeeded(self.train("on-moved", "lora", "--max-steps", 2, model=base))
        header, data = read_tensors(base / "model.safetensors")
        at = next(place["data_offsets"][0] for name, place in header.items() if name.endswith("encoder.layer.1.output.dense.weight"))
        write_tensors(base / "model.safetensors", header, data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        self.refused(attune("predict", "--model", self.folder / "on-moved", self.texts, "--text", "text"), "another base")
        shutil.rmtree(base)
        self.refused(attune("predict", "--model", self.folder / "on-moved", self.texts, "--text", "text"), "base_model_name_or_path")

    def test_what_is_refused(self):
        for method, words in {"lora(r=0)": "from 1 to 4096", "lora(targets=querry)": "did you mean 'query'", "lorra": "did you mean 'lora'", "lora(rank=3)": "rank", "lora(r=2": "no closing ')'",
                              "lora(r=2, r=3)": "given twice", "lora(dora=true, dropout=0.1)": "do not go together", "adalora(init_r=2, target_r=4)": "ranks sink",
                              "last_layers(k=9)": "the encoder has 2 layers", "bottleneck(reduction=1000)": "hidden size", "bottleneck(placement=left)": "houlsby",
                              "ia3(feedforward=value)": "no feed-forward module", "prompt(length=0)": "from 1", "prompt(length=4000)": "positions for the text", "lora(targets=^[)": "no regular expression"}.items():
            with self.subTest(method):
                self.refused(self.train("never", method), words)
                self.assertFalse((self.folder / "never").exists())
        self.refused(self.train("never", "lora", "--freeze-layers", 1), "--freeze-layers")
        self.refused(attune("adapter", "merge", "--model", self.model, "--out", self.folder / "never"), "whole model")

    def test_pefts_folder_without_attunes_files(self):
        self.succeeded(self.train("ours", "lora", "--max-steps", 4))
        theirs = self.folder / "theirs"
        theirs.mkdir()
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            shutil.copy(self.folder / "ours" / name, theirs / name)
        self.assertEqual(self.logits(self.folder / "ours"), self.logits(theirs))
        config = json.loads((theirs / "adapter_config.json").read_text())
        for change, words in (({"peft_type": "LOHA"}, "attune has"), ({"rank_pattern": {"query": 4}}, "rank of encoder.layer.0.attention.self.query is 4"), ({"bias": "all"}, "bias"), ({"task_type": "CAUSAL_LM"}, "task_type"),
                              ({"r": 3}, "asks for"), ({"r": "eight"}, "whole number"), ({"r": 5000}, "from 1 to 4096"), ({"init_lora_weights": "pissa"}, "init_lora_weights"), ({"lora_bias": True}, "lora_bias"),
                              ({"modules_to_save": ["classifier", "LayerNorm"]}, 'modules_to_save has "LayerNorm"'), ({"exclude_modules": ["key"]}, "exclude_modules")):
            with self.subTest(change):
                (theirs / "adapter_config.json").write_text(json.dumps({**config, **change}))
                self.refused(attune("predict", "--model", theirs, self.texts, "--text", "text"), words)

    def test_pefts_whole_names_and_what_attune_leaves_as_it_is(self):
        self.succeeded(self.train("plain", "lora(targets=query)", "--max-steps", 4))
        plain = self.folder / "plain"
        config, answers = json.loads((plain / "adapter_config.json").read_text()), self.logits(plain)
        whole = [f"bert.encoder.layer.{layer}.attention.self.query" for layer in range(2)]
        (plain / "adapter_config.json").write_text(json.dumps(config | {"target_modules": whole}))
        self.assertEqual(self.logits(plain), answers)
        (plain / "adapter_config.json").write_text(json.dumps(config))
        # An update of the pooler, as PEFT makes one for "dense": without it the answers would be another adapter's.
        header, data = read_tensors(plain / "adapter_model.safetensors")
        more = {"dtype": "F32", "shape": [8, 32], "data_offsets": [len(data), len(data) + 4 * 8 * 32]}
        write_tensors(plain / "adapter_model.safetensors", header | {"base_model.model.bert.pooler.dense.lora_A.weight": more}, data + bytes(4 * 8 * 32))
        self.refused(attune("predict", "--model", plain, self.texts, "--text", "text"), "pooler.dense.lora_A.weight", "answers would be others")
        self.refused(self.train("never", None, model=plain), "pooler.dense.lora_A.weight")
        # One that lacks a tensor is no adapter to go on with either.
        gone = next(name for name in header if name.endswith("layer.1.attention.self.query.lora_B.weight"))
        write_tensors(plain / "adapter_model.safetensors", {name if name != gone else "of_nobody": place for name, place in header.items()}, data)
        self.refused(self.train("never", None, model=plain), "the adapter's weights lack")
        self.assertFalse((self.folder / "never").exists())

    def test_targets_by_pattern_are_kept_for_peft(self):
        for number, (targets, kept) in enumerate((("layer.1*.query", r"(.*\.)?(layer\.1.*\.query)"), ("query|layer.0*.key", r"((.*\.)?(query))|((.*\.)?(layer\.0.*\.key))"),
                                                  ('"encoder.*[.](query|key)"', r"(bert\.)?(encoder.*[.](query|key))"), ("^encoder.*value", r"(bert\.)?(encoder.*value)"))):
            with self.subTest(targets):
                out = self.folder / f"pattern{number}"
                self.succeeded(self.train(out.name, f"lora(r=2, targets={targets})", "--max-steps", 2))
                self.assertEqual(json.loads((out / "adapter_config.json").read_text())["target_modules"], kept)
                answers = self.logits(out)
                self.succeeded(self.train(f"on-{out.name}", f"lora(r=2, targets={targets})", "--max-steps", 2, model=out))
                (out / "attune.json").unlink()
                self.assertEqual(self.logits(out), answers, "read as PEFT has it")
                self.succeeded(self.train(f"again-{out.name}", None, "--max-steps", 2, model=out))
                self.assertEqual(json.loads((self.folder / f"again-{out.name}" / "adapter_config.json").read_text())["target_modules"], kept)

    def test_pefts_folders_whose_modules_have_ranks_of_their_own(self):
        """As PEFT wrote and read them (tools/golden_peft_ranks.py)."""
        golden = json.loads((GOLDEN / "peft_ranks" / "logits.json").read_text())
        texts = self.file("ranks.csv", "text\n" + "".join(text + "\n" for text in golden["texts"]))
        for kind in ("lora", "dora", "adalora"):
            with self.subTest(kind):
                theirs = self.folder / f"ranks-{kind}"
                shutil.copytree(GOLDEN / "peft_ranks" / kind, theirs)
                config = json.loads((theirs / "adapter_config.json").read_text()) | {"base_model_name_or_path": str(self.model)}
                (theirs / "adapter_config.json").write_text(json.dumps(config))
                said = self.succeeded(attune("predict", "--model", theirs, texts, "--text", "text", "--precision", "f32", "--logits")).stdout.decode()
                self.near([json.loads(line)["logits"] for line in said.splitlines()], golden[kind], 1e-5)
                # Going on with it, and kept: one rank throughout, the same answers but for what was learned.
                self.succeeded(self.train(f"ranks-on-{kind}", None, "--max-steps", 3, "--lr", 0.02, model=theirs))
                kept = json.loads((self.folder / f"ranks-on-{kind}" / "adapter_config.json").read_text())
                self.assertFalse(kept.get("rank_pattern"))
                self.assertNotEqual(self.logits(theirs), self.logits(self.folder / f"ranks-on-{kind}"))
        config = json.loads((self.folder / "ranks-lora" / "adapter_config.json").read_text())
        for change, words in (({"rank_pattern": {"query": 3}}, "rank of encoder.layer.0.attention.self.query is 3"), ({"rank_pattern": {"query": 0}}, "expected a whole number from 1 to 4096"),
                              ({"rank_pattern": {"que(ry": 2}}, "regular expression"), ({"alpha_pattern": [1]}, "expected an object")):
            with self.subTest(change):
                (self.folder / "ranks-lora" / "adapter_config.json").write_text(json.dumps({**config, **change}))
                self.refused(attune("predict", "--model", self.folder / "ranks-lora", self.texts, "--text", "text"), words)

    def test_adapter_hubs_folders(self):
        """As its package wrote them (tools/golden_adapter_hub.py), and ours without attune's own files."""
        golden = json.loads((GOLDEN / "adapter_hub" / "logits.json").read_text())
        texts = self.file("golden.csv", "text\n" + "".join(text + "\n" for text in golden["texts"]))
        theirs = self.folder / "hub"
        for kind in ("houlsby", "pfeiffer", "tagger"):
            with self.subTest(kind):
                shutil.copytree(GOLDEN / "adapter_hub" / kind, theirs, dirs_exist_ok=True)
                config = json.loads((theirs / "adapter_config.json").read_text()) | {"model_name": str(self.model)}
                (theirs / "adapter_config.json").write_text(json.dumps(config))
                said = [json.loads(line) for line in self.succeeded(attune("predict", "--model", theirs, texts, "--text", "text", "--precision", "f32", "--logits")).stdout.decode().splitlines()]
                if kind == "tagger":  # [CLS] and [SEP] have logits there too
                    for row, want in zip(said, golden[kind], strict=True):
                        self.near(row["logits"], want[1:-1], 1e-5)
                    self.assertIn(said[0]["words"][0]["label"], ("down", "level", "up"))
                else:
                    self.near([row["logits"] for row in said], golden[kind], 1e-5)
                    self.assertIn(said[0]["label"], ("down", "level", "up"))
        self.succeeded(self.train("ours-hub", "bottleneck(placement=pfeiffer, reduction=4, activation=silu, scale=2)", "--max-steps", 4))
        before = self.logits(self.folder / "ours-hub")
        for name in ("attune.json", "config.json"):
            (self.folder / "ours-hub" / name).unlink()
        self.assertEqual(self.logits(self.folder / "ours-hub"), before)

    def test_what_is_refused_of_adapter_hubs_folders(self):
        theirs = self.folder / "hub-refused"
        shutil.copytree(GOLDEN / "adapter_hub" / "pfeiffer", theirs)
        config = json.loads((theirs / "adapter_config.json").read_text()) | {"model_name": str(self.model)}
        head = json.loads((theirs / "head_config.json").read_text())

        def refused(words, of_config={}, of_head={}, top={}):
            (theirs / "adapter_config.json").write_text(json.dumps(config | top | {"config": config["config"] | of_config}))
            (theirs / "head_config.json").write_text(json.dumps(head | {"config": head["config"] | of_head}))
            with self.subTest(words):
                self.refused(attune("predict", "--model", theirs, self.texts, "--text", "text"), words)
        refused("phm_layer", {"phm_layer": True})
        refused("architecture is 'union'", {"architecture": "union"})
        refused("layers is", of_head={"layers": "two"})
        refused("leave_out", {"leave_out": [1]})
        refused("original_ln_before", {"original_ln_before": False})
        refused("non_linearity is 'mish'", {"non_linearity": "mish"})
        refused("reduction_factor", {"reduction_factor": {"default": 16}})
        refused("asks for", {"reduction_factor": 2})
        refused("head_type is 'causal_lm'", of_head={"head_type": "causal_lm"})
        refused("two layers with tanh", of_head={"activation_function": "relu"})
        refused("model_type is 'gpt2'", top={"model_type": "gpt2"})
        (theirs / "adapter.safetensors").rename(theirs / "pytorch_adapter.bin")
        refused("use_safetensors=True")

    def test_what_other_commands_say(self):
        for method, words in (("lora", "by PEFT"), ("bottleneck(reduction=4)", "AdapterHub"), ("bitfit", "neither PEFT nor AdapterHub")):
            self.succeeded(self.train("said", method, "--max-steps", 2, "--overwrite"))
            told = json.loads(self.succeeded(attune("info", self.folder / "said", "--json")).stdout)
            self.assertTrue(told["adapter"].startswith(method.split("(")[0]))
            self.assertEqual(told["base"], str(self.model))
            self.assertGreater(told["adapter_parameters"], 0)
            self.assertIn(words, told["transformers"])
        self.assertEqual(self.succeeded(attune("tokenize", "--model", self.folder / "said", stdin="w1 w2\n")).stdout, self.succeeded(attune("tokenize", "--model", self.model, stdin="w1 w2\n")).stdout)
        judged = json.loads(self.succeeded(attune("eval", "--model", self.folder / "said", "--data", self.data, "--bootstrap", 0, "--json")).stdout)
        self.assertGreater(judged["test"]["accuracy"], 0)
        quantized = attune("quantize", self.folder / "said", "--data", self.data, "--margin", 20)
        self.assertIn(quantized.returncode, (0, 3), quantized.stderr.decode())

    def test_list_and_show(self):
        listed = self.succeeded(attune("adapter", "list")).stdout.decode()
        for name in ("lora", "adalora", "ia3", "prefix", "prompt", "bottleneck", "bitfit", "last_layers"):
            self.assertIn(name, listed)
            self.assertIn("arXiv", self.succeeded(attune("adapter", "show", name)).stdout.decode())
        self.refused(attune("adapter", "show", "lorra"), "did you mean 'lora'")


if __name__ == "__main__":
    unittest.main(argv=[__file__])
