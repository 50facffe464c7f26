import pytest
import torch
from safetensors.torch import save_file

from backend.core.errors import ModelError
from backend.forecast.displacement_bank import FILE, displacements, load_bank, save_bank


def test_displacements_are_counted_from_the_window_s_first_frame():
    windows = torch.tensor([[[5.0], [6.0], [4.0]], [[0.0], [-1.0], [2.0]]])
    assert displacements(windows).tolist() == [[[1.0], [-1.0]], [[-1.0], [2.0]]]


def test_a_bank_comes_back_as_it_was_to_half_precision(tmp_path):
    moved = torch.randn(50, 24, 6, generator=torch.Generator().manual_seed(0))
    save_bank(tmp_path / "model", moved)
    loaded = load_bank(tmp_path / "model")
    assert loaded.dtype == torch.float32
    torch.testing.assert_close(loaded, moved, rtol=1e-3, atol=1e-4)


def test_a_missing_bank_says_so(tmp_path):
    with pytest.raises(ModelError) as caught:
        load_bank(tmp_path)
    assert caught.value.code == "motion_missing" and FILE in str(caught.value)


@pytest.mark.parametrize(
    "tensors",
    [{"other": torch.zeros(1)}, {"displacement": torch.zeros(3, 4)}, {"displacement": torch.zeros(0, 24, 6)},
     {"displacement": torch.full((2, 24, 6), torch.nan)}],
)  # fmt: skip
def test_a_damaged_bank_is_refused(tmp_path, tensors):
    save_file(tensors, tmp_path / FILE)
    with pytest.raises(ModelError) as caught:
        load_bank(tmp_path)
    assert caught.value.code == "motion_damaged"


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / FILE).write_bytes(b"nonsense")
    with pytest.raises(ModelError) as caught:
        load_bank(tmp_path)
    assert caught.value.code == "motion_damaged"
