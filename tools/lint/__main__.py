"""Run every check on the repository and print what breaks a rule, a line each: `python -m tools.lint`."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.lint import devices, docstrings, links, names, words, writes

CHECKS = (words.check, names.check, docstrings.check, links.check, devices.check, writes.check)


def main() -> int:
    """Return the exit status: 1 where a rule is broken."""
    root = Path(__file__).resolve().parents[2]
    problems = [problem for check in CHECKS for problem in check(root)]
    print("\n".join(problems) or "Names, words, docstrings, links, devices and writes are in order.")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
