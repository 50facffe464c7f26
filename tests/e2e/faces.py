"""Makes pictures for the browser: a webcam video of a moving face, and usable and unusable portraits."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import simplejpeg
import torch
from numpy.typing import NDArray
from PIL import Image

from backend.animate.transfer import transfer_motion
from backend.core.errors import ModelError
from backend.core.recording import Recording
from backend.core.settings import REPOSITORY
from backend.core.types import FloatArray, Keypoints
from backend.keypoints.clock import resample
from backend.keypoints.regions import FaceRegions
from backend.media.images import bundled_portrait
from backend.pipeline import Pipeline
from backend.server.http.recordings import RECORDINGS

WIDTH, HEIGHT = 640, 480
FRAMES = 40
DRIVERS = ("laughing", "quiet", "talking", "turning")
"""The bundled recordings."""

Picture = NDArray[np.uint8]


def moving_face() -> list[Picture]:
    """Return frames of the bundled portrait, moved by a bundled recording."""
    image = bundled_portrait()
    pipeline = Pipeline.load(REPOSITORY / "models")
    recording = resample(Recording.load(sorted(RECORDINGS.glob("*.npz"))[0]))[0]
    flats = pipeline.keypoints(recording.landmarks[:FRAMES]).flat()
    stream = pipeline.open(pipeline.portrait(image))
    stream.reference = Keypoints.from_flat(flats[0])
    return list(pipeline.render([(stream, flats)], 256)[0])


def shifted_face() -> list[Picture]:
    """Return frames of the portrait swaying sideways, for a checkout without weights."""
    picture = Image.fromarray(bundled_portrait().picture).resize((256, 256))
    sway = np.sin(np.linspace(0, 2 * np.pi, FRAMES, endpoint=False))
    frames = [
        picture.rotate(6 * s, Image.Resampling.BICUBIC, translate=(10 * s, 5 * abs(s)), fillcolor=(120, 120, 120)) for s in sway
    ]
    return [np.asarray(frame) for frame in frames]


def write_webcam(path: Path) -> Path:
    """Write an MJPEG (concatenated JPEGs), 640 x 480, of the moving face, forwards and backwards."""
    try:
        frames = moving_face()
    except ModelError:
        frames = shifted_face()
    side = HEIGHT
    left = (WIDTH - side) // 2
    with path.open("wb") as file:
        for frame in frames + frames[::-1]:
            # Every frame is written three times: the test tracks few frames a second and would lose a face at full speed.
            canvas = np.full((HEIGHT, WIDTH, 3), 118, np.uint8)
            canvas[:, left : left + side] = np.asarray(Image.fromarray(frame).resize((side, side), Image.Resampling.BICUBIC))
            file.write(simplejpeg.encode_jpeg(canvas, quality=90) * 3)
    return path


def jpeg(picture: Picture) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality=92))


def blue_portrait() -> bytes:
    """Return the bundled face with red and blue exchanged, which tests can tell from the original."""
    return jpeg(bundled_portrait().picture[:, :, ::-1])


def faceless() -> bytes:
    """Return an image of noise."""
    noise = np.random.default_rng(0).integers(0, 255, (320, 320, 3))
    return jpeg(noise.astype(np.uint8))


def tiny_face() -> bytes:
    """Return an image with a face of about 40 pixels in a large grey picture."""
    canvas = Image.new("RGB", (400, 400), (128, 128, 128))
    canvas.paste(Image.fromarray(bundled_portrait().picture).resize((72, 72)), (160, 160))
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


def moved_faces(name: str) -> tuple[FloatArray, FloatArray]:
    """Return the keypoints of a bundled portrait `[6N]`, and those after the largest motion of each recording `[4, 6N]`."""
    regions = FaceRegions()
    source = regions(torch.from_numpy(bundled_portrait(name).landmarks).float())
    frames = []
    for recording in DRIVERS:
        landmarks = Recording.load(RECORDINGS / f"{recording}.npz").landmarks
        faces = transfer_motion(source, regions(torch.from_numpy(landmarks)), regions(torch.from_numpy(landmarks[0])))
        frames.append(faces.flat()[(faces.value - source.value).square().sum((-1, -2)).argmax()])
    return source.flat().numpy(), torch.stack(frames).numpy()
