"""`bench`, `load` and `export`: measuring speed, and exporting the generator to faster engines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backend.cli.options import (
    MODELS,
    DeviceOption,
    EngineOption,
    JsonOption,
    ModelsOption,
    PrecisionOption,
    ThreadsOption,
    publish,
    writing,
)
from backend.core.errors import InputError
from backend.core.settings import REPOSITORY

if TYPE_CHECKING:
    from backend.core.types import Way

app = typer.Typer()


@app.command()
def bench(
    models: ModelsOption = MODELS,
    threads: ThreadsOption = 0,
    device: DeviceOption = "cpu",
    engine: EngineOption = "auto",
    precision: PrecisionOption = "auto",
    all_engines: Annotated[
        bool, typer.Option("--all-engines", help="Time every engine and precision, with 1 and 2 threads.")
    ] = False,
    repeats: Annotated[int, typer.Option(min=3, help="Timed runs of each stage.")] = 30,
    json: JsonOption = None,
) -> None:
    """Measure time, frames per second and memory of every stage."""
    from backend.core.recording import Recording
    from backend.evaluate.bench.stages import bench as run

    recording = Recording.load(REPOSITORY / "backend" / "assets" / "recordings" / "talking.npz")
    where: dict[str, Any] = {"device": device, "threads": threads, "engine": engine, "precision": precision}
    publish(run(models, recording, all_engines=all_engines, repeats=repeats, **where), json)


WAYS: dict[str, Way] = {"browser": "keypoints", "flow": "layers", "jpeg": "pictures"}
"""Ways in which a server sends its sheets, by what draws them: the browser alone, the browser from optical flow, the server."""


@app.command()
def load(
    url: Annotated[str, typer.Option(help="Address of a running server.")] = "http://127.0.0.1:8000",
    sessions: Annotated[int, typer.Option(min=1, help="Number of concurrent sessions.")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="Duration of the measurement.")] = 30.0,
    way: Annotated[
        str,
        typer.Option("--way", "--render", help="What the server sends: pictures (jpeg), layers (flow) or keypoints (browser)."),
    ] = "pictures",
    k: Annotated[int, typer.Option(min=1, max=16, help="Futures of every session.")] = 4,
    method: Annotated[str, typer.Option(help="Forecaster: gru_nf, gru_snf or both.")] = "gru_snf",
    horizon: Annotated[int, typer.Option(min=4, max=24, help="Steps of the futures.")] = 16,
    ramp: Annotated[float, typer.Option(min=0, help="Seconds over which the sessions join.")] = 0.0,
    slow: Annotated[int, typer.Option(min=0, max=64, help="Further clients that read one message a second.")] = 0,
    hostile: Annotated[int, typer.Option(min=0, max=64, help="Further clients that send broken messages.")] = 0,
    json: JsonOption = None,
) -> None:
    """Measure a running server under load: many sessions play a recording at once."""
    import msgspec

    from backend.core.types import ForecastSettings
    from backend.evaluate.bench.load import LoadPlan
    from backend.evaluate.bench.load import load as run

    asked = WAYS.get(way) or next((known for known in WAYS.values() if known == way), None)
    if asked is None:
        names = ", ".join([*WAYS.values(), *WAYS])
        raise InputError("way_unknown", f"A server does not send {way[:20]!r}.", f"Choose one of: {names}.")
    try:
        settings = msgspec.convert({"k": k, "method": method, "horizon": horizon}, ForecastSettings)
    except msgspec.ValidationError as error:
        raise InputError("settings", f"These settings are not valid: {error}.") from None
    publish(run(url, LoadPlan(sessions, seconds, asked, settings, ramp, slow, hostile)), json)


@app.command()
def export(
    model: Annotated[Path, typer.Option(help="Folder of the generator.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write to; int8 is loaded from the model's own.")],
    to: Annotated[str, typer.Option(help="openvino or onnx.")] = "openvino",
    precision: Annotated[
        str, typer.Option(help="float32, or int8 (OpenVINO only); bfloat16 is chosen when a graph is loaded.")
    ] = "float32",
    calibrate: Annotated[
        Path | None, typer.Option(help="For int8: a folder made by `train pack`, or a folder of videos with one face each.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Export a generator to OpenVINO (float32 or int8) or ONNX."""
    from backend.runtime.export import export_int8, export_openvino
    from backend.runtime.onnx import export_onnx

    if to not in ("openvino", "onnx") or precision not in ("float32", "int8") or (to == "onnx" and precision == "int8"):
        hint = "Choose openvino in float32 or int8, or onnx in float32."
        raise InputError("export_unknown", f"A generator cannot be exported to {to} in {precision}.", hint)
    if precision == "int8" and calibrate is None:
        raise InputError("calibration_missing", "int8 needs real frames for calibration.", "Name them with --calibrate DIR.")
    with writing(out):
        if calibrate is not None and precision == "int8":
            from backend.animate.generator import Generator
            from backend.evaluate.bench.frame_pairs import real_pairs
            from backend.evaluate.bench.quantisation import graph_inputs, quantisation_error

            generator = Generator.load(model)
            pairs, held_out = real_pairs(calibrate, generator.config.size)
            paths = export_int8(model, out, graph_inputs(generator, pairs))
            publish(quantisation_error(model, held_out, paths[0]), json)
        else:
            paths = export_onnx(model, out) if to == "onnx" else export_openvino(model, out)
    print("\n".join(map(str, paths)))
