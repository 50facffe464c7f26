"""Transfer: closed-form inverses and relative motion."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.animate.transfer import face_rotation, inverse_2x2, product_2x2, transfer_motion
from backend.core.types import Keypoints


def keypoints(seed: int, count: int = 10) -> Keypoints:
    generator = torch.Generator().manual_seed(seed)
    value = torch.rand(1, count, 2, generator=generator) * 2 - 1
    jacobian = 0.4 * torch.eye(2) + 0.1 * torch.randn(1, count, 2, 2, generator=generator)
    return Keypoints(value, jacobian)


@given(st.integers(0, 10_000))
def test_inverse_and_product_agree_with_linalg(seed):
    matrix = keypoints(seed).jacobian.double()
    assert torch.allclose(inverse_2x2(matrix), torch.linalg.inv(matrix)) or matrix.det().abs().min() < 1e-4
    assert torch.allclose(product_2x2(matrix, matrix.mT), matrix @ matrix.mT)


def test_a_singular_jacobian_gives_finite_numbers():
    assert inverse_2x2(torch.zeros(2, 2)).isfinite().all()


def test_a_driver_that_stays_at_the_reference_leaves_the_portrait_unchanged():
    source, reference = keypoints(1), keypoints(2)
    moved = transfer_motion(source, reference, reference)
    assert torch.allclose(moved.value, source.value, atol=1e-6)
    assert torch.allclose(moved.jacobian, source.jacobian, atol=1e-4)


@given(st.integers(0, 10_000), st.floats(-3, 3), st.floats(0.3, 3))
def test_a_portrait_that_is_the_drivers_face_tilted_scaled_and_shifted_moves_as_it_does(seed, angle, size):
    reference, driving = keypoints(seed), keypoints(seed + 1)
    angle = torch.tensor(angle)
    similarity = size * torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])

    def placed(face: Keypoints) -> Keypoints:
        return Keypoints(face.value @ similarity.mT + 0.3, similarity @ face.jacobian)

    moved, expected = transfer_motion(placed(reference), driving, reference), placed(driving)
    assert torch.allclose(moved.value, expected.value, atol=1e-4)
    assert torch.allclose(moved.jacobian, expected.jacobian, atol=1e-2)


def test_the_scale_can_be_given():
    source, reference = keypoints(1), keypoints(1)
    shifted = Keypoints(reference.value + 0.2, reference.jacobian)
    assert torch.allclose(transfer_motion(source, shifted, reference, scale=0.5).value, source.value + 0.1, atol=1e-5)


def test_equally_rotated_faces_need_no_rotation():
    face = keypoints(1)
    larger = Keypoints(face.value * 3 + 0.1, face.jacobian)
    assert torch.allclose(face_rotation(face, larger), torch.eye(2).expand(1, 2, 2), atol=1e-6)
