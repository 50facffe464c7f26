"""The project's own exceptions: a code, a sentence for people, and what to do about it."""

from __future__ import annotations


class MotionFanError(Exception):
    """An error a person can act on.

    Attributes:
        code: short machine-readable name, e.g. `portrait_no_face`; the page and the tests match on it.
        message: one plain sentence that says what is wrong.
        hint: one plain sentence that says what to do; may be empty.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.code = code
        self.message = message
        self.hint = hint


class InputError(MotionFanError):
    """What a person or a client handed in cannot be used: a picture, a video, a message, a recording."""


class ModelError(MotionFanError):
    """Weights are missing, damaged, or do not fit the code that reads them."""
