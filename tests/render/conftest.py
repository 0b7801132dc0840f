"""The example report, and the same report as an attacker would have written it."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from sferic.model.report import Report

_OURS = frozenset({"severity", "analytic", "schema", "signal", "law", "date", "version", "platform_evidence"})
"""Keys whose values are words of the program, not of a log."""


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_reports", Path(__file__).with_name("_reports.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def report() -> Report:
    """Give the realistic report."""
    found: Report = _load().example()
    return found


@pytest.fixture
def activity_report(report: Report) -> Report:
    """Give a report of the published search alone."""
    notes = ("41 events without byte counts are in no row.",)
    return msgspec.structs.replace(report, findings=(), activity=_load().ACTIVITY, activity_notes=notes)


@pytest.fixture
def poisoned(report: Report) -> Callable[[str], Report]:
    """Give a report in which every word that a log could have supplied is the attacker's."""
    whole = msgspec.to_builtins(msgspec.structs.replace(report, activity=_load().ACTIVITY))

    def make(text: str) -> Report:
        return msgspec.convert(_poison(whole, text), Report)

    return make


def _poison(value: Any, text: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _poison(inner, text, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_poison(inner, text, key) for inner in value]
    return text if isinstance(value, str) and value and key not in _OURS else value
