"""The shared library beside the program: a program in C gets the very bytes that `attune predict` prints, and the library shows
nothing but its interface.   c_program_test.py PROGRAM tests/models/golden C_PROGRAM LIBRARY"""

import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
C_PROGRAM, LIBRARY = sys.argv[3], sys.argv[4]
from program import ProgramTest, attune  # noqa: E402  (it reads sys.argv)

TEXTS = "w1 w2 w3\n\nw7 w8, w9\nwholly unknown 中文\n"


class CProgram(ProgramTest):
    def test_the_bytes_of_predict(self):
        for task in ("classify", "multilabel", "regress", "tag"):
            model = self.make_model_of(task, task)
            theirs = subprocess.run([C_PROGRAM, model], input=TEXTS.encode(), capture_output=True, timeout=120)
            self.assertEqual(theirs.returncode, 0, theirs.stderr.decode())
            self.assertEqual(theirs.stdout, self.succeeded(attune("predict", "--model", model, "--format", "text", stdin=TEXTS)).stdout, task)

    def test_an_error_is_the_programs(self):
        refused = subprocess.run([C_PROGRAM, self.folder / "nowhere"], input=b"", capture_output=True, timeout=120)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(self.refused(attune("predict", "--model", self.folder / "nowhere")).strip(), refused.stderr.decode())

    def test_what_the_library_shows(self):
        """Nothing of ours, of libstdc++'s or of others': it could disturb what else a program loads."""
        shown = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True).stdout.split("\n")
        names = {line.split()[-1] for line in shown if line.strip()}
        header = (pathlib.Path(__file__).resolve().parents[2] / "attune/c/attune.h").read_text()
        self.assertTrue(names)
        self.assertTrue(all(name.startswith("attune_") for name in names), sorted(names)[:20])
        for name in names:
            self.assertIn(f"{name}(", header)
        for name in ("attune_open", "attune_predict", "attune_embed", "attune_train", "attune_last_error"):
            self.assertIn(name, names)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
