"""Face regions: linear, covariant, mirrored right."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.core.types import Keypoints
from backend.keypoints.regions import REGIONS, FaceRegions

regions = FaceRegions()


def face(seed: int = 0) -> torch.Tensor:
    noise = torch.randn(478, 3, generator=torch.Generator().manual_seed(seed))
    canonical = torch.from_numpy(np.load("backend/keypoints/canonical_face.npy"))
    return torch.cat([canonical, torch.zeros(478, 1)], 1) * 0.4 + 0.02 * noise


def test_a_value_is_the_centroid_of_its_region():
    points = face()
    found = regions(points)
    for index, members in enumerate(REGIONS.values()):
        assert torch.allclose(found.value[index], points[members, :2].mean(0), atol=1e-6)


def test_the_canonical_face_itself_has_identity_jacobians():
    canonical = torch.from_numpy(np.load("backend/keypoints/canonical_face.npy"))
    found = regions(torch.cat([canonical, torch.zeros(478, 1)], 1))
    assert torch.allclose(found.jacobian, torch.eye(2).expand(10, 2, 2), atol=1e-4)


@given(st.floats(-1, 1), st.floats(0.5, 1.5), st.floats(-0.5, 0.5), st.integers(0, 5))
def test_keypoints_follow_a_similarity_transform_of_the_face(angle, zoom, shift, seed):
    turn = zoom * torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], dtype=torch.float32)
    points = face(seed)
    moved = points.clone()
    moved[:, :2] = points[:, :2] @ turn.T + shift
    before, after = regions(points), regions(moved)
    assert torch.allclose(after.value, before.value @ turn.T + shift, atol=1e-4)
    assert torch.allclose(after.jacobian, turn @ before.jacobian, atol=1e-4)


def test_jacobians_are_the_ridged_least_squares_maps():
    points, canonical = face(3)[:, :2].double(), torch.from_numpy(np.load("backend/keypoints/canonical_face.npy")).double()
    whole = torch.linalg.lstsq(canonical - canonical.mean(0), points - points.mean(0)).solution.T
    members = REGIONS["left_eye"]
    c, d = (x[members] - x[members].mean(0) for x in (canonical, points))
    gram = c.T @ c / len(members)
    ridge = 0.05 * gram.trace() / 2
    expected = (d.T @ c / len(members) + ridge * whole) @ torch.linalg.inv(gram + ridge * torch.eye(2))
    found = regions(points.float()).jacobian[regions.names.index("left_eye")]
    assert torch.allclose(found, expected.float(), atol=1e-4)


def test_mirroring_twice_changes_nothing_and_once_equals_mirrored_keypoints():
    flat = regions(face(1)).flat()
    assert torch.allclose(regions.mirror(regions.mirror(flat)), flat)
    once = Keypoints.from_flat(regions.mirror(flat))
    assert once.value[regions.names.index("left_eye"), 0] == pytest.approx(-Keypoints.from_flat(flat).value[2, 0].item())


def test_batches_of_any_shape_are_converted():
    found = regions(face().expand(2, 3, 478, 3))
    assert found.value.shape == (2, 3, 10, 2)
    assert found.flat().shape == (2, 3, 60)
