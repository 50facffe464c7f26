"""Find class names that stand twice, and constants that name a limit by another word than MAX or MIN."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

LIMIT = re.compile(
    r"^_?(MOST|LEAST|FEWEST|FURTHEST|FARTHEST|LARGEST|SMALLEST|LONGEST|SHORTEST|HIGHEST|LOWEST|BIGGEST|HEAVIEST|LIGHTEST|"
    r"CALMEST|LIVELIEST|FLATTEST)(_|$)"
)
_TYPE = re.compile(r"^(?:export )?(?:abstract )?(?:class|interface|type|enum) (\w+)", re.MULTILINE)


def check(root: Path) -> list[str]:
    """Return a line for every name that breaks a rule, below `backend/` and `frontend/src/`."""
    types: dict[tuple[str, str], list[str]] = defaultdict(list)
    found = []
    for path in sorted((root / "backend").rglob("*.py")):
        place = path.relative_to(root).as_posix()
        module = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                types["backend", node.name].append(f"{place}:{node.lineno}")
        for statement in module.body:
            for name in _constants(statement):
                if LIMIT.match(name):
                    found.append(f"{place}:{statement.lineno}: {name} is a limit: begin it with MAX or MIN")
                if name[0].isupper() and not name.isupper():
                    types["backend", name].append(f"{place}:{statement.lineno}")
    for path in sorted((root / "frontend/src").rglob("*.ts")):
        text = path.read_text("utf-8")
        for match in _TYPE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            types["frontend", match.group(1)].append(f"{path.relative_to(root).as_posix()}:{line}")
    return found + [
        f"{places[0]}: {name} stands also at {', '.join(places[1:])}" for (_, name), places in types.items() if places[1:]
    ]


def _constants(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
