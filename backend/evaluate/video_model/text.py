"""What was aimed at in a video flow, and the verdict of its report in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from backend.evaluate.forecast.text import find
from backend.evaluate.report.report import Comparison, ComparisonReport, Metric

GOAL_ERROR = 1e-3
"""Relative difference up to which two inversions count as equal."""


@dataclass(frozen=True)
class Goal:
    """What was aimed at, what was found, and whether that is enough: `met`, `missed`, or `not sure` (chance might do it)."""

    aim: str
    found: str
    verdict: str


def goals(report: ComparisonReport) -> list[Goal]:
    """Say what was aimed at, and what came of it."""
    results, gpu, count = report.results, "cuda" in str(report.settings["device"]), int(report.settings["count"])
    trip = max(entry["max_error"].value for name, entry in results.items() if name.startswith("round_trip"))
    found = [Goal("noise and back, exact to 1e-4", f"{trip:.1e}", _met(trip <= 1e-4))]
    aim = 10 if gpu else 4
    words, block = f"Jacobi: 8 times fewer passes, {aim} times faster, the same to 1e-3", fastest(report)
    if block is None:
        found.append(Goal(words, "no block size is the same", "missed"))
    else:
        saved, faster = results[block]["saved"].value, results[block]["faster"].value
        said = f"{saved:.1f} times fewer passes, {faster:.1f} times faster (blocks of {block.rsplit('_', 1)[1]})"
        found.append(Goal(words, said, _met(saved >= 8 and faster >= aim)))
    seconds, limit = results["draw_1"]["ms"].value / 1000, 0.5 if gpu else 5.0
    found.append(Goal(f"16 frames within {limit:g} s", f"{seconds:.2f} s", _met(seconds <= limit)))
    for metric, ours, theirs, words in (
        ("bits", "likelihood_flow", "likelihood_last_frame_gaussian", "fewer bits than a Gaussian around the last frame"),
        (f"mae_best{count}", "futures_video_flow", "futures_copy_last", f"best of {count} nearer than the last frame"),
    ):
        a, b = results[ours][metric].value, results[theirs][metric].value
        test = find(report, metric, ours, theirs)
        chance = None if test is None else test.p
        sure = "" if chance is None else f" (p {'<' if chance < 0.002 else '='} {max(chance, 0.002):.2g})"
        verdict = "not sure" if a < b and chance is not None and chance > 0.05 else _met(a < b)
        found.append(Goal(words, f"{_signed(a)} against {_signed(b)}{sure}", verdict))
    return found


def _met(enough: bool) -> str:
    return "met" if enough else "missed"


def _signed(value: float) -> str:
    return f"{value:.4f}".replace("-", "\N{MINUS SIGN}")


def fastest(report: ComparisonReport) -> str | None:
    """The block size whose whole draw is fastest, of those whose result is the sequential one."""
    equal = {
        name: found
        for name, found in report.results.items()
        if name.startswith("inversion_block_") and found["draw_error"].value <= GOAL_ERROR
    }
    return max(equal, key=lambda name: equal[name]["faster"].value, default=None)


def summary(report: ComparisonReport) -> list[str]:
    """Return the verdict in sentences, each with its interval."""
    results, count = report.results, int(report.settings["count"])
    best = f"mae_best{count}"
    ours = results["futures_video_flow"]
    sentences = [
        f"The best of {count} futures is off by {_with(ours[best], 4)}{_against(report, best, 'futures_', 'copy_last')}."
    ]
    for rival in ("keypoint_nf", "keypoint_snf"):
        if f"futures_{rival}" in results:
            sentences.append(
                f"Beside {rival}: best of {count}{_against(report, best, 'futures_', rival)}; diversity over error "
                f"{ours['apd_over_mae'].value:.2f} against {results[f'futures_{rival}']['apd_over_mae'].value:.2f}."
            )
    sentences.append(
        f"Its futures move {_with(ours['motion'], 2)} times as much as real clips, {ours['sharpness'].value:.2f} as sharp."
    )
    sentences.append(
        f"Held-out clips cost {_with(results['likelihood_flow']['bits'])} bits a latent number"
        f"{_against(report, 'bits', 'likelihood_', 'last_frame_gaussian', 'flow')}."
    )
    block = fastest(report)
    if block is not None:
        found = results[block]
        sentences.append(
            f"Jacobi in blocks of {block.rsplit('_', 1)[1]} draws the same as going token by token (off by "
            f"{found['draw_error'].value:.0e}) in {_with(found['saved'], 1)} times fewer passes, "
            f"{_with(found['faster'], 1)} times faster; 16 frames take {results['draw_1']['ms'].value / 1000:.1f} s, "
            f"{count} futures of them {results[f'draw_{count}']['ms'].value / 1000:.1f} s."
        )
    matched, none = results["cleanup_flow_score_matching"], results["cleanup_no_noise_removal"]
    sentences.append(
        f"The denoiser brings noisy clips from {none['psnr'].value:.1f} to {_with(matched['psnr'], 1)} dB and their "
        f"flicker from {none['flicker'].value:.4f} to {matched['flicker'].value:.4f}; the flow's own score, to "
        f"{results['cleanup_score_step']['psnr'].value:.1f} dB."
    )
    if "drift_flow" in results:
        sentences.append(_drift(report))
    return [sentence.replace(" -", " \N{MINUS SIGN}").replace("[-", "[\N{MINUS SIGN}") for sentence in sentences]


def _drift(report: ComparisonReport) -> str:
    flow, rival = report.results["drift_flow"], report.results.get("drift_regression")
    words = f"Three windows on, a drawn clip is {_last(flow['sharpness']):.2f} as sharp as the truth"
    if rival is None:
        return f"{words} and off by {_last(flow['mae']):.3f}."
    return (
        f"{words} (regression {_last(rival['sharpness']):.2f}), moves {_last(flow['motion_left']):.2f} times as much "
        f"({_last(rival['motion_left']):.2f}) and is off by {_last(flow['mae']):.3f} ({_last(rival['mae']):.3f})."
    )


def _last(metric: Metric) -> float:
    """Mean of the last second, or of what there is."""
    steps = (metric.per_step or [metric.value])[-12:]
    return sum(steps) / len(steps)


def _against(report: ComparisonReport, metric: str, prefix: str, rival: str, ours: str = "video_flow") -> str:
    test = find(report, metric, prefix + ours, prefix + rival)
    value = report.results[prefix + rival][metric].value
    return f", {rival} by {value:.4f}{_tested(test)}" if metric != "bits" else f", {rival} {value:.3f}{_tested(test)}"


def _tested(test: Comparison | None) -> str:
    if test is None or test.low is None or test.high is None or test.p is None:
        return ""
    p = f"p {'<' if test.p < 0.002 else '='} {max(test.p, 0.002):.2g}"
    return f" (difference {test.difference:+.4f}, 95 % interval {test.low:+.4f} to {test.high:+.4f}, {p})"


def _with(metric: Metric, digits: int = 3) -> str:
    if metric.low is None or metric.high is None:
        return f"{metric.value:.{digits}f}"
    return f"{metric.value:.{digits}f} [{metric.low:.{digits}f}, {metric.high:.{digits}f}]"
