"""Pictures are read in a process that may be replaced."""

from __future__ import annotations

import asyncio
import os
import time

import numpy as np
import psutil
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.errors import InputError
from backend.server.http import portraits
from backend.server.http.portraits import PortraitReader, read_portrait
from tests.media.made import astronaut, encoded
from tests.server.conftest import portrait, run


def _behave(data: bytes):
    """Do what the data says."""
    match data:
        case b"sleep":
            time.sleep(60)
        case b"allocate":
            np.ones(2 * portraits.MAX_MEMORY, np.uint8)
        case b"end":
            os._exit(3)
        case b"refuse":
            raise InputError("portrait_no_face", "No face was found in the picture.", "Choose another.")
    return portrait()


@pytest.fixture(scope="module")
def reader():
    one = PortraitReader(_behave, 2.0)
    yield one
    one.stop()


@pytest.mark.parametrize("costly", [b"sleep", b"allocate", b"end"])
def test_a_picture_that_hangs_or_takes_too_much_is_refused_and_the_next_one_is_read(reader, costly):
    with pytest.raises(InputError) as caught:
        run(reader.read(costly))
    assert caught.value.code == "portrait_too_costly"
    assert run(reader.read(b"good")).picture.shape == (256, 256, 3)


def test_an_error_of_the_picture_keeps_its_code_and_hint(reader):
    with pytest.raises(InputError) as caught:
        run(reader.read(b"refuse"))
    assert (caught.value.code, caught.value.hint) == ("portrait_no_face", "Choose another.")


def test_no_more_pictures_wait_than_the_limit(reader, monkeypatch):
    monkeypatch.setattr(portraits, "MAX_WAITING", 2)

    async def crowd():
        return await asyncio.gather(*(reader.read(b"good") for _ in range(4)), return_exceptions=True)

    results = run(crowd())
    assert [getattr(each, "code", "read") for each in results] == ["read", "read", "portraits_busy", "portraits_busy"]


def test_stopping_ends_the_process():
    one = PortraitReader(_behave)
    run(one.read(b"good"))
    running = {child.pid for child in psutil.Process().children(recursive=True)}
    one.stop()
    assert len(running & {child.pid for child in psutil.Process().children(recursive=True)}) == len(running) - 1
    with pytest.raises(Exception, match="shutting down"):
        run(one.read(b"good"))


def test_a_real_photo_gives_crop_and_landmarks():
    read = read_portrait(encoded(skimage.data.astronaut()))
    assert read.picture.shape == (256, 256, 3) and read.landmarks.shape == (478, 3) and read.whole is None


FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


@pytest.fixture(scope="module")
def real_reader():
    one = PortraitReader()
    yield one
    one.stop()


def _write_errors(data: bytes):
    os.write(2, data)
    return portrait()


def test_what_decoders_write_does_not_reach_the_servers_log(capfd):
    one = PortraitReader(_write_errors)
    run(one.read(b"part of a visitor's picture"))
    one.stop()
    assert "visitor" not in capfd.readouterr().err


@pytest.mark.parametrize("kind", FORMATS)
def test_a_damaged_picture_is_a_portrait_or_refused_with_a_code_and_the_reader_goes_on(real_reader, kind):
    """Lost: the damaged picture."""
    whole = encoded(astronaut()[:256, 96:352], kind)

    @given(st.data())
    @settings(max_examples=12, derandomize=True, database=None)
    def damage(data):
        pieces = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 4))):
            # Heads decide what is allocated, so half of the damage is done there.
            end = data.draw(st.sampled_from([min(64, len(pieces)), len(pieces)]))
            at = data.draw(st.integers(0, max(0, end - 1)))
            match data.draw(st.sampled_from(["flip", "insert", "cut", "drop", "repeat"])):
                case "flip":
                    pieces[at : at + 4] = data.draw(st.binary(min_size=4, max_size=4))
                case "insert":
                    pieces[at:at] = data.draw(st.binary(min_size=1, max_size=40))
                case "cut":
                    del pieces[max(1, at) :]
                case "drop":
                    del pieces[at : at + data.draw(st.integers(1, 200))]
                case "repeat":
                    pieces[at:at] = pieces[at : at + 500]
        try:
            assert run(real_reader.read(bytes(pieces))).picture.shape[2] == 3
        except InputError as error:
            assert error.code.startswith("portrait_"), error.code

    damage()
    assert run(real_reader.read(whole)).landmarks.shape == (478, 3)
