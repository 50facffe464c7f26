"""`python -m tools.portraits.faces` stores crop and landmarks of the bundled portraits, so that no search is needed."""

from __future__ import annotations

import numpy as np

from backend.core.files import save_whole
from backend.media.crop import SquareCrop
from backend.media.images import BUNDLED, FACES, bundled_picture
from backend.media.portraits import frame_portrait


def main() -> None:
    """Find the face in every bundled portrait and write what was found."""
    stored = {}
    for name in BUNDLED:
        picture = bundled_picture(name)
        image = frame_portrait(picture)
        assert image.whole is not None and image.crop is not None
        scale = picture.shape[1] / image.whole.shape[1]
        crop = SquareCrop(image.crop.x * scale, image.crop.y * scale, image.crop.side * scale)
        stored |= {f"{name}_landmarks": image.landmarks, f"{name}_crop": np.array([crop.x, crop.y, crop.side])}
    save_whole(FACES, lambda file: np.savez_compressed(file, **stored))
    print(f"{FACES}: {FACES.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
