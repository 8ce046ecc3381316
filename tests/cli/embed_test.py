"""The task embed as a user meets it: train, eval, embed, search, and sentence-transformers' folders.   embed_test.py PROGRAM tests/models/golden"""

import ast
import json
import math
import random
import re
import signal
import struct
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest, W_WORDS, attune, read_tensors

TOPICS, EACH = 12, 5  # a topic has two words of its own: texts with one belong to texts with the other
PLAIN = ["--dropout", 0, "--attention-dropout", 0, "--precision", "f32"]


def question(topic, draw):
    return " ".join([W_WORDS[topic], *(draw.choice(W_WORDS[40:]) for _ in range(3))])


def answer(topic, draw):
    return " ".join([*(draw.choice(W_WORDS[40:]) for _ in range(4)), W_WORDS[20 + topic]])


def npy_rows(path):
    """Rows of an array of float32, as numpy.load reads them."""
    content = path.read_bytes()
    assert content[:6] == b"\x93NUMPY", content[:16]
    length = struct.unpack("<H", content[8:10])[0]
    header = ast.literal_eval(content[10 : 10 + length].decode().strip())
    assert header["descr"] == "<f4" and not header["fortran_order"], header
    rows, width = header["shape"]
    numbers = struct.unpack(f"<{rows * width}f", content[10 + length :])
    return [list(numbers[i * width : (i + 1) * width]) for i in range(rows)]


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


class Embed(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_encoder("encoder")
        draw = random.Random(7)
        documents = [answer(topic, draw) for topic in range(TOPICS)]
        rows = [(topic, question(topic, draw)) for _ in range(EACH) for topic in range(TOPICS)]
        cls.pairs = cls.file("pairs.csv", "question,answer\n" + "".join(f"{q},{documents[t]}\n" for t, q in rows))
        cls.dev = cls.file("dev.csv", "question,answer\n" + "".join(f"{question(t, draw)},{documents[t]}\n" for t in range(TOPICS)))
        cls.triplets = cls.file("triplets.jsonl", "".join(
            json.dumps({"anchor": q, "positive": documents[t], "negatives": [documents[(t + 1) % TOPICS]] if i else []}) + "\n" for i, (t, q) in enumerate(rows)))
        scored = [(t, (t + i % 3) % TOPICS, q) for i, (t, q) in enumerate(rows)]
        cls.scored = cls.file("scored.csv", "sentence1,sentence2,score\n" + "".join(f"{q},{documents[d]},{5 if t == d else 1}\n" for t, d, q in scored))
        cls.labelled = cls.file("labelled.csv", "text,label\n" + "".join(f"{q},topic{t}\n" for t, q in rows))
        cls.corpus = cls.file("corpus.jsonl", "".join(json.dumps({"_id": f"d{i}", "title": "", "text": text}) + "\n" for i, text in enumerate(documents)))
        cls.queries = cls.file("queries.csv", "query_id,text\n" + "".join(f"q{i},{q}\n" for i, (_, q) in enumerate(rows)))
        cls.judged = cls.file("judged.tsv", "query-id\tcorpus-id\tscore\n" + "".join(f"q{i}\td{t}\t1\nq{i}\td{(t + 1) % TOPICS}\t0\n" for i, (t, _) in enumerate(rows)))
        cls.run_folder = cls.trained("run", cls.pairs, "--dev", cls.dev, "--max-steps", 80, "--query-prefix", "w90 ", "--passage-prefix", "w91 w92 ")

    @classmethod
    def train(cls, out, data, *more, model=None):
        return attune("train", "--task", "embed", "--model", model or cls.model, "--train", data, "--batch-size", 12, "--max-steps", 8, "--lr", 2e-3, "--bootstrap", 0, "--log-every", 1, *PLAIN,
                      "--out", cls.folder / out, *more)

    @classmethod
    def trained(cls, out, data, *more, **which):
        done = cls.train(out, data, *more, **which)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        cls.said = done.stderr.decode()
        return cls.folder / out

    def evaluated(self, model, data, *more):
        return json.loads(self.succeeded(attune("eval", "--model", model, "--data", data, "--bootstrap", 0, "--precision", "f32", "--json", *more)).stdout)["test"]

    def vectors(self, texts, *more, model=None):
        """Of texts, one a line."""
        said = self.succeeded(attune("embed", "--model", model or self.run_folder, "--precision", "f32", *more, stdin="\n".join(texts) + "\n"))
        return [json.loads(line)["embedding"] for line in said.stdout.decode().splitlines()]

    @staticmethod
    def losses(run):
        return [line["loss"] for line in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()) if "lr" in line]

    def test_every_kind_of_rows(self):
        """Trains; eval says of the same rows what the run's own report says."""
        judged = ["--corpus", self.corpus, "--queries", self.queries]
        for name, data, more, loss, metric in (("pairs", self.pairs, [], "info_nce", "ndcg_10"), ("triplets", self.triplets, [], "info_nce", "ndcg_10"),
                                               ("margin", self.triplets, ["--loss", "triplet(margin=0.3)"], "triplet(margin=0.3)", "mrr"), ("scored", self.scored, [], "cosent", "spearman"),
                                               ("mse", self.scored, ["--loss", "cosine_mse"], "cosine_mse", "spearman"), ("labelled", self.labelled, [], "supcon", "map"),
                                               ("mined", self.labelled, ["--loss", "batch_triplet"], "batch_triplet", "map"), ("judged", self.judged, judged, "info_nce", "recall_5")):
            with self.subTest(name):
                # A triplet's first row has no negative; a loss that needs one is given the others.
                if name == "margin":
                    data = self.file("margin.jsonl", "\n".join(self.triplets.read_text().splitlines()[1:]) + "\n")
                out = self.trained(f"kind_{name}", data, "--dev", data, *more)
                report = json.loads((out / "report.json").read_text())
                self.assertEqual(report["task"], "embed")
                page = (out / "report.html").read_text().lower()
                self.assertIn("spearman" if metric == "spearman" else "ndcg", page)
                again = self.evaluated(out, data, *(more if name == "judged" else []))
                for key in (metric, "loss"):
                    self.assertAlmostEqual(again[key], report["dev"][key], places=6, msg=key)
                self.assertIn(metric, json.loads((out / "metrics.jsonl").read_text().splitlines()[-1]))
                record = json.loads((out / "attune.json").read_text())
                self.assertEqual((record["task"], record["loss"]), ("embed", loss))

    def test_int8(self):
        """Vectors of bytes point where those of f32 do; eval says what it ran in."""
        texts = [f"w{i} w{i + 7} w{2 * i}" for i in range(12)]
        exact = self.vectors(texts)
        said = self.succeeded(attune("embed", "--model", self.run_folder, "--precision", "int8", stdin="\n".join(texts) + "\n"))
        for a, line in zip(exact, said.stdout.decode().splitlines()):
            b = json.loads(line)["embedding"]
            self.assertNotEqual(a, b)
            self.assertGreater(sum(x * y for x, y in zip(a, b)), 0.99)
        report = self.succeeded(attune("eval", "--model", self.run_folder, "--data", self.pairs, "--bootstrap", 0, "--precision", "int8")).stdout.decode()
        self.assertRegex(report, r"precision +int8, ")

    def test_judged_on_another_kind_of_rows(self):
        """A run on pairs has a similarity for scored pairs; no loss, which compares rows of its own kind."""
        scored = self.evaluated(self.run_folder, self.scored)
        self.assertGreater(scored["spearman"], 0)
        self.assertIsNone(scored["loss"])

    def test_the_loss_of_an_evaluation_has_a_company_of_its_own(self):
        """info_nce is dearer the more rows stand together: they are always as many."""
        few, many = (self.evaluated(self.run_folder, self.pairs, "--batch-size", size) | {"seconds": 0} for size in (3, 60))
        self.assertEqual(few, many)

    def test_it_learns(self):
        before, after = self.evaluated(self.model, self.dev, "--task", "embed"), self.evaluated(self.run_folder, self.dev)
        self.assertGreater(after["mrr"], before["mrr"])
        losses = self.losses(self.run_folder)
        self.assertLess(losses[-1], losses[0])

    def test_the_folder_is_sentence_transformers(self):
        run = self.run_folder
        self.assertEqual([each["type"].rsplit(".", 1)[-1] for each in json.loads((run / "modules.json").read_text())], ["Transformer", "Pooling", "Normalize"])
        pooling = json.loads((run / "1_Pooling/config.json").read_text())
        self.assertTrue(pooling["pooling_mode_mean_tokens"])
        self.assertEqual(pooling["word_embedding_dimension"], json.loads((run / "config.json").read_text())["hidden_size"])
        settings = json.loads((run / "config_sentence_transformers.json").read_text())
        self.assertEqual((settings["prompts"]["query"], settings["prompts"]["document"], settings["similarity_fn_name"]), ("w90 ", "w91 w92 ", "cosine"))
        self.assertEqual(json.loads((run / "sentence_bert_config.json").read_text())["max_seq_length"], json.loads((run / "config.json").read_text())["max_position_embeddings"])
        self.assertEqual(json.loads((run / "config.json").read_text())["architectures"], ["BertModel"])
        names = set(read_tensors(run / "model.safetensors")[0])
        self.assertIn("embeddings.word_embeddings.weight", names)
        self.assertFalse([name for name in names if name.startswith(("bert.", "classifier."))])
        # Without attune's own record the folder gives the same vectors.
        plain = self.folder / "theirs"
        subprocess.run(["cp", "-r", run, plain], check=True)
        (plain / "attune.json").unlink()
        self.assertEqual(self.vectors(["w1 w2 w3"], model=plain), self.vectors(["w1 w2 w3"]))
        self.assertAlmostEqual(self.evaluated(plain, self.dev)["mrr"], self.evaluated(run, self.dev)["mrr"], places=9)

    def test_training_goes_on(self):
        """A trained folder, with what it says of its vectors."""
        first = self.trained("unscaled", self.pairs, "--dev", "none", "--normalize", "off", "--pooling", "cls", "--query-prefix", "w90 ")
        self.assertEqual(len(json.loads((first / "modules.json").read_text())), 2)
        on = self.trained("goes_on", self.pairs, "--dev", "none", "--max-steps", 2, model=first)
        self.assertEqual(len(json.loads((on / "modules.json").read_text())), 2)
        self.assertTrue(json.loads((on / "1_Pooling/config.json").read_text())["pooling_mode_cls_token"])
        self.assertEqual(json.loads((on / "config_sentence_transformers.json").read_text())["prompts"]["query"], "w90 ")
        self.assertLess(self.losses(on)[0], self.losses(first)[0])
        (vector,) = self.vectors(["w1 w2"], model=on)
        self.assertNotAlmostEqual(sum(x * x for x in vector), 1, places=3)

    def test_embed(self):
        texts = [f"w{i} w{i + 1} " + "w7 " * (i % 9) for i in range(60)]
        vectors = self.vectors(texts)
        self.assertEqual(len(vectors), 60)
        for vector in vectors:
            self.assertAlmostEqual(sum(x * x for x in vector), 1, places=5)
        self.assertEqual(self.vectors([texts[17]]), [vectors[17]], "alone and in company: the same bits")
        self.assertEqual(self.vectors(texts, "--batch-size", 7, "--threads", 1), vectors)
        out = self.folder / "vectors.npy"
        said = self.succeeded(attune("embed", "--model", self.run_folder, "--precision", "f32", "--out", out, stdin="\n".join(texts) + "\n"))
        self.assertEqual(said.stdout, b"")
        self.assertEqual(npy_rows(out), [[struct.unpack("<f", struct.pack("<f", x))[0] for x in vector] for vector in vectors])
        table = self.file("texts.csv", f"id,text\na7,{texts[3]}\n")
        (line,) = self.succeeded(attune("embed", "--model", self.run_folder, "--precision", "f32", table)).stdout.decode().splitlines()
        self.assertEqual(json.loads(line), {"id": "a7", "embedding": vectors[3]})
        self.assertEqual(json.loads(self.succeeded(attune("embed", "--model", self.run_folder, "--precision", "f32", self.pairs)).stdout.splitlines()[0])["embedding"],
                         self.vectors([self.pairs.read_text().splitlines()[1].split(",")[0]])[0], "of a pair the first text")

    def test_prefixes(self):
        """The run's prefixes are text like any other; a plain encoder has none."""
        text = "w1 w2 w3"
        as_query, as_passage = self.vectors([text])[0], self.vectors([text], "--as", "passage")[0]
        self.assertNotEqual(as_query, as_passage)
        bare = self.folder / "bare"
        subprocess.run(["cp", "-r", self.run_folder, bare], check=True)
        for name in ("modules.json", "config_sentence_transformers.json", "attune.json", "1_Pooling/config.json", "sentence_bert_config.json"):
            (bare / name).unlink()
        self.assertEqual(self.vectors(["w90 " + text, "w91 w92 " + text], model=bare), [as_query, as_passage])
        self.assertEqual(self.vectors([text], model=self.model), self.vectors([text], "--as", "passage", model=self.model))

    def test_search(self):
        asked = "w3 w50 w51"
        found = self.succeeded(attune("search", "--model", self.run_folder, "--precision", "f32", "--corpus", self.corpus, "--query", asked, "--query", "w5", "--top", 4, "--json"))
        lines = [json.loads(line) for line in found.stdout.decode().splitlines()]
        self.assertEqual([line["query"] for line in lines], [asked, "w5"])
        documents = [json.loads(line) for line in self.corpus.read_text().splitlines()]
        query = self.vectors([asked])[0]
        scores = [cosine(query, vector) for vector in self.vectors([each["text"] for each in documents], "--as", "passage")]
        best = sorted(range(len(scores)), key=lambda i: -scores[i])[:4]
        self.assertEqual([each["id"] for each in lines[0]["documents"]], [f"d{i}" for i in best])
        for each, i in zip(lines[0]["documents"], best):
            self.assertAlmostEqual(each["score"], scores[i], places=5)
            self.assertEqual(each["text"], documents[i]["text"])
        text = self.succeeded(attune("search", "--model", self.run_folder, "--precision", "f32", "--corpus", self.corpus, "--top", 100, stdin=asked + "\n")).stdout.decode()
        self.assertTrue(text.startswith(asked + "\n"))
        self.assertEqual(len(re.findall(r"^ +\d+ .* d\d+ ", text, re.M)), TOPICS, "all there are")
        ids = self.succeeded(attune("search", "--model", self.run_folder, "--corpus", self.corpus, "--json", "--id", "query_id", self.queries)).stdout.splitlines()
        self.assertEqual((len(ids), json.loads(ids[0])["id"]), (TOPICS * EACH, "q0"))
        search = ["search", "--model", self.run_folder]
        self.refused(attune(*search, "--query", "x"), "--corpus is missing", "columns id and text")
        self.refused(attune(*search, "--corpus", self.pairs, "--query", "x"), "pairs.csv line 2", "no column of the id")
        self.refused(attune(*search, "--corpus", self.corpus, "--query", "x", "--top", 0), "--top")

    def test_the_way_on(self):
        """What does not go says what does."""
        self.refused(attune("predict", "--model", self.run_folder, stdin="w1\n"), "attune embed")
        self.refused(attune("eval", "--model", self.model, "--data", self.dev), "an encoder without a task head", "--task embed")
        classifier = self.make_model("classifier")
        self.refused(attune("eval", "--model", classifier, "--data", self.dev, "--task", "embed"), "the model has a last layer")
        self.refused(attune("embed", "--model", classifier, stdin="w1\n"), "a last layer")
        missing = ["--dev", "none"]
        self.refused(self.train("x", self.pairs, *missing, "--head-start", "linear"), "--head-start linear", "'embed' has none")
        self.refused(self.train("x", self.pairs, *missing, "--labels", self.corpus), "--labels", "embed")
        self.refused(self.train("x", self.pairs, *missing, "--normalize", "yes"), "--normalize", "auto")
        self.refused(self.train("x", self.judged, *missing, "--queries", self.queries), "--corpus is missing")
        self.refused(self.train("x", self.judged, *missing, "--corpus", self.corpus), "--queries is missing")
        self.refused(self.train("x", self.judged, *missing, "--corpus", self.folder / "nowhere", "--queries", self.queries), "nowhere", "No such file")
        self.refused(self.train("x", self.file("one.csv", "text\nw1\n"), *missing), "one text and nothing else", "--text-pair")
        self.refused(attune("train", "--model", self.model, "--train", self.judged, "--corpus", self.corpus, "--queries", self.queries, "--out", self.folder / "x"), "--task embed")
        self.assertFalse((self.folder / "x").exists())

    def test_a_loss_that_does_not_fit(self):
        def refused(loss, data, *expected):
            self.refused(self.train("y", data, "--dev", "none", "--loss", loss), loss, *expected)

        refused("cosent", self.pairs, "info_nce")
        refused("info_nce", self.scored, "cosent")
        refused("info_nce", self.labelled, "supcon")
        refused("triplet", self.pairs, "info_nce")
        refused("cross_entropy", self.pairs, "embed")

    def test_micro_batches_change_nothing(self):
        """Gradient caching: every row still meets all others of its step."""
        whole = self.losses(self.trained("whole", self.pairs, "--dev", "none"))
        for size in (2, 5):
            split = self.losses(self.trained(f"split{size}", self.pairs, "--dev", "none", "--micro-batch", size))
            self.assertEqual(len(split), 8)
            for a, b in zip(whole, split):
                self.assertAlmostEqual(a, b, delta=1e-4)

    def test_micro_batches_of_other_losses_that_compare_rows(self):
        data = self.file("multi.jsonl", "".join(json.dumps({"text": f"w{i} w{i % 4}", "labels": ["a"] * (i % 2) + ["b"] * (i % 3 == 0)}) + "\n" for i in range(24)))
        classes = self.file("classes.csv", "text,label\n" + "".join(f"w{i} w{i % 4},c{i % 3}\n" for i in range(24)))
        for task, loss, rows in (("multilabel", "dice", data), ("classify", "focal + 0.5*supcon", classes)):
            runs = []
            for size in (0, 3):
                out = self.folder / f"{task}{size}"
                self.succeeded(attune("train", "--task", task, "--model", self.model, "--train", rows, "--dev", "none", "--loss", loss, "--batch-size", 12, "--max-steps", 6, "--micro-batch", size,
                                      "--lr", 2e-3, "--log-every", 1, "--no-ladder", "--classifier-dropout", 0, *PLAIN, "--out", out))
                runs.append(self.losses(out))
            for a, b in zip(*runs, strict=True):
                self.assertAlmostEqual(a, b, delta=1e-4, msg=loss)

    def test_interrupted_and_resumed(self):
        more = ["--dev", self.dev, "--max-steps", 60, "--dropout", 0.1, "--micro-batch", 4]
        whole = self.trained("each", self.pairs, *more)
        for attempt in range(10):
            out = self.folder / f"stopped{attempt}"
            command = [PROGRAM, "train", "--task", "embed", "--model", self.model, "--train", self.pairs, "--batch-size", 12, "--lr", 2e-3, "--bootstrap", 0, "--log-every", 1, *PLAIN, *more, "--out", out]
            process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
            for line in process.stderr:
                if line.startswith(b"step 10/"):
                    process.send_signal(signal.SIGINT)
                    break
            with process.stderr:
                process.stderr.read()
            if process.wait() == 130:
                break
        else:
            self.fail("the run ended before it was stopped, ten times")
        self.trained(out.name, self.pairs, *more, "--resume")
        self.assertIn("resuming after step", self.said)
        self.assertEqual((out / "model.safetensors").read_bytes(), (whole / "model.safetensors").read_bytes())
        self.assertEqual(self.losses(out), self.losses(whole))

    def test_held_out_by_document(self):
        out = self.trained("held", self.pairs, "--holdout", 0.2)
        self.assertIn("of 60 training rows for dev (rows with the same second text stay together", self.said)
        data = json.loads((out / "data_report.json").read_text()) if (out / "data_report.json").exists() else None
        if data:
            self.assertEqual(data["splits"][1]["pairs_of_texts"]["second_in_first_split"], 0)
        self.assertEqual(json.loads((out / "report.json").read_text())["dev"]["rows"] % EACH, 0)

    def test_look_at_the_data(self):
        said = self.succeeded(attune("data", "--task", "embed", self.triplets)).stdout.decode()
        for line in ("different first texts", "different second texts", "rows with negatives"):
            self.assertIn(line, said)
        report = json.loads(self.succeeded(attune("data", "--task", "embed", "--json", self.judged, "--corpus", self.corpus, "--queries", self.queries)).stdout)
        self.assertEqual(report["splits"][0]["pairs_of_texts"]["documents"], TOPICS)
        self.assertIn("120 judgements, of which 60 above 0", report["notes"][0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
