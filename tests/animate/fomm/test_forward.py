"""A loaded checkpoint computes what the paper says: held against plain loops over the tensors, by their published names."""

import pytest
import torch
from torch.nn import functional as F

from backend.animate.fomm.checkpoint import load_checkpoint
from tests.animate.fomm import published


@pytest.fixture(scope="module")
def content():
    """Random weights large enough that every layer, normalisation included, changes the output."""
    parts = published.small()
    random = torch.Generator().manual_seed(1)
    for part in parts.values():
        for name, value in part.items():
            if name.endswith("running_var"):
                part[name] = 0.5 + torch.rand(value.shape, generator=random)
            elif not name.endswith("down.weight"):
                part[name] = torch.randn(value.shape, generator=random) / max(1, value[0].numel()) ** 0.5
    return parts


def conv(w, name, x, padding):
    return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=padding)


def norm(w, name, x):
    mean, variance = (w[f"{name}.running_{part}"][:, None, None] for part in ("mean", "var"))
    return (x - mean) / (variance + 1e-5).sqrt() * w[f"{name}.weight"][:, None, None] + w[f"{name}.bias"][:, None, None]


def block(w, name, x, padding=1):
    return norm(w, f"{name}.norm", conv(w, f"{name}.conv", x, padding)).clamp(min=0)


def double(x):
    return x.repeat_interleave(2, -1).repeat_interleave(2, -2)


def halve(x):
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def hourglass(w, name, x, blocks):
    levels = [x]
    for i in range(blocks):
        levels.append(halve(block(w, f"{name}.encoder.down_blocks.{i}", levels[-1])))
    x = levels.pop()
    for i in range(blocks):
        x = torch.cat([block(w, f"{name}.decoder.up_blocks.{i}", double(x)), levels.pop()], 1)
    return x


def quarter(w, name, x):
    """Blurred by the 13 x 13 kernel that comes with the weights, then every fourth pixel."""
    return F.conv2d(x, w[name], padding=6, groups=3)[..., ::4, ::4]


def grid(height, width):
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    return torch.stack([x, y], -1)


def detect(w, picture):
    features = hourglass(w, "predictor", quarter(w, "down.weight", picture), 3)
    logits, maps = conv(w, "kp", features, 0), conv(w, "jacobian", features, 0)
    heat = torch.exp(logits / 0.1 - (logits / 0.1).amax((-1, -2), keepdim=True))
    heat = heat / heat.sum((-1, -2), keepdim=True)
    value = (heat[..., None] * grid(*heat.shape[-2:])).sum((2, 3))
    jacobian = torch.stack([(heat * maps[:, entry::4]).sum((-1, -2)) for entry in range(4)], -1)
    return value, jacobian.unflatten(-1, (2, 2))


def generate(w, picture, source, driving):
    small = quarter(w, "dense_motion_network.down.weight", picture)
    z = grid(*small.shape[-2:])
    motions, channels = [z[None]], [torch.zeros(1, 1, *z.shape[:2]), small]
    for n in range(source[0].shape[1]):
        (kp_s, j_s), (kp_d, j_d) = ((value[0, n], jacobian[0, n]) for value, jacobian in (source, driving))
        moved = torch.einsum("rc,hwc->hwr", j_s @ torch.linalg.inv(j_d), z - kp_d) + kp_s
        motions.append(moved[None])
        bump = [torch.exp(-((z - kp) ** 2).sum(-1) / 0.02) for kp in (kp_d, kp_s)]
        channels += [(bump[0] - bump[1])[None, None], F.grid_sample(small, moved[None], align_corners=True)]
    features = hourglass(w, "dense_motion_network.hourglass", torch.cat(channels, 1), 3)
    masks = conv(w, "dense_motion_network.mask", features, 3).softmax(1)
    flow = sum(masks[:, n, ..., None] * motion for n, motion in enumerate(motions))
    occlusion = conv(w, "dense_motion_network.occlusion", features, 3).sigmoid()
    x = block(w, "first", picture, 3)
    for i in range(2):
        x = halve(block(w, f"down_blocks.{i}", x))
    x = F.grid_sample(x, flow, align_corners=True) * occlusion
    for i in range(2):
        inner = x
        for half in ("1", "2"):
            inner = conv(w, f"bottleneck.r{i}.conv{half}", norm(w, f"bottleneck.r{i}.norm{half}", inner).clamp(min=0), 1)
        x = x + inner
    for i in range(2):
        x = block(w, f"up_blocks.{i}", double(x))
    return conv(w, "final", x, 3).sigmoid()


def test_keypoints_and_frames_are_those_of_the_paper(content, tmp_path):
    torch.save(content, tmp_path / "x.pth.tar")
    model = load_checkpoint(tmp_path / "x.pth.tar")
    random = torch.Generator().manual_seed(2)
    pictures = torch.rand(2, 3, 64, 64, generator=random)
    pictures = F.interpolate(F.avg_pool2d(pictures, 8), 64, mode="bilinear")
    found = model.detect(pictures)
    value, jacobian = detect(content["kp_detector"], pictures)
    assert torch.allclose(found.value, value, atol=1e-4)
    assert torch.allclose(found.jacobian, jacobian, atol=1e-4)
    # Jacobians of random weights may be singular, where inverses differ: these are well away from it.
    scale = torch.eye(2) + 0.2 * torch.randn(2, 4, 2, 2, generator=random)
    points = torch.rand(2, 4, 2, generator=random) - 0.5
    source, driving = (type(found)(points[i : i + 1], scale[i : i + 1]) for i in (0, 1))
    frame = model(pictures[:1], source, driving)
    wanted = generate(content["generator"], pictures[:1], (source.value, source.jacobian), (driving.value, driving.jacobian))
    assert frame.std() > 0.01
    assert torch.allclose(frame, wanted, atol=1e-4)
