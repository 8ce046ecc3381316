"""attune from Python: fine-tune BERT-family encoders and use them, by the same code as the program `attune`.

    import attune

    run = attune.train(model="minilm", train="train.csv", out="runs/mine", lr=1e-4)
    model = attune.load("runs/mine")
    model.predict(["my card has not arrived"])   # [{"label": ..., "probabilities": {...}}]

NumPy is all it needs. docs/python.md tells more.
"""

from ._errors import Error
from ._library import version
from ._model import Model, load
from ._training import Run, train

__version__ = version()
__all__ = ["Error", "Model", "Run", "load", "train", "__version__"]
