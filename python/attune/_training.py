"""Training: options in, a folder and a report out."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
from typing import Any, Callable, Optional, Sequence, Union

from . import _library
from ._model import Model, load

PathLike = Union[str, "os.PathLike[str]"]


@dataclasses.dataclass(frozen=True)
class Run:
    """What a training run left.

    `state`: "finished", "interrupted" (a checkpoint was written: resume=True goes on), or "was_finished" (nothing was left to resume).
    `out`: the folder. `report`: what report.json says, where the run finished now. `profile`: with profile=True.
    """

    state: str
    out: str
    report: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    profile: Optional[dict[str, Any]] = dataclasses.field(default=None, repr=False)

    def load(self, **options: Any) -> Model:
        """The trained model, opened."""
        return load(self.out, **options)


def train(
    *, model: PathLike, train: Union[PathLike, Sequence[PathLike]], out: PathLike, on_event: Optional[Callable[[dict[str, Any]], Any]] = None, **options: Any
) -> Run:
    """Fine-tunes `model` on the labelled file (or files) `train` and leaves a Hugging Face folder with reports in `out`.

    `options` are those of `attune train` by name (docs/options.md): task="classify", lr=1e-4, epochs=3, dev="dev.csv", loss="focal(gamma=2)",
    threads=2, ... None leaves an option as it is.

    `on_event` is called with a dict for each note, plan, logged step and evaluation; what it raises ends the run as Ctrl-C does: the step
    is finished, a checkpoint written, and the exception raised here.
    """
    given = {"model": model, "train": train, "out": out, **options}
    text = json.dumps({name: value for name, value in given.items() if value is not None}, default=os.fspath)
    watching = _Watching(on_event)
    answer = ctypes.c_void_p()
    _library.check(_library.working("attune_train")(text.encode(), ctypes.byref(watching.watcher), ctypes.byref(answer)))
    result = json.loads(_library.taken(answer))
    if watching.raised is not None:
        raise watching.raised
    return Run(result["state"], result["out"], result.get("report", {}), result.get("profile"))


class _Watching:
    """Between the library's callbacks and Python's exceptions, which may not cross it."""

    def __init__(self, on_event: Optional[Callable[[dict[str, Any]], Any]]) -> None:
        self._on_event = on_event
        self.raised: Optional[BaseException] = None
        # Kept here: ctypes does not keep them for the library. Without an event function Python is still asked to stop: that is where
        # Ctrl-C shows.
        self._event = _library.EventFunction(self._tell) if on_event else _library.EventFunction()
        self._stop = _library.StopFunction(self._ask)
        self.watcher = _library.Watcher(None, self._event, self._stop)

    def _tell(self, _: object, line: bytes) -> None:
        try:
            if self.raised is None and self._on_event is not None:
                self._on_event(json.loads(line.decode()))
        except BaseException as error:  # noqa: BLE001 (KeyboardInterrupt too)
            self.raised = error

    def _ask(self, _: object) -> int:
        try:
            return int(self.raised is not None)
        except BaseException as error:  # noqa: BLE001 (Ctrl-C shows in the first Python code that runs)
            self.raised = error
            return 1
