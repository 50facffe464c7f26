"""Find public functions with three or more parameters whose docstring has no `Args:` or leaves one out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

MIN_PARAMETERS = 3


def check(root: Path) -> list[str]:
    """Return a line for every such function below `backend/`; verbs of the command line describe theirs in their options."""
    found = []
    for path in sorted((root / "backend").rglob("*.py")):
        place = path.relative_to(root).as_posix()
        module = ast.parse(path.read_text("utf-8"))
        scopes: list[tuple[ast.AST, bool]] = [(module, False)]
        while scopes:
            scope, in_class = scopes.pop()
            for node in ast.iter_child_nodes(scope):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    scopes.append((node, True))
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                    if missing := _undescribed(node, in_class):
                        found.append(f"{place}:{node.lineno}: {node.name} does not describe {', '.join(missing)} in Args:")
    return found


def _undescribed(node: ast.FunctionDef | ast.AsyncFunctionDef, in_class: bool) -> list[str]:
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    if any(".command" in decorator or "overload" in decorator for decorator in decorators):
        return []
    names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    names = names[1:] if in_class and "staticmethod" not in decorators else names
    if len(names) < MIN_PARAMETERS:
        return []
    text = ast.get_docstring(node) or ""
    if in_class and re.search(r"; see `\w+`", text):
        return []  # An override: its base describes them.
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    described = set(re.findall(r"^ +\*{0,2}(\w[\w, ]*):", section.group(1), re.MULTILINE)) if section else set()
    described = {name.strip() for names in described for name in names.split(",")}
    return [name for name in names if name not in described]
