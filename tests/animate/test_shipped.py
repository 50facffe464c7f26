"""The generators that ship, driven by the recordings that ship: lips and lids follow, nothing folds."""

import numpy as np
import pytest
import torch

from backend.animate.compose import compose, resize_flow, shrink, warp
from backend.animate.generator import Generator
from backend.animate.transfer import transfer_motion
from backend.core.recording import Recording
from backend.core.settings import REPOSITORY
from backend.keypoints.regions import FaceRegions
from backend.media.landmarks import FaceMesh

REGIONS = FaceRegions()


@pytest.fixture(scope="module", params=["slim_128", "slim_256"])
def generator(request) -> Generator:
    return Generator.load(REPOSITORY / "models" / f"generator_{request.param}")


def driven(generator: Generator, image, landmarks: np.ndarray, neutral: np.ndarray):
    """Render the portrait at a driver's landmarks `[F, 478, 3]`."""
    own = REGIONS(torch.from_numpy(image.landmarks))
    driving, reference = (REGIONS(torch.from_numpy(points)) for points in (landmarks, neutral))
    picture = torch.from_numpy(image.picture).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        portrait = generator.encode(picture, own[None])
        return generator(portrait.repeat(len(landmarks)), transfer_motion(own, driving, reference))


def gaps(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far lips and lids are open, in heights of the face."""

    def distance(a: int, b: int) -> np.ndarray:
        return np.linalg.norm(landmarks[..., a, :2] - landmarks[..., b, :2], axis=-1)

    height = distance(10, 152)
    return distance(13, 14) / height, (distance(159, 145) + distance(386, 374)) / height


def track(name: str) -> np.ndarray:
    return Recording.load(REPOSITORY / "backend/assets/recordings" / f"{name}.npz").landmarks


@pytest.mark.parametrize("size", [96, 128, 256, 512])
def test_at_the_portraits_own_keypoints_a_frame_is_the_portrait(generator, portrait_image, size):
    rest = track("talking")[:1]
    rendered = driven(generator, portrait_image, rest, rest)
    picture = shrink(rendered.picture, size)
    frame = compose(picture, rendered.layers)
    assert (frame - picture).abs().max() * 255 < 0.1
    assert (warp(picture, resize_flow(rendered.flow, size, size)) - picture).abs().max() * 255 > 1  # The networks alone differ.


@pytest.mark.parametrize("name", ["talking", "laughing"])
def test_lips_and_lids_open_and_close_with_the_drivers(name, generator, portrait_image):
    landmarks = track(name)
    lips, lids = gaps(landmarks)
    order = np.argsort(lips)[:: max(1, len(lips) // 6)], np.argsort(lids)[:: max(1, len(lids) // 6)]
    chosen = np.unique(np.concatenate([*order, [lips.argmax(), lids.argmin()]]))
    frames = driven(generator, portrait_image, landmarks[chosen], landmarks[:1]).frames
    seen = []
    with FaceMesh(video=False) as mesh:
        for frame in frames:
            found = mesh((frame.permute(1, 2, 0).clamp(0, 1) * 255).byte().numpy())
            assert found, "no face is left"
            seen.append(gaps(found[0]))
    for wanted, got in zip((lips[chosen], lids[chosen]), np.array(seen).T, strict=True):
        assert np.corrcoef(wanted, got)[0, 1] > 0.8
        assert np.polyfit(wanted, got, 1)[0] > 0.35


@pytest.mark.parametrize(("name", "most"), [("talking", 0.03), ("laughing", 0.03), ("quiet", 0.03), ("turning", 0.12)])
def test_the_portraits_own_pixels_are_not_folded(name, most, generator, portrait_image):
    """The flow keeps its orientation (a positive Jacobian determinant) where the portrait's own pixels are shown.

    Hair at the edge of a head that turns by 46 degrees is the exception.
    """
    landmarks = track(name)
    out = driven(generator, portrait_image, landmarks[::12], landmarks[:1])
    across = out.flow[:, :-1, 1:] - out.flow[:, :-1, :-1]
    down = out.flow[:, 1:, :-1] - out.flow[:, :-1, :-1]
    determinant = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    side = out.flow.shape[1]
    own = torch.nn.functional.interpolate(out.blended[0], (side, side), mode="bilinear")[:, 0, :-1, :-1] > 0.5
    folded = ((determinant < 0) & own).float().mean((1, 2))
    assert folded.max() < most
