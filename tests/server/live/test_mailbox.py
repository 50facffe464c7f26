from __future__ import annotations

import threading

import numpy as np

from backend.keypoints.clock import Tick
from backend.server.live.mailbox import CREDITS, MAX_PENDING, Mailbox, Origin

ORIGIN = Origin(1.0, 1, 0.0)
LANDMARKS = np.zeros((478, 3), np.float32)


def _mailbox() -> Mailbox:
    return Mailbox(threading.Condition())


def _ticks(first: int, count: int) -> list[Tick]:
    return [Tick(LANDMARKS, index * 0.08, index, False) for index in range(first, first + count)]


def test_an_empty_mailbox_gives_nothing():
    assert _mailbox().take() is None


def test_all_that_waits_is_taken_at_once_and_only_the_newest_can_be_drawn():
    mailbox = _mailbox()
    mailbox.put(_ticks(0, 2), ORIGIN)
    mailbox.put(_ticks(2, 1), Origin(2.0, 5, 0.0))
    work = mailbox.take()
    assert [tick.index for tick in work.ticks] == [0, 1, 2]
    assert work.origin.seq == 5
    assert mailbox.counts.dropped == 2
    assert mailbox.take() is None


def test_what_waits_is_bounded_and_the_hole_starts_the_motion_anew():
    mailbox = _mailbox()
    mailbox.put(_ticks(0, MAX_PENDING + 5), ORIGIN)
    work = mailbox.take()
    assert [tick.index for tick in work.ticks] == list(range(5, MAX_PENDING + 5))
    assert [tick.restarted for tick in work.ticks] == [True] + [False] * (MAX_PENDING - 1)
    assert mailbox.counts.dropped == MAX_PENDING + 4


def test_credits_bound_what_is_on_its_way():
    mailbox = _mailbox()
    sent = [mailbox.reserve(1) for _ in range(CREDITS)]
    assert sent == list(range(1, CREDITS + 1))
    assert mailbox.reserve(1) is None
    assert mailbox.acknowledge(1)
    assert mailbox.reserve(1) == CREDITS + 1
    assert mailbox.reserve(1) is None


def test_an_acknowledgement_covers_all_before_it_and_never_takes_credits_back():
    mailbox = _mailbox()
    for _ in range(CREDITS):
        mailbox.reserve(1)
    assert mailbox.acknowledge(CREDITS)
    assert mailbox.acknowledge(1)
    assert [mailbox.reserve(1) is not None for _ in range(CREDITS + 1)] == [True] * CREDITS + [False]


def test_a_sheet_never_sent_cannot_be_acknowledged():
    assert not _mailbox().acknowledge(1)
    assert not _mailbox().acknowledge(-1)


def test_a_sheet_that_could_not_be_made_gives_its_credit_back():
    mailbox = _mailbox()
    for _ in range(CREDITS):
        last = mailbox.reserve(1)
    mailbox.cancel(last)
    assert mailbox.reserve(1) == last


def test_a_new_epoch_drops_what_waits_and_frees_all_credits():
    mailbox = _mailbox()
    for _ in range(CREDITS):
        mailbox.reserve(1)
    mailbox.put(_ticks(0, 1), ORIGIN)
    assert mailbox.raise_epoch(reset=True) == 2
    assert mailbox.take() is None
    assert mailbox.reserve(1) is None
    assert mailbox.reserve(2) == CREDITS + 1
    mailbox.put(_ticks(1, 1), ORIGIN)
    work = mailbox.take()
    assert work.reset and work.epoch == 2


def test_the_epoch_wraps_within_sixteen_bits_and_is_never_zero():
    mailbox = _mailbox()
    mailbox.epoch = 0xFFFF
    assert mailbox.raise_epoch(reset=False) == 1


def test_a_wish_for_a_new_reference_is_granted_once():
    mailbox = _mailbox()
    mailbox.take_reference()
    mailbox.put(_ticks(0, 1), ORIGIN)
    assert mailbox.take().reference
    mailbox.put(_ticks(1, 1), ORIGIN)
    assert not mailbox.take().reference
