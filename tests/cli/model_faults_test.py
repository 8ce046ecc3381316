"""Broken model folders: every command names the file and the remedy, exits with 2, writes nothing.   model_faults_test.py PROGRAM tests/models/golden"""

import json
import struct
import sys
import unittest

from program import PIECES, W_WORDS, ProgramTest, attune, read_tensors, sentences, write_tensors

EMBEDDING = "bert.embeddings.word_embeddings.weight"
QUERY = "bert.encoder.layer.0.attention.self.query.weight"


class ModelFaults(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.file("data.csv", sentences(12, 1).replace("class", "label_"))
        cls.made = 0

    def broken(self, **changes):
        """A model folder to break."""
        type(self).made += 1
        return self.make_model(f"model{self.made}", **changes)

    def refused_everywhere(self, model, *expected, read_by_predict=True):
        out = self.folder / "run"
        commands = [["train", "--model", model, "--train", self.data, "--out", out]]
        if read_by_predict:
            commands += [["predict", "--model", model], ["eval", "--model", model, "--data", self.data, "--out", out]]
        for command in commands:
            with self.subTest(command=command[0]):
                self.refused(attune(*command, stdin="w1\n"), *expected)
                self.assertFalse(out.exists())

    def edit_header(self, edit):
        model = self.broken()
        path = model / "model.safetensors"
        header, data = read_tensors(path)
        write_tensors(path, edit(header) or header, data)
        return model

    def test_the_folder_is_sound_before_it_is_broken(self):
        self.succeeded(attune("predict", "--model", self.broken(), stdin="w1\n"))

    def test_missing_parts(self):
        model = self.broken()
        (model / "config.json").rename(model / "config.jsn")
        self.refused_everywhere(model, f"{model} has no config.json", "did you mean 'config.jsn'?")
        model = self.broken()
        (model / "model.safetensors").unlink()
        self.refused_everywhere(model, f"{model} has no weights", "model.safetensors")
        model = self.broken()
        (model / "vocab.txt").unlink()
        self.refused_everywhere(model, f"{model} has no vocabulary", "tokenizer.json or vocab.txt", "copy it")
        model = self.broken()
        (model / "vocab.txt").write_text("")
        self.refused_everywhere(model, "vocab.txt is empty", model)
        self.refused_everywhere(self.folder / "modell1", "modell1", "did you mean", "model1'")
        self.refused_everywhere(self.data, self.data, "is a file", "folder")

    def test_pytorch_weights_are_converted_by_one_line(self):
        model = self.broken()
        (model / "model.safetensors").rename(model / "pytorch_model.bin")
        self.refused_everywhere(model, "pytorch_model.bin", "python3 -c '", "save_file", f"'{model}'")

    def test_shards(self):
        model = self.broken()
        (model / "model.safetensors").unlink()
        (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {EMBEDDING: "model-1.safetensors"}}))
        self.refused_everywhere(model, "model.safetensors.index.json", "model-1.safetensors", "download it")
        (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {EMBEDDING: "../model1/model.safetensors"}}))
        self.refused_everywhere(model, "model.safetensors.index.json", "same folder", "../model1/model.safetensors")

    def test_cut_off_weights(self):
        for length in (0, 7, 8, 1000, -100):
            with self.subTest(length=length):
                model = self.broken()
                weights = model / "model.safetensors"
                weights.write_bytes(weights.read_bytes()[:length])
                self.refused_everywhere(model, weights, "download or copy it again")

    def test_header_lengths(self):
        for length in (2**63, 2**64 - 1, 2**64 - 8, 100_000_001, 90_000_000):
            with self.subTest(length=length):
                model = self.broken()
                weights = model / "model.safetensors"
                weights.write_bytes(struct.pack("<Q", length) + weights.read_bytes()[8:])
                self.refused_everywhere(model, weights, f"a header of {length} bytes is announced")

    def test_offsets(self):
        def overlapping(header):
            begin, end = header[QUERY]["data_offsets"]
            header[QUERY]["data_offsets"] = [begin - 4, end - 4]

        def outside(header):
            begin, end = header[QUERY]["data_offsets"]
            header[QUERY]["data_offsets"] = [begin + 2**40, end + 2**40]

        def backwards(header):
            header[QUERY]["data_offsets"].reverse()

        def huge(header):
            header[QUERY]["data_offsets"] = [2**64 - 4, 2**64 - 1]

        def negative(header):
            header[QUERY]["data_offsets"] = [-4, 4092]

        def left_out(header):
            del header[QUERY]

        for edit, expected in ((overlapping, "inside of"), (outside, "outside of"), (backwards, "end before they begin"), (huge, "outside of"),
                               (negative, "two whole numbers"), (left_out, "belong to no tensor")):
            with self.subTest(edit.__name__):
                model = self.edit_header(edit)
                self.refused_everywhere(model, model / "model.safetensors", expected)

    def test_shapes(self):
        def other_axes(header):
            rows, columns = header[QUERY]["shape"]
            header[QUERY]["shape"] = [rows // 2, columns * 2]

        def too_many(header):
            header[QUERY]["shape"] = [2**31, 2**31, 2**31]

        def too_few(header):
            header[QUERY]["shape"] = [1, 1]

        self.refused_everywhere(self.edit_header(other_axes), QUERY, "[16, 64]", "config.json asks for [32, 32]")
        self.refused_everywhere(self.edit_header(too_many), QUERY, "more elements than can be counted")
        self.refused_everywhere(self.edit_header(too_few), QUERY, "[1, 1]", "4 bytes", "4096")
        self.refused_everywhere(self.broken(hidden_size=64), "config.json asks for")
        self.refused_everywhere(self.broken(num_hidden_layers=3), "no tensor", "encoder.layer.2.")

    def test_dtypes(self):
        def integers(header):
            header[QUERY]["dtype"] = "I32"

        def unknown(header):
            header[QUERY]["dtype"] = "Q4"

        def narrow(header):
            header[QUERY]["dtype"] = "F16"

        self.refused_everywhere(self.edit_header(integers), QUERY, "I32", "expected F32, F16, BF16 or F64")
        self.refused_everywhere(self.edit_header(unknown), QUERY, '"Q4"', "F32, F16, BF16 and F64")
        self.refused_everywhere(self.edit_header(narrow), QUERY, "F16 needs 2048 bytes", "4096")

    def test_config_fields(self):
        for changes, expected in (
            ({"model_type": "bart"}, ["model_type 'bart'", "'bert'"]),
            ({"model_type": "gpt2"}, ["model_type 'gpt2'", "attune opens 'bert'"]),
            ({"hidden_act": "gleu"}, ["'gleu'", "hidden_act", "did you mean 'gelu'?"]),
            ({"position_embedding_type": "relative_key"}, ["position_embedding_type 'relative_key'", "'absolute'"]),
            ({"hidden_size": "32"}, ["'hidden_size'", '"32"', "a whole number"]),
            ({"num_attention_heads": 5}, ["hidden_size 32", "num_attention_heads 5"]),
            ({"hidden_size": 2**62}, ["'hidden_size'", "whole number from 1"]),
            ({"vocab_size": None}, ["'vocab_size' is missing"]),
            ({"hidden_dropout_prob": 1.5}, ["'hidden_dropout_prob'", "1.5"]),
            ({"is_decoder": True}, ["is_decoder"]),
        ):
            with self.subTest(changes):
                model = self.broken(**changes)
                self.refused_everywhere(model, model / "config.json", *expected)
        for content, expected in ((b"{", "line 1"), (b"[]", "an object"), (b"\xff\xfe{}", "UTF-8"), (b"[" * 100000, "nested deeper")):
            with self.subTest(content=content[:4]):
                model = self.broken()
                (model / "config.json").write_bytes(content)
                self.refused_everywhere(model, model / "config.json", expected)

    def test_vocabulary_larger_than_the_embedding(self):
        model = self.broken(words=W_WORDS + ["one", "more"])
        self.refused_everywhere(model, model, f"{PIECES + 2} pieces", f"{PIECES} rows", "do not belong together")

    def test_labels_and_records(self):
        model = self.broken(id2label={"0": "a", "1": "b"})
        self.refused(attune("predict", "--model", model, stdin="w1\n"), model / "config.json", "2 labels", "3 outputs")
        model = self.broken(id2label={"0": "a", "2": "b", "3": "c"})
        self.refused_everywhere(model, model / "config.json", "id2label", "0, 1, ...")
        for content in ("{", "[]", '{"task": "clasify"}', '{"task": 3}', '{"max_length": "long"}', '{"max_length": -1}', '{"truncate": "heads"}', '{"thresholds": ["x"]}',
                        '{"task": "multilabel", "thresholds": [0.5]}', '{"pooling": 7}', '{"probe": 3}', '{"probe": {"ids": [[1, 500]], "logits": [[0]]}}',
                        '{"probe": {"ids": [[1, 5]], "logits": [[0, 1, 2]]}}'):
            with self.subTest(content):
                model = self.broken()
                (model / "attune.json").write_text(content)
                self.refused(attune("predict", "--model", model, stdin="w1\n"), model / "attune.json")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
