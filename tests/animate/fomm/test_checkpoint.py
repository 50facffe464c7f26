"""Published checkpoints load by their own names and run end to end; other files are refused with a reason."""

import os
import pickle

import numpy as np
import pytest
import torch

from backend.animate.fomm.checkpoint import load_checkpoint
from backend.animate.fomm.generator import GeneratorSize
from backend.animate.fomm.model import FommConfig
from backend.animate.fomm.reenact import reenact
from backend.core.errors import ModelError
from tests.animate.fomm import published


def write(path, content, **how):
    torch.save(content, path, **how)
    return path


def test_the_published_sizes_load_and_render(tmp_path):
    content = {
        "generator": published.state(published.generator()),
        "kp_detector": published.state(published.detector()),
        "discriminator": {"disc.weight": torch.zeros(1)},
        "optimizer_generator": {"state": {}, "param_groups": [{"lr": 2e-4, "betas": (0.5, 0.999)}]},
        "epoch": 99,
    }
    # The published files have the old format.
    model = load_checkpoint(write(tmp_path / "vox-cpk.pth.tar", content, _use_new_zipfile_serialization=False))
    # Two halvings widen 64 channels to 256; no shape shows the published maximum of 512.
    assert model.config == FommConfig(generator=GeneratorSize(widest=256))
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (128, 128, 3), np.uint8) for _ in range(2)]
    frames = list(reenact(model, pictures[0], pictures[1:], size=128))
    assert [frame.shape for frame in frames] == [(128, 128, 3)]
    assert frames[0].std() > 0


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("new_format", [True, False])
def test_every_tensor_arrives_where_its_name_says(tmp_path, prefix, new_format):
    content = published.small(prefix)
    model = load_checkpoint(write(tmp_path / "x.pth.tar", content, _use_new_zipfile_serialization=new_format))
    got = {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    sent = {f"{part}.{name.removeprefix(prefix)}": value for part in content for name, value in content[part].items()}
    assert got.keys() == sent.keys()
    assert all(torch.equal(got[name], sent[name]) for name in sent)


def test_counters_of_batch_norm_may_be_there_or_not(tmp_path):
    content = published.small()
    without = load_checkpoint(write(tmp_path / "without.pth.tar", content))
    content["generator"]["first.norm.num_batches_tracked"] = torch.tensor(5)
    with_ = load_checkpoint(write(tmp_path / "with.pth.tar", content))
    assert with_.config == without.config
    found, expected = with_.state_dict(), without.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("jacobian", [True, False])
@pytest.mark.parametrize("occlusion", [True, False])
def test_models_without_jacobians_or_occlusion_load(tmp_path, jacobian, occlusion):
    content = {
        "kp_detector": published.state(published.detector(**published.SMALL_DETECTOR, blur=5, jacobian=jacobian)),
        "generator": published.state(published.generator(**published.SMALL_GENERATOR, blur=5, occlusion=occlusion)),
    }
    model = load_checkpoint(write(tmp_path / "x.pth.tar", content))
    assert (model.config.jacobian_maps, model.config.occlusion) == (4 if jacobian else 0, occlusion)
    assert model.config.detector.factor == model.config.motion.factor == 2
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    assert len(list(reenact(model, pictures[0], pictures[1:], size=64, batch=1))) == 2


class Malicious:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("kind", ["new", "old", "pickle"])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path, kind):
    marker, path = tmp_path / "ran", tmp_path / "x.pth.tar"
    content = {"generator": Malicious(marker), "kp_detector": {}}
    if kind == "pickle":
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == "new")
    with pytest.raises(ModelError, match="run its own code") as caught:
        load_checkpoint(path)
    assert caught.value.code == "fomm_unsafe"
    assert not marker.exists()


def damaged(content, how):
    detector, generator = content["kp_detector"], content["generator"]
    if how == "no part":
        del content["generator"]
    elif how == "not a model":
        return [1, 2]
    elif how == "missing":
        del generator["bottleneck.r1.conv2.bias"]
    elif how == "size missing":
        del detector["kp.weight"]
    elif how == "other shape":
        generator["dense_motion_network.mask.weight"] = torch.zeros(6, 48, 7, 7)
    elif how == "extra":
        detector["extra.weight"] = torch.zeros(3)
    elif how == "not finite":
        detector["kp.bias"] = torch.full((4,), float("nan"))
    return content


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("no part", "fomm_layout", "no generator"),
        ("not a model", "fomm_layout", "holds a list"),
        ("missing", "fomm_layout", r"generator\.bottleneck\.r1\.conv2\.bias"),
        ("size missing", "fomm_layout", r"kp_detector\.kp\.weight"),
        ("other shape", "fomm_layout", r"mask\.weight first \(\[6, 48, 7, 7\], not \[5, 24, 7, 7\]\)"),
        ("extra", "fomm_layout", r"kp_detector\.extra\.weight"),
        ("not finite", "fomm_damaged", r"kp_detector\.kp\.bias"),
    ],
)
def test_other_layouts_are_refused_with_the_first_tensor_that_differs(tmp_path, how, code, words):
    path = write(tmp_path / "x.pth.tar", damaged(published.small(), how))
    with pytest.raises(ModelError, match=words) as caught:
        load_checkpoint(path)
    assert caught.value.code == code


@pytest.mark.parametrize("content", [b"", b"hello" * 20, "half", "folder", None])
def test_files_that_are_no_checkpoint_are_refused(tmp_path, content):
    path = tmp_path / "x.pth.tar"
    if content == "half":
        write(path, published.small())
        path.write_bytes(path.read_bytes()[:9000])
    elif content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_checkpoint(path)
    assert caught.value.code == ("fomm_missing" if content is None else "fomm_damaged")
