"""Options that several verbs share; functions that show progress and publish results."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backend.core.errors import InputError
from backend.core.files import is_stream, read_bytes
from backend.core.settings import MAX_THREADS, REPOSITORY

if TYPE_CHECKING:
    from backend.media.images import PortraitImage


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Report an `OSError` of the block as the error `unwritable`."""
    try:
        yield
    except OSError as error:
        raise InputError("unwritable", f"{path} cannot be written ({error.strerror}).", "Choose another place.") from None


def _check_json(json: Path | None) -> Path | None:
    """Check before long work that a file can be written, and that no file of another kind would be lost."""
    if json is not None:
        with writing(json):
            if is_stream(json):
                return json
            json.parent.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=json.parent).close()
            if json.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if json.is_file() and _begins_otherwise(json):
                raise InputError("output_taken", f"{json} is no report, and would be lost.", "Name another file.")
    return json


def _begins_otherwise(report: Path) -> bool:
    with report.open("rb") as file:
        return file.read(1) not in (b"", b"{")


def _check_html(html: Path | None) -> Path | None:
    if html is not None:
        with writing(html):
            html.mkdir(parents=True, exist_ok=True)
    return html


ModelsOption = Annotated[Path, typer.Option(help="Folder of the weights.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.", callback=_check_json)]
ThreadsOption = Annotated[int, typer.Option(min=0, max=MAX_THREADS, help="Torch threads; 0 takes half of the cores.")]
DeviceOption = Annotated[str, typer.Option(help="Where the models run, as torch names it: cpu, cuda, ...")]
EngineOption = Annotated[str, typer.Option(help="Renderer: torch, openvino, or auto (the fastest here).")]
AnimateEngineOption = Annotated[
    str, typer.Option(help="Renderer: torch, openvino or auto; starflow samples the futures as video.")
]
ChooseOption = Annotated[
    str, typer.Option(help="Draws to choose from: off (every draw is shown), or 4x, 8x or 16x as many as are shown.")
]
PrecisionOption = Annotated[str, typer.Option(help="Of the generator: float32, bfloat16, int8, or auto (the fastest).")]
RecordingsOption = Annotated[
    Path, typer.Option("--recordings", "--data", help="Folder of landmark recordings or keypoint arrays (.npz, .npy).")
]
SplitOption = Annotated[
    Path | None, typer.Option(help="CSV of clip, person, split; rows of val and test are scored. Default: clips.csv.")
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", help="Folder for an illustrated report (index.html).", callback=_check_html)
]
SeedOption = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all random numbers.")]
ForecasterOption = Annotated[Path | None, typer.Option(help="Folder of the forecaster; by default the one that fits the data.")]
ProtocolOption = Annotated[str, typer.Option(help="Context and horizon in frames: 8-16, 12-12, 10-14, 6-6 or 5-20.")]
StrideOption = Annotated[int | None, typer.Option(min=1, help="Steps between windows; by default a window's length.")]
MODELS = REPOSITORY / "models"


def portrait_named(name: str) -> PortraitImage:
    """Load a picture file, or the bundled portrait of that name if there is no such file.

    Raises:
        InputError: `portrait_missing`; as `load_portrait`.
    """
    from backend.media.images import BUNDLED, bundled_portrait
    from backend.media.portraits import load_portrait

    path = Path(name)
    if name in BUNDLED and not path.is_file():
        return bundled_portrait(name)
    try:
        return load_portrait(read_bytes(path))
    except OSError as error:
        hint = f"Name a picture, or one of {', '.join(BUNDLED)}."
        raise InputError("portrait_missing", f"{path} cannot be read ({error.strerror}).", hint) from None


def publish(report: Any, json: Path | None, only: Sequence[str] = ()) -> None:
    """Print a report's results and write them to a file.

    Args:
        report: has `show` and `save`.
        json: the file; None writes none.
        only: names of the results to print; all by default.
    """
    report.show(only)
    if json is not None:
        with writing(json):
            report.save(json)


def write_page(html: Path | None, write: Callable[[Path], Path]) -> None:
    """Write an illustrated report if a folder for it is given."""
    if html is not None:
        with writing(html):
            print(f"Report with pictures: {write(html)}")


@contextmanager
def progress(description: str) -> Iterator[Callable[..., None]]:
    """Show a progress bar; yield a `core.progress.Progress`, whose optional argument `now` replaces the description."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, transient=True, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(description, total=None)
        yield lambda done, total, *rest, now=description: bars.update(task, completed=done, total=total, description=now)
