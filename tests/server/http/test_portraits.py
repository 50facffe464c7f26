"""Pictures are read in a process that may be replaced."""

from __future__ import annotations

import asyncio
import os
import time

import numpy as np
import psutil
import pytest
import skimage.data

from backend.core.errors import InputError
from backend.server.http import portraits
from backend.server.http.portraits import PortraitReader, read_portrait
from tests.media.made import encoded
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
