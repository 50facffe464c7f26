"""Writes a detector's keypoints of a folder of videos in the format that forecasters are trained and evaluated on."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from backend.animate.fomm.model import Fomm
from backend.core.arrays import save_arrays
from backend.core.files import printable, write_whole
from backend.core.progress import Progress
from backend.train.detector.measure import detect_sequence
from backend.train.detector.videos import VideoSet


def write_keypoints(model: Fomm, data: Path, out: Path, progress: Progress | None = None) -> int:
    """Write `recordings/NAME.npz` (`keypoints [T, 6N]`, `fps`), then `clips.csv`; return the number of recordings.

    Args:
        model: in evaluation mode.
        data: folder of videos; see `VideoSet.read`. The split is that of the detector's training.
        out: folder to fill; every sequence counts as a person.
        progress: called with (sequences done, sequences in all).
    """
    videos = VideoSet.read(data, model.config.size)
    rows = [(video, "train") for video in videos.train] + [(video, "val") for video in videos.held_out]
    (out / "recordings").mkdir(parents=True, exist_ok=True)
    with write_whole(out / "clips.csv") as hidden, hidden.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("clip", "person", "split"))
        for index, (video, split) in enumerate(rows):
            name = printable(video.name).removesuffix(".npz").replace(":", "_").replace(".", "_")
            flat = detect_sequence(model.kp_detector, video).flat().numpy()
            arrays = {"keypoints": flat, "fps": np.asarray(video.fps, np.float32)}
            save_arrays(out / "recordings" / f"{name}.npz", arrays, compressed=False)
            table.writerow((name, name, split))
            if progress:
                progress(index + 1, len(rows))
    return len(rows)
