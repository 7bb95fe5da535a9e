"""A numpy that is imported when it is first used: forking a process that holds it costs four times as much.

The tests of EvalPlus import numpy for `numpy.allclose`, which most of their problems never call.
"""

import ast
import importlib
import sys
import types
from typing import Any


class _NoArray:
    """Stands for `numpy.ndarray` while numpy is not loaded, when nothing can be an array."""


class _LazyNumpy(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_load(), name)


def needed_by(tests: ast.Module) -> bool:
    """Whether tests compare floats, so that numpy will probably be called."""
    tolerances = {1e-6, 1e-7, 0.0001}
    return any(
        isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value not in tolerances
        for node in ast.walk(tests)
    )


def install() -> None:
    """Put the stand-in into `sys.modules`, unless numpy is there."""
    if "numpy" not in sys.modules:
        stub = _LazyNumpy("numpy")
        stub.__path__ = []  # makes it a package, so that its submodules can be imported
        vars(stub)["ndarray"] = _NoArray
        sys.modules["numpy"] = stub


def _load() -> types.ModuleType:
    stub = sys.modules.get("numpy")
    if isinstance(stub, _LazyNumpy):
        del sys.modules["numpy"]
        real = importlib.import_module("numpy")
        vars(stub).update(vars(real))
        return real
    return importlib.import_module("numpy")
