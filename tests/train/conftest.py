"""A small pack of clips, and recordings of faces that sway."""

import csv

import numpy as np
import pytest
from PIL import Image

from backend.core.recording import Recording
from backend.keypoints import regions
from backend.media.video_writer import write_video
from backend.train.data.pack import pack


@pytest.fixture(scope="session")
def packed(tmp_path_factory, portrait_image):
    """Two people (one held out), a clip each: the bundled portrait, swaying."""
    data = tmp_path_factory.mktemp("data")
    (data / "clips").mkdir()
    portrait = Image.fromarray(portrait_image.picture).resize((256, 256))
    rows = [("a.mp4", "one", "train"), ("b.mp4", "two", "val")]
    for number, (name, _, _) in enumerate(rows):
        with write_video(data / "clips" / name, 25) as video:
            for frame in range(20):
                angle = 6 * np.sin(frame / 4 + number)
                video.write(
                    np.asarray(portrait.rotate(angle, translate=(frame // 2, number * 4), resample=Image.Resampling.BILINEAR))
                )
    with (data / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("clip", "person", "split"), *rows])
    out = tmp_path_factory.mktemp("pack")
    pack(data, out)
    return out


def swaying_face(seconds, seed):
    """The canonical face swaying and nodding, 25 frames a second."""
    random = np.random.default_rng(seed)
    face = np.load(regions.CANONICAL) * 0.3
    times = np.arange(int(seconds * 25)) / 25
    phase = random.uniform(0, 6, 2)
    sway = 0.1 * np.stack([np.sin(2 * times + phase[0]), np.sin(3 * times + phase[1])], -1)
    points = (
        face[None] * (1 + 0.05 * np.sin(times + phase[0]))[:, None, None]
        + sway[:, None]
        + random.normal(0, 0.002, (len(times), 1, 2))
    )
    return Recording(np.concatenate([points, np.zeros((len(times), 478, 1))], -1).astype(np.float32), times, "a test")


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Recordings of four people and one held out."""
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "recordings").mkdir()
    with (folder / "clips.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["clip", "person", "split", "fps"])
        for number in range(5):
            swaying_face(6, number).save(folder / "recordings" / f"clip{number}.npz")
            table.writerow([f"clip{number}.mp4", f"p{number}", "val" if number == 4 else "train", 25])
    return folder
