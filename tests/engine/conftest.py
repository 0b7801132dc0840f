"""What the engine's tests share: log lines, and reading them as a hunt or a normalization does."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from sferic.catalog.platforms import load_catalogue
from sferic.engine.gather import Gatherer
from sferic.engine.gathered import Gathered
from sferic.model.event import Event
from sferic.model.report import Account
from sferic.model.settings import Settings
from sferic.pipeline import normalize
from sferic.sources._contract import sources


class Normal(msgspec.Struct, frozen=True):
    """What a normalization gave."""

    events: list[Event]
    account: Account


Gather = Callable[..., Gathered]
Normalize = Callable[..., Normal]


@pytest.fixture(scope="session")
def lines() -> ModuleType:
    """Give the makers of log lines."""
    spec = importlib.util.spec_from_file_location("_lines", Path(__file__).parent / "_lines.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def gather() -> Gather:
    """Read paths as a hunt does, up to the columns."""

    def run(*paths: object, **settings: Any) -> Gathered:
        made = Settings(**settings)
        chosen = {n: s for n, s in sources().items() if not made.only_sources or n in made.only_sources}
        return Gatherer(load_catalogue(), chosen, made).gather([str(path) for path in paths])

    return run


@pytest.fixture(scope="session")
def everything() -> Normalize:
    """Read paths as a normalization does."""

    def run(*paths: object, **settings: Any) -> Normal:
        names: Sequence[str] = [str(path) for path in paths]
        found = normalize(names, Settings(**settings))
        return Normal(list(found), found.account)

    return run
