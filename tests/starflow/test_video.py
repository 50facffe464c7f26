"""The video model on frames: futures of any length, clips from captions, edits."""

import numpy as np
import pytest
import torch

from backend.core.errors import InputError
from backend.keypoints.captions import VOCABULARY
from backend.starflow.autoencoder import AutoencoderConfig
from backend.starflow.denoiser import DenoiserConfig
from backend.starflow.flow import LatentFlowConfig
from backend.starflow.model import StarFlow, StarFlowConfig
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

WINDOW = CHUNK_FRAMES + 4
CONFIG = StarFlowConfig(
    WINDOW,
    AutoencoderConfig(size=16, shrink=8, channels=4, width=8),
    LatentFlowConfig(2, 2, 4, 64, 1, 64, 1, vocabulary=len(VOCABULARY) - 1, deep_rank=2),
    DenoiserConfig(2, 2, 4, 64, 1),
)
SETTINGS = SamplingSettings(temperature=1.0)


@pytest.fixture(scope="module")
def video() -> VideoFlow:
    torch.manual_seed(0)
    model = StarFlow(CONFIG)
    for block in (*model.flow.shallow, model.flow.deep):
        torch.nn.init.normal_(block.loc_scale_head.weight, std=0.05)
    return VideoFlow(model.requires_grad_(False))


def clip(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (frames, 16, 16, 3), np.uint8)


@pytest.mark.parametrize("known", [1, 3, 4, 9])
@pytest.mark.parametrize("frames", [2, CHUNK_FRAMES + 7])
def test_futures_of_any_context_and_length(video, known, frames):
    drawn = video.futures(clip(known), 3, frames, SETTINGS)
    assert drawn.shape == (3, frames, 16, 16, 3) and drawn.dtype == np.uint8
    assert (drawn[0] != drawn[1]).any() and (drawn[:, -1] != drawn[:, -2]).any()


def test_what_lies_further_back_than_the_context_does_not_count(video):
    other = np.concatenate([clip(5, seed=1), clip(4)])
    assert np.array_equal(video.futures(clip(4), 2, 3, SETTINGS), video.futures(other, 2, 3, SETTINGS))


def test_one_seed_gives_the_same_futures_again(video):
    again = [video.futures(clip(2), 2, 3, SamplingSettings(seed=seed)) for seed in (5, 5, 6)]
    assert np.array_equal(again[0], again[1]) and not np.array_equal(again[0], again[2])


def test_a_clip_from_words_can_be_longer_than_a_window_and_the_words_matter(video):
    blinks, nods = (video.imagine(2, WINDOW + 3, SamplingSettings(caption=word)) for word in ("blinks", "nods"))
    assert blinks.shape == (2, WINDOW + 3, 16, 16, 3)
    assert (blinks != nods).any()


def test_several_futures_move_more_and_more(video):
    several = np.stack([video.futures(clip(4), 6, 12, SamplingSettings(seed=seed)) for seed in range(8)]).astype(float)
    moves = np.abs(np.diff(several, axis=2)).mean((0, 2, 3, 4, 5))
    assert moves[-1] > 2 * moves[0] and (np.diff(moves) > -0.2 * moves[:-1]).all()


def test_words_that_are_not_known_are_refused_with_those_that_are(video):
    with pytest.raises(InputError, match="dances") as refused:
        video.imagine(1, 2, SamplingSettings(caption="dances"))
    assert "blinks" in refused.value.hint
    with pytest.raises(InputError, match="dances"):
        video.imagine(1, 1, SamplingSettings(caption="dances"))


@pytest.mark.parametrize("frames", [np.zeros((0, 16, 16, 3), np.uint8), np.zeros((2, 8, 8, 3), np.uint8)])
def test_frames_of_another_size_and_none_at_all_are_refused(video, frames):
    with pytest.raises(InputError, match="Frames are"):
        video.futures(frames, 1, 2)


def test_progress_only_grows_and_ends_at_the_whole(video):
    shares: list[float] = []
    video.futures(clip(2), 1, CHUNK_FRAMES + 7, SETTINGS, shares.append)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)


def test_an_edit_without_a_change_gives_back_what_the_autoencoder_keeps(video):
    """The flow itself loses nothing."""
    source = clip(4)
    latents, noise = video._encode(video._to_tensor(source)), torch.Generator().manual_seed(3)
    added = torch.cat([torch.randn(part.shape, generator=noise) for part in (latents[:, :1], latents[:, 1:])], 1)
    seen = latents + CONFIG.flow.noise * added
    edited = video.edit(source, SamplingSettings(seed=3))
    assert np.array_equal(edited[0], source[0])
    expected = video._decode_with_detail(seen[:, 1:], seen[:, 0], video._to_tensor(source)[0])
    detailed = expected[0].clamp(0, 1).permute(0, 2, 3, 1)
    assert np.abs(edited[1:] / 255 - detailed.numpy()).max() < 0.02


def test_an_edit_with_another_first_frame_begins_with_it(video):
    start = clip(1, seed=2)[0]
    edited = video.edit(clip(4), SETTINGS, start)
    assert np.array_equal(edited[0], start) and (edited[1:] != clip(4)[1:]).any()
    with pytest.raises(InputError, match="to edit"):
        video.edit(clip(1), SETTINGS)


def test_what_has_not_moved_keeps_the_detail_of_the_last_frame(video):
    """Where the model draws what it saw of the last frame, the picture is that frame, whatever the autoencoder makes of it."""
    last = video._to_tensor(clip(1))[0]
    seen = video._encode(last[None])[:, 0]
    assert torch.allclose(video._decode_with_detail(seen[:, None], seen, last)[0, 0], last, atol=1e-5)
    moved = seen[:, None] + 30 * torch.randn(1, 1, *seen.shape[1:], generator=torch.Generator().manual_seed(0))
    drawn, rebuilt = video._decode(moved)[0, 0], video._decode(seen)[0]
    far = (drawn - rebuilt).abs().mean(0) > 0.4
    kept = (video._decode_with_detail(moved, seen, last)[0, 0] - drawn).abs().mean(0)
    assert far.any()
    assert kept[far].mean() < 0.2 * (last - rebuilt).abs().mean()
