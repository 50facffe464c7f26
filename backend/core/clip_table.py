"""Reads tables of clips: a CSV with a row per clip and the columns clip (or name), person and split."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

from backend.core.errors import InputError, reason
from backend.core.files import read_bytes


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV with a heading as one dictionary per row.

    Raises:
        InputError: `data_missing`; `data_columns`: it is not a table.
    """
    try:
        text = io.StringIO(read_bytes(path).decode("utf-8-sig"), newline="")
        return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(text)]
    except FileNotFoundError:
        hint = "Name the folder of clips.csv and its recordings."
        raise InputError("data_missing", f"There is no {path.name} in {path.parent}.", hint) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("data_columns", f"{path} cannot be read as a table ({reason(error)}).") from None


def held_out_people(table: Path | None, files: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Return the person of each held-out clip by the clip's name, and notes; an unknown person has the clip's name.

    Held out are the clips of split test; where there are none, those of split val, on which a training chose its best weights.
    A clip `a.mp4` is named `a`, unless `files` (names without suffix) contains `a.mp4`. Without a table,
    every file is held out, and is a person of its own.

    Raises:
        InputError: `data_missing`; `data_columns`; `split_empty`: no clip is held out.
    """
    if table is None:
        return {name: name for name in files}, []
    rows = read_table(table)
    key = "clip" if rows and "clip" in rows[0] else "name"
    if not rows or not {key, "split"} <= rows[0].keys():
        raise InputError("data_columns", f"{table} needs the columns clip (or name), person and split.")
    splits = [row["split"].strip().lower() for row in rows]
    held_out, notes = "test" if "test" in splits else "val", []
    if {"test", "val"} <= set(splits):
        count = splits.count("val")
        notes.append(f"{table.name}: split val ({count} rows) is left out, since there is a split test.")
    people = {}
    for row, split in zip(rows, splits, strict=True):
        if split == held_out:
            name = row[key].strip()
            stem = name if name in files else Path(name).stem
            people[stem] = row.get("person", "").strip() or stem
    if not people:
        raise InputError("split_empty", f"{table} has no row whose split is val or test.")
    return people, notes
