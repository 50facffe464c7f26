"""One ablation of several data sets: each with the forecaster that fits it, all tests corrected together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.core.errors import InputError
from backend.core.progress import StageProgress
from backend.evaluate.ablation.evaluation import AblationOptions, evaluate_ablation
from backend.evaluate.common.inputs import EvaluationInputs, load_inputs
from backend.evaluate.common.significance import MIN_PEOPLE, corrected, least_p
from backend.evaluate.common.table import Figures, prefixed
from backend.evaluate.report.report import MAX_P, Comparison, ComparisonReport, Results, with_prefix


def load_data_sets(
    recordings: Sequence[Path], models: Path, chosen: Sequence[Path] = (), split: Path | None = None
) -> dict[str, EvaluationInputs]:
    """Load folders of recordings, each named after its folder (or the folder's parent, where it is called recordings).

    Args:
        recordings: the folders.
        models: folder of all models, of which each data set takes the one that fits it.
        chosen: the forecaster of each folder instead; none or as many as folders.
        split: a CSV of held-out recordings, see `load_inputs`.

    Raises:
        InputError: `data_sets_alike`, `models_count`; as `load_inputs`.
    """
    if chosen and len(chosen) != len(recordings):
        message = f"There are {len(recordings)} folders of recordings, but {len(chosen)} forecasters."
        raise InputError("models_count", message, "Give --model once for every --recordings, in the same order, or never.")
    found: dict[str, EvaluationInputs] = {}
    for place, folder in enumerate(recordings):
        whole = folder.resolve()
        name = whole.parent.name if whole.name == "recordings" else whole.name
        if name in found:
            raise InputError("data_sets_alike", f"Two data sets are called {name}.", "Rename one of the folders.")
        found[name] = load_inputs(folder, models, chosen[place] if chosen else None, split)
    return found


def evaluate_data_sets(
    data: Mapping[str, EvaluationInputs],
    options: AblationOptions | None = None,
    progress: StageProgress = lambda cell, done, total: None,
) -> ComparisonReport:
    """Score every cell on every data set, as `evaluate_ablation`.

    Args:
        data: the data sets by name.
        options: defaults to `AblationOptions()`.
        progress: called with the cell's name, and windows of this data set done and in all.

    Returns:
        The report of the only data set, or one in which the names of cells are DATASET/CELL and `settings["data_sets"]` holds
        the model and the counts of each. Tests are made within a data set and corrected over all of them.
    """
    reports = {
        name: evaluate_ablation(inputs, options, lambda cell, *counts, name=name: progress(_joined(name, cell), *counts))
        for name, inputs in data.items()
    }
    if len(reports) == 1:
        return next(iter(reports.values()))
    results: Figures = {_joined(name, cell): row for name, report in reports.items() for cell, row in report.results.items()}
    tests: list[Comparison] = []
    for name, report in reports.items():
        tests += prefixed(_joined(name, ""), report.comparisons)
    kept = ("model", "windows", "people", "recordings")
    sets = {name: {key: report.settings[key] for key in kept} for name, report in reports.items()}
    counts = {key: sum(entry[key] for entry in sets.values()) for key in kept[1:]}
    first = next(iter(reports.values())).settings
    settings = first | {"data_sets": sets, "model": ", ".join(entry["model"] for entry in sets.values())} | counts
    notes = [f"{name}: {note}" for name, report in reports.items() for note in report.notes]
    notes += _limits(sets, tests)
    return ComparisonReport("evaluate ablation", settings, results, comparisons=corrected(tests), notes=notes)


def by_data_set(report: ComparisonReport) -> dict[str, Results]:
    """Return the results of each data set by its name; the name is empty where there is only one."""
    names = report.settings.get("data_sets")
    return {name: with_prefix(report.results, _joined(name, "")) for name in names} if names else {"": report.results}


def significant(report: ComparisonReport, name: str) -> set[tuple[str, str]]:
    """Return metric and cell of all significant differences from GRU-NF in a data set (named as by `by_data_set`)."""
    prefix = _joined(name, "") if name else ""
    tests = (test for test in report.comparisons if test.significant and test.method.startswith(prefix))
    return {(test.metric, test.method.removeprefix(prefix)) for test in tests}


def _joined(name: str, cell: str) -> str:
    return f"{name}/{cell}"


def _limits(sets: Mapping[str, Mapping[str, int]], tests: Sequence[Comparison]) -> list[str]:
    """Name the data sets with too few people for any corrected p to be significant."""
    family = max((sum(test.metric == metric for test in tests) for metric in {test.metric for test in tests}), default=0)
    return [
        f"{name}: with {entry['people']} people and {family} tests of a metric, no corrected p can be below {MAX_P:g}."
        for name, entry in sets.items()
        if entry["people"] >= MIN_PEOPLE and family * least_p(entry["people"]) >= MAX_P
    ]
