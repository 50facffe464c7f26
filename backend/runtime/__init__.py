"""Engines that render."""

import sys

# Without this, `import openvino` looks up an analytics host and keeps an id in the home folder.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
