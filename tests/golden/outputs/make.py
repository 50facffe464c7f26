"""Computes what the shipped weights give, and writes it down: `python -m tests.golden.outputs.make`.

`digests.json` holds a SHA-256 of every output for each kind of processor that it was computed on: there, outputs must stay the
same to the last bit. `outputs.npz` holds a part of every output, for processors that round otherwise.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from backend.animate.fomm.model import Fomm
from backend.animate.generator import Generator
from backend.core.recording import Recording
from backend.core.settings import REPOSITORY
from backend.forecast.gru_nf import Forecaster
from backend.forecast.joint import JointForecaster
from backend.forecast.refine import Refinement
from backend.forecast.vrnn import Vrnn
from backend.keypoints.regions import FaceRegions
from backend.media.images import bundled_portrait
from backend.pipeline import Pipeline
from backend.runtime.engine import TorchEngine
from backend.starflow.video import SamplingSettings, VideoFlow
from backend.train.detector.arm_scene import arm_video

FOLDER = Path(__file__).parent
MODELS = REPOSITORY / "models"
KEPT = 512
"""Numbers of every output that `outputs.npz` keeps, evenly spread over it."""

Outputs = dict[str, NDArray[np.generic]]


def processor() -> str:
    """What decides how sums are rounded: the processor's model and cache, the instructions that torch uses, and its version."""
    cpu = Path("/proc/cpuinfo")
    facts = re.findall(
        r"^(?:vendor_id|cpu family|model|cache size)\s*: (.+)$", cpu.read_text() if cpu.exists() else "", re.MULTILINE
    )
    model = " ".join(facts[:4]) or f"{platform.system()} {platform.processor()}"
    return f"{platform.machine()} {model} {torch.backends.cpu.get_cpu_capability()} torch {torch.__version__.split('+')[0]}"


def outputs() -> Outputs:
    """Frames, paths and clips of all shipped weights, from the bundled portrait and recordings, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {**_frames(), **_paths(), **_clips(), **_detected()}
    finally:
        torch.set_num_threads(threads)


def _landmarks(name: str) -> NDArray[np.float32]:
    return Recording.load(REPOSITORY / "backend/assets/recordings" / f"{name}.npz").landmarks


def _flat(count: int) -> torch.Tensor:
    regions = FaceRegions()
    return torch.stack([regions(torch.from_numpy(_landmarks(name)[:count:2])).flat() for name in ("talking", "turning")])


def _frames() -> Outputs:
    image, found = bundled_portrait(), {}
    for name in ("slim_128", "slim_256"):
        engine = TorchEngine(Generator.load(MODELS / f"generator_{name}"), precision="float32")
        pipeline = Pipeline(Forecaster.load(MODELS / "forecaster"), engine)
        stream = pipeline.open(pipeline.portrait(image))
        driving = pipeline.keypoints(_landmarks("talking")[:60:20])
        stream.reference = driving[0]
        found[f"frames_{name}"] = pipeline.render([(stream, driving.flat())], engine.size)[0]
    return found


@torch.inference_mode()
def _paths() -> Outputs:
    found: Outputs = {}
    flat = _flat(40)
    for name in ("forecaster", "forecaster_gaussian", "forecaster_fomm", "forecaster_arm"):
        model = Forecaster.load(MODELS / name)
        for method, refine in (("gru_nf", None), ("gru_snf", Refinement())):
            source = torch.Generator().manual_seed(1)
            found[f"{name}_{method}"] = model.sample(model.observe(flat), 4, 16, source, refine).paths.numpy()
        if model.joint is not None:
            source = torch.Generator().manual_seed(1)
            found[f"{name}_joint"] = (
                JointForecaster(model).sample(model.observe(flat), 4, 16, source, Refinement()).paths.numpy()
            )
        found[f"{name}_surprise"] = model.surprise(model.observe(flat[:, :-1]), flat[:, -1]).numpy()
    vrnn = Vrnn.load(MODELS / "forecaster_vrnn")
    found["forecaster_vrnn"] = vrnn.sample(vrnn.observe(flat), 4, 16, torch.Generator().manual_seed(1)).paths.numpy()
    return found


def _clips() -> Outputs:
    video = VideoFlow.load(MODELS / "starflow")
    picture = bundled_portrait().picture
    step = len(picture) // video.size
    still = picture[::step, ::step][: video.size, : video.size]
    context = np.stack([np.roll(still, shift, 1) for shift in range(4)])
    return {
        "starflow_futures": video.futures(context, 2, 4, SamplingSettings(seed=1)),
        "starflow_imagined": video.imagine(1, 3, SamplingSettings("turns left", seed=1)),
        "starflow_edited": video.edit(context, SamplingSettings(seed=1), still),
    }


@torch.inference_mode()
def _detected() -> Outputs:
    detector = Fomm.load(MODELS / "detector_arm")
    picture = torch.from_numpy(arm_video(1, 2).frames).permute(0, 3, 1, 2).float() / 255
    return {"detector_arm": detector.detect(picture).flat().numpy()}


def digests(found: Outputs) -> dict[str, str]:
    """SHA-256 of every output's shape, type and bytes."""
    return {
        name: hashlib.sha256(f"{value.shape} {value.dtype}".encode() + np.ascontiguousarray(value).tobytes()).hexdigest()
        for name, value in found.items()
    }


def part_of(value: NDArray[np.generic]) -> NDArray[np.generic]:
    """At most `KEPT` numbers of an output, evenly spread."""
    flat = value.reshape(-1)
    return flat[np.linspace(0, len(flat) - 1, min(KEPT, len(flat))).astype(int)]


def main() -> None:
    found = outputs()
    path = FOLDER / "digests.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, processor(): digests(found)}, indent=1, sort_keys=True) + "\n")
    if not (FOLDER / "outputs.npz").exists():
        np.savez_compressed(FOLDER / "outputs.npz", **{name: part_of(value) for name, value in found.items()})


if __name__ == "__main__":
    main()
