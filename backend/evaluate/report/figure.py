"""How the reports' pictures look: drawn by Matplotlib without a screen, as SVG that takes the page's own colours."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, FAINT, PAPER = "#010203", "#010204", "#010205"
"""Stand-ins for the page's colours of text, lines and ground: light and dark pages have different ones."""

COLOURS = {
    "copy_last": "#8b909a",
    "random_walk": "#b48a4c",
    "bootstrap": "#df7d1f",
    "gru_gaussian": "#8f7be0",
    "vrnn": "#b45fb4",
    "gru_nf": "#1e88e5",
    "gru_nf_t1.2": "#58a8ea",
    "gru_snf": "#e0336e",
    "gru_snf_mala": "#ea6f97",
    "gru_snf_hmc": "#f09db8",
    "paper_nf": "#2f9e6e",
    "paper_snf": "#74bf93",
    "copy_source": "#8b909a",
    "warp": "#8f7be0",
    "mesh_warp": "#df7d1f",
    "slim_128": "#58a8ea",
    "slim_256": "#1e88e5",
    "full_256": "#e0336e",
    "truth": "#2f9e6e",
}
DASHES = {
    "copy_last": (0, (1, 1.5)),
    "copy_source": (0, (1, 1.5)),
    "warp": (0, (5, 2)),
    "mesh_warp": (0, (4, 2)),
    "random_walk": (0, (4, 2)),
    "gru_nf_t1.2": (0, (5, 2)),
    "gru_snf_mala": (0, (5, 2)),
    "gru_snf_hmc": (0, (1.5, 1.5)),
    "paper_snf": (0, (5, 2)),
}
LEADING = ("gru_nf", "gru_snf")

STYLE = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


def colour(method: str) -> str:
    """Return a method's colour, the same in all pictures."""
    return COLOURS.get(method, COLOURS["gru_nf_t1.2"])


def line(method: str) -> dict[str, Any]:
    """Return how a method's line is drawn."""
    leading = method in LEADING
    return {
        "color": colour(method),
        "linewidth": 2.6 if leading else 1.5,
        "linestyle": DASHES.get(method, "solid"),
        "zorder": 4 if leading else 3,
    }


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the reports' style."""
    with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
        yield


def legend_right(axes: Axes) -> None:
    """Put the legend beside the axes, where it covers nothing."""
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=9, handlelength=2.4, labelspacing=0.55)


def svg(figure: Figure, name: str) -> str:
    """Return a figure as an inline SVG element that is as wide as its place and takes the page's colours.

    Args:
        figure: drawn within `styled`.
        name: of the picture in words, for those who cannot see it; it also keeps the ids of several pictures apart.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Groups are numbered alike in every picture; nothing refers to them.
    text = re.sub(r"<g id=\"[^\"]*\"", "<g", text)
    for stand_in, variable in ((INK, "var(--ink)"), (FAINT, "var(--line)"), (PAPER, "var(--card)")):
        text = text.replace(stand_in, variable)
    label = name.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', f'role="img" aria-label="{label}"', text, count=1)
