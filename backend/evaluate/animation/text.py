"""The verdict of an animation report in sentences."""

from __future__ import annotations

from backend.evaluate.report.prose import difference, p_value, typeset, with_interval
from backend.evaluate.report.report import ComparisonReport


def summary(report: ComparisonReport, leading: str) -> list[str]:
    """Return the verdict on the method `leading` in sentences, each with its interval."""
    results = report.results
    ours = results[leading]
    sentences = [
        f"{leading} rebuilds held-out people with an L1 of {with_interval(ours['l1'])}, {ours['l1_ratio'].value:.2f} times "
        f"that of showing the first frame again; SSIM {with_interval(ours['ssim'], 2)}."
    ]
    if "akd" in ours:
        sentences.append(
            f"Its faces are {with_interval(ours['akd'], 2)} px from the true ones (lips {ours['akd_lips'].value:.2f}, eyes "
            f"{ours['akd_eyes'].value:.2f}); {100 * ours['lost'].value:.1f} % of its frames show no face."
        )
    sentences += [_compared(report, leading, name) for name in ("warp", "mesh_warp") if name in results and name != leading]
    if "cross_akd" in ours and "cross_akd" in results["copy_source"]:
        share = 100 * ours["cross_akd"].value / results["copy_source"]["cross_akd"].value
        sentences.append(
            f"On portraits of other people the error of its motion is {with_interval(ours['cross_akd'], 1)} px, {share:.0f} % "
            f"of the driver's motion; the identity of the face is kept to {ours['cross_identity'].value:.2f}."
        )
    test = report.find("apd_over_mae", "futures_gru_snf", "futures_gru_nf")
    if test is not None:
        flow, refined = (results[name]["apd_over_mae"].value for name in ("futures_gru_nf", "futures_gru_snf"))
        sentences.append(
            f"Rendered futures: APD / MAE is {refined:.3f} with refinement (gru_snf) and {flow:.3f} without (gru_nf)"
            f"{difference(test)}."
        )
    return typeset(sentences)


def _compared(report: ComparisonReport, leading: str, rival: str) -> str:
    """Compare two methods by L1 and AKD; empty where they were not tested."""
    parts = []
    for metric, name, decimals in (("l1", "L1", 4), ("akd", "AKD", 2)):
        test = report.find(metric, leading, rival)
        if test is not None:
            differs = test.significant is not False
            better = "no different" if not differs else "better" if test.difference < 0 else "worse"
            parts.append(f"{name} is {better} ({test.difference:+.{decimals}f}{p_value(test, ', {}')})")
    return f"Against {rival}: {', '.join(parts)}." if parts else ""
