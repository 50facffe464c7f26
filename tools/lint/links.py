"""Find links in documents that lead nowhere: to a file that is not there, or to a heading that no document has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def check(root: Path) -> list[str]:
    """Return a line for every broken relative link in Markdown files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=root, capture_output=True, text=True, check=True
    )
    found = []
    for name in listed.stdout.split():
        path = root / name
        text = path.read_text("utf-8")
        for match in _LINK.finditer(text):
            target, _, anchor = match.group(1).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            place = path if not target else (path.parent / target).resolve()
            line = text.count("\n", 0, match.start()) + 1
            if not place.exists():
                found.append(f"{name}:{line}: {match.group(1)} is not there")
            elif anchor and place.suffix == ".md" and anchor not in headings(place.read_text("utf-8")):
                found.append(f"{name}:{line}: {match.group(1)} names no heading")
    return found


def headings(text: str) -> set[str]:
    """Return the anchors that a Markdown page's headings get."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in _HEADING.findall(text)}
