"""A small pack of clips."""

import csv

import numpy as np
import pytest
from PIL import Image

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
