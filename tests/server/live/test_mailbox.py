from __future__ import annotations

import threading

import numpy as np

from backend.keypoints.clock import Tick
from backend.server.live.mailbox import CREDITS, MAX_PENDING, FrameStamp, Mailbox
from backend.server.protocol import Counts

FRAME = FrameStamp(1.0, 1, 0.0)
LANDMARKS = np.zeros((478, 3), np.float32)


def _mailbox() -> Mailbox:
    return Mailbox(threading.Condition())


def _ticks(first: int, count: int) -> list[Tick]:
    return [Tick(LANDMARKS, index * 0.08, index, False) for index in range(first, first + count)]


def test_an_empty_mailbox_has_no_work():
    assert _mailbox().take() is None


def test_all_waiting_ticks_are_taken_at_once_and_only_the_newest_can_become_a_sheet():
    mailbox = _mailbox()
    mailbox.put(_ticks(0, 2), FRAME)
    mailbox.put(_ticks(2, 1), FrameStamp(2.0, 5, 0.0))
    work = mailbox.take()
    assert [tick.index for tick in work.ticks] == [0, 1, 2]
    assert work.frame.seq == 5
    assert work.counts == Counts(received=0, processed=1, dropped=2)
    assert mailbox.take() is None


def test_waiting_ticks_are_bounded_and_a_gap_restarts_the_motion():
    mailbox = _mailbox()
    mailbox.put(_ticks(0, MAX_PENDING + 5), FRAME)
    work = mailbox.take()
    assert [tick.index for tick in work.ticks] == list(range(5, MAX_PENDING + 5))
    assert [tick.restarted for tick in work.ticks] == [True] + [False] * (MAX_PENDING - 1)
    assert work.counts.dropped == MAX_PENDING + 4


def _send(mailbox: Mailbox) -> int | None:
    mailbox.put(_ticks(0, 1), FRAME)
    return mailbox.take().seq


def test_credits_bound_what_is_on_its_way():
    mailbox = _mailbox()
    assert [_send(mailbox) for _ in range(CREDITS)] == list(range(1, CREDITS + 1))
    assert _send(mailbox) is None
    assert mailbox.acknowledge(1)
    assert _send(mailbox) == CREDITS + 1
    assert _send(mailbox) is None


def test_an_acknowledgement_covers_all_before_it_and_never_takes_credits_back():
    mailbox = _mailbox()
    for _ in range(CREDITS):
        _send(mailbox)
    assert mailbox.acknowledge(CREDITS)
    assert mailbox.acknowledge(1)
    assert [_send(mailbox) is not None for _ in range(CREDITS + 1)] == [True] * CREDITS + [False]


def test_a_sheet_never_sent_cannot_be_acknowledged():
    assert not _mailbox().acknowledge(1)
    assert not _mailbox().acknowledge(-1)


def test_a_sheet_that_could_not_be_made_gives_its_credit_back():
    mailbox = _mailbox()
    for _ in range(CREDITS):
        last = _send(mailbox)
    mailbox.cancel(last)
    assert _send(mailbox) == last


def test_a_new_epoch_drops_the_waiting_ticks_and_frees_all_credits():
    mailbox = _mailbox()
    for _ in range(CREDITS):
        _send(mailbox)
    mailbox.put(_ticks(0, 1), FRAME)
    assert mailbox.raise_epoch(reset=True) == 2
    assert mailbox.take() is None
    mailbox.put(_ticks(1, 1), FRAME)
    work = mailbox.take()
    assert work.reset and work.epoch == 2 and work.seq == CREDITS + 1


def test_the_epoch_wraps_within_sixteen_bits_and_is_never_zero():
    mailbox = _mailbox()
    mailbox.epoch = 0xFFFF
    assert mailbox.raise_epoch(reset=False) == 1


def test_a_requested_reference_is_taken_once():
    mailbox = _mailbox()
    mailbox.request_reference()
    mailbox.put(_ticks(0, 1), FRAME)
    assert mailbox.take().reference
    mailbox.put(_ticks(1, 1), FRAME)
    assert not mailbox.take().reference
