"""A report as one web page: a template filled in, self-contained, no network, light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from backend.evaluate.report.figure import colour
from backend.evaluate.report.report import Metric

TEMPLATES = Path(__file__).with_name("templates")


def write_page(template: str, content: Mapping[str, Any], folder: Path) -> Path:
    """Fill a template and write it as `index.html` into a folder, which is made if need be; return its place.

    Raises:
        OSError: it cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.globals |= {"colour": colour}
    environment.filters |= {"figure": figure, "interval": interval, "signed": signed}
    page = environment.get_template(template).render(content)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def figure(value: float, digits: int = 3) -> str:
    """Write a number with so many digits that count."""
    if abs(value) < 1e-9:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}" if abs(value) < 1e5 else f"{value:.1e}"
    return f"{value:#.{digits}g}" if abs(value) >= 1e-3 else f"{value:.0e}"


def interval(metric: Metric) -> str:
    """Write a figure's interval, or nothing where there is none."""
    return "" if metric.low is None or metric.high is None else f"{figure(metric.low, 2)} – {figure(metric.high, 2)}"


def signed(value: float) -> str:
    """Write a difference with its sign."""
    return f"{value:+.4f}".replace("-", "\N{MINUS SIGN}")
