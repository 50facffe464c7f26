"""Settings of the server, from the environment (`MOTIONFAN_*`); the one place that reads it."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from backend.core.errors import InputError

REPOSITORY = Path(__file__).resolve().parents[2]

MAX_THREADS = 256
"""Of one inference: with thousands, it would stand still."""

PREFIX = "MOTIONFAN_"

OTHERS = ("SERVER", "TEST_SERVER", "BIND")
"""Variables that are not the server's: of the page's development server, the tests, and docker compose."""

MIN_LIKENESS = 0.85
"""Of a variable's name to a setting's, from which on it is taken for one whose prefix is misspelt; 1 for the same name."""

ORIGIN = re.compile(r"https?://[^/?#@\s]+")


class Settings(BaseSettings):
    """How `motionfan serve` runs.

    Attributes:
        host: address to listen on; anything but loopback lets other machines in.
        port: TCP port; 0 takes any free one.
        models: folder of the weights, one folder each.
        generator: `slim_128` or `slim_256`.
        device: where the models run, as torch names it.
        engine: `torch`, `openvino`, or `auto`, the fastest one installed.
        threads: threads of one inference; 0 takes half of the cores.
        max_sessions: pages that are open at once; 0 admits as many as the machine serves, as measured at the start.
        idle_s: seconds without motion after which a page's session ends; 0 sets no limit.
        session_s: seconds after which any session ends; 0 sets no limit.
        cluster: let model replicas in a Ray cluster do the work, instead of one process of this server.
        replicas: how many, as `2`, or between which numbers, as `1-4`, by how busy they are.
        log_level: lowest severity that is logged.
        tile: largest tile side in pixels that the governor may choose; 0 sets no limit.
        video_threads: threads of the process that makes video; 0 takes half of the cores.
        video_idle_s: seconds without a job after which that process ends and frees its memory.
        origins: further origins (`https://host`) whose pages may connect, for a server behind a proxy.
        trusted_proxies: addresses or networks of proxies whose `X-Forwarded-For` names the client.
        metrics: who may read `/metrics`: `local` programs of this machine, or `all`.
        study: SQLite file that holds the votes of the perceptual study; empty switches the study off.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    models: Path = REPOSITORY / "models"
    generator: str = "slim_128"
    device: str = "cpu"
    engine: Literal["auto", "torch", "openvino"] = "auto"
    threads: int = Field(default=0, ge=0, le=MAX_THREADS)
    max_sessions: int = Field(default=0, ge=0)
    idle_s: float = Field(default=600.0, ge=0)
    session_s: float = Field(default=0.0, ge=0)
    cluster: bool = False
    replicas: str = Field(default="1-4", pattern=r"^[1-9]\d{0,3}(-[1-9]\d{0,3})?$")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    tile: int = Field(default=0, ge=0, le=512)
    video_threads: int = Field(default=0, ge=0, le=MAX_THREADS)
    video_idle_s: float = Field(default=120.0, gt=0)
    origins: list[str] = []
    trusted_proxies: list[str] = []
    metrics: Literal["local", "all"] = "local"
    study: str = ""

    @field_validator("origins")
    @classmethod
    def _plain(cls, origins: list[str]) -> list[str]:
        """Write origins as browsers send them."""
        plain = [origin.strip().rstrip("/").lower() for origin in origins]
        if bad := next((origin for origin in plain if not ORIGIN.fullmatch(origin)), None):
            raise ValueError(f"{bad!r} is not an origin such as https://host or http://host:8080")
        return plain

    @property
    def replica_range(self) -> tuple[int, int]:
        """The least and the most replicas."""
        least, _, most = self.replicas.partition("-")
        return min(int(least), int(most or least)), max(int(least), int(most or least))

    @classmethod
    def read(cls, **given: Any) -> Settings:
        """Read the environment; `given` takes precedence.

        Raises:
            InputError: `settings`; the message names the variable, also one that does not exist.
        """
        check_variables(cls)
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]).upper()
            raise InputError("settings", f"MOTIONFAN_{name} is {first['input']!r}: {first['msg'].lower()}.") from None
        except SettingsError as error:
            name = next(name for name in cls.model_fields if f'"{name}"' in str(error)).upper()
            hint = """Write it as '["https://host"]' or '["10.0.0.1"]', with all quotes."""
            raise InputError("settings", f"MOTIONFAN_{name} is not a JSON list.", hint) from None


def check_variables(settings: type[Settings] = Settings) -> None:
    """Check that no variable of the environment is a misspelt setting, which would otherwise be ignored.

    Raises:
        InputError: `settings`; its hint names the nearest setting.
    """
    known = [name.upper() for name in settings.model_fields]
    for variable in sorted(os.environ):
        prefix, name = variable[: len(PREFIX)].upper(), variable[len(PREFIX) :].upper()
        if prefix == PREFIX:
            if name not in (*known, *OTHERS):
                near = difflib.get_close_matches(name, known, 1)
                hint = f"Did you mean {PREFIX}{near[0]}?" if near else "See docs/command-line.md for all settings."
                raise InputError("settings", f"There is no setting {variable}.", hint)
        elif near := difflib.get_close_matches(variable.upper(), [PREFIX + other for other in known], 1, MIN_LIKENESS):
            raise InputError("settings", f"There is no setting {variable}.", f"Did you mean {near[0]}?")
