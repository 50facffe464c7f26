"""`serve`: the web demo."""

from __future__ import annotations

import contextlib
import signal
from typing import Annotated

import typer

from backend.cli.ending import leaving

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (MOTIONFAN_HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (MOTIONFAN_PORT).")] = None,
    cluster: Annotated[
        bool | None, typer.Option("--cluster", help="Work with the model replicas of a Ray cluster (MOTIONFAN_CLUSTER).")
    ] = None,
) -> None:
    """Serve the web demo: page, API and WebSocket."""
    # Both signals end the server, also while it loads: sessions are closed, then the process exits with status 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    with contextlib.suppress(KeyboardInterrupt):
        from backend.core.settings import Settings
        from backend.server.run import serve as run

        given = {name: value for name, value in {"host": host, "port": port, "cluster": cluster}.items() if value is not None}
        run(Settings.read(**given), leaving.is_set)


def _stop(*_: object) -> None:
    leaving.set()
    raise KeyboardInterrupt
