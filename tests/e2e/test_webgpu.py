"""The worker of the page renders a frame with WebGPU, which software emulates here: correct, and far too slow for the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Playwright

from backend.animate.compose import FrameLayers, compose
from backend.animate.generator import Generator
from backend.core.types import Keypoints, Picture
from backend.media.images import bundled_portrait
from backend.runtime.engine import TorchEngine
from tests.e2e.conftest import launch
from tests.e2e.faces import moved_faces
from tests.e2e.serving import REPOSITORY, Server

pytestmark = pytest.mark.e2e

FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan", "--use-vulkan=swiftshader"]
ASSETS = REPOSITORY / "backend" / "server" / "page" / "assets"
RENDER = """async ({ script, runtime, picture, source, keypoints }) => {
  const worker = new Worker(script, { type: 'module' });
  const ask = request => new Promise((resolve, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }) => data.kind === 'done' ? resolve(data.layers) : reject(new Error(data.reason ?? data.kind));
    worker.postMessage(request);
  });
  const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  const load = async url => (await fetch(url)).arrayBuffer();
  const { encode, render } = await (await fetch('/api/networks')).json();
  const files = { encode: await load(encode.url), render: await load(render.url), runtime: await load(runtime) };
  await ask({ kind: 'open', ...files, provider: 'webgpu', batch: 1 });
  const portrait = await createImageBitmap(new Blob([bytes(picture)]));
  await ask({ kind: 'portrait', picture: portrait, source: Float32Array.from(source) });
  const layers = await ask({ kind: 'render', frames: 1, keypoints: Float32Array.from(keypoints) });
  worker.terminate();
  const list = values => Array.from(values);
  return { ...layers, fade: list(layers.fade), placement: list(layers.placement), flow: list(layers.flow),
    mosaic: list(layers.mosaic) };
}"""


@pytest.fixture
def webgpu_browser(playwright: Playwright) -> Iterator[Browser]:
    running = launch(playwright, *FLAGS)
    yield running
    running.close()


def asset(pattern: str) -> str:
    """Return the address of a file of the built page."""
    (file,) = ASSETS.glob(pattern)
    return f"/assets/{file.name}"


def png(picture: Picture) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


def frame_layers(found: dict) -> FrameLayers:
    """Return the layers of the worker's frame."""
    flow, side, crops, crop = (found["sizes"][name] for name in ("flow", "side", "crops", "crop"))
    unit = torch.tensor(found["mosaic"]).view(found["height"], found["width"], 4)[..., :3].permute(2, 0, 1) / 255
    placement = torch.tensor(found["placement"]).view(1, crops, 4)
    rows = [unit[:, 2 * side :][:, part * crop :][:, :crop] for part in range(2)]
    colour, opacity = (torch.stack([row[:, :, i * crop :][:, :, :crop] for i in range(crops)])[None] for row in rows)
    return FrameLayers(
        fade=torch.tensor(found["fade"]),
        centres=placement[..., :2],
        axes=placement[..., 2:],
        offset=torch.tensor(found["flow"]).view(1, flow, flow, 2).permute(0, 3, 1, 2),
        alpha=unit[None, :1, side : 2 * side, :side],
        paint=unit[None, :, :side, :side],
        opacity=opacity[:, :, :1],
        colour=colour,
    )


@pytest.mark.timeout(600)
def test_a_frame_of_webgpu_equals_the_one_of_torch(webgpu_browser: Browser, server: Server) -> None:
    picture = bundled_portrait("oil").picture
    source, driving = moved_faces("oil")
    page = webgpu_browser.new_page()
    # An address of the server without the page, which would take the graphics.
    page.goto(f"{server.url}/api/schema")
    found = page.evaluate(
        RENDER,
        {
            "script": asset("networks-worker-*.js"),
            "runtime": asset("*.asyncify-*.wasm"),
            "picture": png(picture),
            "source": source.tolist(),
            "keypoints": driving[0].tolist(),
        },
    )
    page.close()
    engine = TorchEngine(Generator.load(REPOSITORY / "models" / "generator_slim_128"), precision="float32")
    encoded = engine.encode(picture, Keypoints.from_flat(torch.from_numpy(source)))
    truth = engine.render(encoded, Keypoints.from_flat(torch.from_numpy(driving[:1])), len(picture))[0]
    portrait = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    frame: NDArray[np.float32] = compose(portrait, frame_layers(found))[0].permute(1, 2, 0).numpy() * 255
    error = np.abs(frame - truth)
    assert error.mean() <= 1.5, error.mean()
    assert (error <= 8).mean() >= 0.99, (error <= 8).mean()
