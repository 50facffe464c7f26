"""Stands between a page and the server, so that a test can show the page frames of its choice."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, WebSocketRoute

from backend.core.types import FloatArray, PortraitMotion, Way
from backend.server.live.keypoints import pack_keypoints, unpack_keypoints
from backend.server.protocol import (
    Ack,
    Counts,
    Drawing,
    Message,
    Ready,
    SheetHead,
    Stages,
    decode_client,
    decode_server,
    encode,
    quantise,
)

FIRST = 1_000_000
"""Number of the first sheet of a test: above all that the server has sent."""


class Relay:
    """Passes all messages on. While it is `quiet`, the server's sheets and the page's acknowledgements stay here.

    Attributes:
        quiet: whether only the test shows sheets.
        asked: the way that the page asked for last; None before, and after a test has set it so.
    """

    def __init__(self, page: Page) -> None:
        self.quiet = False
        self.asked: Way | None = None
        self._sent = 0
        self._epoch = 0
        self._page: WebSocketRoute | None = None
        page.route_web_socket(re.compile("/ws"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self._page = socket

        def from_page(data: str | bytes) -> None:
            head = decode_client(data).head if isinstance(data, bytes) else None
            if isinstance(head, Drawing):
                self.asked = head.way
            if not (self.quiet and isinstance(head, Ack)):
                server.send(data)

        def from_server(data: str | bytes) -> None:
            message = decode_server(data) if isinstance(data, bytes) else None
            if message is not None and isinstance(message.head, Ready):
                self._epoch = message.epoch
            if not (self.quiet and message is not None and isinstance(message.head, SheetHead)):
                socket.send(data)

        socket.on_message(from_page)
        server.on_message(from_server)

    def show(self, source: FloatArray, frames: FloatArray) -> tuple[int, PortraitMotion]:
        """Send a sheet of keypoints to the page.

        Args:
            source: flat keypoints of the portrait `[6N]`.
            frames: those of the present and of all futures `[F, 6N]`.

        Returns:
            The number of the sheet's round, and its keypoints as the page receives them.
        """
        assert self._page is not None
        self._sent += 1
        number, futures = FIRST + self._sent, len(frames) - 1
        shape, payload = pack_keypoints(PortraitMotion(source, frames[0], frames[1:, None]))
        fan = (futures, 1, len(source) // 6)
        head = SheetHead(
            t=0, source=0, tick=100 * number, generation=number, step=1, tiles=len(frames), tile=0, columns=len(frames),
            methods=["gru_nf"] * futures, horizon=1, fan=fan, stages=Stages(0, 0, 0, 0, 0), counts=Counts(0, 0, 0), stride=1,
            way="keypoints", paths=shape,
        )  # fmt: skip
        message = Message(self._epoch, number, head, quantise(np.zeros((*fan, 2))) + payload)
        self._page.send(encode(message))
        return number, unpack_keypoints(head, payload)
