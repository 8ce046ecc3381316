"""Memory does not grow with rows: training keeps at most 32 bytes a row beside what lies in scratch files, prediction nothing.

The same measurement with ten million rows: bench/memory_by_rows.py.
"""

import pathlib
import sys
import unittest

from program import PROGRAM, ProgramTest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import memory_by_rows  # noqa: E402

FEW, MANY = 20_000, 200_000
BYTES_A_ROW = 32
NOISE_KIB = 1536  # buffers that are filled only once


class MemoryByRows(ProgramTest):
    def test_training_and_prediction(self):
        model = memory_by_rows.make_model(self.folder / "model")
        measured = {rows: memory_by_rows.measure(PROGRAM, model, rows, self.folder) for rows in (FEW, MANY)}
        (few_train, few_predict), (many_train, many_predict) = measured[FEW], measured[MANY]
        allowed = BYTES_A_ROW * (MANY - FEW) / 1024
        self.assertLess(many_train.anonymous - few_train.anonymous, allowed + NOISE_KIB, "training, KiB")
        self.assertLess(many_predict.anonymous - few_predict.anonymous, NOISE_KIB, "prediction, KiB")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
