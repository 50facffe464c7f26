"""How commands end: real processes, real signals, pipes and full disks."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backend.cli import ending
from backend.core.recording import Recording
from backend.core.settings import REPOSITORY
from backend.media.video_reader import DamagedVideoWarning
from tests.media.made import cut, moving, video

TALKING = str(REPOSITORY / "backend/assets/recordings/talking.npz")
COMMAND = [sys.executable, "-m", "backend"]


def start(*words: str, **options) -> subprocess.Popen:
    return subprocess.Popen([*COMMAND, *words], text=True, stderr=subprocess.PIPE, **{"cwd": REPOSITORY, **options})


def film(models: Path, out: Path) -> list[str]:
    return ["animate", "--driving", TALKING, "-o", str(out), "--models", str(models), "--generator", "slim_128", "--size", "64"]


def test_the_command_itself_refuses_to_overwrite_its_driver(tmp_path):
    path = video(tmp_path / "x.mp4", moving(3, edge=64))
    before = path.read_bytes()
    with start("animate", "--driving", str(path), "-o", str(tmp_path / "." / "x.mp4")) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and errors.startswith("motionfan: ") and "Traceback" not in errors
    assert path.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_the_output_is_said_in_one_sentence():
    with Path("/dev/full").open("w") as full, start("--help", stdout=full) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and "disk is full" in errors
    assert "Traceback" not in errors and "Exception ignored" not in errors


def test_a_reader_that_has_seen_enough_gives_no_traceback():
    read, write = os.pipe()
    os.close(read)
    with start("--help", stdout=write) as process:
        os.close(write)
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0 and errors == ""


def test_a_file_that_outgrows_its_limit_leaves_the_old_one_as_it_was(small_models, tmp_path):
    import resource

    out = tmp_path / "film.mp4"
    out.write_bytes(b"old film")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    with start(*film(small_models, out), "--horizon", "8", preexec_fn=limit) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 2, errors
    assert "Traceback" not in errors and errors.strip().splitlines()[-1].startswith("motionfan: ")
    assert out.read_bytes() == b"old film" and list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_no_partial_file(small_models, tmp_path, sent):
    out = tmp_path / "film.mp4"
    with start(*film(small_models, out)) as process:
        until = time.monotonic() + 60
        # A hidden file shows that writing has begun.
        while not list(tmp_path.iterdir()) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(sent)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + sent and "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_a_report_does_not_replace_what_is_no_report(tmp_path):
    taken = tmp_path / "clips.csv"
    taken.write_text("clip,person\n")
    with start("evaluate", "surprise", "--recordings", str(tmp_path), "--json", str(taken)) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and "would be lost" in errors
    assert taken.read_text() == "clip,person\n"


def test_a_clip_that_was_cut_off_is_named(tmp_path):
    path = cut(video(tmp_path / "a.mp4", moving(60)))
    with start("landmarks", str(path), "-o", str(tmp_path / "out"), stdout=subprocess.PIPE) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors.startswith(f"motionfan: {path} is cut off") and "2.4 s" in errors


def test_a_damaged_video_that_is_read_twice_is_named_once(capsys, tmp_path):
    for name in ("a.mp4", "a.mp4", "b.mp4"):
        ending._show_warning(DamagedVideoWarning(tmp_path / name, "is cut off."), DamagedVideoWarning, "", 1)
    assert capsys.readouterr().err.splitlines() == [f"motionfan: {tmp_path / name} is cut off." for name in ("a.mp4", "b.mp4")]


@pytest.mark.parametrize("words", [["serve"], ["bench"], ["landmarks", "a.mp4", "-o", "out"], ["train", "scene", "-o", "out"]])
def test_every_verb_refuses_a_misspelt_setting_before_it_does_anything(tmp_path, words):
    environment = {**os.environ, "MOTIONFAN_THREDS": "2", "PYTHONPATH": str(REPOSITORY)}
    with start(*words, env=environment, cwd=tmp_path) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and "Did you mean MOTIONFAN_THREADS?" in errors
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_text_or_that_the_output_cannot_show_ends_no_command(tmp_path):
    path = video(tmp_path / os.fsdecode("ü-\N{BALLOON}-".encode() + b"\xff.mp4"), moving(3))
    for encoding in ("ascii", "utf-8:strict"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        with start("landmarks", str(path), "-o", str(tmp_path / "out"), stdout=subprocess.PIPE, env=environment) as process:
            shown, errors = process.communicate(timeout=120)
        assert process.returncode == 0 and errors == "" and "\\udcff.npz: 3 frames" in shown


def test_too_little_memory_is_said_in_one_sentence(tmp_path):
    shutil.copy(TALKING, tmp_path / "a.npz")
    words = ["evaluate", "forecast", "--recordings", str(tmp_path), "--samples", str(10**12), "--methods", "gru_nf"]
    with start(*words, stdout=subprocess.PIPE) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 2 and "Traceback" not in errors
    assert errors.strip().splitlines()[-1].startswith("motionfan: The memory is not enough")


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&- <&-"])
def test_closed_standard_files_change_no_result(tmp_path, closed):
    path = video(tmp_path / "a.mp4", moving(3))
    line = f"exec {shlex.join([*COMMAND, 'landmarks', str(path), '-o', str(tmp_path)])} {closed}"
    done = subprocess.run(["sh", "-c", line], cwd=REPOSITORY, timeout=120, check=False)
    assert done.returncode == 0 and len(Recording.load(tmp_path / "a.npz").timestamps) == 3
