"""Drawing, guidance and cleaning."""

import pytest
import torch

from backend.starflow.conditional import Told
from backend.starflow.denoiser import AFTER, Denoiser, DenoiserConfig
from backend.starflow.guidance import guided
from backend.starflow.inversion import Jacobi, parallel, sequential
from backend.starflow.sampler import draw


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_what_follows_known_frames_is_what_the_whole_sequence_says(flow):
    """Noise found from a whole clip gives that clip back when only its first frames are told."""
    x = torch.randn(2, 4, 2, 2, 3)
    z, _ = flow(x)
    u, _ = flow.inside(x)
    for solve in (sequential, lambda solver, noise: parallel(solver, noise, Jacobi(4, 0.0))):
        reader = flow.reader(4, 2)
        reader.take(u[:, :8])
        found, _ = solve(reader, z[:, 8:])
        assert (found - u[:, 8:]).abs().max() < 1e-4


def test_one_seed_gives_one_future_and_another_a_different_one(flow):
    known = torch.randn(1, 2, 2, 2, 3)
    first, again, other = (draw(flow, None, known, 3, source(seed)).latents for seed in (0, 0, 1))
    assert first.shape == (1, 3, 2, 2, 3)
    assert torch.equal(first, again)
    assert (first - other).abs().mean() > 0.1


def test_a_clip_can_begin_from_nothing_but_a_caption(flow):
    nothing = torch.zeros(1, 0, 2, 2, 3)
    left, right = (draw(flow, None, nothing, 2, source(), caption=torch.tensor([[word]])).latents for word in (1, 2))
    assert left.shape == (1, 2, 2, 2, 3)
    assert not torch.allclose(left, right)


def gaussian(mean: float, scale: float) -> Told:
    return Told(torch.full((1, 1, 1), mean), torch.full((1, 1, 1), scale), torch.zeros(1, 1, 0, 1))


def test_guidance_of_weight_0_is_the_captions_own_and_more_goes_further():
    told = guided(gaussian(1.0, 0.8), gaussian(0.0, 1.0), 0.0)
    assert told.shift.item() == 1.0 and told.scale.item() == pytest.approx(0.8)
    told = guided(gaussian(1.0, 0.8), gaussian(0.0, 1.0), 2.0)
    # The product of Gaussians N_c^(1 + w) N_u^(-w), by its precisions.
    precision = 3 / 0.8**2 - 2
    assert told.scale.item() == pytest.approx(precision**-0.5, rel=1e-5)
    assert told.shift.item() == pytest.approx(3 / 0.8**2 / precision, rel=1e-5)


def test_guidance_stays_a_gaussian_where_the_captions_is_the_wider():
    scale = guided(gaussian(0.0, 2.0), gaussian(0.0, 0.5), 5.0).scale
    assert scale.isfinite() and scale > 0


def test_a_frame_is_cleaned_without_what_comes_later_than_the_next():
    torch.manual_seed(0)
    denoiser = Denoiser(DenoiserConfig(2, 2, 3, 64, 3)).eval()
    torch.nn.init.normal_(denoiser.exit.weight)
    x = torch.randn(1, 5, 2, 2, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(denoiser(x)[0, 2].sum(), x)
    reached = gradient[0].abs().flatten(1).amax(1) > 0
    assert reached.tolist() == [True, True, True, AFTER == 1, False]
