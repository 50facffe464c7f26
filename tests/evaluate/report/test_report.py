from __future__ import annotations

import json
import os

from backend.evaluate.report.report import Metric, Report


def test_a_report_with_many_metrics_of_one_name_is_shown_as_a_narrow_table(capsys):
    Report("load", {}, {"all": {f"metric_{i}": Metric(i) for i in range(20)}}, device="here").show()
    shown = capsys.readouterr().out
    assert all(f"metric_{i}" in shown for i in range(20))
    assert max(map(len, shown.splitlines())) < 60


def test_a_report_of_many_names_has_one_row_each(capsys):
    Report("bench", {}, {f"stage_{i}": {"ms": Metric(1.0)} for i in range(10)}, device="here").show()
    shown = capsys.readouterr().out.splitlines()
    assert [sum(f"stage_{i} " in line for line in shown) for i in range(10)] == [1] * 10


def test_a_note_on_a_file_whose_name_is_no_text_is_written_as_escapes(tmp_path):
    name = os.fsdecode(b"\xff\xe9.npz")
    Report("bench", {"model": [name]}, {name: {"ms": Metric(1.0)}}, notes=[f"{name} is left out."]).save(tmp_path / "a.json")
    read = json.loads((tmp_path / "a.json").read_text())
    assert read["notes"] == ["\\udcff\\udce9.npz is left out."] and read["settings"] == {"model": ["\\udcff\\udce9.npz"]}
    assert read["results"] == {"\\udcff\\udce9.npz": {"ms": {"value": 1.0}}}
