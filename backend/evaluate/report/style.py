"""The style of all charts: colours and lines of the methods, Matplotlib settings, and SVG that follows the page's theme."""

from __future__ import annotations

import html
import io
import re
import tomllib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backend.evaluate.report.report import Results

INK, FAINT, PAPER = "#010203", "#010204", "#010205"
"""Placeholders that `svg` replaces with the page's colours of text, lines and background, light or dark."""

HERE = Path(__file__).parent
METHODS: dict[str, dict[str, Any]] = tomllib.loads((HERE / "methods.toml").read_text("utf-8"))
"""Colour and line of each method."""

OTHER = "#8b909a"


def colour(method: str) -> str:
    """Return a method's colour, the same in all reports: temperatures of GRU-NF share one, unknown methods are grey."""
    return str(METHODS.get("gru_nf_t" if method.startswith("gru_nf_t") else method, {}).get("colour", OTHER))


def leading(method: str) -> bool:
    """Return whether charts emphasise a method."""
    return bool(METHODS.get(method, {}).get("leading"))


def line(method: str) -> dict[str, Any]:
    """Return the Matplotlib properties of a method's line."""
    dash = METHODS.get(method, {}).get("dash")
    return {
        "color": colour(method),
        "linewidth": 2.6 if leading(method) else 1.5,
        "linestyle": (0, dash) if dash else "solid",
        "zorder": 4 if leading(method) else 3,
    }


def styled() -> AbstractContextManager[None]:
    """Apply the style of the reports to charts made in this context."""
    return matplotlib.style.context(HERE / "reports.mplstyle")


def legend_right(axes: Axes) -> None:
    """Put the legend to the right of the axes, where it covers no data; where nothing has a label, there is none."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=9, handlelength=2.4, labelspacing=0.55)


def svg(figure: Figure, name: str) -> str:
    """Return a figure made within `styled` as an inline SVG element, as wide as its container and in the page's colours.

    The name describes it to screen readers, and makes the ids within the SVG unique on the page.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"<metadata>.*?</metadata>", "", buffer.getvalue().partition("<svg")[2], flags=re.DOTALL)
    # Matplotlib gives groups the same ids in every figure; nothing refers to them.
    text = re.sub(r"<g id=\"[^\"]*\"", "<g", text)
    for stand_in, variable in ((INK, "var(--ink)"), (FAINT, "var(--line)"), (PAPER, "var(--card)")):
        text = text.replace(stand_in, variable)
    label = f'role="img" aria-label="{html.escape(name)}"'
    return "<svg" + re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', label, text, count=1)


def step_panels(results: Results, panels: Sequence[tuple[str, str]], seconds: float) -> Figure:
    """Plot metrics of every step over the time ahead, side by side with one legend; call it within `styled`.

    Args:
        results: methods by name; one without values per step, or with an APD of 0, has no line.
        panels: metric and heading of each panel.
        seconds: duration of one step.
    """
    figure = Figure(figsize=(10.8, 3.4), layout="constrained")
    for axes, (metric, title) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for name, found in results.items():
            steps = found[metric].per_step if metric in found else None
            if steps is not None and (metric != "apd" or found[metric].value > 0):
                axes.plot(seconds * np.arange(1, len(steps) + 1), steps, label=name, **line(name))
        axes.set(title=title, xlabel="seconds ahead", ylim=(0, None))
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=9)
    return figure
