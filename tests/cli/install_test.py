"""attune inside another program: install it, build examples/embed against the install with find_package, run what was built.

install_test.py BUILD_FOLDER SOURCE_FOLDER tests/models/golden"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
sys.argv[1:] = [str(BUILD / "attune"), sys.argv[3]]
from program import ProgramTest, attune, sentences  # noqa: E402  (it reads sys.argv)


class Embedding(ProgramTest):
    def do(self, *command, **more):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=900, **more)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_another_project_fine_tunes_and_classifies(self):
        prefix, build = self.folder / "prefix", self.folder / "build"
        self.do("cmake", "--install", BUILD, "--prefix", prefix)
        # Away from the source tree: nothing may be found there by chance.
        self.do("cp", "-r", SOURCE / "examples/embed", self.folder / "embed")
        self.do("cmake", "-G", "Ninja", "-S", self.folder / "embed", "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
        self.do("cmake", "--build", build)
        model = self.make_model("model", id2label=None, label2id=None)
        self.file("train.csv", sentences(300, 1))
        quiet = os.environ | {"OMP_NUM_THREADS": "1"}
        said = self.do(build / "fine_tune", model, self.folder / "train.csv", self.folder / "run", env=quiet)
        self.assertIn("held out 30 of 300", said)
        self.assertRegex(said, "dev accuracy [01]")
        answers = self.do(build / "classify", self.folder / "run", input="w1 w2 w3\nw7 w9 w0\n", env=quiet).splitlines()
        self.assertEqual([line.split("\t")[1] for line in answers], ["w1 w2 w3", "w7 w9 w0"])
        for line in answers:
            self.assertRegex(line, "^class[012]\t")
        texts = "w1 w2 w3\nw7 w9 w0\n"
        self.assertEqual(self.do(build / "predict", self.folder / "run", '{"threads": 1}', input=texts, env=quiet),
                         self.succeeded(attune("predict", "--model", self.folder / "run", stdin=texts)).stdout.decode())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
