"""Bad data, options and streams: the message names file, line, value and remedy; exit code 2; nothing is written.   faults_test.py PROGRAM tests/models/golden"""

import json
import os
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest, attune, sentences

GOOD = "text,label\nw1 w2,a\nw3,b\nw4 w5,a\nw6,b\n"
LATIN1 = "caf\u00e9".encode("latin-1")


class Refusals(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_model("model", id2label=None, label2id=None)
        cls.good = cls.file("good.csv", GOOD)
        cls.fine_tuned = cls.make_model("fine_tuned")  # label_0, label_1, label_2

    def train(self, *options):
        return attune("train", "--model", self.model, "--out", self.folder / "run", "--threads", 1, "--bootstrap", 0, "--no-ladder", *options)

    def refused_training(self, *options, expected):
        message = self.refused(self.train(*options), *expected)
        self.assertFalse((self.folder / "run").exists())
        self.assertEqual([path.name for path in self.folder.iterdir() if ".tmp-" in path.name], [])
        return message


class BadData(Refusals):
    # name, content, options, what the message must hold beside the name
    FILES = [
        ("empty.csv", "", [], ["is empty", "header"]),
        ("empty.jsonl", "", [], ["has no rows", "at least one"]),
        ("empty.conll", "", ["--task", "tag"], ["has no rows", "at least one"]),
        ("blank.conll", "\n\n-DOCSTART- O\n\n", ["--task", "tag"], ["has no rows"]),
        ("header.csv", "text,label\n", [], ["has no rows", "a header and no rows"]),
        ("header.tsv", "text\tlabel\n", [], ["has no rows", "a header and no rows"]),
        ("old_mac.csv", "text,label\rw1,a\rw2,b\r", [], ["carriage returns", "tr "]),
        ("column.csv", GOOD, ["--label", "lable"], ["'lable'", "did you mean 'label'?", "'text', 'label'"]),
        ("column2.csv", GOOD, ["--text", "txet"], ["'txet'", "did you mean 'text'?"]),
        ("unnamed.csv", "a,b\nw1,x\nw2,y\n", [], ["no column is recognised as the text", "--text COLUMN", "'a', 'b'"]),
        ("key.jsonl", '{"text": "w1", "label": "a"}\n', ["--label", "lable"], ["'lable'", "did you mean 'label'?"]),
        ("column.conll", "w1 O\nw2 B-X\n", ["--task", "tag", "--label", "7"], ["from 1 to 2", "'7'"]),
        ("ragged.csv", "text,label\nw1,a\nw2,b,c\n", [], ["line 3 has 3 fields, expected 2", "w2 | b | c", "must be quoted"]),
        ("short.csv", "text,label\nw1,a\nw2\n", [], ["line 3 has 1 field, expected 2", "every row needs all columns"]),
        ("ragged.tsv", "text\tlabel\nw1\ta\tb\n", [], ["line 2 has 3 fields, expected 2"]),
        ("ragged.conll", "w1 NN O\nw2 O\n", ["--task", "tag"], ["line 2 has 2 columns, expected 3", "as on line 1"]),
        ("quote.csv", 'text,label\nw1,a\n"w2 w3,b\nw4,a\n', [], ["line 3", "never closed", "'w2 w3,b'", "--no-quotes"]),
        ("after_quote.csv", 'text,label\n"w1"w2,a\n', [], ["line 2", "'w2,a'", "double the quotes"]),
        ("latin1.csv", b"text,label\nw1,a\n" + LATIN1 + b",b\n", [], ["line 3, column 4", "byte 19", "0xE9", "iconv"]),
        ("latin1.tsv", b"text\tlabel\n" + LATIN1 + b"\tb\n", [], ["line 2, column 4", "0xE9", "iconv"]),
        ("latin1.jsonl", b'{"text": "' + LATIN1 + b'", "label": "a"}\n', [], ["line 1, column 14", "0xE9", "iconv"]),
        ("latin1.conll", b"w1 O\n" + LATIN1 + b" O\n", ["--task", "tag"], ["line 2, column 4", "0xE9", "iconv"]),
        ("utf16.csv", GOOD.encode("utf-16"), [], ["line 1", "UTF-16", "iconv -f UTF-16"]),
        ("json.jsonl", '{"text": "w1", "label": "a"}\n{"text": "w2", "label": }\n', [], ["line 2 is not valid JSON", "column 25"]),
        ("list.jsonl", '[{"text": "w1", "label": "a"}]\n', [], ["line 1", "array", "jq -c"]),
        ("no_text.jsonl", '{"text": "w1", "label": "a"}\n{"text": ["w2"], "label": "b"}\n', [], ["line 2", "'text' holds a list", "expected the text"]),
        ("no_label.csv", "text,label\nw1,a\nw2,\nw3,b\n", [], ["line 3", "'label'", "is empty", "fill it in or remove the row"]),
        ("no_label.jsonl", '{"text": "w1", "label": "a"}\n{"text": "w2"}\n', [], ["line 2", "'label'", "is empty"]),
        ("two_labels.jsonl", '{"text": "w1", "label": ["a", "b"]}\n', [], ["line 1", "--task multilabel"]),
        ("one_class.csv", "text,label\nw1,a\nw2,a\nw3,a\n", [], ["same label 'a'", "at least two classes", "--label"]),
        ("one_tag.conll", "w1 O\nw2 O\n\nw3 O\n", ["--task", "tag"], ["same label 'O'", "at least two classes"]),
        ("unlabelled.csv", "text,labels\nw1,\nw2,\n", ["--task", "multilabel"], ["no row has a label"]),
        ("indicators.csv", "text,a,b\nw1,0,1\nw2,1,2\n", ["--task", "multilabel", "--label", "a", "--label", "b"], ["line 3", "'b' holds '2'", "0 or 1"]),
        ("twice.csv", "text,labels\nw1,a|b\nw2,b|b\n", ["--task", "multilabel"], ["line 3", "'b' stands twice"]),
        ("word.csv", "text,score\nw1,1.5\nw2,high\n", ["--task", "regress"], ["line 3", "'score'", "'high'", "finite number"]),
        ("nan.csv", "text,score\nw1,1.5\nw2,nan\n", ["--task", "regress"], ["line 3", "'nan'", "finite number"]),
        ("inf.csv", "text,score\nw1,1.5\nw2,-inf\n", ["--task", "regress"], ["line 3", "'-inf'", "finite number"]),
        ("huge.csv", "text,score\nw1,1e999\n", ["--task", "regress"], ["line 2", "'1e999'", "finite number"]),
        ("empty_score.csv", "text,score\nw1,1\nw2,\n", ["--task", "regress"], ["line 3", "''", "finite number"]),
        ("untagged.conll", "w1 O\nw2 B-X\nw3\nw4 O\n", ["--task", "tag"], ["line 3", "'w3' has no tag", "as on line 1"]),
        ("all_untagged.conll", "w1\nw2\n\nw3\n", ["--task", "tag"], ["one column", "tag"]),
        ("orphan.conll", "w1 B-X\nw2 O\nw3 I-X\nw4 B-X\nw5 B-X\n", ["--task", "tag", "--strict-tags"], ["line 3", "'I-X' continues no entity", "leave out --strict-tags"]),
        ("stray.conll", "w1 B-X\nw2 PER\n", ["--task", "tag"], ["line 2", "'PER' has no prefix", "--tag-scheme plain"]),
        ("tags.jsonl", '{"tokens": ["w1", "w2"], "tags": ["O"]}\n', ["--task", "tag"], ["line 1", "1 tags for 2 words"]),
    ]

    def test_training_files(self):
        for name, content, options, expected in self.FILES:
            with self.subTest(name):
                path = self.file(name, content)
                self.refused_training("--train", path, "--dev", "none", *options, expected=[path, *expected])

    def test_the_same_in_dev_and_test(self):
        for name in ("ragged.csv", "no_label.csv", "latin1.csv"):
            content, expected = next((content, expected) for file, content, _, expected in self.FILES if file == name)
            path = self.file("other_" + name, content)
            for split in ("--dev", "--test"):
                with self.subTest(name, split=split):
                    self.refused_training("--train", self.good, split, path, expected=[path, *expected])

    def test_missing_files(self):
        for options in (["--train", self.folder / "god.csv"], ["--train", self.good, "--dev", self.folder / "god.csv"],
                        ["--train", self.good, "--test", self.folder / "god.csv"], ["--train", self.good, "--labels", self.folder / "god.csv"]):
            self.refused_training(*options, expected=[self.folder / "god.csv", "No such file", "did you mean 'good.csv'?"])
        self.refused_training("--train", self.folder, expected=[self.folder, "a folder, expected a data file"])

    def test_every_command_refuses_bad_files(self):
        path = self.file("commands.csv", "text,label\nw1,label_0\nw2,label_1,x\n")
        for command in (["data", path], ["eval", "--model", self.fine_tuned, "--data", path], ["predict", "--model", self.fine_tuned, path]):
            self.refused(attune(*command), path, "line 3 has 3 fields, expected 2")

    def test_a_label_that_training_lacks(self):
        dev = self.file("dev_labels.csv", "text,label\nw1,a\nw2,aa\n")
        for split in ("--dev", "--test"):
            self.refused_training("--train", self.good, split, dev, expected=[f"{dev} line 3", "'aa'", "did you mean 'a'?", "Known are 'a', 'b'"])
        tags, dev = self.file("tags.conll", "w1 O\nw2 B-PER\n"), self.file("dev_tags.conll", "w1 O\n\nw2 O\nw3 B-LOC\n")
        self.refused_training("--train", tags, "--dev", dev, "--task", "tag", expected=[f"{dev} line 4", "'B-LOC'", "'B-PER'"])

    def test_labels_files(self):
        for name, content, expected in (("latin1", LATIN1 + b"\n", ["line 1, column 4", "0xE9"]), ("empty", "\n\n", ["holds no label"]),
                                        ("twice", "a\nb\na\n", ["'a' stands there twice"]), ("short", "a\n", [f"{self.good} line 3", "'b'"])):
            with self.subTest(name):
                path = self.file(name + ".labels", content)
                self.refused_training("--train", self.good, "--dev", "none", "--labels", path, expected=expected if name == "short" else [path, *expected])

    def test_orphan_tags_are_repaired_counted_and_reported(self):
        path = self.file("repair.conll", "w1 B-X\nw2 O\nw3 I-X\n\nw4 I-X\nw5 B-X\nw6 B-X\n\nw7 O\n")
        result = self.succeeded(attune("data", path, "--task", "tag", "--tag-scheme", "iob2"))
        self.assertIn("2 I- tags continued no entity and became B-", result.stdout.decode())
        self.assertIn(f"first: {path} line 3, 'I-X'", result.stdout.decode())
        out = self.folder / "repaired"
        result = attune("train", "--model", self.model, "--out", out, "--train", path, "--task", "tag", "--tag-scheme", "iob2", "--dev", "none", "--max-steps", 1, "--threads", 1)
        self.assertIn("2 I- tags continued no entity and became B-", self.succeeded(result).stderr.decode())
        self.assertEqual(json.loads((out / "attune.json").read_text())["labels"], ["B-X", "O"])

    def test_plain_text(self):
        path = self.file("latin1.txt", b"w1\n" + LATIN1 + b"\n")
        for command in ("predict", "tokenize"):
            self.refused(attune(command, "--model", self.fine_tuned, path), f"{path} line 2, column 4", "0xE9", "iconv")
            self.refused(attune(command, "--model", self.fine_tuned, stdin=LATIN1), "standard input line 1, column 4", "0xE9")


class BadOptions(Refusals):
    def test_names_suggest_the_nearest(self):
        train = ["--train", self.good]
        for options, expected in (
            (["--epoch", 1], ["'epoch'", "'epochs'"]),
            (["--no-shufle"], ["'no-shufle'", "'no-shuffle'"]),
            (["--loss", "cross_entropi"], ["'cross_entropi'", "did you mean 'cross_entropy'?"]),
            (["--loss", "mse"], ["'mse'", "cross_entropy"]),
            (["--task", "clasify"], ["'clasify'", "did you mean 'classify'?"]),
            (["--schedule", "cosin"], ["'cosin'", "did you mean 'cosine'?"]),
            (["--optimizer", "adamv"], ["'adamv'", "'adamw'"]),
            (["--precision", "fp16"], ["'fp16'", "auto, bf16, f32"]),
            (["--precision", "int8"], ["--precision int8", "cannot be trained", "attune predict"]),
            (["--best-metric", "macro_f2"], ["'macro_f2'", "'macro_f1'"]),
            (["--format", "cvs"], ["'cvs'", "did you mean 'csv'?"]),
            (["--truncate", "heads"], ["'heads'", "'head'"]),
            (["--tag-scheme", "iob3"], ["'iob3'", "'iob2'"]),
            (["--model", self.folder / "modle"], ["modle", "model'"]),
            (["--model", "minilmm"], ["'minilmm'", "'minilm'"]),
            (["-lr", 1], ["'-lr'", "--lr"]),
            (["more.csv"], ["unexpected argument 'more.csv'"]),
        ):
            with self.subTest(options):
                self.refused_training(*train, *options, expected=expected)

    def test_values(self):
        for options, expected in (
            (["--lr", "fast"], ["--lr", "a number", "'fast'"]),
            (["--lr", "nan"], ["--lr", "'nan'"]),
            (["--lr", "-1"], ["--lr", "at least 0", "-1"]),
            (["--batch-size", "0"], ["--batch-size", "at least 1", "0"]),
            (["--batch-size", "2.5"], ["--batch-size", "a whole number", "'2.5'"]),
            (["--seed", "-1"], ["--seed", "at least 0", "'-1'"]),
            (["--max-steps", "99999999999999999999"], ["--max-steps", "beyond what fits"]),
            (["--max-length", "65"], ["--max-length is 65", "64 tokens", "at most 64"]),
            (["--class-weights", "1,x"], ["--class-weights", "'x'", "a number for each label"]),
            (["--class-weights", "1,2,3"], ["3 numbers", "2 labels"]),
            (["--separator", ";;"], ["--separator", "one character", "';;'"]),
            (["--resume", "--overwrite"], ["contradict"]),
        ):
            with self.subTest(options):
                self.refused_training("--train", self.good, *options, expected=expected)

    def test_config_files(self):
        for name, content, expected in (
            ("unknown", '{"epoch": 1}', ["'epoch'", "did you mean 'epochs'"]),
            ("type", '{"epochs": "three"}', ["--epochs", "a number", '"three"']),
            ("list", '{"lr": [1, 2]}', ["--lr", "a number", "[1,2]"]),
            ("flag", '{"shuffle": 1}', ["--shuffle", "true or false", "1"]),
            ("string", '{"task": 3}', ["--task", "a string", "3"]),
            ("choice", '{"task": "clasify"}', ["--task", "did you mean 'classify'?"]),
            ("range", '{"batch_size": 0}', ["--batch-size", "at least 1"]),
            ("twice", '{"max_steps": 1, "max-steps": 2}', ["--max-steps", "twice"]),
            ("broken", '{"epochs": ', ["line 1: not JSON"]),
            ("array", "[]", ["a JSON object"]),
        ):
            with self.subTest(name):
                path = self.file(name + ".json", content)
                self.refused_training("--train", self.good, "--config", path, expected=[path, *expected])
        self.refused_training("--train", self.good, "--config", self.folder / "absent.json", expected=[self.folder / "absent.json", "No such file"])

    def test_hub_models_are_not_downloaded_silently(self):
        cache = self.folder / "hub"
        environment = os.environ | {"HF_HUB_CACHE": str(cache)}
        result = attune("train", "--model", "someone/some-bert", "--train", self.good, "--out", self.folder / "run", env=environment)
        self.refused(result, "someone/some-bert", str(cache), "hf download someone/some-bert", "HF_ENDPOINT")
        self.assertFalse((self.folder / "run").exists())

    def test_names_in_another_encoding(self):
        self.refused(attune("info", b"caf\xe9".decode(errors="surrogateescape")), "argument 2", "UTF-8")


class Streams(Refusals):
    def predict(self, *more, stdin=b"", **how):
        return attune("predict", "--model", self.fine_tuned, "--threads", 1, *more, stdin=stdin, **how)

    def shell(self, line):
        return subprocess.run(["bash", "-c", line, PROGRAM, str(self.fine_tuned), str(self.folder)], capture_output=True, timeout=120)

    def test_empty_lines_are_texts(self):
        lines = [json.loads(line) for line in self.succeeded(self.predict(stdin="\nw1 w2\n\n")).stdout.splitlines()]
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[0], lines[2])
        self.assertNotEqual(lines[0], lines[1])
        self.assertAlmostEqual(sum(lines[0]["probabilities"].values()), 1, places=12)
        lines = self.succeeded(self.predict(self.file("gap.csv", "text,label\nw1,label_0\n,label_1\n\nw2,\n"))).stdout.splitlines()
        self.assertEqual(len(lines), 3)  # an empty text is a row, an empty line of a csv is none

    def test_standard_input(self):
        text = "w1 w2\nw3\n"
        path = self.file("input.txt", text)
        from_file = self.succeeded(self.predict(path)).stdout
        for more in ([], ["-"]):
            self.assertEqual(self.succeeded(self.predict(*more, stdin=text)).stdout, from_file)
        self.assertEqual(self.succeeded(self.predict("--format", "csv", stdin="text\nw1 w2\nw3\n")).stdout, from_file)
        self.assertEqual(self.succeeded(self.predict(stdin='{"text": "w1 w2"}\n{"text": "w3"}\n')).stdout, from_file)
        self.assertEqual(self.succeeded(self.predict(stdin="\ufeffw1 w2\r\nw3")).stdout, from_file)
        self.refused(self.predict("--format", "csv", stdin="text,id\nw1\n"), "standard input line 2 has 1 field, expected 2")

    def test_a_reader_that_goes_away(self):
        rows = "w1 w2\n" * 5000
        self.file("many.txt", rows)
        for command in ('"$0" predict --model "$1" "$2/many.txt"', '"$0" tokenize --model "$1" "$2/many.txt"'):
            result = self.shell(command + ' | head -n 1; echo "${PIPESTATUS[0]}"')
            self.assertEqual(result.stdout.splitlines()[-1], b"141")
            self.assertNotIn(b"\nattune: ", b"\n" + result.stderr)
        result = self.shell('"$0" predict --model "$1/absent" 2>&1 >/dev/null | true; echo "${PIPESTATUS[0]}"')
        self.assertEqual(result.stdout, b"2\n")

    def test_training_outlives_its_readers(self):
        self.file("train.csv", sentences(40, 1))
        train = '"$0" train --model "$1" --new-head --train "$2/train.csv" --threads 1 --bootstrap 0 --log-every 1 --no-ladder --out "$2/'
        result = self.shell(train + 'json" --json | true; echo "${PIPESTATUS[0]}"')
        self.assertEqual(result.stdout, b"141\n")
        result = self.shell(train + 'bar" 2>&1 >/dev/null | true; echo "${PIPESTATUS[0]}"')
        self.assertEqual(result.stdout, b"0\n")
        for out in ("json", "bar"):
            self.succeeded(attune("predict", "--model", self.folder / out, stdin="w1\n"))

    def test_a_full_disk_behind_standard_output(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("this system has no /dev/full")
        result = self.shell('"$0" predict --model "$1" "$1/vocab.txt" > /dev/full')
        self.refused(result, "standard output", "No space left", "not complete")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
