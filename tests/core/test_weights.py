"""Models in folders: half precision and back, and one sentence for each way in which they can be damaged."""

import json
from dataclasses import dataclass

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from backend.core.errors import ModelError
from backend.core.weights import load_model, save_model


@dataclass(frozen=True)
class Size:
    width: int = 3


def build(architecture):
    return nn.Sequential(nn.Linear(architecture["width"], 2), nn.BatchNorm1d(2))


def saved(folder):
    model = build({"width": 3})
    model[1].running_mean.fill_(0.1234567)
    save_model(folder, model, Size(), {"seed": 7})
    return model


def code(folder):
    with pytest.raises(ModelError) as caught:
        load_model(folder, "thing", build)
    assert "\n" not in str(caught.value)
    return caught.value.code


def test_weights_come_back_in_half_precision_and_statistics_exactly(tmp_path):
    model = saved(tmp_path)
    again = load_model(tmp_path, "thing", build)
    assert torch.equal(again[0].weight, model[0].weight.half().float())
    assert torch.equal(again[1].running_mean, model[1].running_mean)
    assert not again.training and not again[0].weight.requires_grad
    assert json.loads((tmp_path / "config.json").read_text()) == {"architecture": {"width": 3}, "seed": 7}


def test_what_is_missing_is_named(tmp_path):
    assert code(tmp_path) == "thing_missing"
    saved(tmp_path)
    (tmp_path / "weights.safetensors").unlink()
    assert code(tmp_path) == "thing_missing"


@pytest.mark.parametrize("damage", ["config", "bytes", "shape", "names", "nan"])
def test_damage_is_one_sentence(tmp_path, damage):
    saved(tmp_path)
    weights = tmp_path / "weights.safetensors"
    tensors = load_file(weights)
    if damage == "config":
        (tmp_path / "config.json").write_text("{")
    elif damage == "bytes":
        weights.write_bytes(b"nonsense")
    elif damage == "shape":
        (tmp_path / "config.json").write_text('{"architecture": {"width": 4}}')
    elif damage == "names":
        save_file({"other": tensors["0.weight"]}, weights)
    else:
        tensors["0.bias"][0] = float("nan")
        save_file(tensors, weights)
    assert code(tmp_path) == "thing_damaged"
