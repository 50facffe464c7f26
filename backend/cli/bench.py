"""`bench`, `load` and `export`: how fast it is, and what makes it faster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backend.cli.options import MODELS, Device, Engine, Json, Models, Precision, Threads, publish, writing
from backend.core.errors import InputError
from backend.core.settings import REPOSITORY

app = typer.Typer()


@app.command()
def bench(
    models: Models = MODELS,
    threads: Threads = 0,
    device: Device = "cpu",
    engine: Engine = "auto",
    precision: Precision = "auto",
    all_engines: Annotated[
        bool, typer.Option("--all-engines", help="Time every engine and precision, by 1 and 2 threads.")
    ] = False,
    repeats: Annotated[int, typer.Option(min=3, help="Timed runs of each stage.")] = 30,
    json: Json = None,
) -> None:
    """Measure every stage: time, frames per second, memory."""
    from backend.core.recording import Recording
    from backend.evaluate.bench.stages import bench as run

    recording = Recording.load(REPOSITORY / "backend" / "assets" / "recordings" / "talking.npz")
    report = run(
        models,
        recording,
        device=device,
        threads=threads,
        engine=engine,  # type: ignore[arg-type]
        precision=precision,  # type: ignore[arg-type]
        all_engines=all_engines,
        repeats=repeats,
    )
    publish(report, json)


@app.command()
def load(
    url: Annotated[str, typer.Option(help="A running server.")] = "http://127.0.0.1:8000",
    sessions: Annotated[int, typer.Option(min=1, help="Sessions at once.")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 30.0,
    json: Json = None,
) -> None:
    """Play a recording to a running server in many sessions at once, and measure what comes back."""
    from backend.evaluate.bench.load import load as run

    publish(run(url, sessions=sessions, seconds=seconds), json)


@app.command()
def export(
    model: Annotated[Path, typer.Option(help="Folder of the generator.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write to; the model's own is where int8 is looked for.")],
    to: Annotated[str, typer.Option(help="openvino or onnx.")] = "openvino",
    precision: Annotated[
        str, typer.Option(help="float32, or int8 (OpenVINO): bfloat16 is chosen when a graph is run.")
    ] = "float32",
    calibrate: Annotated[
        Path | None, typer.Option(help="For int8: folder made by `train pack`, or one of videos with a face each.")
    ] = None,
    json: Json = None,
) -> None:
    """Write a generator for other engines: OpenVINO, in eight bits too, or ONNX."""
    from backend.runtime.onnx import export_onnx

    if to not in ("openvino", "onnx") or precision not in ("float32", "int8") or (to == "onnx" and precision == "int8"):
        raise InputError(
            "export_unknown", f"Nothing exports to {to} in {precision}.", "Take openvino or onnx, float32 or int8."
        )
    if precision == "int8" and calibrate is None:
        raise InputError("calibration_missing", "int8 needs real frames to calibrate with.", "Name them with --calibrate DIR.")
    with writing(out):
        if calibrate is not None and precision == "int8":
            paths = _export_int8(model, out, calibrate, json)
        else:
            from backend.runtime.export import export_openvino

            paths = export_onnx(model, out) if to == "onnx" else export_openvino(model, out)
    print("\n".join(map(str, paths)))


def _export_int8(model: Path, out: Path, calibrate: Path, json: Path | None) -> list[Path]:
    """Calibrate, write, and show how far int8 is from float32 on people it was not calibrated with."""
    from backend.animate.generator import Generator
    from backend.evaluate.bench.quantisation import quantisation_error, samples
    from backend.evaluate.common.real_pairs import real_pairs
    from backend.runtime.export import export_int8

    generator = Generator.load(model)
    pairs, held_out = real_pairs(calibrate, generator.config.size)
    paths = export_int8(model, out, samples(generator, pairs))
    publish(quantisation_error(model, held_out, paths[0]), json)
    return paths
