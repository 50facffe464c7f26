import torch
from torch import nn

from backend.forecast.gru import GruWeights


def test_a_step_equals_pytorch_s_gru_cell():
    generator = torch.Generator().manual_seed(0)
    layer = nn.GRU(5, 7, batch_first=True)
    for parameter in layer.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    x, h = torch.randn(3, 5, generator=generator), torch.randn(3, 7, generator=generator)
    expected = layer(x[:, None], h[None])[1][0]
    torch.testing.assert_close(GruWeights.from_layer(layer).step(x, h), expected)
