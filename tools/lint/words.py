"""Find words that make our English hard to read, in comments, docstrings, messages, page texts and documents."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

BANNED = {
    "told": "say predicted, conditioned on, or described",
    "anew": "say again, or new",
    "besides": "say also, or except",
    "nobody": "say no one, or name who",
    "somebody": "say someone, or name who",
    "hang on": "say depend on",
    "hangs on": "say depends on",
    "hung on": "say depended on",
    "whereof": "say of which",
    "hereof": "say of this",
    "thereof": "say of it",
    "reckon": "say compute, or estimate",
    "reckons": "say computes, or estimates",
    "burst": "name the quantity that diverges",
    "utilize": "say use",
}
"""Words, and what to write in their place."""

FOLDERS = ("backend", "tools", "frontend", "docs", "models")
SUFFIXES = {".py", ".ts", ".md", ".html", ".toml"}
_SKIPPED = {"node_modules", "page"}
_PATTERN = re.compile(rf"\b({'|'.join(map(re.escape, BANNED))})\b", re.IGNORECASE)
_TOML_NAME = re.compile(r'^name = "\w+"$')
_NAME = re.compile(r"^\W*[\w.:/-]+\W*$")
_TEXT = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def check(root: Path) -> list[str]:
    """Return `path:line: word` for every banned word below a root folder."""
    found = []
    for path in texts(root):
        lines = _python(path) if path.suffix == ".py" else enumerate(path.read_text("utf-8").splitlines(), 1)
        for number, line in lines:
            for match in _PATTERN.finditer("" if _TOML_NAME.match(line) else line):
                word = match.group(0).lower()
                found.append(f"{path.relative_to(root)}:{number}: “{word}”: {BANNED[word]}")
    return found


def texts(root: Path) -> list[Path]:
    """Return the files that people read: sources, page, documents."""
    inside = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.suffix in SUFFIXES]
    own = Path(__file__).resolve()
    return sorted(path for path in (*root.glob("*.md"), *inside) if path.resolve() != own and not _SKIPPED & set(path.parts))


def _python(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of comments and strings; a string of a single word is a name (of a method in a report, say), not English."""
    source = path.read_text("utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _TEXT and not (token.type == tokenize.STRING and _NAME.match(token.string)):
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, line
