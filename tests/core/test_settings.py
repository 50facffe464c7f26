"""Settings from the environment: read, or refused in one sentence that names the variable."""

import pytest

from backend.core.errors import InputError
from backend.core.settings import Settings


def test_the_environment_is_read_and_arguments_take_precedence(monkeypatch):
    monkeypatch.setenv("MOTIONFAN_PORT", "9000")
    monkeypatch.setenv("MOTIONFAN_ORIGINS", '["https://host"]')
    assert Settings.read().port == 9000
    assert Settings.read(port=9001).port == 9001
    assert Settings.read().origins == ["https://host"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "abc"), ("PORT", "70000"), ("TILE", "9999"), ("LOG_LEVEL", "loud"), ("ORIGINS", "https://host")],
)
def test_a_wrong_variable_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"MOTIONFAN_{name}", value)
    with pytest.raises(InputError, match=f"MOTIONFAN_{name}") as caught:
        Settings.read()
    assert "\n" not in str(caught.value)
