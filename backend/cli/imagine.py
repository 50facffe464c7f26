"""`imagine`: what the video flow draws from words, from a picture, or from a clip."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.options import MODELS, DeviceOption, SeedOption, ThreadsOption, portrait_named, progress
from backend.core.errors import InputError

if TYPE_CHECKING:
    from backend.core.progress import ShareProgress
    from backend.films.clips import Clip
    from backend.starflow.video import Drawing, Frames, VideoFlow

app = typer.Typer()


@app.command()
def imagine(
    out: Annotated[Path, typer.Option("-o", "--out", help="The MP4 to write, or a PNG: one row a clip, time to the right.")],
    caption: Annotated[str, typer.Option(help="What the face does: turns left, nods, blinks, ...; several go.")] = "",
    portrait: Annotated[
        str | None, typer.Option(help="Go on from this picture: a file, or a bundled portrait's name (image-to-video).")
    ] = None,
    clip: Annotated[Path | None, typer.Option(help="Go on from the end of this video (video-to-video).")] = None,
    edit: Annotated[
        str | None,
        typer.Option(help="retold: tell the clip's end again, in the words of --caption or from the face of --portrait."),
    ] = None,
    k: Annotated[int | None, typer.Option("-k", "--k", min=1, max=16, help="Clips to draw; 4, of an edit 1.")] = None,
    seconds: Annotated[float, typer.Option(min=0.16, max=20, help="Of each clip.")] = 1.28,
    guidance: Annotated[float, typer.Option(min=0, max=3, help="How much more than likely the caption should show.")] = 1.0,
    temperature: Annotated[
        float, typer.Option(min=0, max=1.5, help="Scale of the flow's noise; an edit keeps the noise of its clip.")
    ] = 0.9,
    size: Annotated[int, typer.Option(min=32, max=512, help="Side of a tile in pixels.")] = 192,
    seed: SeedOption = 0,
    model: Annotated[Path, typer.Option(help="Folder of the video flow's weights.")] = MODELS / "starflow",
    threads: ThreadsOption = 0,
    device: DeviceOption = "cpu",
) -> None:
    """Draw clips with the video flow: from words, from a portrait, or from a clip."""
    from backend.core.process import configure_process
    from backend.films.clips import check_place, last_frames, write_clips
    from backend.media.video_reader import check_video
    from backend.starflow.video import RATE, Drawing, VideoFlow

    _check_together(edit, portrait, clip)
    # A long clip takes minutes to follow: what can be wrong is looked at first.
    check_place(out)
    _check_caption(caption)
    if clip:
        check_video(clip)
    configure_process(threads)
    flow, frames = VideoFlow.load(model, device), max(2, round(seconds * RATE))
    if edit and frames > flow.model.config.frames:
        most = flow.model.config.frames / RATE
        raise InputError("imagine_seconds", f"A clip of at most {most:.2f} s can be told again.", f"Give --seconds {most:.2f}.")
    drawing = Drawing(caption, guidance, temperature, seed)
    face = _face(portrait, flow.size) if portrait else None
    seen = face
    if clip:
        with progress(clip.name) as report:
            seen = last_frames(clip, frames if edit else flow.context, flow.size, report)
    began, count = time.monotonic(), k or (1 if edit else 4)
    with progress("drawing") as report:
        total = count * frames

        def told(share: float) -> None:
            report(round(share * total), total)

        clips, beside = (
            _retold(flow, seen, count, drawing, face, told)
            if edit and seen is not None
            else _drawn(flow, seen, count, frames, drawing, "clip" if clip else "portrait", told)
        )
    spent = time.monotonic() - began
    shown = write_clips(out, clips, size, None if out.suffix.lower() == ".png" and not edit else beside)
    print(f"{out}: {count} {'clip' if count == 1 else 'clips'} of {shown / RATE:.2f} s, drawn in {spent:.1f} s")


def _drawn(
    flow: VideoFlow, seen: Frames | None, count: int, frames: int, drawing: Drawing, name: str, told: ShareProgress
) -> tuple[list[Clip], Clip | None]:
    """Clips of nobody in particular, or what follows the frames seen, which are shown before."""
    import numpy as np

    from backend.films.clips import Clip

    words = drawing.caption.strip() or "video flow"
    captions = [f"{i + 1} {words}" for i in range(count)]
    if seen is None:
        drawn = flow.imagine(count, frames, drawing, told)
        return [Clip(one, caption) for one, caption in zip(drawn, captions, strict=True)], None
    drawn = flow.futures(seen, count, frames, drawing, told)
    clips = [Clip(np.concatenate([seen, one]), caption, len(seen)) for one, caption in zip(drawn, captions, strict=True)]
    return clips, Clip(np.concatenate([seen, np.repeat(seen[-1:], frames, 0)]), name)


def _retold(
    flow: VideoFlow, seen: Frames, count: int, drawing: Drawing, face: Frames | None, told: ShareProgress
) -> tuple[list[Clip], Clip]:
    """A clip told again `count` times, with other noise in its latents; and the clip itself."""
    from dataclasses import replace

    from backend.films.clips import Clip

    caption = f"retold: {drawing.caption.strip()}".removesuffix(": ")
    clips = []
    for i in range(count):
        frames = flow.retold(seen, replace(drawing, seed=drawing.seed + i), None if face is None else face[0])
        clips.append(Clip(frames, f"{i + 1} {caption}", given=1))
        told((i + 1) / count)
    return clips, Clip(seen, "clip")


def _check_together(edit: str | None, portrait: str | None, clip: Path | None) -> None:
    """Check what is asked together."""
    if edit not in (None, "retold"):
        raise InputError("edit_unknown", f"{edit!r} is no edit.", "Give retold.")
    if edit and not clip:
        raise InputError("edit_clip", "An edit needs a clip.", "Name a video with --clip.")
    if portrait and clip and edit != "retold":
        raise InputError(
            "imagine_twofold", "A portrait and a clip go together only where the clip is retold.", "Leave one of them out."
        )


def _check_caption(caption: str) -> None:
    from backend.keypoints.captions import MOTIONS

    if caption.strip() and not any(word in caption.lower() for word in MOTIONS):
        raise InputError("video_caption", f"The video flow does not know “{caption}”.", f"It knows: {', '.join(MOTIONS)}.")


def _face(portrait: str, size: int) -> Frames:
    """The portrait's face as one frame `[1, size, size, 3]`."""
    from backend.films.grid import scaled

    return scaled(portrait_named(portrait).picture[None], size)
