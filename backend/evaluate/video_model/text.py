"""The goals of the video model, and the verdict of its report in sentences."""

from __future__ import annotations

from typing import NamedTuple

from backend.evaluate.report.prose import difference, p_value, typeset, with_interval
from backend.evaluate.report.report import ComparisonReport, Metric, with_prefix
from backend.evaluate.video_model.keypoint_path import FORECASTS

GOAL_ERROR = 1e-3
"""Relative difference up to which two solvers count as equal."""


class Goal(NamedTuple):
    """A goal, what was measured, and the verdict: `met`, `missed`, or `not sure` where the difference is not significant."""

    aim: str
    found: str
    verdict: str


def goals(report: ComparisonReport) -> list[Goal]:
    """Compare the measured values with the goals of the device that was used."""
    results, gpu, count = report.results, "cuda" in str(report.settings["device"]), int(report.settings["count"])
    trip = max(entry["max_error"].value for name, entry in results.items() if name.startswith("round_trip"))
    found = [Goal("latents to noise and back, exact to 1e-4", f"{trip:.1e}", _met(trip <= 1e-4))]
    aim = 10 if gpu else 4
    wanted, block = f"Jacobi: 8 times fewer passes, {aim} times faster, the same result to 1e-3", fastest(report)
    if block is None:
        found.append(Goal(wanted, "no block size gives the same result", "missed"))
    else:
        saved, faster = results[block]["saved"].value, results[block]["faster"].value
        measured = f"{saved:.1f} times fewer passes, {faster:.1f} times faster (blocks of {block.rsplit('_', 1)[1]})"
        found.append(Goal(wanted, measured, _met(saved >= 8 and faster >= aim)))
    best, seconds, limit = f"mae_best{count}", results["draw_1"]["ms"].value / 1000, 0.5 if gpu else 5.0
    found.append(Goal(f"16 frames within {limit:g} s", f"{seconds:.2f} s", _met(seconds <= limit)))
    for metric, ours, theirs, wanted in (
        ("bits", "likelihood_flow", "likelihood_last_frame_gaussian", "fewer bits than a Gaussian around the last frame"),
        (best, "futures_video_flow", "futures_copy_last", f"best of {count} nearer to the truth than the last frame"),
    ):
        a, b = results[ours][metric].value, results[theirs][metric].value
        test = report.find(metric, ours, theirs)
        unsure = test is not None and test.significant is False
        verdict = "not sure" if a < b and unsure else _met(a < b)
        (measured,) = typeset([f"{a:.4f} against {b:.4f}{p_value(test, ' ({})')}"])
        found.append(Goal(wanted, measured, verdict))
    return found


def _met(enough: bool) -> str:
    return "met" if enough else "missed"


def fastest(report: ComparisonReport) -> str | None:
    """Return the fastest block size whose result equals that of the sequential solver, or None."""
    results = report.results
    blocks = [name for name in results if name.startswith("inversion_block_")]
    equal = [name for name in blocks if results[name]["draw_error"].value <= GOAL_ERROR]
    return max(equal, key=lambda name: results[name]["faster"].value, default=None)


def summary(report: ComparisonReport) -> list[str]:
    """Return the verdict in sentences, each with its interval."""
    results, count = report.results, int(report.settings["count"])
    best, flow = f"mae_best{count}", "futures_video_flow"
    ours, copied = results[flow], _rival(report, best, flow, "futures_copy_last", 4)
    sentences = [f"The best of {count} futures has an error of {with_interval(ours[best], 4)}, copy_last {copied}."]
    for rival, theirs in with_prefix(results, "futures_").items():
        if rival in FORECASTS:
            sentences.append(
                f"The best of {count} futures of {rival} has an error of "
                f"{_rival(report, best, flow, f'futures_{rival}', 4)}; diversity over error is "
                f"{ours['apd_over_mae'].value:.2f} against {theirs['apd_over_mae'].value:.2f}."
            )
    sentences.append(
        f"Its futures move {with_interval(ours['motion'], 2)} times as much as real clips "
        f"and are {ours['sharpness'].value:.2f} times as sharp."
    )
    gaussian = _rival(report, "bits", "likelihood_flow", "likelihood_last_frame_gaussian", 3)
    sentences.append(
        f"Held-out clips cost {with_interval(results['likelihood_flow']['bits'])} bits per latent number, "
        f"last_frame_gaussian {gaussian}."
    )
    block = fastest(report)
    if block is not None:
        found = results[block]
        sentences.append(
            f"Jacobi iteration in blocks of {block.rsplit('_', 1)[1]} gives the result of sampling token by token "
            f"(relative difference {found['draw_error'].value:.0e}) in {with_interval(found['saved'], 1)} times fewer passes, "
            f"{with_interval(found['faster'], 1)} times faster; 16 frames take {results['draw_1']['ms'].value / 1000:.1f} s, "
            f"{count} futures of them {results[f'draw_{count}']['ms'].value / 1000:.1f} s."
        )
    matched, none = results["cleanup_flow_score_matching"], results["cleanup_no_noise_removal"]
    sentences.append(
        f"The denoiser improves noisy clips from {none['psnr'].value:.1f} to {with_interval(matched['psnr'], 1)} dB, "
        f"and reduces their flicker from {none['flicker'].value:.4f} to {matched['flicker'].value:.4f}; "
        f"a step along the flow's own score reaches {results['cleanup_score_step']['psnr'].value:.1f} dB."
    )
    if "drift_flow" in results:
        sentences.append(_drift(report))
    return typeset(sentences)


def _drift(report: ComparisonReport) -> str:
    flow, rival = report.results["drift_flow"], report.results.get("drift_regression")
    found = f"After three windows, a sampled clip is {_last(flow['sharpness']):.2f} times as sharp as the truth"
    if rival is None:
        return f"{found} and has an error of {_last(flow['mae']):.3f}."
    return (
        f"{found} (regression {_last(rival['sharpness']):.2f}), moves {_last(flow['motion_left']):.2f} times as much "
        f"({_last(rival['motion_left']):.2f}) and has an error of {_last(flow['mae']):.3f} ({_last(rival['mae']):.3f})."
    )


def _last(metric: Metric) -> float:
    """Return the mean over the last 12 frames (1 s), or the value where there are no values per frame."""
    steps = (metric.per_step or [metric.value])[-12:]
    return sum(steps) / len(steps)


def _rival(report: ComparisonReport, metric: str, ours: str, rival: str, decimals: int) -> str:
    """Write a metric of `rival`, and by how much that of `ours` differs."""
    return f"{report.results[rival][metric].value:.{decimals}f}{difference(report.find(metric, ours, rival), 4)}"
