"""What the pipeline's tests share: the engine's log lines, and a folder with a small beacon."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def lines() -> ModuleType:
    """Give the makers of log lines."""
    spec = importlib.util.spec_from_file_location("_lines", Path(__file__).parents[1] / "engine" / "_lines.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def beacon(lines: ModuleType) -> bytes:
    """Give a day of check-ins every two minutes, with jitter, and browsing of other machines beside it."""
    rows = [(120 * n + n * n * 7919 % 25, lines.HOST, "10.1.0.5") for n in range(720)]
    rows += [(n * n * 104_729 % 86_400, "www.example.com", f"10.1.0.{20 + n % 70}") for n in range(2000)]
    found: bytes = lines.log(*[lines.squid(at, host, client) for at, host, client in sorted(rows)])
    return found
