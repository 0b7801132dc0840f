"""Tells what kind of program a user agent claims to be, and which C2 framework uses such a path.

Both are the sender's own words: useful against careless operators, no proof of anything.
Whether the claim fits the process is for the signals to say.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from sferic.catalog.platform import Text
from sferic.catalog.toml_file import fit, read_toml

_FILE = Path(__file__).with_name("user_agents.toml")
_MAX_TEXT = 2048
_STAGES = r"^(?:/[A-Za-z0-9_-]{1,64}){0,2}"


class AgentPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One family of user agents and its class."""

    kind: Literal["c2_default", "script", "agent", "browser"] = msgspec.field(name="class")
    name: Text
    pattern: Text
    reference: Text


class PathPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Paths that a C2 framework uses unless somebody changes them."""

    name: Text
    pattern: Text
    reference: Text


class UserAgents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, in its order, which decides."""

    reviewed: Text
    agent: tuple[AgentPattern, ...]
    c2_path: tuple[PathPattern, ...]


@lru_cache(maxsize=65_536)
def classify_user_agent(user_agent: str | None) -> str:
    """Return browser, script, agent or c2_default; absent if there is none, other if it is unknown."""
    if (user_agent or "").strip() in {"", "-"}:
        return "absent"
    family = user_agent_family(user_agent)
    return family.kind if family else "other"


@lru_cache(maxsize=65_536)
def user_agent_family(user_agent: str | None) -> AgentPattern | None:
    """Return the first family of the catalogue that the user agent fits, or None."""
    text = (user_agent or "").strip()[:_MAX_TEXT]
    return next((family for family, pattern in _agents() if pattern.search(text)), None)


@lru_cache(maxsize=65_536)
def c2_default_path(path: str | None) -> str | None:
    """Return the C2 framework whose unchanged profile asks for this path, or None."""
    text = (path or "")[:_MAX_TEXT]
    return next((name for name, pattern in _paths() if pattern.match(text)), None)


@lru_cache(maxsize=1)
def user_agents() -> UserAgents:
    """Return the catalogue of user agents and default paths."""
    return fit(read_toml(_FILE), UserAgents, _FILE)


@lru_cache(maxsize=1)
def _agents() -> list[tuple[AgentPattern, re.Pattern[str]]]:
    return [(family, re.compile(family.pattern, re.IGNORECASE)) for family in user_agents().agent]


@lru_cache(maxsize=1)
def _paths() -> list[tuple[str, re.Pattern[str]]]:
    known = user_agents().c2_path
    return [(path.name, re.compile(f"{_STAGES}{path.pattern}(?:[?#]|$)")) for path in known]
