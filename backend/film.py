"""`motionfan animate`: the pipeline offline. A portrait follows a clip, with its futures beside what really happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from backend.errors import InputError
from backend.keypoints.clock import Tick
from backend.media.images import PortraitImage
from backend.media.video import write_video
from backend.neutral import Reference, longest, neutral
from backend.pipeline import CONTEXT, Fan, Pipeline, Stream
from backend.types import CLOCK_HZ, CLOCK_S, ForecastSettings, Recording

COLOURS = ["#4cc9f0", "#f9c74f", "#f28482", "#90be6d", "#b388eb", "#ff9f5a", "#5ad1b3", "#e27bb1"]
"""One colour a future, repeated beyond eight."""

_STRIP = 26
"""Height of the caption over each tile, in pixels."""

Picture = NDArray[np.uint8]
Pictures = Callable[[Sequence[float], int], Iterable[Picture]]


@dataclass(frozen=True)
class Window:
    """One forecast and what came of it: made after step `start`, `errors [K]` in crop units, likewise copy-last's."""

    start: int
    fan: Fan
    truth: Tensor
    errors: list[float]
    copy_last: float


def film(
    pipeline: Pipeline,
    image: PortraitImage,
    recording: Recording,
    out: Path,
    settings: ForecastSettings,
    *,
    moments: Sequence[float] = (),
    reference: Reference = "best",
    size: int = 256,
    seed: int = 0,
    pictures: Pictures | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Window]:
    """Write an MP4: the driver, the portrait as it really moved, and K futures playing in step with it.

    Args:
        pipeline: the models.
        image: the portrait.
        recording: the driver.
        out: the file to write; written whole or not at all.
        settings: of the forecasts.
        moments: seconds at which to forecast; by default one forecast follows another, from the first possible moment.
        reference: the driver's neutral moment, as `neutral` takes it.
        size: side of a tile in pixels.
        seed: of the futures' noise.
        pictures: gives the driver's own pictures `[size, size, 3]` at increasing times; without, landmarks are drawn.
        progress: called with (frames written, frames in all).

    Returns:
        The windows, with the errors that the captions show.

    Raises:
        InputError: the recording is too short, or no forecast fits at the moments asked for.
    """
    segment = longest(recording)
    stream = pipeline.open(pipeline.portrait(image), seed=seed)
    stream.reference = neutral(pipeline, stream.portrait, segment, reference)
    windows, flats = _forecast(pipeline, stream, segment, settings, moments)
    total = sum(len(window.truth) for window in windows)
    drivers, seen = _drivers(segment, windows, pictures, size), dict[int, Picture]()
    done = 0
    with write_video(out, CLOCK_HZ) as video:
        for window in windows:
            steps = range(window.start + 1, window.start + 1 + len(window.truth))
            happened = pipeline.render([(stream, flats[list(steps)])], size)[0]
            futures = [pipeline.render([(stream, path[: len(window.truth)])], size)[0] for path in window.fan.paths]
            seen = {index: picture for index, picture in seen.items() if index in steps}  # windows may overlap
            for step, index in enumerate(steps):
                while index not in seen:
                    seen.update([next(drivers)])
                tiles = [seen[index], happened[step], *(future[step] for future in futures)]
                video.write(_sheet(tiles, _captions(window, segment.timestamps[index]), window.fan.methods))
                done += 1
                if progress:
                    progress(done, total)
    return windows


def _forecast(
    pipeline: Pipeline, stream: Stream, segment: Recording, settings: ForecastSettings, moments: Sequence[float]
) -> tuple[list[Window], Tensor]:
    count = len(segment.timestamps)
    last = count - 1 - settings.horizon
    if last < CONTEXT - 1:
        needed = (CONTEXT + settings.horizon) * CLOCK_S
        raise InputError(
            "clip_too_short",
            f"The clip shows a face for {count * CLOCK_S:.1f} s without a break; {needed:.1f} s are needed.",
            "Take a longer clip or a smaller horizon.",
        )
    began = float(segment.timestamps[0])
    # What is no number fits nowhere, as -1 does not.
    asked = [round((moment - began) / CLOCK_S) if math.isfinite(moment) else -1 for moment in moments]
    wanted = asked or list(range(CONTEXT - 1, last + 1, settings.horizon))
    bad = [moment for moment, start in zip(moments, wanted, strict=False) if not CONTEXT - 1 <= start <= last]
    if bad:
        raise InputError(
            "moment_outside",
            f"No forecast fits at {bad[0]:.2f} s.",
            f"Choose from {began + (CONTEXT - 1) * CLOCK_S:.2f} to {began + last * CLOCK_S:.2f} s.",
        )
    flats, fans = [], {}
    for index in range(count):
        flats.append(pipeline.observe([stream], [[_tick(segment, index)]])[0].present_flat)
        if index in wanted:
            stream.draw_anew()
            fans[index] = pipeline.forecast([stream], [settings])[0]
    known = torch.stack(flats)
    windows = []
    for start in sorted(fans):
        fan, truth = fans[start], known[start + 1 : start + 1 + settings.horizon]
        errors = pipeline.score(fan.paths, truth).tolist()
        windows.append(Window(start, fan, truth, errors, pipeline.copy_last_error(known[start], truth)))
    return windows, known


def _tick(segment: Recording, index: int) -> Tick:
    return Tick(segment.landmarks[index], float(segment.timestamps[index]), index, index == 0)


def _captions(window: Window, seconds: float) -> list[str]:
    best = int(np.argmin(window.errors))
    names = [f"{i + 1} {method.replace('_', '-').upper()}" for i, method in enumerate(window.fan.methods)]
    marks = [
        f"{name}  off by {error:.3f}{'  closest' if i == best else ''}"
        for i, (name, error) in enumerate(zip(names, window.errors, strict=True))
    ]
    return [f"driver  {seconds:.2f} s", "what happened", *marks]


def _drivers(segment: Recording, windows: list[Window], pictures: Pictures | None, size: int) -> Iterator[tuple[int, Picture]]:
    """What to show of the driver, for every step that the film shows, in order."""
    steps = sorted({window.start + 1 + step for window in windows for step in range(len(window.truth))})
    if pictures is None:
        return ((step, _dots(segment.landmarks[step], size)) for step in steps)
    return zip(steps, pictures(segment.timestamps[steps].tolist(), size), strict=True)


def _dots(landmarks: NDArray[np.float32], size: int) -> Picture:
    """Draw landmarks as dots: a recording has no picture."""
    canvas = Image.new("RGB", (size, size), "#14161c")
    draw = ImageDraw.Draw(canvas)
    for x, y in (landmarks[:, :2] + 1) * size / 2:
        draw.ellipse((x - 0.8, y - 0.8, x + 0.8, y + 0.8), fill="#9fb3c8")
    return np.asarray(canvas)


def _sheet(tiles: list[Picture], captions: list[str], methods: Sequence[str]) -> Picture:
    """Lay the tiles out in two rows: driver and truth in the first column, the futures beside them."""
    size = tiles[0].shape[0]
    columns = -(-len(methods) // 2)
    canvas = Image.new("RGB", ((1 + columns) * size, 2 * (size + _STRIP)), "#0c0e12")
    draw = ImageDraw.Draw(canvas)
    for index, (tile, caption) in enumerate(zip(tiles, captions, strict=True)):
        column, row = (0, index) if index < 2 else (1 + (index - 2) % columns, (index - 2) // columns)
        x, y = column * size, row * (size + _STRIP)
        colour = "#e6e6e6" if index < 2 else COLOURS[(index - 2) % len(COLOURS)]
        draw.text((x + 8, y + 5), caption, fill=colour, font=_font(caption, size - 16))
        canvas.paste(Image.fromarray(tile), (x, y + _STRIP))
    return np.asarray(canvas)


def _font(caption: str, width: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """The largest font, up to 13 pixels, in which a caption fits its tile."""
    fonts = (ImageFont.load_default(height) for height in range(13, 6, -1))
    return next((font for font in fonts if font.getlength(caption) <= width), ImageFont.load_default(7))
