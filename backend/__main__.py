"""The command line, `motionfan VERB`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from backend import __version__
from backend.cli import animate, bench, ending, evaluate, imagine, serve, train

# Waiting threads sleep: if they spin, they halve the speed of a machine whose cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

app = typer.Typer(
    help="Animate a portrait with a face and see several sampled futures of its motion.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(serve.app)
app.add_typer(animate.app)
app.add_typer(imagine.app)
app.add_typer(bench.app)
app.add_typer(train.app, name="train")
app.add_typer(evaluate.app, name="evaluate")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"motionfan {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    ending.run(app)


if __name__ == "__main__":
    main()
