"""`motionfan VERB`: the command line."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from backend import __version__
from backend.cli import bench as measure
from backend.cli import evaluate, imagine, show, train
from backend.core.errors import MotionFanError

# A thread that waits for another sleeps: spinning halves the speed of a machine whose cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

app = typer.Typer(
    help="Drive a portrait with a face and see several different futures of its motion.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(show.app)
app.add_typer(imagine.app)
app.add_typer(measure.app)
app.add_typer(train.app, name="train")
app.add_typer(evaluate.app, name="evaluate")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"motionfan {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; an error that a person can act on is one sentence, without a traceback."""
    try:
        app()
    except MotionFanError as error:
        print(f"motionfan: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
