import numpy as np
import torch
from skimage.transform import PiecewiseAffineTransform

from backend.animate.compose import identity_grid
from backend.animate.mesh_warp import EDGE_POINTS, mesh_flow


def face(seed=0, points=60):
    return np.random.default_rng(seed).uniform(-0.6, 0.6, (points, 2)).astype(np.float32)


def test_a_face_that_stays_leaves_every_pixel_in_place():
    torch.testing.assert_close(mesh_flow(face(), face(), 32), identity_grid(32, 32, torch.zeros(())), atol=1e-6, rtol=0)


def test_pixels_between_landmarks_follow_their_common_affine_map():
    source = face()
    turn = np.array([[0.9, -0.1], [0.15, 1.05]], np.float32)
    driving = (source @ turn.T + [0.03, -0.05]).astype(np.float32)
    grid = identity_grid(64, 64, torch.zeros(())).numpy()
    expected = (grid - np.array([0.03, -0.05])) @ np.linalg.inv(turn).T
    within = np.abs(expected).max(-1) < 0.3
    assert np.abs(mesh_flow(source, driving, 64).numpy() - expected)[within].max() < 1e-4


def test_the_flow_is_that_of_scikit_image_on_the_same_mesh():
    source, random = face(), np.random.default_rng(1)
    driving = (source + random.normal(0, 0.01, source.shape)).astype(np.float32)
    fixed = np.linspace(-1.02, 1.02, EDGE_POINTS)
    border = [(x, y) for x in fixed for y in fixed if max(abs(x), abs(y)) > 1]
    transform = PiecewiseAffineTransform.from_estimate(np.concatenate([driving, border]), np.concatenate([source, border]))
    grid = identity_grid(24, 24, torch.zeros(())).numpy()
    found = mesh_flow(source, driving, 24).numpy().reshape(-1, 2)
    assert np.abs(found - transform(grid.reshape(-1, 2))).max() < 1e-4


def test_a_face_that_leaves_the_crop_still_gives_a_whole_flow():
    source = face()
    assert torch.isfinite(mesh_flow(source, source + np.float32(0.8), 32)).all()
