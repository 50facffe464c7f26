"""Transfer: closed-form inverses and relative motion."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.animate.transfer import inverse_2x2, product_2x2, relative, spread
from backend.types import Keypoints


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


def test_a_driver_that_stays_at_the_reference_leaves_the_portrait_alone():
    source, reference = keypoints(1), keypoints(2)
    moved = relative(source, reference, reference)
    assert torch.allclose(moved.value, source.value, atol=1e-6)
    assert torch.allclose(moved.jacobian, source.jacobian, atol=1e-4)


def test_a_larger_face_on_camera_moves_a_smaller_portrait_in_proportion():
    source, reference = keypoints(1), keypoints(2)
    large = Keypoints(reference.value * 2, reference.jacobian * 2)
    shifted = Keypoints(large.value + 0.2, large.jacobian)
    expected = source.value + 0.2 * spread(source)[..., None, None] / spread(large)[..., None, None]
    assert torch.allclose(relative(source, shifted, large).value, expected, atol=1e-5)
    assert torch.allclose(relative(source, shifted, large, scale=1.0).value, source.value + 0.2, atol=1e-5)
