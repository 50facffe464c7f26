"""What a command writes, and the check before it begins that nothing else is lost by that."""

from __future__ import annotations

import errno
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from backend.core.errors import InputError, reason
from backend.core.files import is_stream, read_bytes

OUTPUTS = ("out", "json", "html")
"""Parameters that name a file, or a folder, to write; `run` is a folder that is also read."""

MODEL = ("weights.safetensors", "config.json")
READ = {"start_from": MODEL, "models": MODEL, "data": ("clips.csv",)}
"""Parameters that name folders to read, and the files that are read there under the names of results."""

ARRAYS = {"landmarks": "timestamps", "train_scene": "joints", "train_pack": "offsets"}
"""An array that is in every `.npz` that a verb writes."""

MAX_HEAD = 4096
"""Bytes of a page, in which its title must be."""


def check_paths(given: Mapping[str, Any], verb: str = "") -> None:
    """Check that no file to write is one to read, by whatever path, or one of the user's that is no such result.

    Args:
        given: a command's parameters by name; paths, texts that may be paths, or lists of them count.
        verb: name of the command's function, which says what is written into folders.

    Raises:
        InputError: `output_is_input`; `output_is_output`; `output_taken`; `unwritable`.
    """
    paths = [(name, each) for name, value in given.items() for each in (value if isinstance(value, list) else [value])]
    outputs = [Path(value) for name, value in paths if name in OUTPUTS and isinstance(value, Path) and not value.is_dir()]
    inside = list(_inside(verb, given))
    sources = [value for name, value in paths if name not in (*OUTPUTS, "run") and value]
    inputs = [Path(value) for value in sources if isinstance(value, (Path, str))]
    inputs += [Path(value, file) for name, value in paths if value for file in READ.get(name, ())]
    for out in (*outputs, *inside):
        for source in inputs:
            if _same_file(out, source):
                raise InputError("output_is_input", f"{out} is to be read and to be written.", "Write to another place.")
    written = [*outputs, *inside]
    if len({os.path.realpath(out) for out in written}) < len(written):
        raise InputError("output_is_output", "Two results would go to the same file.", "Name two.")
    for name in (*OUTPUTS, "run"):
        if isinstance(given.get(name), Path):
            _check_place(given[name])
    for out in inside:
        if os.path.lexists(out) and not _is_result(out, verb):
            raise InputError("output_taken", f"{out} was not made by this command, and would be lost.", "Name another folder.")


def _check_place(path: Path) -> None:
    """Check that a file or a folder can be made or replaced, and make nothing: the work before it may take hours."""
    try:
        if is_stream(path):
            place, need = path, os.W_OK
        else:
            real = Path(os.path.realpath(path))
            place = next(each for each in ((real, *real.parents) if real.is_dir() else real.parents) if os.path.lexists(each))
            need = os.W_OK | os.X_OK
            if not place.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(place, need) or (path.is_file() and not os.access(path, os.W_OK)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InputError("unwritable", f"{path} cannot be written ({reason(error)}).", "Choose another place.") from None


def _inside(verb: str, given: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the files that a command writes into folders."""
    if given.get("html"):
        yield given["html"] / "index.html"
    out: Any = given.get("out")
    run = given.get("run")
    if verb == "landmarks":
        # Videos of one name are refused by the command, which names both.
        yield from {out / f"{video.stem}.npz" for video in given["videos"]}
    elif verb == "train_scene":
        yield from sorted(out.glob("arm_*.npz"))
    elif verb == "train_pack":
        yield from (out / "index.npz", out / "frames.bin")
    elif verb == "train_keypoints":
        yield out / "clips.csv"
    elif verb in ("train_forecaster", "train_joint", "train_average", "train_detector"):
        yield from (out / name for name in MODEL)
    elif verb in ("train_generator", "train_starflow") and run:
        yield from (run / "best" / name for name in MODEL)


def _is_result(path: Path, verb: str) -> bool:
    """Whether a file that is there is of the kind that the command would write."""
    if not path.is_file():
        return False
    try:
        if path.name == "index.html":
            with path.open("rb") as file:
                return b"MotionFan</title>" in file.read(MAX_HEAD)
        if path.name in MODEL:
            return "architecture" in json.loads(read_bytes(path.parent / "config.json"))
        if path.name == "clips.csv":
            from backend.core.clip_table import read_table

            rows = read_table(path)
            return bool(rows) and all(row.get("clip") == row.get("person") for row in rows)
        with zipfile.ZipFile(path.with_name("index.npz") if path.name == "frames.bin" else path) as archive:
            return f"{ARRAYS[verb]}.npy" in archive.namelist()
    except (OSError, ValueError, RecursionError, zipfile.BadZipFile, InputError):
        return False


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.is_file() and other.is_file() and one.samefile(other)
    except (OSError, ValueError):
        return False
