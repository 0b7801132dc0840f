"""Requests played over the loopback: real, measured, and never further than this machine."""

import itertools
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sferic.catalog.platforms import load_catalogue
from sferic.lab.live import PLATFORM, SUFFIX, play, under_test, write_platform
from sferic.lab.named import find_scenario
from sferic.lab.records import Machine, Request, seeded

MACHINE = Machine("HQ-WS001", "hq", "desktop", "alex.birch", ("10.0.0.10",), "browser/1", challenged=False)
PLAN = [
    (MACHINE, Request(time_s=1_000.0 + 30 * n, host=f"a.b-lab.{SUFFIX}", method=("GET", "POST")[n % 2], bytes_up=700))
    for n in range(12)
]


def test_every_request_is_made_in_order_and_measured() -> None:
    """All come back with moments of the exchange; a body fills a POST up to its size, a reply to the size asked for."""
    shuffled = seeded(3).sample(PLAN, len(PLAN))
    told: list[tuple[int, int]] = []
    played = [request for _, request in play(shuffled, 50_000, lambda done, of: told.append((done, of)))]
    assert told[-1] == (12, 12)
    assert [request.host for request in played] == [request.host for _, request in PLAN]
    assert all(late.time_s > early.time_s for early, late in itertools.pairwise(played))
    assert played[0].time_s >= 1_000.0
    assert all(request.duration_s >= 0 for request in played)
    posts = [request.bytes_up for request in played if request.method == "POST"]
    assert all(600 < size < 800 for size in posts)
    assert max(posts) - min(posts) <= 2
    assert all(850 < request.bytes_down < 950 for request in played)


def test_no_name_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only address anybody asks for is the loopback's own, whatever names the requests bear."""
    asked: list[Any] = []
    real = socket.getaddrinfo

    def watched(host: Any, *others: Any, **more: Any) -> Any:
        asked.append(host)
        return real(host, *others, **more)

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    named = [(MACHINE, replace(request, host="somebody.workers.dev")) for _, request in PLAN[:2]]
    assert len(play(named, 50_000, lambda _done, _of: None)) == 2
    assert set(asked) == {"127.0.0.1"}


def test_nothing_to_play_opens_no_listener() -> None:
    """Without requests there is nothing, and no socket either."""
    assert play([], 60, lambda _done, _of: None) == []


@pytest.mark.parametrize("name", ["page-beacon", "page-lambda"])
def test_all_functions_come_under_the_reserved_name(name: str, tmp_path: Path) -> None:
    """Each host ends in `.serverless.test`, none is lost, and the platform's file gives its owner and function."""
    scenario = under_test(find_scenario(name))
    hosts = {host for channel in scenario.channels for host in channel.hosts}
    assert len(hosts) == sum(len(channel.hosts) for channel in find_scenario(name).channels)
    assert {site.visits_per_day for site in scenario.sites} == {0}
    strangers = {channel.name for channel in find_scenario(name).channels if "lambda-url" in channel.hosts[0]}
    owners = {channel.hosts[0].split(".")[1] for channel in scenario.channels if channel.name in strangers}
    assert len(owners) == len(strangers)
    write_platform(tmp_path)
    catalogue = load_catalogue([tmp_path / PLATFORM])
    for host in hosts:
        place = catalogue.identify(host)
        assert place is not None
        is_url = ".lambda-url." in host  # as at AWS such a name gives no owner
        assert place.platform == ("lab-lambda-url" if is_url else "lab-serverless")
        assert f"{place.function}.{'lambda-url' if is_url else place.tenant}.{SUFFIX}" == host
