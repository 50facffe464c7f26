"""Names and shapes of the published `vox-256` checkpoint, written from the sizes in the paper's configuration alone.

Nothing here asks the code under test: it is what the tests hold that code against.
"""

import torch


def convolution(shapes, name, channels_out, channels_in, kernel):
    shapes[f"{name}.weight"] = (channels_out, channels_in, kernel, kernel)
    shapes[f"{name}.bias"] = (channels_out,)


def norm(shapes, name, channels):
    for part in ("weight", "bias", "running_mean", "running_var"):
        shapes[f"{name}.{part}"] = (channels,)


def block(shapes, name, channels_in, channels_out, kernel=3):
    convolution(shapes, f"{name}.conv", channels_out, channels_in, kernel)
    norm(shapes, f"{name}.norm", channels_out)


def hourglass(shapes, name, channels_in, expansion, blocks, widest):
    """Return the number of output channels."""
    for i in range(blocks):
        enters = channels_in if i == 0 else min(widest, expansion * 2**i)
        block(shapes, f"{name}.encoder.down_blocks.{i}", enters, min(widest, expansion * 2 ** (i + 1)))
    for place, i in enumerate(reversed(range(blocks))):
        beside = 1 if i == blocks - 1 else 2
        enters = beside * min(widest, expansion * 2 ** (i + 1))
        block(shapes, f"{name}.decoder.up_blocks.{place}", enters, min(widest, expansion * 2**i))
    return expansion + channels_in


def detector(keypoints=10, expansion=32, blocks=5, widest=1024, blur=13, jacobian=True):
    shapes = {}
    out = hourglass(shapes, "predictor", 3, expansion, blocks, widest)
    convolution(shapes, "kp", keypoints, out, 7)
    if jacobian:
        convolution(shapes, "jacobian", 4 * keypoints, out, 7)
    shapes["down.weight"] = (3, 1, blur, blur)
    return shapes


def generator(
    keypoints=10,
    expansion=64,
    widest=512,
    downs=2,
    residuals=6,
    motion_expansion=64,
    motion_blocks=5,
    motion_widest=1024,
    blur=13,
    occlusion=True,
):
    shapes = {}
    motion = "dense_motion_network"
    out = hourglass(shapes, f"{motion}.hourglass", 4 * (keypoints + 1), motion_expansion, motion_blocks, motion_widest)
    convolution(shapes, f"{motion}.mask", keypoints + 1, out, 7)
    if occlusion:
        convolution(shapes, f"{motion}.occlusion", 1, out, 7)
    shapes[f"{motion}.down.weight"] = (3, 1, blur, blur)
    block(shapes, "first", 3, expansion, 7)
    widths = [min(widest, expansion * 2**i) for i in range(downs + 1)]
    for i in range(downs):
        block(shapes, f"down_blocks.{i}", widths[i], widths[i + 1])
        block(shapes, f"up_blocks.{i}", widths[downs - i], widths[downs - i - 1])
    for i in range(residuals):
        for half in ("1", "2"):
            convolution(shapes, f"bottleneck.r{i}.conv{half}", widths[-1], widths[-1], 3)
            norm(shapes, f"bottleneck.r{i}.norm{half}", widths[-1])
    convolution(shapes, "final", 3, expansion, 7)
    return shapes


SMALL_DETECTOR = {"keypoints": 4, "expansion": 4, "blocks": 3, "widest": 16}
SMALL_GENERATOR = {
    "keypoints": 4,
    "expansion": 8,
    "widest": 16,
    "residuals": 2,
    "motion_expansion": 4,
    "motion_blocks": 3,
    "motion_widest": 16,
}


def state(shapes, prefix=""):
    """Random tensors of these shapes; all views of one pool, so that a checkpoint of the full sizes stays a small file."""
    random = torch.Generator().manual_seed(0)
    largest = max(torch.Size(shape).numel() for shape in shapes.values())
    pool = 0.02 * torch.randn(largest, generator=random)
    tensors = {}
    for name, shape in shapes.items():
        tensors[prefix + name] = pool[: torch.Size(shape).numel()].view(shape)
        if name.endswith("running_var"):
            tensors[prefix + name] = torch.ones(shape)
        if name.endswith("down.weight"):
            tensors[prefix + name] = torch.full(shape, 1 / shape[-1] ** 2)
    return tensors


def small(prefix=""):
    return {
        "kp_detector": state(detector(**SMALL_DETECTOR), prefix),
        "generator": state(generator(**SMALL_GENERATOR), prefix),
    }
