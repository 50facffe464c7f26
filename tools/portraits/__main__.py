"""`python -m tools.portraits FOLDER [NAME...]` paints the bundled portraits; the result is deterministic."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from backend.core.files import save_whole
from tools.portraits.engraving import engraving
from tools.portraits.halftone import halftone
from tools.portraits.marble import marble
from tools.portraits.oil import oil
from tools.portraits.paint import studio
from tools.portraits.people import AMARA, BRAM, CARLA, LIVIA, MEI, OTTO
from tools.portraits.person import build_layers
from tools.portraits.poster import poster

PORTRAITS = {
    "studio": (studio, AMARA),
    "oil": (oil, BRAM),
    "poster": (poster, MEI),
    "marble": (marble, LIVIA),
    "engraving": (engraving, OTTO),
    "halftone": (halftone, CARLA),
}
"""Name of a portrait -> its style and its person."""

EDGE = 512
QUALITY = 95


def main() -> None:
    """Paint the named portraits, or all."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, names = Path(sys.argv[1]), sys.argv[2:] or list(PORTRAITS)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        style, person = PORTRAITS[name]
        painted = style(build_layers(person))
        picture = Image.fromarray((painted.clip(0, 1) * 255).round().astype(np.uint8))
        path = folder / f"{name}.webp"
        scaled = picture.resize((EDGE, EDGE), Image.Resampling.LANCZOS)
        save_whole(path, lambda file, scaled=scaled: scaled.save(file, "WEBP", quality=QUALITY, method=6))
        print(f"{path}: {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
