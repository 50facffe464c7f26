import warnings

import pytest

from backend.core.errors import InputError, ModelError
from backend.evaluate.common.notes import note_damage, note_failure
from backend.media.video_reader import DamagedVideoWarning, read_video
from tests.media.made import cut, moving, video


def test_a_damaged_video_is_noted_once_by_its_name_and_the_warning_stays(tmp_path):
    notes, path = ["before"], cut(video(tmp_path / "a.mp4", moving(40)))
    shown = warnings.showwarning
    with pytest.warns(DamagedVideoWarning, match=str(path)), note_damage(notes):
        for _ in range(2):
            list(read_video(path))
    assert warnings.showwarning is shown
    assert notes[0] == "before" and len(notes) == 2
    assert notes[1].startswith("a.mp4 is cut off: it says 1.6 s") and str(tmp_path) not in notes[1]


def test_other_warnings_are_no_notes_and_after_the_block_none_is_taken(tmp_path):
    notes = []
    with pytest.warns(UserWarning), note_damage(notes):
        warnings.warn("something else", UserWarning, stacklevel=1)
    with pytest.warns(DamagedVideoWarning):
        list(read_video(cut(video(tmp_path / "a.mp4", moving(40)))))
    assert notes == []


def test_a_failure_of_the_given_kind_is_noted_and_others_are_raised():
    notes = []
    with note_failure(notes, "a is left out", InputError):
        raise InputError("code", "It is empty.")
    assert notes == ["a is left out: It is empty."]
    with pytest.raises(ModelError), note_failure(notes, "b", InputError):
        raise ModelError("code", "There is none.")
