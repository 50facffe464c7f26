"""The project's own checks find what they are for, and leave good code alone."""

import subprocess

import pytest

from tools.lint import devices, docstrings, links, names, words, writes


@pytest.fixture
def put(tmp_path):
    """Write a file below an empty repository."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    def write(name: str, text: str):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize(
    "text",
    [
        '"""What is told of a token."""\n',
        "x = 1  # Nobody asked.\n",
        'message = "The model hangs on its context."\n',
        'message = f"Start {1} anew."\n',
        'def f():\n    """One.\n\n    It is drawn anew.\n    """\n',
    ],
)
def test_a_banned_word_is_found_in_comments_docstrings_and_messages(put, text):
    assert len(words.check(put("backend/a.py", text))) == 1


def test_a_banned_word_is_found_in_documents_and_page_texts_with_its_line(put):
    put("README.md", "One.\n\nNobody knows.\n")
    found = words.check(put("frontend/src/a.ts", "const text = 'Drawn anew';\n"))
    assert [line.split(": ")[0] for line in found] == ["README.md:3", "frontend/src/a.ts:1"]


@pytest.mark.parametrize("text", ['report = {"told": 1}\n', "retold = 1\n", '"""The weights depend on the data."""\n'])
def test_names_in_reports_and_good_english_are_left_alone(put, text):
    assert words.check(put("backend/a.py", text)) == []


def test_a_class_name_that_stands_twice_is_found_also_as_an_alias(put):
    put("backend/a.py", "class Clip:\n    pass\n\n\nFrames = list[int]\n")
    found = names.check(put("backend/b/c.py", "class Clip:\n    pass\n\n\nFrames = tuple\n"))
    assert len(found) == 2 and "Clip stands also at backend/b/c.py:1" in found[0]


def test_the_page_and_the_backend_may_use_one_name_each(put):
    put("backend/a.py", "class Clip:\n    pass\n")
    assert names.check(put("frontend/src/a.ts", "export class Clip {}\n")) == []


def test_a_page_type_that_stands_twice_is_found(put):
    put("frontend/src/a.ts", "export interface Clip {}\n")
    assert len(names.check(put("frontend/src/b.ts", "export class Clip {}\n"))) == 1


@pytest.mark.parametrize(("name", "bad"), [("MOST_FACES", True), ("_LEAST", True), ("MAX_FACES", False), ("ALMOST", False)])
def test_limits_begin_with_max_or_min(put, name, bad):
    assert len(names.check(put("backend/a.py", f"{name} = 3\n"))) == bad


LONG = 'def scale(x, factor, offset):\n    """Scale.\n{section}    """\n'


@pytest.mark.parametrize(
    ("section", "missing"),
    [
        ("", "x, factor, offset"),
        ("\n    Args:\n        x: a.\n        factor: b.\n", "offset"),
        ("\n    Args:\n        x, factor: a.\n        offset: b.\n", None),
    ],
)
def test_every_parameter_of_a_function_with_three_or_more_is_described(put, section, missing):
    found = docstrings.check(put("backend/a.py", LONG.format(section=section)))
    assert [line.partition("does not describe ")[2] for line in found] == ([f"{missing} in Args:"] if missing else [])


def test_private_functions_verbs_and_self_are_not_counted(put):
    text = (
        "def _f(a, b, c):\n    pass\n\n\n@app.command()\ndef verb(a, b, c):\n    pass\n\n\n"
        "class A:\n    def g(self, a, b):\n        pass\n"
    )
    assert docstrings.check(put("backend/a.py", text)) == []


@pytest.mark.parametrize(("summary", "found"), [("Do it; see `Base`.", 0), ("Do it.", 1)])
def test_an_override_that_names_its_base_has_the_base_s_description(put, summary, found):
    text = f'class A(Base):\n    def g(self, a, b, c):\n        """{summary}"""\n'
    assert len(docstrings.check(put("backend/a.py", text))) == found


@pytest.mark.parametrize(
    ("target", "broken"),
    [("b.md", False), ("b.md#two-words", False), ("b.md#three", True), ("c.md", True), ("https://example.org/x", False)],
)
def test_links_lead_to_files_and_headings_that_are_there(put, target, broken):
    put("b.md", "# Two words\n")
    assert len(links.check(put("a.md", f"See [this]({target}).\n"))) == broken


def test_a_report_s_texts_are_read_and_the_names_of_its_sections_left_alone(put):
    assert len(words.check(put("backend/a.toml", 'name = "told"\ntext = "What is told."\n'))) == 1


@pytest.mark.parametrize(
    "text",
    [
        'x = torch.zeros(3, device="cpu")\n',
        'x = x.to("cuda:1")\n',
        "x = x.cpu()\n",
        "x = x.cuda()\n",
        "x = x.numpy()\n",
        "if x.is_cuda:\n    pass\n",
        "torch.cuda.synchronize()\n",
        "random = torch.Generator().manual_seed(0)\n",
    ],
)
def test_a_device_is_named_in_one_place_only(put, text):
    put("backend/core/device.py", text)
    assert devices.check(put("backend/animate/a.py", text)) == []
    for place in ("backend/forecast/a.py", "backend/forecast/paper/a.py", "backend/pipeline.py"):
        put(place, text)
    assert len(devices.check(put("README.md", ""))) == 3


def test_code_that_takes_the_device_of_its_tensors_names_none(put):
    text = "import numpy as np\nx = torch.zeros(3, device=y.device).to(y)\nz = torch.Generator(y.device)\n"
    assert devices.check(put("backend/forecast/a.py", text)) == []


@pytest.mark.parametrize(
    "text",
    [
        'path.write_text("a")\n',
        "(folder / name).write_bytes(data)\n",
        'with path.open("w") as file:\n    file.write("a")\n',
        'file = open(path, mode="xb")\n',
        "np.savez_compressed(path, a=a)\n",
        "torch.save(state, path)\n",
        "Image.fromarray(picture).save(path)\n",
        "save_file(tensors, path)\n",
        "def f():\n    for x in y:\n        np.save(folder / x, x)\n",
    ],
)
def test_a_file_that_is_written_in_place_is_found(put, text):
    put("backend/core/files.py", text)
    assert len(writes.check(put("backend/a.py", text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        'with write_whole(path) as hidden:\n    hidden.write_text("a")\n',
        'with write_whole(path) as hidden, hidden.open("w", newline="") as file:\n    file.write("a")\n',
        "save_whole(path, lambda file: np.savez(file, a=a))\n",
        'path.open("rb")\npath.open()\nopen("w.txt")\n',
        'log = path.open("a")\n',
        "buffer = io.BytesIO()\nImage.fromarray(picture).save(buffer, 'PNG')\n",
        "model.save(folder)\ntensor = np.load(path)\n",
    ],
)
def test_files_that_are_written_whole_or_only_grow_are_left_alone(put, text):
    assert writes.check(put("backend/a.py", text)) == []
