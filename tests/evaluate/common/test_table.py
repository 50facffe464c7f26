import numpy as np
import pytest

from backend.evaluate.common.table import ScoreTable


def test_means_leave_out_rows_without_a_number_and_ratios_need_both():
    table = ScoreTable()
    table.add("a", {"x": {"m": [1.0, float("nan")]}, "y": {"m": [2.0, 4.0]}})
    table.add("b", {"x": {"m": [3.0]}, "y": {"m": [2.0]}})
    assert table.mean("x", "m").value == 2
    assert table.over("x", "r", "m", ("y", "m")).value == 1
    assert table.over("y", "r", "m", ("x", "m")).value == 1


def test_rows_have_figures_for_each_step_where_they_have_steps():
    table = ScoreTable()
    table.add("a", {"x": {"m": np.array([[1.0, 3.0]])}})
    table.add("b", {"x": {"m": np.array([[2.0, 6.0]])}})
    found = table.mean("x", "m")
    assert (found.value, found.per_step) == (3, [1.5, 4.5])


def test_rows_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="same rows"):
        ScoreTable().add("a", {"x": {"m": [1.0]}, "y": {"m": [1.0, 2.0]}})
