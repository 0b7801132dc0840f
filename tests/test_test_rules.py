"""The rules that conftest.py sets for every test are in force."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

OUTSIDE = ("192.0.2.1", 9)
GOLDEN = Path(__file__).parent / "golden"


def test_a_test_cannot_reach_the_network() -> None:
    """A connection beyond loopback fails the test before a packet leaves."""
    with socket.socket() as client, pytest.raises(pytest.fail.Exception, match="no network"):
        client.connect(OUTSIDE)


def test_a_test_may_use_loopback() -> None:
    """A server that the test started on this machine can be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_a_golden_difference_fails_with_a_diff_and_the_way_out(golden: Callable[[Path, str], None]) -> None:
    """Output that differs from its golden file fails, shows the difference and names the refresh command."""
    with pytest.raises(pytest.fail.Exception) as failure:
        golden(GOLDEN / "sources" / "acme_web" / "ordinary" / "missing.ndjson", "new\n")
    assert "+new" in str(failure.value)
    assert "make golden id=acme_web" in str(failure.value)
