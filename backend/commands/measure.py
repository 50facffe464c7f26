"""`bench` and `load`: how fast it is."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.commands.options import MODELS, Device, Json, Models, Threads, publish
from backend.settings import REPOSITORY

app = typer.Typer()


@app.command()
def bench(
    models: Models = MODELS,
    threads: Threads = 0,
    device: Device = "cpu",
    repeats: Annotated[int, typer.Option(min=3, help="Timed runs of each stage.")] = 30,
    json: Json = None,
) -> None:
    """Measure every stage: time, frames per second, memory."""
    from backend.evaluate.bench import bench as run
    from backend.types import Recording

    recording = Recording.load(REPOSITORY / "backend" / "assets" / "recordings" / "talking.npz")
    publish(run(models, recording, device=device, threads=threads, repeats=repeats), json)


@app.command()
def load(
    url: Annotated[str, typer.Option(help="A running server.")] = "http://127.0.0.1:8000",
    sessions: Annotated[int, typer.Option(min=1, help="Sessions at once.")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 30.0,
    json: Json = None,
) -> None:
    """Play a recording to a running server in many sessions at once, and measure what comes back."""
    from backend.evaluate.load import load as run

    publish(run(url, sessions=sessions, seconds=seconds), json)
