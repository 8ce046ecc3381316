"""A fine-tuned model: texts in, answers or vectors out."""

from __future__ import annotations

import ctypes
import json
import os
import threading
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Optional, Sequence, Tuple, Union

from . import _library
from ._errors import Error

if TYPE_CHECKING:
    import numpy as np

Row = Union[str, Tuple[str, str], Sequence[str], Mapping[str, Any]]


def load(model: Union[str, "os.PathLike[str]"], **options: Any) -> Model:
    """Opens a fine-tuned folder (attune's, Hugging Face's, sentence-transformers'), or a name such as "minilm" with task="embed".

    Options, as of `attune predict`: threads (0: physical cores at hand), precision ("auto", "f32", "bf16", "int8"), batch_size, max_length,
    truncate, decoding, task ("embed": vectors of an encoder that was never fine-tuned too).
    """
    return Model(model, **options)


class Model:
    """What `load` gives. Any thread may call it; calls on one model wait for each other, and other Python threads go on meanwhile."""

    def __init__(self, model: Union[str, "os.PathLike[str]"], **options: Any) -> None:
        self._handle: Optional[ctypes.c_void_p] = None
        self._lock = threading.Lock()
        handle = ctypes.c_void_p()
        _library.check(_library.working("attune_open")(_bytes(os.fspath(model)), _options(options), ctypes.byref(handle)))
        self._handle = handle
        self._told = json.loads(_library.described(handle))

    @property
    def task(self) -> str:
        """classify, multilabel, regress, tag or embed."""
        return self._told["task"]

    @property
    def labels(self) -> list[str]:
        """In the order of the model's outputs; empty where there are none."""
        return list(self._told["labels"])

    @property
    def outputs(self) -> int:
        """Labels, 1 for a score, or the width of a vector."""
        return self._told["outputs"]

    @property
    def info(self) -> dict[str, Any]:
        """Also precision, threads and why so many, max_length, notes."""
        return dict(self._told)

    def predict(self, texts: Union[Row, Iterable[Row]], *, top: Optional[int] = None, logits: bool = False) -> list[dict[str, Any]]:
        """One dict a row, in order, as `attune predict` prints it:

        classify: label, probabilities; multilabel: labels, probabilities; regress: score; tag: entities with their place.

        A row is a text, a pair of texts as a tuple, a list of words (tag), or a dict as a row of a JSONL file; a str or a dict alone
        is a list of one. All rows of a call are of one kind. `top`: only so many probabilities, the largest first. `logits`: the raw outputs too. A row's answer does not depend on the
        rows beside it.
        """
        return [json.loads(line) for line in self.predict_lines(texts, top=top, logits=logits).split("\n")[:-1]]

    def predict_lines(self, texts: Union[Row, Iterable[Row]], *, top: Optional[int] = None, logits: bool = False) -> str:
        """The same as text: JSON lines, to the byte those of `attune predict`."""
        rows = _rows(texts)
        options = _options({"top": top, "logits": logits})
        answer = ctypes.c_void_p()
        kind = _kind(rows)
        if kind == "a text":
            first, second = _texts(rows), None
        elif kind == "a pair of texts":
            first, second = _texts([row[0] for row in rows]), _texts([row[1] for row in rows])
        else:
            return self._predict_rows([row if isinstance(row, Mapping) else {"tokens": row} for row in rows], options)
        with self._lock:
            _library.check(_library.working("attune_predict")(self._open(), first, second, len(rows), options, ctypes.byref(answer)))
        return _library.taken(answer)

    def predict_proba(self, texts: Union[Row, Iterable[Row]]) -> np.ndarray:
        """Probabilities as float64 [rows, labels], columns in the order of `labels`. For classify and multilabel."""
        import numpy as np

        if self.task not in ("classify", "multilabel"):
            raise Error(f"a model of the task {self.task} has no probabilities; classify and multilabel have", "usage")
        rows = [list(answer["probabilities"].values()) for answer in self.predict(texts)]
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.outputs)

    def embed(self, texts: Union[str, Iterable[str]], *, role: str = "query") -> np.ndarray:
        """Vectors as float32 [texts, outputs]. `role`: "query" or "passage", for models that put a prefix before each."""
        import numpy as np

        rows = [texts] if isinstance(texts, str) else list(texts)
        vectors = np.empty((len(rows), self.outputs), dtype=np.float32)
        place = vectors.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        with self._lock:
            _library.check(_library.working("attune_embed")(self._open(), _texts(rows), len(rows), _options({"as": role}), place, vectors.size))
        return vectors

    def close(self) -> None:
        """Gives the memory back; the model answers nothing more. `with attune.load(...) as model:` does it too."""
        with self._lock:
            if self._handle is not None:
                _library.close(self._handle)
                self._handle = None

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.close()

    def __repr__(self) -> str:
        return f"<attune.Model {self.task}, {self.outputs} outputs, {self._told['precision']}>"

    def _open(self) -> ctypes.c_void_p:
        if self._handle is None:
            raise Error("the model was closed; attune.load opens it again", "usage")
        return self._handle

    def _predict_rows(self, rows: Sequence[Mapping[str, Any]], options: Optional[bytes]) -> str:
        text = _bytes("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        answer = ctypes.c_void_p()
        with self._lock:
            _library.check(_library.working("attune_predict_rows")(self._open(), _library.Text(text, len(text)), options, ctypes.byref(answer)))
        return _library.taken(answer)


def _bytes(text: str) -> bytes:
    """As UTF-8; what is no text (half a surrogate pair) is left to the library, which refuses it with its place."""
    return text.encode("utf-8", "surrogatepass")


def _options(options: Mapping[str, Any]) -> Optional[bytes]:
    given = {name: value for name, value in options.items() if value is not None}
    return json.dumps(given, default=os.fspath).encode() if given else None


def _texts(texts: Sequence[str]) -> Any:
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise Error(f"text {number} is a {type(text).__name__}; expected a str", "usage")
    encoded = [_bytes(text) for text in texts]
    return (_library.Text * len(encoded))(*((text, len(text)) for text in encoded))


def _kind(rows: Sequence[Row]) -> str:
    """What all rows are. Rows of another kind than the first would be read by the first one's columns: refused instead."""
    kinds = [_kind_of(row, number) for number, row in enumerate(rows, 1)] or ["a text"]
    for number, kind in enumerate(kinds, 1):
        if kind != kinds[0]:
            raise Error(f"row 1 is {kinds[0]}, row {number} {kind}; the rows of a call are of one kind", "usage")
    return kinds[0]


def _kind_of(row: Row, number: int) -> str:
    if isinstance(row, str):
        return "a text"
    if isinstance(row, Mapping):
        return f"a dict with {', '.join(map(str, sorted(row)))}"
    if isinstance(row, tuple):
        if len(row) == 2:
            return "a pair of texts"
        raise Error(f"row {number} is a tuple of {len(row)}, no pair of texts; words come as a list", "usage")
    if isinstance(row, list):
        return "a list of words"
    raise Error(f"row {number} is a {type(row).__name__}; expected a str, a pair of them, a list of words or a dict", "usage")


def _rows(texts: Union[Row, Iterable[Row]]) -> list[Row]:
    return [texts] if isinstance(texts, (str, dict)) else list(texts)  # type: ignore[list-item]
