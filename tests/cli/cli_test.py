"""The program as a user meets it: outputs, exit codes, messages.   cli_test.py PROGRAM tests/models/golden"""

import json
import os
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest, attune, read_tensors, write_tensors

WORDS = ["my", "parcel", "is", "late", "where", "card", "was", "stolen", "thanks", "great", "the", "not", "here", "##s", "##ed", "?", ".", "paris"]


def one_output(path):
    """Cuts a model's last layer down to its first output."""
    header, data = read_tensors(path)
    kept, out = {}, b""
    header.pop("__metadata__", None)
    for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        values = data[slice(*tensor["data_offsets"])]
        if name.startswith("classifier."):
            values = values[: len(values) // tensor["shape"][0]]
            tensor = tensor | {"shape": [1] + tensor["shape"][1:]}
        kept[name] = tensor | {"data_offsets": [len(out), len(out) + len(values)]}
        out += values
    write_tensors(path, kept, out)


class CommandLine(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("classify")

    @classmethod
    def make_model(cls, name, golden="sequence_classification", **changes):
        return super().make_model(name, golden, WORDS, **changes)

    def lines(self, result):
        return [json.loads(line) for line in self.succeeded(result).stdout.splitlines()]


class Overview(CommandLine):
    COMMANDS = ["train", "eval", "predict", "data", "tokenize", "info", "models"]

    def test_lists_every_command(self):
        for arguments in ([], ["--help"]):
            result = attune(*arguments)
            self.assertEqual(result.returncode, 0)
            for command in self.COMMANDS:
                self.assertIn(f"  {command} ", result.stdout.decode())

    def test_every_command_has_help(self):
        for command in self.COMMANDS:
            result = attune(command, "--help")
            self.assertEqual(result.returncode, 0, command)
            self.assertTrue(result.stdout.decode().startswith(f"usage: attune {command} "), command)
            self.assertIn("--config FILE", result.stdout.decode(), command)

    def test_help_says_what_on_means(self):
        shown = attune("train", "--help").stdout.decode()
        self.assertRegex(shown, r"--\[no-\]shuffle +another order every epoch; off: file order \(default: on\)")
        self.assertNotIn("...", shown.replace("1, 2, ...", ""))

    def test_version(self):
        self.assertRegex(attune("--version").stdout.decode(), r"^attune \d+\.\d+\.\d+\n$")

    def test_unknown_names_suggest_the_nearest(self):
        self.refused(attune("pedict"), "unknown command 'pedict'", "'predict'")
        self.refused(attune("eval", "--modle", "x"), "modle", "'model'")
        self.refused(attune("models", "gte", "minilm"), "'gte'", "'get'")
        self.refused(attune("--verbose"), "unknown option '--verbose'")
        self.refused(attune("train", "--learning-rate", "1"), "did you mean 'lr'")
        self.refused(attune("train", "--task", "classification"), "did you mean 'classify'")

    def test_missing_arguments(self):
        self.refused(attune("eval", "--data", "x.csv"), "model")
        self.refused(attune("predict", "--model"), "--model needs a value")
        self.refused(attune("info"), "no model was named")
        self.refused(attune("data"), "no data file")
        self.refused(attune("models", "path"), "name is missing")

    def test_closed_output_ends_quietly(self):
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run([PROGRAM, "--help"], stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        self.assertEqual((result.returncode, result.stderr), (141, b""))


class Tokenize(CommandLine):
    def test_ids_tokens_offsets(self):
        (line,) = self.lines(attune("tokenize", "--model", self.model, stdin="My parcels, où?\n"))
        self.assertEqual(line["tokens"], ["[CLS]", "my", "parcel", "##s", "[UNK]", "[UNK]", "?", "[SEP]"])
        self.assertEqual(line["ids"], [2, 5, 6, 18, 1, 1, 20, 3])
        self.assertEqual(line["offsets"], [[0, 0], [0, 2], [3, 9], [9, 10], [10, 11], [12, 14], [14, 15], [0, 0]])

    def test_an_empty_line_is_a_line(self):
        self.assertEqual([l["ids"] for l in self.lines(attune("tokenize", "--model", self.model, stdin="\nmy\n"))], [[2, 3], [2, 5, 3]])

    def test_file_equals_standard_input(self):
        text = "where is my card?\nthanks\n"
        path = self.file("tokenize.txt", text)
        self.assertEqual(attune("tokenize", "--model", self.model, path).stdout, attune("tokenize", "--model", self.model, stdin=text).stdout)

    def test_invalid_utf8_names_line(self):
        path = self.file("latin1.txt", b"fine\ncaf\xe9\n")
        self.refused(attune("tokenize", "--model", self.model, path), "latin1.txt", "2")


class Predict(CommandLine):
    TEXTS = [" ".join(WORDS[(i * 7 + k * 3) % len(WORDS)] for k in range(1 + i % 23)) for i in range(300)]

    def predict(self, text, *options, model=None):
        return self.lines(attune("predict", "--model", model or self.model, *options, stdin=text))

    def test_probabilities_sum_to_one_and_the_label_is_the_largest(self):
        for line in self.predict("\n".join(self.TEXTS[:20]) + "\n"):
            self.assertEqual(list(line["probabilities"]), ["label_0", "label_1", "label_2"])
            self.assertAlmostEqual(sum(line["probabilities"].values()), 1, places=12)
            self.assertEqual(line["label"], max(line["probabilities"], key=line["probabilities"].get))

    def test_a_row_does_not_depend_on_its_company(self):
        for precision in ("f32", "bf16", "int8"):
            together = self.predict("\n".join(self.TEXTS) + "\n", "--precision", precision)
            self.assertEqual(len(together), 300)
            for batch_size in (1, 64):
                alone = ("--precision", precision, "--batch-size", batch_size, "--threads", 1)
                self.assertEqual(together, self.predict("\n".join(self.TEXTS) + "\n", *alone))
            for row in (0, 7, 255, 256, 299):
                self.assertEqual(self.predict(self.TEXTS[row] + "\n", "--precision", precision), [together[row]])

    def test_int8_is_near_f32_and_not_the_same(self):
        exact, bytes_ = (self.predict("\n".join(self.TEXTS) + "\n", "--precision", precision) for precision in ("f32", "int8"))
        differences = [abs(a["probabilities"][label] - b["probabilities"][label]) for a, b in zip(exact, bytes_) for label in a["probabilities"]]
        self.assertGreater(max(differences), 0)
        self.assertLess(max(differences), 0.03)

    def test_top_is_sorted_and_limited(self):
        (line,) = self.predict("where is my card?\n", "--top", "2")
        values = list(line["probabilities"].values())
        self.assertEqual(values, sorted(values, reverse=True))
        self.assertEqual((len(values), line["label"]), (2, next(iter(line["probabilities"]))))

    def test_ids_pass_through(self):
        path = self.file("ids.csv", "id,text\na7,my card\nb 9,thanks\n")
        self.assertEqual([l["id"] for l in self.lines(attune("predict", "--model", self.model, path))], ["a7", "b 9"])

    def test_formats_agree(self):
        rows = ["my card was stolen", "thanks"]
        jsonl = self.file("rows.jsonl", "".join(json.dumps({"text": row}) + "\n" for row in rows))
        text = self.file("rows.txt", "\n".join(rows) + "\n")
        self.assertEqual(attune("predict", "--model", self.model, jsonl).stdout, attune("predict", "--model", self.model, text).stdout)

    def test_nothing_in_nothing_out(self):
        self.assertEqual(self.predict(""), [])

    def test_errors(self):
        self.refused(attune("predict", "--model", self.model, self.folder / "absent.txt"), "absent.txt")
        self.refused(attune("predict", "--model", self.folder / "absent", stdin="x\n"), "absent")
        broken = self.file("broken.jsonl", '{"text": "my"}\n{"text": \n')
        self.refused(attune("predict", "--model", self.model, broken), "broken.jsonl", "2")


class OtherTasks(CommandLine):
    """The same weights under another reading of their three outputs."""

    def test_multilabel_uses_the_record_s_thresholds(self):
        model = self.make_model("multilabel", problem_type="multi_label_classification")
        (line,) = self.lines(attune("predict", "--model", model, stdin="my card\n"))
        self.assertEqual(line["labels"], [name for name, p in line["probabilities"].items() if p >= 0.5])
        thresholds = [p - 1e-4 if i == 1 else min(p + 1e-4, 0.999) for i, p in enumerate(line["probabilities"].values())]
        (model / "attune.json").write_text(json.dumps({"task": "multilabel", "thresholds": thresholds}))
        (again,) = self.lines(attune("predict", "--model", model, stdin="my card\n"))
        self.assertEqual(again["labels"], ["label_1"])

    def make_tagger(self, name, labels):
        return self.make_model(name, architectures=["BertForTokenClassification"], problem_type=None,
                               id2label={str(i): label for i, label in enumerate(labels)}, label2id={label: i for i, label in enumerate(labels)})

    def test_entities_stand_where_they_say(self):
        model = self.make_tagger("tagger", ["O", "B-LOC", "I-LOC"])
        sentences = ["où is my card ? " + " ".join(WORDS[i : i + 6]) for i in range(12)]
        found = self.lines(attune("predict", "--model", model, stdin="\n".join(sentences) + "\n"))
        self.assertEqual(len(found), 12)
        entities = [(entity, sentence) for line, sentence in zip(found, sentences) for entity in line["entities"]]
        self.assertTrue(entities)
        for entity, sentence in entities:
            self.assertEqual(entity["label"], "LOC")
            self.assertEqual(sentence[entity["start"] : entity["end"]], entity["text"])

    def test_decoding_is_the_folders_own_or_asked_for(self):
        model = self.make_tagger("decoded", ["B-LOC", "I-LOC", "O"])  # its second output is the largest for every word
        data = self.file("decoded.conll", "my B-LOC\nparcel I-LOC\nis I-LOC\nlate I-LOC\n")

        def scores(folder, *arguments):
            result = attune("eval", "--model", folder, "--data", data, "--json", "--bootstrap", 0, *arguments)
            test = json.loads(self.succeeded(result).stdout)["test"]
            return test["entity_f1"], test["entity_f1_strict"]

        argmax, iob2 = (1.0, 0.0), (1.0, 1.0)  # I I I I is an entity to conlleval, not to strict IOB2; B I I I is to both
        self.assertEqual(scores(model), argmax)  # without attune.json: as Hugging Face does
        self.assertEqual(scores(model, "--decoding", "argmax"), argmax)
        self.assertEqual(scores(model, "--decoding", "iob2"), iob2)
        text = "my parcel is late\n"
        (line,) = self.lines(attune("predict", "--model", model, "--decoding", "iob2", stdin=text))
        self.assertEqual([(each["start"], each["end"]) for each in line["entities"]], [(0, 17)])
        out = os.path.join(self.folder, "decoded_run")
        self.succeeded(attune("train", "--task", "tag", "--model", model, "--train", data, "--dev", "none", "--max-steps", 1, "--lr", 0, "--out", out, "--threads", 1))
        with open(os.path.join(out, "attune.json")) as file:
            self.assertEqual(json.load(file)["decoding"], "iob2")
        self.assertEqual(scores(out), iob2)
        self.assertEqual(scores(out, "--decoding", "argmax"), argmax)

    def test_decoding_is_for_tagging(self):
        result = attune("predict", "--model", self.model, "--decoding", "iob2", stdin="my card")
        self.refused(result, "--decoding iob2 is for tagging", "'classify'")

    def test_tags_without_entities_are_words(self):
        model = self.make_tagger("parts_of_speech", ["NOUN", "VERB", "X"])
        (line,) = self.lines(attune("predict", "--model", model, stdin="my card was stolen\n"))
        self.assertEqual([word["text"] for word in line["words"]], ["my", "card", "was", "stolen"])
        self.assertTrue(all(word["label"] in ("NOUN", "VERB", "X") for word in line["words"]))


    def test_tagging_is_evaluated_with_places(self):
        model = self.make_tagger("judged", ["O", "B-LOC", "I-LOC"])
        data = self.file("judged.conll", "my O\ncard O\n\nparis B-LOC\n? O\n\n")
        result = attune("eval", "--model", model, "--data", data, "--json", "--bootstrap", "0", "--report-text")
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        test = json.loads(result.stdout)["test"]
        self.assertEqual((test["rows"], test["truncation"]["words"]), (2, 4))
        self.assertEqual(round(4 * (1 - test["token_accuracy"])), len(test["mistakes"]))
        for mistake in test["mistakes"]:
            self.assertRegex(mistake["place"], "^word [12]$")
            self.assertIn(mistake["text"], ("my card", "paris ?"))

    def test_multilabel_is_evaluated(self):
        model = self.make_model("many", problem_type="multi_label_classification")
        data = self.file("many.csv", "text,labels\nmy card,label_0|label_2\nthanks,\nparis,label_1\n")
        result = attune("eval", "--model", model, "--data", data, "--label", "labels", "--json", "--bootstrap", "0")
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        self.assertIn("subset_accuracy", json.loads(result.stdout)["test"])

    def test_regression_is_evaluated_as_predicted(self):
        one = {"problem_type": "regression", "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
        model = self.make_model("score", **one)
        one_output(model / "model.safetensors")
        data = self.file("score.csv", "text,score\nmy card,1.5\nthanks,-2\nparis,0\n")
        result = attune("eval", "--model", model, "--data", data, "--json", "--bootstrap", "0")
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        scores = [line["score"] for line in self.lines(attune("predict", "--model", model, data))]
        test = json.loads(result.stdout)["test"]
        self.assertAlmostEqual(test["mse"], sum((a - b) ** 2 for a, b in zip(scores, [1.5, -2, 0])) / 3, places=9)
        self.assertEqual(len(test["mistakes"]), 3)


class Eval(CommandLine):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = ["text,label"] + [f"{Predict.TEXTS[i]},label_{i % 3}" for i in range(60)]
        cls.data = cls.folder / "test.csv"
        cls.data.write_text("\n".join(rows) + "\n")

    def test_accuracy_is_that_of_predict(self):
        result = attune("eval", "--model", self.model, "--data", self.data, "--json", "--bootstrap", "0")
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        report = json.loads(result.stdout)
        predicted = self.lines(attune("predict", "--model", self.model, self.data))
        correct = sum(line["label"] == f"label_{i % 3}" for i, line in enumerate(predicted))
        self.assertAlmostEqual(report["test"]["accuracy"], correct / 60, places=12)
        self.assertEqual((report["task"], report["test"]["rows"], report["test"]["truncation"]["rows"]), ("classify", 60, 60))
        self.assertEqual(len(report["test"]["mistakes"]), min(20, 60 - correct))

    def test_reports_are_written_and_keep_texts_to_themselves(self):
        out = self.folder / "reports"
        result = attune("eval", "--model", self.model, "--data", self.data, "--out", out, "--bootstrap", "20")
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        self.assertEqual(sorted(path.name for path in out.iterdir()), ["report.html", "report.json", "report.txt"])
        self.assertEqual((out / "report.txt").read_bytes(), result.stdout)
        for path in out.iterdir():
            self.assertNotIn("filler", path.read_text())
            self.assertNotIn(Predict.TEXTS[20], path.read_text())
        shown = attune("eval", "--model", self.model, "--data", self.data, "--report-text", "--json", "--bootstrap", "0").stdout.decode()
        self.assertTrue(any(text in shown for text in Predict.TEXTS[10:60]))

    def test_refuses_to_replace_a_run_s_report(self):
        run = self.make_model("run")
        (run / "attune.json").write_text('{"task": "classify"}')
        self.refused(attune("eval", "--model", run, "--data", self.data, "--out", run), "name another folder")

    def test_unknown_label_names_file_and_line(self):
        data = self.file("odd.csv", "text,label\nmy card,label_0\nthanks,lable_1\n")
        self.refused(attune("eval", "--model", self.model, "--data", data), "odd.csv line 3", "lable_1", "label_1")


class DataAndModels(CommandLine):
    def test_data_counts_rows_and_labels(self):
        path = self.file("data.csv", "text,label\nmy card,a\nthanks,b\nmy card,b\n")
        result = attune("data", path, "--json", "--model", self.model)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        report = json.loads(result.stdout)
        self.assertIn("data.csv", json.dumps(report))
        self.assertIn("3", attune("data", path).stdout.decode())

    def test_info(self):
        result = attune("info", self.model, "--json")
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        info = json.loads(result.stdout)
        self.assertEqual((info["task"], info["labels"]), ("classify", ["label_0", "label_1", "label_2"]))
        self.assertEqual((info["encoder"]["layers"], info["encoder"]["hidden_size"], info["tokenizer"]["kind"]), (2, 32, "WordPiece"))
        self.assertIn("BertForSequenceClassification", info["transformers"])
        (weights,) = [file for file in info["files"] if file["name"] == "model.safetensors"]
        self.assertRegex(weights["sha256"], "^[0-9a-f]{64}$")
        self.assertIn("label_2", attune("info", self.model).stdout.decode())

    def test_info_counts_parameters(self):
        header, _ = read_tensors(self.model / "model.safetensors")
        elements = 0
        for name, tensor in header.items():
            if name != "__metadata__":
                begin, end = tensor["data_offsets"]
                elements += (end - begin) // 4
        self.assertEqual(json.loads(attune("info", self.model, "--json").stdout)["parameters"], elements)

    def test_broken_model_files(self):
        truncated = self.make_model("truncated")
        weights = truncated / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
        self.refused(attune("info", truncated), "model.safetensors")
        no_vocabulary = self.make_model("no_vocabulary")
        (no_vocabulary / "vocab.txt").unlink()
        self.refused(attune("predict", "--model", no_vocabulary, stdin="x\n"), "vocab.txt")
        bad_config = self.make_model("bad_config")
        (bad_config / "config.json").write_text("{")
        self.refused(attune("eval", "--model", bad_config, "--data", "x.csv"), "config.json")

    def test_models(self):
        self.assertIn("minilm", attune("models", "list").stdout.decode())
        self.assertEqual(attune("models", "path", self.model).stdout.decode().strip(), str(self.model))
        self.refused(attune("models", "path", self.folder / "nothing"), "nothing")
        self.refused(attune("models", "get", "minilmm"), "minilm")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
