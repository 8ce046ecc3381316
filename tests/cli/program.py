"""What the tests of the program share: how it is called, tiny models and data, refusals.   Scripts: X_test.py PROGRAM tests/models/golden"""

import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

# Threads that wait without spinning: on a busy machine tiny runs on several threads end ten times as soon.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

PROGRAM, GOLDEN = sys.argv[1], pathlib.Path(sys.argv[2])
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = 100  # rows of the golden models' embedding
W_WORDS = [f"w{i}" for i in range(PIECES - len(SPECIAL))]


def attune(*arguments, stdin=b"", **more):
    stdin = stdin.encode() if isinstance(stdin, str) else stdin
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=300, **more)


def do(*command, **more):
    """Runs any command; what it printed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=1200, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def skip_all(why):
    """Ends the script: CTest reads the words (SKIP_REGULAR_EXPRESSION)."""
    print(f"SKIPPED: {why}")
    sys.exit(0)


def sentences(rows, seed, classes=3):
    """A csv whose label shows in the text."""
    draw = random.Random(seed)
    lines = ["text,label"]
    for _ in range(rows):
        label = draw.randrange(classes)
        words = [draw.choice(W_WORDS) for _ in range(draw.randrange(2, 12))] + [f"w{label}"]
        lines.append(" ".join(words) + f",class{label}")
    return "\n".join(lines) + "\n"


def read_tensors(path):
    """A safetensors file as (header, data)."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def write_tensors(path, header, data):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def change_tensors(folder, shape_of):
    """Keeps of each tensor the rows that shape_of(name, shape) has; None: the tensor goes."""
    header, data = read_tensors(folder / "model.safetensors")
    kept, content = {}, b""
    for tensor, place in header.items():
        shape = None if tensor == "__metadata__" else shape_of(tensor, place["shape"])
        if shape is None:
            continue
        begin, end = place["data_offsets"]
        taken = data[begin : begin + (end - begin) * shape[0] // place["shape"][0]]
        kept[tensor] = place | {"shape": shape, "data_offsets": [len(content), len(content) + len(taken)]}
        content += taken
    write_tensors(folder / "model.safetensors", kept, content)


class ProgramTest(unittest.TestCase):
    """A test case with a folder of its own."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def file(cls, name, content):
        path = cls.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    @classmethod
    def make_model(cls, name, golden="sequence_classification", words=W_WORDS, **changes):
        """A golden model with a vocabulary beside it; config fields changed as given, None: removed."""
        folder = cls.folder / name
        folder.mkdir()
        config = json.loads((GOLDEN / golden / "config.json").read_text()) | changes
        config = {key: value for key, value in config.items() if value is not None}
        (folder / "config.json").write_text(json.dumps(config))
        shutil.copy(GOLDEN / golden / "model.safetensors", folder)
        vocabulary = SPECIAL + words
        vocabulary += [f"filler{i}" for i in range(PIECES - len(vocabulary))]
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
        return folder

    @classmethod
    def make_encoder(cls, name):
        """A golden model without its last layer."""
        folder = cls.make_model(name, id2label=None, label2id=None, architectures=["BertModel"])
        change_tensors(folder, lambda tensor, shape: None if tensor.startswith("classifier") else shape)
        return folder

    @classmethod
    def make_model_of(cls, name, task):
        """The golden model with another task's head: the same encoder, and of the last layer what the task reads."""
        changes = {"classify": {}, "multilabel": {"problem_type": "multi_label_classification"},
                   "tag": {"architectures": ["BertForTokenClassification"], "problem_type": None, "id2label": {"0": "O", "1": "B-X", "2": "I-X"}, "label2id": {"O": 0, "B-X": 1, "I-X": 2}},
                   "regress": {"problem_type": "regression", "id2label": {"0": "score"}, "label2id": {"score": 0}}}
        folder = cls.make_model(name, **changes[task])
        if task == "regress":  # one output of the three
            change_tensors(folder, lambda tensor, shape: [1, *shape[1:]] if tensor.startswith("classifier") else shape)
        return folder

    def killed_once_it_says(self, text, *arguments):
        """A run of the program that kill -9 ends as soon as it has said `text`."""
        run = subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in run.stderr:
            if text in line:
                run.send_signal(signal.SIGKILL)
                break
        run.wait()
        run.stderr.close()
        self.assertEqual(run.returncode, -signal.SIGKILL)

    def succeeded(self, result):
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result

    def refused(self, result, *expected, code=2):
        """The program's last words hold all that is `expected`, and it neither crashed nor blamed itself."""
        said = result.stderr.decode()
        self.assertEqual(result.returncode, code, said)
        before, found, message = ("\n" + said).rpartition("\nattune: ")
        self.assertTrue(found, said)
        for text in expected:
            self.assertIn(str(text), message)
        self.assertNotIn("fault of attune's own", message)
        return message
