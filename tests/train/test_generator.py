"""Packing clips and training the generator: small, but the whole way, and resumed where it was cut."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.animate.compose import identity_grid, warp
from backend.animate.generator import Generator, GeneratorConfig
from backend.core.errors import InputError
from backend.train.data.pack import Pack, pack
from backend.train.data.pairs import PairSampler
from backend.train.generator import train_generator
from backend.train.settings import GeneratorTraining

SMALL = GeneratorConfig(
    size=128,
    motion_channels=8,
    motion_size=16,
    inpainting_channels=16,
    inpainting_blocks=1,
    eye_mouth_size=16,
    eye_mouth_channels=8,
)


def test_a_pack_gives_back_frames_and_landmarks_in_place(packed):
    data = Pack(packed)
    assert len(data) == 20
    assert data.held_out.tolist() == [False, True]
    assert data.picture(3).shape == (256, 256, 3)
    small = data.picture(3, 128)
    assert small.shape == (128, 128, 3)
    assert np.abs(data.landmarks[:, :, :2]).max() < 1.2


def test_pairs_are_of_one_person_and_weigh_lips_and_lids(packed):
    sampler = PairSampler(Pack(packed), 128)
    pairs = sampler.sample(4, np.random.default_rng(0))
    assert pairs.source.shape == pairs.driving.shape == (4, 3, 128, 128)
    assert pairs.source.min() >= 0 and pairs.source.max() <= 1
    assert pairs.weight.min() >= 1 and pairs.weight.max() > 5
    again = sampler.sample(4, np.random.default_rng(0))
    assert torch.equal(pairs.driving, again.driving)


def test_augmentation_moves_keypoints_with_the_picture(packed):
    sampler = PairSampler(Pack(packed), 128)
    pairs = sampler.first_frames(per_clip=2)
    grid = identity_grid(128, 128, pairs.source)
    dots = [
        torch.exp(-(grid - keypoints.value[:, :, None, None]).square().sum(-1) / 0.004)
        .amax(1, keepdim=True)
        .expand(-1, 3, -1, -1)
        for keypoints in (pairs.source_keypoints, pairs.driving_keypoints)
    ]
    dotted = replace(pairs, source=dots[0], driving=dots[1])
    for seed in range(20):
        drawn = sampler._augment(dotted, np.random.default_rng(seed))
        for picture, keypoints in ((drawn.source, drawn.source_keypoints), (drawn.driving, drawn.driving_keypoints)):
            inside = keypoints.value.abs().amax(-1) < 0.9
            assert warp(picture, keypoints.value[:, None])[:, 0, 0][inside].min() > 0.5


@pytest.mark.parametrize(("stage", "part"), [("motion", "dense_motion"), ("details", "eye_mouth")])
def test_a_stage_leaves_the_other_parts_as_they_are(stage, part, packed, tmp_path):
    threads = torch.get_num_threads()
    start = tmp_path / "start"
    Generator(SMALL).save(start, {})
    try:
        settings = GeneratorTraining(stage=stage, updates=2, batch=2, validate_every=2, threads=1, architecture=SMALL)
        best = train_generator(packed, tmp_path / "run", settings, start_from=start)
    finally:
        torch.set_num_threads(threads)
    before, after = Generator.load(start).state_dict(), Generator.load(best).state_dict()
    changed = {name.split(".")[0] for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {part}


def test_training_goes_on_where_it_was_cut_and_keeps_the_best(packed, tmp_path):
    threads = torch.get_num_threads()
    settings = {"batch": 2, "validate_every": 2, "threads": 1, "architecture": SMALL}
    try:
        train_generator(packed, tmp_path / "run", GeneratorTraining(updates=2, **settings))
        steps = []
        best = train_generator(
            packed, tmp_path / "run", GeneratorTraining(updates=4, **settings), progress=lambda done, *_: steps.append(done)
        )
    finally:
        torch.set_num_threads(threads)
    assert steps == [3, 4]
    assert Generator.load(best).config == SMALL
    assert {"training", "validation", "step"} <= json.loads((best / "config.json").read_text()).keys()
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    assert len(list((tmp_path / "run/samples").glob("*.png"))) == 2


def test_missing_data_is_named(tmp_path):
    with pytest.raises(InputError, match=r"clips\.csv"):
        pack(tmp_path, tmp_path / "out")
    (tmp_path / "clips.csv").write_text("clip,who\n")
    with pytest.raises(InputError, match="no packed data"):
        Pack(tmp_path)
