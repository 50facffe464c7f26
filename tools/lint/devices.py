"""Find code of the forecasts that names a device, or reads values, elsewhere than in `backend/core/device.py`."""

from __future__ import annotations

import ast
from pathlib import Path

PLACES = ("backend/forecast", "backend/pipeline.py")
"""Where tensors stay on the device that they are given on."""

NAMES = {"cpu", "cuda", "is_cuda", "is_cpu", "numpy", "pin_memory"}
"""Attributes of tensors or of torch that are bound to one device."""


def check(root: Path) -> list[str]:
    """Return a line for every such place."""
    found = []
    for path in (path for place in PLACES for path in _modules(root / place)):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = None
            if isinstance(node, ast.Attribute) and node.attr in NAMES:
                named = f".{node.attr}"
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(":")[0] in ("cpu", "cuda"):
                named = repr(node.value)
            elif isinstance(node, ast.Call) and ast.unparse(node) == "torch.Generator()":
                named = "a generator on the host"
            if named:
                line = getattr(node, "lineno", 0)
                found.append(f"{path.relative_to(root).as_posix()}:{line}: {named}: leave devices to backend/core/device.py")
    return found


def _modules(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place] * place.is_file()
