"""`attune quantize`: three outcomes, the file that it leaves, and that `attune serve` asks for it.   quantize_test.py PROGRAM tests/models/golden"""

import json
import struct
import unittest

from program import ProgramTest, attune, read_tensors, sentences, write_tensors
from serve_test import Served

NOT_SHOWN_SAFE = 3


class QuantizeTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", id2label={"0": "class0", "1": "class1", "2": "class2"}, label2id={"class0": 0, "class1": 1, "class2": 2})
        cls.few = cls.file("few.csv", sentences(40, 1))
        cls.many = cls.file("many.csv", sentences(3000, 2))
        cls.texts = cls.file("texts.csv", "text\n" + "".join(line.split(",")[0] + "\n" for line in sentences(3000, 3).splitlines()[1:]))

    def quantize(self, *arguments, code=0):
        result = attune("quantize", self.model, *arguments, "--threads", 1)
        self.assertEqual(result.returncode, code, result.stderr.decode() + result.stdout.decode())
        return result.stdout.decode(), json.loads((self.model / "int8.json").read_text())

    def test_few_rows_decide_nothing(self):
        text, record = self.quantize("--data", self.few, code=NOT_SHOWN_SAFE)
        self.assertIn("Cannot be decided from 40 rows", text)
        self.assertEqual((record["outcome"], record["accepted"], record["rows"]), ("undecided", False, 40))
        self.refused(attune("serve", self.model, "--precision", "int8", "--port", "0"), "int8 was found undecided", "--accept-undecided")
        _, record = self.quantize("--data", self.few, "--accept-undecided")
        self.assertTrue(record["accepted"])
        server = Served(self.model, "--precision", "int8")
        self.assertEqual(json.loads(server.ask("GET", "/info")[1])["model_dtype"], "int8")
        self.assertEqual(len(server.post("/predict", inputs="w1 w2")), 3)
        self.assertEqual(server.end(), 0)

    def test_a_wide_margin_is_safe_and_says_what_it_saw(self):
        text, record = self.quantize("--data", self.many, "--margin", 20)
        self.assertIn("Safe", text)
        self.assertIn("answers that change", text)
        self.assertEqual((record["outcome"], record["labelled_rows"], record["margin"]), ("safe", 3000, 0.2))
        self.assertLessEqual(record["interval"][0], record["difference"])
        self.assertLessEqual(record["difference"], record["interval"][1])

    def test_texts_without_labels_count(self):
        _, record = self.quantize("--texts", self.texts, "--margin", 40)
        self.assertEqual((record["outcome"], record["rows"]), ("safe", 3000))
        self.assertNotIn("difference", record)

    def test_a_changed_model_is_asked_about_again(self):
        self.quantize("--data", self.few, "--accept-undecided")
        config = self.model / "config.json"
        before = config.read_text()
        config.write_text(before + "\n")
        try:
            self.refused(attune("serve", self.model, "--precision", "int8", "--port", "0"), "another state of this model", "attune quantize")
        finally:
            config.write_text(before)

    def test_refusals(self):
        self.refused(attune("quantize"), "attune quantize RUN")
        self.refused(attune("quantize", self.model), "--data with labels, --texts without")
        self.refused(attune("quantize", self.model, "--data", self.few, "--metric", "f2"), "f2")
        self.refused(attune("quantize", self.model, "--data", self.few, "--margin", "0"), "--margin")
        (self.model / "int8.json").write_text("{")
        self.refused(attune("serve", self.model, "--precision", "int8", "--port", "0"), "int8.json")
        (self.model / "int8.json").unlink()
        self.refused(attune("serve", self.model, "--precision", "int8", "--port", "0"), "nobody has found out", "attune quantize")

    def plant(self, folder, layer, by):
        """One channel of a layer's values is made `by` times as large, and what reads it as much smaller: the same answers in f32, few bits for the others in bytes."""
        header, data = read_tensors(folder / "model.safetensors")
        changed = bytearray(data)
        for name, elements in (("self.value.weight", range(32)), ("self.value.bias", [0]), ("output.dense.weight", range(0, 32 * 32, 32))):
            begin = header[f"bert.encoder.layer.{layer}.attention.{name}"]["data_offsets"][0]
            for i in elements:
                value = struct.unpack_from("<f", changed, begin + 4 * i)[0]
                struct.pack_into("<f", changed, begin + 4 * i, value / by if name.startswith("output") else value * by)
        write_tensors(folder / "model.safetensors", header, bytes(changed))

    def test_the_layer_that_harms_is_kept_wide(self):
        model = self.make_model("outliers", id2label={"0": "class0", "1": "class1", "2": "class2"}, label2id={"class0": 0, "class1": 1, "class2": 2})
        texts = [line.split(",")[0] for line in sentences(3000, 4).splitlines()[1:]]
        told = attune("predict", "--model", model, stdin="\n".join(texts) + "\n").stdout.decode().splitlines()
        own_answers = self.file("own.csv", "text,label\n" + "".join(f"{text},{json.loads(line)['label']}\n" for text, line in zip(texts, told)))
        self.plant(model, layer=1, by=3000)

        def quantize(*arguments, code=0):
            result = attune("quantize", model, "--data", own_answers, "--margin", 4, "--threads", 1, *arguments)
            self.assertEqual(result.returncode, code, result.stderr.decode() + result.stdout.decode())
            return result.stdout.decode(), json.loads((model / "int8.json").read_text())

        text, record = quantize("--mixed", "never", code=NOT_SHOWN_SAFE)
        self.assertIn("Harmful", text)
        self.assertEqual(record["outcome"], "harmful")
        self.assertNotIn("wide", record)
        self.refused(attune("serve", model, "--precision", "int8", "--port", "0"), "int8 was found harmful")

        text, record = quantize()
        self.assertIn("encoder.layer.1", text)
        self.assertIn("keeps 1 of 3 parts", text)
        self.assertEqual((record["outcome"], record["wide"], record["rows"]), ("safe", ["encoder.layer.1"], 1500))
        self.assertEqual((record["all_in_int8"]["outcome"], record["all_in_int8"]["rows"]), ("harmful", 3000))
        self.assertEqual(record["search"]["parts"][0]["part"], "encoder.layer.1")
        self.assertGreater(record["search"]["tried"][0]["changed"], record["search"]["tried"][1]["changed"])

        # Whoever opens it in int8 has it so: predict and serve give the same bits.
        server = Served(model, "--precision", "int8")
        self.assertRegex(json.loads(server.ask("GET", "/info")[1])["model_dtype"], r"int8 \(encoder.layer.1 in (bf16|f32)\)")
        answer = server.post("/v1/predict", inputs=texts[:20])["results"]
        self.assertEqual(server.end(), 0)
        predicted = attune("predict", "--model", model, "--precision", "int8", stdin="\n".join(texts[:20]) + "\n")
        self.assertEqual([json.loads(line) for line in predicted.stdout.splitlines()], answer)

        for wide, told in (('["encoder.layer.2"]', "'encoder.layer.2'"), ('"embeddings"', "expected a list"), ("[1]", "expected a list")):
            (model / "int8.json").write_text(f'{{"outcome": "safe", "accepted": false, "sha256": "x", "wide": {wide}}}')
            self.refused(attune("predict", "--model", model, "--precision", "int8", stdin="w1\n"), "int8.json", told)

    def test_vectors_are_left_to_a_search(self):
        encoder = self.make_encoder("encoder")
        result = attune("quantize", encoder, "--texts", self.texts)
        self.assertEqual(result.returncode, NOT_SHOWN_SAFE, result.stderr.decode())
        self.assertIn("cosines between both ways", result.stdout.decode())


if __name__ == "__main__":
    unittest.main(argv=["quantize_test"])
