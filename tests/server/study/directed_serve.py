"""The server with `DirectedPipeline`: `python -m tests.server.study.directed_serve --port 8001`."""

from tests.server.fake_serve import main
from tests.server.study.voters import DirectedPipeline

if __name__ == "__main__":
    main(DirectedPipeline)
