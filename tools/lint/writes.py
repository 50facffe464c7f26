"""Find code that writes a file in place, where an error would leave half of it: `backend/core/files.py` writes files whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

FILES = "backend/core/files.py"

WRITES = re.compile(
    r"(.+\.)?(write_text|write_bytes|tofile|save_file|imwrite)\(|(np|numpy|torch|onnx|json|.*\bImage\..+)\.(save\w*|dump)\((?!buffer\b)"
    r"|(.+\.)?open\((.*[ (,=])?'[bt]?[wx][bt+]*'"
)
"""Calls that write to a path; a file in memory is named `buffer`."""


def check(root: Path) -> list[str]:
    """Return a line for every such call outside of a block with `write_whole` and a call of `save_whole`."""
    found = []
    for path in sorted([*(root / "backend").rglob("*.py"), *(root / "tools/portraits").rglob("*.py")]):
        place = path.relative_to(root).as_posix()
        if place != FILES:
            calls = _loose_calls(ast.parse(path.read_text("utf-8")))
            found += [f"{place}:{call.lineno}: {ast.unparse(call.func)} writes in place: use {FILES}" for call in calls]
    return found


def _loose_calls(node: ast.AST) -> Iterator[ast.Call]:
    text = ast.unparse(node) if isinstance(node, ast.With | ast.Call) else ""
    if (isinstance(node, ast.With) and "write_whole(" in text) or re.match(r"(\w+\.)?save_whole\(", text):
        return
    if isinstance(node, ast.Call) and WRITES.match(text):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _loose_calls(child)
