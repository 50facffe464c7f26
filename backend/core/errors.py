"""Exceptions with a code, a message and a hint."""

from __future__ import annotations


class MotionFanError(Exception):
    """An error that a person can act on.

    Attributes:
        code: short machine-readable name, e.g. `portrait_no_face`; the page and the tests match on it.
        message: one sentence that says what is wrong.
        hint: one sentence that says what to do; may be empty.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.code = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[MotionFanError], tuple[str, str, str]]:
        """Pickle by the arguments, which an `Exception` does not keep."""
        return type(self), (self.code, self.message, self.hint)


class InputError(MotionFanError):
    """A file, picture, message or option from outside cannot be used."""


class ModelError(MotionFanError):
    """Weights are missing, damaged, or do not fit the code that reads them."""


def reason(error: Exception) -> str:
    """Say in a few words, without a full stop, why an exception of the system or of a library came."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return str(error).partition("\n")[0].rstrip(".:") or type(error).__name__


def portrait_kept() -> InputError:
    """Return the error where the server is asked for a picture that only the visitor's browser has."""
    return InputError(
        "portrait_kept",
        "The picture of this portrait is only in the browser that keeps it.",
        "Let that browser draw, or send the picture.",
    )
