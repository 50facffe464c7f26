"""What the figures of an animation report mean: which way is better, and the verdict in sentences."""

from __future__ import annotations

from backend.evaluate.forecast.text import Column, find
from backend.evaluate.report.report import Comparison, ComparisonReport, Metric

RECONSTRUCTION = (
    Column("l1", "L1", "Mean absolute difference of pixels in [0, 1]; less is better."),
    Column("l1_ratio", "L1 ratio", "L1 over that of showing the first frame again; less is better."),
    Column("psnr", "PSNR", "Peak signal-to-noise ratio in dB; more is better.", 100.0),
    Column("ssim", "SSIM", "Structural similarity; 1 is best.", 1.0),
    Column("ms_ssim", "MS-SSIM", "Structural similarity at five scales; 1 is best.", 1.0),
    Column("akd", "AKD", "Average keypoint distance: the face mesh of the frame from that of the true one, in pixels."),
    Column("akd_lips", "AKD lips", "The same over the points of the lips."),
    Column("akd_eyes", "AKD eyes", "The same over the points around the eyes."),
    Column("lost", "Lost", "Share of frames in which no face is found; less is better."),
    Column("identity", "Identity", "Correlation with the true face's texture, both brought to one pose; 1 is best.", 1.0),
    Column("sharpness", "Sharpness", "Mean gradient over the true frame's; 1 is as sharp, below is blurred.", 1.0),
    Column("flicker", "Flicker", "How much the error shakes from frame to frame; less is better."),
    Column("ms_per_frame", "ms / frame", "Time of one frame of 256 x 256, with the portrait's own share.", None),
)
TRANSFER = (
    Column("cross_akd", "Motion off by", "Distance of the face's motion from its driver's after alignment, in pixels."),
    Column("cross_identity", "Identity", "Correlation of the face's texture with the portrait's; 1 is best.", 1.0),
    Column("cross_lost", "Lost", "Share of frames in which no face is found; less is better."),
)
FUTURES = (
    Column("mae", "MAE", "Error of the nearest fifth of the samples, pixels in [0, 1]; less is better.", None),
    Column("apd", "APD", "Mean distance of two of them: diversity.", None),
    Column("apd_over_mae", "APD / MAE", "Diversity over error.", None),
    Column(
        "apd_over_mae_standardised", "APD / MAE, standardised", "Both brought to [0, 1] over all forecasts and windows.", None
    ),
    Column("mae_all", "MAE of all", "Error of all samples.", None),
    Column("apd_all", "APD of all", "Mean distance of two of all samples.", None),
)


def summary(report: ComparisonReport, leading: str) -> list[str]:
    """Return the verdict in sentences, each with its interval."""
    results = report.results
    ours = results[leading]
    sentences = [
        f"{leading} rebuilds held-out people with an L1 of {_with(ours['l1'])}, {ours['l1_ratio'].value:.2f} times that of "
        f"standing still; SSIM {_with(ours['ssim'], 2)}."
    ]
    if "akd" in ours:
        sentences.append(
            f"Its faces are {_with(ours['akd'], 2)} px from the true ones (lips {ours['akd_lips'].value:.2f}, eyes "
            f"{ours['akd_eyes'].value:.2f}); {100 * ours['lost'].value:.1f} % of its frames show no face."
        )
    rivals = [_against(report, leading, name) for name in ("warp", "mesh_warp") if name in results and name != leading]
    sentences += [sentence for sentence in rivals if sentence]
    if "cross_akd" in ours and "cross_akd" in results["copy_source"]:
        share = 100 * ours["cross_akd"].value / results["copy_source"]["cross_akd"].value
        sentences.append(
            f"On other people's portraits its motion is off by {_with(ours['cross_akd'], 1)} px, {share:.0f} % of what the "
            f"driver moves; the face keeps a likeness of {ours['cross_identity'].value:.2f}."
        )
    test = find(report, "apd_over_mae", "futures_gru_snf", "futures_gru_nf")
    if test is not None:
        flow, refined = (results[name]["apd_over_mae"].value for name in ("futures_gru_nf", "futures_gru_snf"))
        sentences.append(
            f"Rendered futures: APD / MAE is {refined:.3f} refined (gru_snf) against {flow:.3f} (gru_nf){_tested(test)}."
        )
    return [sentence.replace(" -", " \N{MINUS SIGN}").replace("(-", "(\N{MINUS SIGN}") for sentence in sentences]


def _against(report: ComparisonReport, leading: str, rival: str) -> str:
    parts = []
    for metric, name, digits in (("l1", "L1", 4), ("akd", "AKD", 2)):
        test = find(report, metric, leading, rival)
        if test is not None:
            sure = test.p is None or test.p < 0.05
            better = "no different" if not sure else "better" if test.difference < 0 else "worse"
            parts.append(f"{name} is {better} ({test.difference:+.{digits}f}{_p(test)})")
    return f"Against {rival}: {', '.join(parts)}." if parts else ""


def _with(metric: Metric, digits: int = 3) -> str:
    if metric.low is None or metric.high is None:
        return f"{metric.value:.{digits}f}"
    return f"{metric.value:.{digits}f} [{metric.low:.{digits}f}, {metric.high:.{digits}f}]"


def _tested(test: Comparison) -> str:
    if test.low is None or test.high is None:
        return ""
    return f" (difference {test.difference:+.3f}, 95 % interval {test.low:+.3f} to {test.high:+.3f}{_p(test)})"


def _p(test: Comparison) -> str:
    return "" if test.p is None else f", p {'<' if test.p < 0.002 else '='} {max(test.p, 0.002):.2g}"
