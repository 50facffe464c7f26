"""Likeness of pose and expression, on faces made from a recording by known changes."""

import numpy as np
import pytest
import torch

from backend.animate.reference import EASING, SEARCH_STEPS, ReferenceTracker, likeness, track_references
from backend.keypoints.regions import FaceRegions

LIPS_BELOW = [146, 91, 181, 84, 17, 314, 405, 321, 375, 95, 88, 178, 87, 14, 317, 402, 318, 324]


@pytest.fixture(scope="module")
def face(recording):
    return recording.landmarks[0].astype(np.float64)


def keypoints(landmarks):
    return FaceRegions()(torch.from_numpy(np.asarray(landmarks, np.float32)))


def turned(face, degrees):
    angle = np.radians(degrees)
    flat = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.concatenate([face[:, :2] @ flat.T, face[:, 2:]], -1)


def looking_aside(face, degrees):
    """Turned about the vertical axis, seen from far."""
    angle = np.radians(degrees)
    middle = face.mean(0)
    x, y, z = (face - middle).T
    return np.stack([np.cos(angle) * x + np.sin(angle) * z, y, np.cos(angle) * z - np.sin(angle) * x], -1) + middle


def mouth_open(face, by):
    opened = face.copy()
    opened[LIPS_BELOW, 1] += by
    return opened


def test_a_face_is_like_itself_wherever_and_however_large_it_is(face):
    moved = 0.6 * turned(face, 25) + (0.3, -0.2, 0.0)
    found = likeness(keypoints(face), keypoints(np.stack([face, moved])))
    torch.testing.assert_close(found, torch.ones(2), atol=1e-3, rtol=0)


def test_likeness_falls_with_every_step_away(face):
    aside = np.stack([looking_aside(face, degrees) for degrees in (0, 5, 10, 20, 35)])
    opened = np.stack([mouth_open(face, by) for by in (0.0, 0.02, 0.05, 0.1, 0.2)])
    for faces in (aside, opened):
        found = likeness(keypoints(face), keypoints(faces))
        assert (found.diff() < 0).all() and 0 < found[-1] < 0.75


def test_no_other_similarity_brings_the_faces_nearer(face):
    portrait, driving = keypoints(face), keypoints(looking_aside(mouth_open(face, 0.1), 12))
    best = likeness(portrait, driving)
    # Independent oracle: the residual of Umeyama's closed form by singular values, for places alone.
    target, moved = portrait.value.double().numpy(), driving.value.double().numpy()
    target, moved = target - target.mean(0), moved - moved.mean(0)
    u, s, v = np.linalg.svd(target.T @ moved)
    scale = s.sum() / (moved**2).sum()
    residual = ((scale * moved @ (u @ v).T - target) ** 2).sum(-1).mean() / (target**2).sum(-1).mean()
    assert float(1 / best - 1) * 0.05**2 >= residual - 1e-6


def test_the_most_similar_frame_of_a_clip_is_the_one_planted_in_it(face, recording):
    clip = recording.landmarks[40:80].astype(np.float64).copy()
    clip[23] = 0.9 * turned(face, -8) + (0.1, 0.1, 0)
    assert int(likeness(keypoints(face), keypoints(clip)).argmax()) == 23


def steps_of(tracker, portrait, drivings):
    reference, found = drivings[0], []
    for driving in drivings:
        reference = track_references([tracker], *(face[None] for face in (portrait, driving, reference)))[0]
        found.append(reference.flat())
    return torch.stack(found)


def test_a_live_reference_eases_to_the_best_frame_and_stays_there(face):
    wide, shut = keypoints(mouth_open(face, 0.15)), keypoints(face)
    tracker = ReferenceTracker()
    found = steps_of(tracker, shut, [wide] * 10 + [shut] * 3 + [wide] * 80)
    whole = (wide.flat() - shut.flat()).norm()
    torch.testing.assert_close(found[9], wide.flat())
    assert (found[-1] - shut.flat()).norm() < 0.01 * whole
    assert (found.diff(dim=0).norm(dim=-1) <= 1.001 * EASING * whole).all()  # It never jumps.
    assert tracker.done


def test_after_three_seconds_a_better_frame_comes_too_late(face):
    wide, shut = keypoints(mouth_open(face, 0.15)), keypoints(face)
    found = steps_of(ReferenceTracker(), shut, [wide] * SEARCH_STEPS + [shut] * 60)
    torch.testing.assert_close(found[-1], wide.flat())
