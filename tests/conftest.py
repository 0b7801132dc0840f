"""What every test shares: no network, reproducible Hypothesis runs, and golden files."""

import difflib
import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "sferic",
    deadline=None,  # a busy machine is not a defect
    derandomize=bool(os.environ.get("CI")),  # CI repeats; desks explore
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("sferic")

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that rewrites expected output instead of comparing with it."""
    parser.addoption("--refresh-golden", action="store_true", help="rewrite expected output, for review")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run only the tests that hold golden files while those are rewritten."""
    if config.getoption("--refresh-golden"):
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare text with a file under `golden/<room>/<id>/`, or rewrite the file under `--refresh-golden`."""
    refresh = bool(request.config.getoption("--refresh-golden"))

    def check(expected_file: Path, actual: str) -> None:
        if refresh:
            expected_file.write_text(actual, encoding="utf-8", newline="\n")
            return
        expected = expected_file.read_text(encoding="utf-8") if expected_file.exists() else ""
        if actual != expected:
            diff = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", lineterm="")
            inside = expected_file.is_relative_to(GOLDEN)
            case = expected_file.relative_to(GOLDEN).parts[1] if inside else expected_file.name
            hint = f"If the new output is right: make golden id={case}, and review the diff."
            pytest.fail("\n".join([f"{expected_file} differs", *diff, hint]), pytrace=False)

    return check


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test reach beyond this machine's loopback."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(str(address[0])):
            pytest.fail(f"a test tried to reach {address!r}: tests use no network")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
