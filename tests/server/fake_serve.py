"""The server with the fake pipeline, for work on the page: `python -m tests.server.fake_serve --port 8001`."""

from __future__ import annotations

import argparse
import contextlib

from backend.core.settings import Settings
from backend.media.images import bundled_portrait
from backend.server.run import DemoServer, build, configure_logging, listen
from tests.server.fake_pipeline import FakePipeline


def main(pipeline: type[FakePipeline] = FakePipeline) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    settings = Settings(port=parser.parse_args().port)
    configure_logging(settings.log_level)
    with listen(settings.host, settings.port) as listener, contextlib.suppress(KeyboardInterrupt):
        app, worker = build(settings, pipeline, bundled_portrait())
        try:
            DemoServer(app).run(sockets=[listener])
        finally:
            worker.stop()


if __name__ == "__main__":
    main()
