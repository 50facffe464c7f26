"""`imagine`: samples clips with the video model from a caption, a picture or a clip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backend.cli.options import MODELS, DeviceOption, SeedOption, ThreadsOption, portrait_named, progress

app = typer.Typer()


@app.command()
def imagine(
    out: Annotated[Path, typer.Option("-o", "--out", help="The MP4 to write, or a PNG: one row a clip, time to the right.")],
    caption: Annotated[str, typer.Option(help="What the face does: turns left, nods, blinks, ...; up to three.")] = "",
    portrait: Annotated[
        str | None, typer.Option(help="Continue this picture: a file, or a bundled portrait's name (image-to-video).")
    ] = None,
    clip: Annotated[Path | None, typer.Option(help="Continue the end of this video (video-to-video).")] = None,
    edit: Annotated[
        str | None,
        typer.Option(help="retold: sample the clip's end again, with --caption or with the face of --portrait."),
    ] = None,
    k: Annotated[int | None, typer.Option("-k", "--k", min=1, max=16, help="Number of clips; by default 4, or 1 edit.")] = None,
    seconds: Annotated[float, typer.Option(min=0.16, max=20, help="Length of each clip.")] = 1.28,
    guidance: Annotated[float, typer.Option(min=0, max=3, help="Weight of classifier-free guidance by the caption.")] = 1.0,
    temperature: Annotated[
        float, typer.Option(min=0, max=1.5, help="Scale of the random numbers; an edit keeps its clip's.")
    ] = 0.9,
    size: Annotated[int, typer.Option(min=32, max=512, help="Side of a tile in pixels.")] = 192,
    seed: SeedOption = 0,
    model: Annotated[Path, typer.Option(help="Folder of the video model's weights.")] = MODELS / "starflow",
    threads: ThreadsOption = 0,
    device: DeviceOption = "cpu",
) -> None:
    """Sample clips with the video model: from a caption, from a portrait, or from a clip."""
    from backend.core.process import configure_process
    from backend.core.types import CLOCK_HZ
    from backend.films.imagine import ImagineRequest, check_request, imagine_clips
    from backend.starflow.video import SamplingSettings, VideoFlow

    settings = SamplingSettings(caption, guidance, temperature, seed)
    picture = portrait_named(portrait).picture if portrait else None
    request = ImagineRequest(out, settings, picture, clip, edit, k, seconds, size)
    check_request(request)
    configure_process(threads)
    with progress("sampling") as report:
        flow = VideoFlow.load(model, device)
        clips, sampling_s = imagine_clips(flow, request, lambda stage, done, total: report(done, total, now=stage))
    number = "1 clip" if len(clips) == 1 else f"{len(clips)} clips"
    print(f"{out}: {number} of {len(clips[0].frames) / CLOCK_HZ:.2f} s, sampled in {sampling_s:.1f} s")
