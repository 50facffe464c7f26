"""Charts of a video model's report: metrics of every frame, and what Jacobi iteration saves."""

from __future__ import annotations

from matplotlib.figure import Figure

from backend.core.types import CLOCK_HZ
from backend.evaluate.report.report import Results, with_prefix
from backend.evaluate.report.style import FAINT, INK, step_panels, styled, svg

MAX_MOTION = 3.0
"""End of the axis of motion over that of the truth: the jump into a window would flatten the rest of the line."""


def bits_by_frame(results: Results) -> str:
    """Plot the bits of every frame under all densities, except the standard Gaussian, which is far above the others."""
    densities = {k: found for k, found in with_prefix(results, "likelihood_").items() if k != "standard_gaussian"}
    with styled():
        figure = step_panels(densities, [("bits", "Bits per latent number, given the frames before")], seconds=1)
        figure.axes[0].set(xlabel="frames seen before")
        figure.axes[0].autoscale(axis="y")
        return svg(figure, "Bits per latent number of every frame of a window")


def blocks(results: Results) -> str:
    """Plot how many passes and how much time every block size saves, and its difference from the sequential result."""
    found = {int(size): entries for size, entries in with_prefix(results, "inversion_block_").items()}
    sizes = sorted(found)
    with styled():
        figure = Figure(figsize=(10.4, 3.2), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        for axes, metrics, goal, title in (
            (left, ("deep_saved", "saved"), 8.0, "Passes: sequential over Jacobi"),
            (middle, ("deep_faster", "faster"), 4.0, "Time: sequential over Jacobi"),
            (right, ("error", "draw_error"), 1e-3, "Relative difference of the result"),
        ):
            for metric, label, tint in zip(metrics, ("deep block", "whole sample"), ("#1e88e5", "#e0336e"), strict=True):
                axes.plot(sizes, [found[size][metric].value for size in sizes], "o-", color=tint, label=label, markersize=4)
            axes.set_xscale("log", base=2)
            axes.set(title=title, xlabel="tokens in a block")
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.axhline(goal, color=FAINT, linewidth=1.6)
            axes.annotate("goal", (sizes[0], goal), color=INK, fontsize=8, xytext=(0, 2), textcoords="offset points")
        right.set_yscale("log")
        left.set_ylim(0, None)
        middle.set_ylim(0, None)
        left.legend(fontsize=8.5)
        return svg(figure, "Passes, time and difference of Jacobi iteration for all block sizes")


def drift_by_frame(results: Results) -> str:
    """Plot error, sharpness and motion over three windows."""
    panels = [("mae", "MAE"), ("sharpness", "Sharpness over the truth's"), ("motion_left", "Motion over the truth's")]
    with styled():
        figure = step_panels(_without_truth(results, "drift_"), panels, 1 / CLOCK_HZ)
        motion = figure.axes[2]
        motion.set_ylim(0, min(motion.get_ylim()[1], MAX_MOTION))
        return svg(figure, "Error, sharpness and motion of clips that are continued for three windows")


def futures_by_frame(results: Results, count: int) -> str:
    """Plot error and diversity of `count` futures, frame by frame."""
    panels = [("mae", "MAE, all futures"), (f"mae_best{count}", f"MAE, best of {count}"), ("apd", "APD")]
    with styled():
        figure = step_panels(_without_truth(results, "futures_"), panels, 1 / CLOCK_HZ)
        return svg(figure, "Error and diversity of futures, frame by frame")


def _without_truth(results: Results, prefix: str) -> Results:
    return {name: found for name, found in with_prefix(results, prefix).items() if name != "truth"}
