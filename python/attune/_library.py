"""libattune_c.so by ctypes: attune/c/attune.h, declared once. While a function of it runs other Python threads go on."""

from __future__ import annotations

import ctypes
import os
import pathlib
from ctypes import POINTER, Structure, c_char_p, c_float, c_int, c_size_t, c_void_p

from ._errors import Error

# How long OpenMP's threads wait awake for the next piece of work: as the program has it (cli/waiting_threads.cpp). libgomp reads its
# settings when it is loaded, so they stand in the environment for that moment alone.
_WAITS = {"GOMP_SPINCOUNT": "20000"}


class Text(Structure):
    _fields_ = [("bytes", c_char_p), ("size", c_size_t)]


EventFunction = ctypes.CFUNCTYPE(None, c_void_p, c_char_p)
StopFunction = ctypes.CFUNCTYPE(c_int, c_void_p)


class Watcher(Structure):
    _fields_ = [("user", c_void_p), ("event", EventFunction), ("stop", StopFunction)]


def _path() -> str:
    """The library of this package; ATTUNE_LIBRARY names another one (a build's own)."""
    named = os.environ.get("ATTUNE_LIBRARY")
    path = named or str(pathlib.Path(__file__).parent / "lib" / "libattune_c.so")
    if not os.path.exists(path):
        raise ImportError(f"{path} is missing: " + ("ATTUNE_LIBRARY names it" if named else "install the wheel that `./run wheel` builds, or set ATTUNE_LIBRARY to a build's libattune_c.so"))
    return path


def _load() -> ctypes.CDLL:
    quiet = not any(name in os.environ for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"))
    if quiet:
        os.environ.update(_WAITS)
    try:
        return ctypes.CDLL(_path())
    finally:
        if quiet:
            for name in _WAITS:
                del os.environ[name]


_library = _load()


def _declare(name: str, result: object, *arguments: object) -> None:
    function = getattr(_library, name)
    function.restype, function.argtypes = result, list(arguments)


_declare("attune_version", c_char_p)
_declare("attune_status_name", c_char_p, c_int)
_declare("attune_last_error", c_char_p)
_declare("attune_free", None, c_void_p)
_declare("attune_open", c_int, c_char_p, c_char_p, POINTER(c_void_p))
_declare("attune_close", None, c_void_p)
_declare("attune_describe", c_char_p, c_void_p)
_declare("attune_outputs", c_size_t, c_void_p)
_declare("attune_predict", c_int, c_void_p, POINTER(Text), POINTER(Text), c_size_t, c_char_p, POINTER(c_void_p))
_declare("attune_predict_rows", c_int, c_void_p, Text, c_char_p, POINTER(c_void_p))
_declare("attune_embed", c_int, c_void_p, POINTER(Text), c_size_t, c_char_p, POINTER(c_float), c_size_t)
_declare("attune_train", c_int, c_char_p, POINTER(Watcher), POINTER(c_void_p))


def check(status: int) -> None:
    """Raises what the calling thread's last call refused."""
    if status != 0:
        raise Error(_library.attune_last_error().decode(), _library.attune_status_name(status).decode())


_at_work = False  # a model was opened or trained in this process
_forked = False  # ... in the process that this one was forked from


def _note_fork() -> None:
    global _forked
    _forked = _forked or _at_work


os.register_at_fork(after_in_child=_note_fork)


def working(name: str):  # noqa: ANN201 (a ctypes function)
    """A function that uses OpenMP's threads. After a fork they are not there, and a call would wait for them for ever."""
    global _at_work
    if _forked:
        raise Error("this process was forked from one that had used attune already, and OpenMP's threads do not come along; start workers by 'spawn', or before attune is used", "usage")
    _at_work = True
    return getattr(_library, name)


def described(model: c_void_p) -> str:
    return _library.attune_describe(model).decode()


def close(model: c_void_p) -> None:
    _library.attune_close(model)


def taken(text: c_void_p) -> str:
    """A text that the library handed out, as Python's own."""
    try:
        return ctypes.string_at(text).decode()
    finally:
        _library.attune_free(text)


def version() -> str:
    return _library.attune_version().decode()
