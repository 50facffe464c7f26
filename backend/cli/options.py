"""Options that several verbs take, and how verbs show their work and hand in its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backend.core.errors import InputError
from backend.core.settings import REPOSITORY

if TYPE_CHECKING:
    from backend.media.images import PortraitImage

Models = Annotated[Path, typer.Option(help="Folder of the weights.")]
Json = Annotated[
    Path | None, typer.Option("--json", help="Write the figures to this file.", callback=lambda path: _json_place(path))
]
Threads = Annotated[int, typer.Option(min=0, help="Torch threads; 0 takes half of the cores.")]
Device = Annotated[str, typer.Option(help="Where the generator runs: cpu or cuda.")]
Engine = Annotated[str, typer.Option(help="What renders: torch, openvino, or auto, the fastest there is here.")]
AnimateEngine = Annotated[
    str,
    typer.Option(help="What renders: torch, openvino, or auto; or starflow, then the video flow draws the futures as pixels."),
]
Precision = Annotated[str, typer.Option(help="Of the generator: float32, bfloat16, int8, or auto, the fastest of its engine.")]
Recordings = Annotated[
    Path, typer.Option("--recordings", "--data", help="Folder of landmark recordings or keypoint arrays (.npz, .npy).")
]
Split = Annotated[
    Path | None, typer.Option(help="CSV of clip, person, split: rows of split val or test are scored; clips.csv by default.")
]
Html = Annotated[
    Path | None,
    typer.Option("--html", help="Folder for a report with pictures (index.html).", callback=lambda path: _html_place(path)),
]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of everything random.")]
Forecaster = Annotated[Path | None, typer.Option(help="Folder of the forecaster; found to fit by default.")]
Protocol = Annotated[str, typer.Option(help="Frames seen and forecast: 8-16, 12-12, 10-14, 6-6 or 5-20.")]
Stride = Annotated[int | None, typer.Option(min=1, help="Steps between windows; a window's length by default.")]
MODELS = REPOSITORY / "models"


def portrait_named(name: str) -> PortraitImage:
    """Load a picture's file, or the bundled portrait of that name.

    Raises:
        InputError: `portrait_missing`; as `load_portrait`.
    """
    from backend.media.images import BUNDLED, bundled_portrait, load_portrait

    path = Path(name)
    # A file of that name in the folder one stands in is what one means.
    if name in BUNDLED and not path.is_file():
        return bundled_portrait(name)
    try:
        return load_portrait(path.read_bytes())
    except OSError as error:
        raise InputError("portrait_missing", f"{path} cannot be read ({error.strerror}).") from None


def publish(report: Any, json: Path | None, only: Sequence[str] = ()) -> None:
    """Print a report's figures, those named `only` or all, and write them to `json` if that is asked."""
    report.show(only)
    if json is not None:
        with writing(json):
            report.save(json)


def write_page(html: Path | None, write: Callable[[Path], Path]) -> None:
    """Write a report with pictures if a folder for it was named."""
    if html is not None:
        with writing(html):
            print(f"Report with pictures: {write(html)}")


def _json_place(json: Path | None) -> Path | None:
    """Refuse a place for figures that cannot be written, before they are measured."""
    if json is not None:
        with writing(json):
            json.parent.mkdir(parents=True, exist_ok=True)
            json.open("ab").close()
    return json


def _html_place(html: Path | None) -> Path | None:
    """Refuse a place for pictures that cannot be written, before they are measured."""
    if html is not None:
        with writing(html):
            html.mkdir(parents=True, exist_ok=True)
    return html


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system refuses to write into an error for people."""
    try:
        yield
    except OSError as error:
        raise InputError("unwritable", f"{path} cannot be written ({error.strerror}).", "Choose another place.") from None


@contextmanager
def progress(words: str) -> Iterator[Callable[..., None]]:
    """Show a progress bar; yields a function of (done, all or None), and perhaps `now`: what runs."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, transient=True, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(words, total=None)
        yield lambda done, total, *rest, now=words: bars.update(task, completed=done, total=total, description=now)
