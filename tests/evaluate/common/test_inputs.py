import numpy as np
import pytest

from backend.core.errors import InputError
from backend.evaluate.common.inputs import load_inputs
from backend.forecast.gru_nf import Forecaster, ForecasterConfig


@pytest.fixture
def folders(tmp_path):
    """Three keypoint arrays of 12 numbers a frame and one of 18; a forecaster of 12 that was trained on the first."""
    recordings, model = tmp_path / "recordings", tmp_path / "models" / "forecaster"
    recordings.mkdir()
    random = np.random.default_rng(0)
    for name, width in {"seen": 12, "one": 12, "two": 12, "wide": 18}.items():
        np.save(recordings / f"{name}.npy", random.normal(0, 0.01, (120, width)).cumsum(0).astype(np.float32))
    config = ForecasterConfig(features=12, hidden=8, layers=1, blocks=2, block_hidden=8)
    Forecaster(config).save(model, {"data": {"train_recordings": ["seen"]}})
    return recordings, model


def test_what_the_forecaster_was_trained_on_or_does_not_fit_is_left_out_and_said(folders):
    recordings, model = folders
    inputs = load_inputs(recordings, model.parent, model)
    assert {motion.clip for motion in inputs.motions} == {"one", "two"}
    assert inputs.forecaster.config.features == 12
    assert any("wide: 18" in note for note in inputs.notes)
    assert any("1 of 3 recordings are left out" in note for note in inputs.notes)


def test_a_table_decides_what_is_held_out(folders):
    recordings, model = folders
    table = recordings / "split.csv"
    table.write_text("name,person,split\nseen,a,val\none,b,train\n")
    assert {motion.clip for motion in load_inputs(recordings, model.parent, model, table).motions} == {"seen"}


def test_recordings_of_another_width_alone_are_refused(folders):
    recordings, model = folders
    for name in ("seen", "one", "two"):
        (recordings / f"{name}.npy").unlink()
    with pytest.raises(InputError) as caught:
        load_inputs(recordings, model.parent, model)
    assert caught.value.code == "recording_shape"


def test_recordings_that_stand_still_are_named(folders):
    recordings, model = folders
    still = np.full((120, 12), 0.3, np.float32)
    still[60] += 1
    np.save(recordings / "still.npy", still)
    notes = load_inputs(recordings, model.parent, model).notes
    assert [note.partition(":")[0] for note in notes if "repeat the one before" in note] == ["still"]
