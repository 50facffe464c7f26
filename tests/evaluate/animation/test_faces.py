import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from skimage.transform import SimilarityTransform, warp

from backend.evaluate.animation.faces import (
    keypoint_distance,
    likeness,
    motion_distance,
    see_faces,
    similarity,
    texture,
)
from tests.media.made import moving, scaled


def mesh(seed=0):
    return np.random.default_rng(seed).uniform(60, 200, (478, 3)).astype(np.float32)


def moved(points, angle=0.2, scale=1.3, shift=(4.0, -7.0)):
    turn = scale * Rotation.from_euler("z", angle).as_matrix()
    return (points @ turn.T + [*shift, 0]).astype(np.float32)


def test_keypoint_distance_of_a_shift_is_its_length():
    assert keypoint_distance(moved(mesh(), 0, 1, (3, 4)), mesh()) == pytest.approx(5, abs=1e-4)
    assert keypoint_distance(mesh() + np.float32([0, 0, 9]), mesh()) == 0


def test_only_the_points_asked_for_count():
    other = mesh()
    other[[13, 14], 0] += 6
    assert keypoint_distance(other, mesh(), [13, 14, 0]) == pytest.approx(4, abs=1e-4)


def test_a_known_similarity_is_found_and_never_a_mirror_image():
    found = similarity(mesh(), moved(mesh(), 0.3, 0.7))
    np.testing.assert_allclose(found, 0.7 * Rotation.from_euler("z", 0.3).as_matrix()[:2, :2], atol=1e-5)
    mirrored = mesh() * np.float32([-1, 1, 1])
    assert np.linalg.det(similarity(mesh(), mirrored)) > 0


def test_similarity_is_that_of_scikit_image_where_faces_differ():
    a, b = mesh(0)[:, :2], moved(mesh(0) + np.random.default_rng(1).normal(0, 8, (478, 3)))[:, :2]
    oracle = SimilarityTransform.from_estimate(a, b)
    np.testing.assert_allclose(similarity(a, b), oracle.params[:2, :2], atol=1e-5)


def test_motion_that_follows_through_the_similarity_of_the_faces_has_no_distance():
    reference, driving = mesh(0), mesh(0) + np.random.default_rng(1).normal(0, 3, (478, 3)).astype(np.float32)
    portrait, face = moved(reference), moved(driving)
    assert motion_distance(face, portrait, driving, reference) == pytest.approx(0, abs=1e-3)
    still = motion_distance(portrait, portrait, driving, reference)
    assert still == pytest.approx(1.3 * keypoint_distance(driving, reference), rel=1e-4)


def test_a_face_is_the_same_texture_wherever_it_stands():
    picture = scaled(256)
    face = see_faces([picture])[0]
    assert face is not None
    place = SimilarityTransform(scale=1.2, rotation=0.15, translation=(-30, -12))
    turned = (255 * warp(picture, place.inverse, order=3)).astype(np.uint8)
    there = np.concatenate([place(face[:, :2] - 0.5) + 0.5, face[:, 2:]], 1).astype(np.float32)
    assert likeness(texture(picture, face), texture(turned, there)) > 0.99
    assert likeness(texture(picture, face), texture(picture, face + np.float32([12, 9, 0]))) < 0.8


def test_likeness_does_not_see_brightness_and_contrast():
    colours = np.random.default_rng(0).uniform(0, 255, (500, 3)).astype(np.float32)
    assert likeness(colours, 0.5 * colours + 40) == pytest.approx(1, abs=1e-5)
    assert likeness(colours, 255 - colours) == pytest.approx(-1, abs=1e-5)
    assert likeness(colours, np.zeros_like(colours)) == 0


def test_faces_are_seen_where_they_are_and_not_where_there_is_none():
    frames = [*moving(3), np.full((256, 256, 3), 90, np.uint8)]
    found = see_faces(frames)
    assert [face is not None for face in found] == [True, True, True, False]
    assert found[0][:, 0].mean() < found[2][:, 0].mean()
