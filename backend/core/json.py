"""Decodes JSON from outside, which may be anything."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from backend.core.errors import InputError

T = TypeVar("T")


def decode_json(data: bytes, decoder: msgspec.json.Decoder[T], error: InputError) -> T:
    """Decode JSON.

    Args:
        data: the bytes.
        decoder: of the type that they should hold.
        error: raised for anything else, with the reason after its message.

    Raises:
        InputError: as `error`.
    """
    try:
        return decoder.decode(data)
    except RecursionError:
        reason = "it is nested too deeply"
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except msgspec.MsgspecError as why:
        reason = str(why).rstrip(".")
    raise InputError(error.code, f"{error.message}: {reason}.", error.hint)
