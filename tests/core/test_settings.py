"""Settings from the environment: read, or refused in one sentence that names the variable."""

import pytest

from backend.core.errors import InputError
from backend.core.settings import Settings, check_variables


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


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("MOTIONFAN_PROT", "MOTIONFAN_PORT"),
        ("MOTIONFAN_MAX_SESSION", "MOTIONFAN_MAX_SESSIONS"),
        ("motionfan_trusted_proxy", "MOTIONFAN_TRUSTED_PROXIES"),
        ("MOTIONFAM_PORT", "MOTIONFAN_PORT"),
        ("MOTION_FAN_DEVICE", "MOTIONFAN_DEVICE"),
        ("MOTIONFANHOST", "MOTIONFAN_HOST"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_nearest_one(monkeypatch, variable, near):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(InputError) as caught:
        Settings.read()
    assert variable in caught.value.message and near in caught.value.hint


@pytest.mark.parametrize("name", ["MOTIONFAN_THREADS", "MOTIONFAN_VIDEO_THREADS"])
def test_threads_are_bounded(monkeypatch, name):
    monkeypatch.setenv(name, "100000")
    with pytest.raises(InputError, match=name):
        Settings.read()


def test_origins_are_written_as_browsers_send_them(monkeypatch):
    monkeypatch.setenv("MOTIONFAN_ORIGINS", '["https://Demo.Example/", "http://host:8080"]')
    assert Settings.read().origins == ["https://demo.example", "http://host:8080"]


@pytest.mark.parametrize("origin", ["demo.example", "https://demo.example/page", "ftp://host"])
def test_what_is_no_origin_is_refused(monkeypatch, origin):
    monkeypatch.setenv("MOTIONFAN_ORIGINS", f'["{origin}"]')
    with pytest.raises(InputError, match="MOTIONFAN_ORIGINS"):
        Settings.read()


@pytest.mark.parametrize("name", ["ORIGINS", "TRUSTED_PROXIES"])
def test_a_list_that_is_no_json_is_named(monkeypatch, name):
    monkeypatch.setenv(f"MOTIONFAN_{name}", "https://host")
    with pytest.raises(InputError, match=f"MOTIONFAN_{name} is not a JSON list"):
        Settings.read()


@pytest.mark.parametrize(
    "variable", ["MOTIONFAN_PORT", "motionfan_port", "MOTIONFAN_BIND", "MOTION", "PORT", "FAN_HOST", "MOTIF_X"]
)
def test_settings_and_variables_of_others_pass(monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    check_variables()


@pytest.mark.parametrize(("written", "least", "most"), [("2", 2, 2), ("1-16", 1, 16), ("5-3", 3, 5)])
def test_replicas_are_a_number_or_a_range(written, least, most):
    assert Settings(replicas=written).replica_range == (least, most)


@pytest.mark.parametrize("written", ["0", "", "many", "1-", "1-2-3", "-4", "99999"])
def test_other_numbers_of_replicas_are_refused(monkeypatch, written):
    monkeypatch.setenv("MOTIONFAN_REPLICAS", written)
    with pytest.raises(InputError, match="MOTIONFAN_REPLICAS"):
        Settings.read()
