"""Training the detector on videos of any kind: small, but the whole way, and resumed where it was cut."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from backend.animate.fomm.model import Fomm
from backend.core.errors import InputError, ModelError
from backend.core.pixels import to_tensor
from backend.core.types import Keypoints
from backend.keypoints.dataset import read_split
from backend.media.video_writer import write_video
from backend.train.detector.keypoints import write_keypoints
from backend.train.detector.measure import joint_regression
from backend.train.detector.tps import ThinPlate
from backend.train.detector.training import losses, train_detector
from backend.train.detector.videos import TrainingVideo, VideoSet
from backend.train.settings import DetectorTraining


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A disc that wanders over a slope of grey, its centre known: two sequences."""
    folder = tmp_path_factory.mktemp("videos")
    for index in range(2):
        video = wandering(index)
        np.savez(folder / f"{index}.npz", frames=video.frames, joints=video.joints)
    return folder


def wandering(seed, frames=6, size=64):
    random = np.random.default_rng(seed)
    places = random.uniform(0.25, 0.75, (frames, 2))
    rows, columns = np.mgrid[:size, :size] / size
    pictures = np.empty((frames, size, size, 3), np.uint8)
    pictures[:] = (80 + 60 * rows)[..., None]
    for picture, (x, y) in zip(pictures, places, strict=True):
        picture[np.hypot(columns - x, rows - y) < 0.12] = (220, 60, 40)
    return TrainingVideo(str(seed), pictures, (2 * places - 1)[:, None].astype(np.float32))


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_training_goes_on_where_it_was_cut_and_is_read_back(data, tmp_path):
    settings = {"batch": 2, "validate_every": 2, "threads": 1, "keypoints": 4}
    train_detector(data, tmp_path, DetectorTraining(updates=2, **settings))
    steps = []
    figures = train_detector(
        data, tmp_path, DetectorTraining(updates=3, **settings), progress=lambda done, *_: steps.append(done)
    )
    assert steps == [3]
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 2, 2, 3]
    assert {"l1", "l1_copy_source", "joints_r2", "reconstruction", "value", "jacobian"} <= lines[-1].keys()
    assert all(np.isfinite(list(line.values())).all() for line in lines)
    sheet = Image.open(tmp_path / "run/samples/000003.png")
    assert sheet.size[0] == 6 * 160
    model = Fomm.load(tmp_path)
    assert model.config.keypoints == 4
    found = model.detect(torch.rand(2, 3, 64, 64))
    assert isinstance(found, Keypoints) and found.flat().shape == (2, 24)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["validation"]["l1"] == figures["l1"] and config["step"] == 3
    with pytest.raises(ModelError, match="other sizes"):
        train_detector(data, tmp_path, DetectorTraining(updates=4, **settings | {"keypoints": 5}))


def test_one_batch_can_be_learnt(data):
    """The losses lead somewhere: rebuilding two frames gets better within a few updates."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Fomm(DetectorTraining(keypoints=3).architecture())
    optimiser = torch.optim.Adam(model.parameters(), 2e-3)
    frames = to_tensor(wandering(0).frames)
    history = []
    for step in range(12):  # The first steps of Adam jump about, and where to depends on the number of threads.
        plate = ThinPlate.sample(2, torch.Generator().manual_seed(step))
        parts = losses(model, frames[:2], frames[2:4], plate, 0.5)
        history.append(parts["reconstruction"].item())
        optimiser.zero_grad()
        sum(parts.values()).backward()
        optimiser.step()
    assert history[-1] < 0.75 * history[0]


class Oracle(torch.nn.Module):
    """Finds the red disc by its colour; without `sees`, nothing."""

    def __init__(self, sees):
        super().__init__()
        self.sees = sees

    def forward(self, picture):
        red = (picture[:, 0] - picture[:, 1]).clamp(min=0.3) - 0.3
        line = torch.linspace(-1, 1, picture.shape[-1])
        mean = [(red.sum(axis) * line).sum(-1) / red.sum((1, 2)) for axis in (1, 2)]
        value = torch.stack(mean, -1)[:, None] * self.sees
        return Keypoints(value, torch.eye(2).expand(*value.shape, 2))


def test_keypoints_on_the_joint_explain_it_and_others_do_not():
    videos = VideoSet([wandering(seed) for seed in range(6)], [wandering(seed) for seed in range(6, 9)])
    good, blind = (joint_regression(Oracle(sees), videos) for sees in (1.0, 0.0))
    assert good["joints_r2"] > 0.99 and good["joints_error"] < 0.04
    assert blind["joints_r2"] == pytest.approx(0, abs=1e-6)
    y = np.concatenate([video.joints for video in videos.held_out])[:, 0]
    mean = np.concatenate([video.joints for video in videos.train]).mean((0, 1))
    assert blind["joints_error"] == pytest.approx(np.linalg.norm(y - mean, axis=-1).mean(), rel=1e-4)


def test_videos_are_cut_square_and_pairs_come_from_one_video(tmp_path):
    for name, level in (("a.mp4", 60), ("b.mp4", 200)):
        with write_video(tmp_path / name, 25) as video:
            for _ in range(4):
                video.write(np.full((48, 80, 3), level, np.uint8))
    videos = VideoSet.read(tmp_path, 64)
    assert videos.train[0].frames.shape == (4, 64, 64, 3) and videos.train[0].joints is None
    source, driving = videos.sample(3, np.random.default_rng(0))
    assert source.shape == driving.shape == (3, 3, 64, 64)
    assert torch.allclose(source, driving, atol=0.05)


def test_one_in_ten_is_held_out_and_none_is_trained_on(tmp_path):
    for index in range(23):
        np.savez(tmp_path / f"{index:02}.npz", frames=np.zeros((2, 8, 8, 3), np.uint8))
    videos = VideoSet.read(tmp_path, 8)
    assert [video.name for video in videos.held_out] == ["09.npz", "19.npz", "22.npz"]
    assert len(videos.train) == 20


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"pictures": np.zeros(3)}, "array `frames`"),
        ({"frames": np.zeros((3, 8, 8, 3))}, "not uint8"),
        ({"frames": np.zeros((3, 8, 8, 3), np.uint8), "joints": np.zeros((2, 4, 2))}, "`joints`"),
        ({"frames": np.zeros((3, 8, 8, 3), np.uint8)}, "at least two"),
    ],
)
def test_data_that_cannot_be_used_is_named(tmp_path, arrays, words):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(InputError, match=words):
        VideoSet.read(tmp_path, 64)


def test_faults_of_the_settings_are_named(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        VideoSet.read(tmp_path / "none", 64)
    with pytest.raises(InputError, match="64, 128, 256"):
        DetectorTraining(size=100).architecture()


def test_keypoints_of_a_folder_are_what_forecasters_read(data, tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Fomm(DetectorTraining(keypoints=3).architecture()).eval()
    assert write_keypoints(model, data, tmp_path) == 2
    motions = read_split(tmp_path)
    assert [motion.split for motion in motions] == ["train", "val"]
    video = VideoSet.read(data, 64).train[0]
    found = model.detect(to_tensor(video.frames)).flat().detach()
    assert np.allclose(motions[0].at(np.array([0, 2 / 25])), found[[0, 2]], atol=1e-4)
    assert motions[0].seconds == pytest.approx(5 / 25)
