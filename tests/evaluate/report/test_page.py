import pytest
from jinja2 import UndefinedError

from backend.evaluate.report.blocks import NoteBlock, TableBlock, TableCell, comparison_table, fold
from backend.evaluate.report.page import HERE, ReportPage
from backend.evaluate.report.prose import command_line, difference, p_value, percent, typeset, with_interval
from backend.evaluate.report.report import Comparison, ComparisonReport, Metric, with_prefix

SETTINGS = {
    "protocol": "8-16",
    "context": 8,
    "horizon": 16,
    "samples": 8,
    "windows": 2,
    "people": 1,
    "recordings": 1,
    "model": "m",
}
RESULTS = {"a": {"crps": Metric(0.1), "nll": Metric(2.0)}, "b": {"crps": Metric(0.3, 0.2, 0.4)}, "truth": {"crps": Metric(0.0)}}
TEST = Comparison("crps", "a", "b", -0.2, -0.3, -0.1, 0.0002, 0.0004)


def page_of(**changes):
    report = ComparisonReport("evaluate forecast", SETTINGS, RESULTS, **changes)
    return ReportPage(report, ["<verdict>"], "the command", shown="a")


def texts(block):
    return [[cell.text for cell in row] for row in block.rows]


@pytest.mark.parametrize("path", sorted((HERE / "texts").glob("*.toml")), ids=lambda path: path.stem)
def test_the_texts_of_every_report_have_sections_of_different_names(path):
    page = ReportPage(ComparisonReport(f"evaluate {path.stem}", {"count": 8, "smoothing_frames": 5}, {}), [], "")
    names = [section.name for section in page.text.sections]
    assert names and len(names) == len(set(names))
    for name in names:
        assert all("{" not in column.metric + column.title for column in page.columns(name))


def test_a_section_without_blocks_is_left_out_and_values_are_escaped(tmp_path):
    page = page_of(notes=["a & b"])
    page.add("methods", page.metric_table("methods", RESULTS))
    text = page.write(tmp_path / "new" / "folder").read_text()
    assert "All methods on the same windows" in text and "Error over time" not in text and "Paired tests" not in text
    assert "&lt;verdict&gt;" in text and "a &amp; b" in text and "1 person" in text


def test_a_page_that_cannot_be_rendered_leaves_the_old_one(tmp_path):
    path = page_of().write(tmp_path)
    before = path.read_text()
    page = page_of()
    page.add("error", NoteBlock("unknown"))
    with pytest.raises(UndefinedError, match="unknown"):
        page.write(tmp_path)
    assert path.read_text() == before and list(tmp_path.iterdir()) == [path]


def test_a_metric_table_marks_the_best_that_is_not_a_reference_and_leaves_out_empty_columns():
    table = page_of().metric_table("methods", RESULTS, references=("truth",))
    assert [title for title, _ in table.head] == ["Method", "CRPS", "NLL"]
    assert texts(table) == [["a", "0.100", "2.00"], ["b", "0.300", ""], ["truth", "0", ""]]
    assert [[cell.css for cell in row[1:]] for row in table.rows] == [["best", ""], ["", ""], ["", ""]]
    assert table.rows[1][1].small == "0.20 – 0.40"


def test_tests_of_the_main_metric_are_open_and_the_others_are_folded(tmp_path):
    other = Comparison("apd", "a", "b", 0.1)
    text = page_of(comparisons=[TEST, other]).write(tmp_path).read_text()
    assert text.index("<td>crps</td>") < text.index("<summary>Tests of other metrics</summary>") < text.index("<td>apd</td>")
    assert texts(comparison_table([TEST, other]))[0] == [
        "a", "b", "crps", "\N{MINUS SIGN}0.2000", "\N{MINUS SIGN}0.3000 to \N{MINUS SIGN}0.1000", "< 0.001", "< 0.001",
    ]  # fmt: skip


def test_only_what_exceeds_the_limit_is_folded():
    blocks = [TableBlock([], [[TableCell(str(number))]]) for number in range(3)]
    assert fold(blocks, 3) == blocks
    *shown, folded = fold(blocks, 1)
    assert shown == blocks[:1] and folded.title == "2 more" and folded.blocks == blocks[1:]


def test_verdicts_write_intervals_tests_and_minus_signs_alike():
    assert with_interval(Metric(0.5, 0.4, 0.6), 0, 100) == "50 [40, 60]" and with_interval(Metric(0.5), 2) == "0.50"
    assert difference(TEST, 1) == " (difference -0.2, 95 % interval -0.3 to -0.1, p < 0.001)" and difference(None) == ""
    assert p_value(TEST) == "p < 0.001" and p_value(Comparison("m", "a", "b", 0.1), "({})") == ""
    assert percent(1.1, 1.0) == "+10.0 %"
    assert typeset(["-1 is [-2, gru-nf (-3", ""]) == ["\N{MINUS SIGN}1 is [\N{MINUS SIGN}2, gru-nf (\N{MINUS SIGN}3"]


def test_a_command_line_leaves_out_what_is_none():
    options = {"videos": "DIR", "per_clip": 2, "device": None}
    assert command_line("evaluate starflow", options) == "motionfan evaluate starflow --videos DIR --per-clip 2 --html OUT"


def test_results_of_a_section_lose_its_prefix():
    assert with_prefix({"x_a": {}, "xa": {}, "x_b": {}}, "x_") == {"a": {}, "b": {}}


def test_a_page_with_a_name_that_is_no_text_is_written(tmp_path):
    text = page_of(notes=["\udcff.npz is left out."]).write(tmp_path).read_text()
    assert "\\udcff.npz is left out." in text
