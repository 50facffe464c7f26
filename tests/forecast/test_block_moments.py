import torch

from backend.forecast.block_moments import MIN_VARIANCE, BlockMoments


def test_the_fit_finds_the_linear_part_and_the_variance_around_it():
    generator = torch.Generator().manual_seed(0)
    context = torch.randn(20_000, 3, generator=generator)
    slope = torch.tensor([[1.0, 0.0], [0.0, -2.0], [0.5, 0.0]])
    scale = torch.tensor([0.3, 0.5])
    first = torch.randn(20_000, 2, generator=generator)
    second = context @ slope + 0.7 + scale * torch.randn(20_000, 2, generator=generator)
    moments = BlockMoments(3, 2, 2)
    moments.fit(context, torch.stack([first, second]))
    torch.testing.assert_close(moments.second[0], torch.ones(2), atol=0.03, rtol=0)
    torch.testing.assert_close(moments.residual[1], scale.square(), atol=0.02, rtol=0)
    torch.testing.assert_close(moments.second[1], second.square().mean(0), atol=1e-3, rtol=0)
    predicted = moments.predict(context[:5])
    torch.testing.assert_close(predicted[1], context[:5] @ slope + 0.7, atol=0.1, rtol=0)
    torch.testing.assert_close(predicted[0], torch.zeros(5, 2), atol=0.05, rtol=0)


def test_numbers_that_never_move_keep_a_variance():
    moments = BlockMoments(2, 1, 3)
    moments.fit(torch.randn(50, 2), torch.zeros(1, 50, 3))
    assert (moments.residual == MIN_VARIANCE).all() and (moments.second == MIN_VARIANCE).all()
