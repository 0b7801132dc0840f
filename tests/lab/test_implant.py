"""The implants: regular when left alone, busy when tasked, quiet while the machine sleeps."""

import itertools
from typing import Any

import msgspec

from sferic.lab.implant import fill, implant
from sferic.lab.records import Request, Span, seeded
from sferic.lab.scenario import Channel

DAY = [Span(0.0, 86_400.0)]
QUIET = Channel(name="c", kind="C2", site="s", hosts=["a.example.com"], period_s=60.0, jitter=0.2, law="one_sided")


def _run(spans: list[Span] | None = None, **changes: Any) -> list[Request]:
    return implant(seeded(1), msgspec.structs.replace(QUIET, **changes), spans or DAY, "agent/1")


def _gaps(requests: list[Request]) -> list[float]:
    return [late.time_s - early.time_s for early, late in itertools.pairwise(requests)]


def test_an_idle_implant_keeps_its_law() -> None:
    """Gaps lie between the shortest and the longest sleep plus the time to answer, sizes do not change."""
    requests = _run()
    assert 1_500 < len(requests) < 1_700
    assert all(48.0 <= gap <= 62.0 for gap in _gaps(requests))
    assert len({(request.bytes_up, request.bytes_down) for request in requests}) == 1


def test_noise_pads_sizes_within_its_bound() -> None:
    """Padding makes many sizes, none beyond the bound."""
    sizes = {request.bytes_up for request in _run(noise_bytes=100)}
    assert len(sizes) > 50
    assert max(sizes) - min(sizes) <= 100


def test_tasking_is_fast_and_large_down_then_up() -> None:
    """While an operator works gaps shrink to seconds, and a large reply is followed by a large request."""
    requests = _run(tasking_per_day=6.0)
    busy = [n for n, gap in enumerate(_gaps(requests)) if gap < 10.0]
    assert len(busy) > 50
    first = busy[0]
    assert requests[first].bytes_down > QUIET.bytes_down
    assert requests[first + 1].bytes_up > QUIET.bytes_up


def test_nothing_is_asked_while_the_machine_sleeps() -> None:
    """All requests fall into the waking spans, and the second span has some."""
    spans = [Span(0.0, 3_600.0), Span(40_000.0, 43_600.0)]
    times = [request.time_s for request in _run(spans)]
    assert all(any(span.start_s <= time_s < span.end_s for span in spans) for time_s in times)
    assert times[-1] > 40_000.0
    assert _run([Span(0.0, 0.0)]) == []


def test_rotation_spreads_over_all_hosts_of_the_account() -> None:
    """Round robin takes turns; the random form reaches every host."""
    hosts = ["a.example.com", "b.example.com", "c.example.com"]
    turns = [request.host for request in _run(hosts=hosts, rotation="round_robin")]
    assert turns[:6] == hosts * 2
    assert {request.host for request in _run(hosts=hosts)} == set(hosts)


def test_a_redirected_poll_is_a_pair() -> None:
    """Each check-in on a platform that redirects is a 302 and, within two seconds, its echo elsewhere."""
    pairs = _run(echo_host="echo.example.com")
    assert {request.status for request in pairs[::2]} == {302}
    assert {request.host for request in pairs[1::2]} == {"echo.example.com"}
    assert all(0 < echo.time_s - first.time_s < 4.5 for first, echo in zip(pairs[::2], pairs[1::2], strict=True))


def test_skipped_calls_are_about_their_share() -> None:
    """Half of the check-ins are missing when half are skipped, and the others keep their times."""
    whole = {request.time_s for request in _run()}
    kept = {request.time_s for request in _run(skipped=0.5)}
    assert 0.4 < len(kept) / len(whole) < 0.6


def test_paths_are_filled_with_digits() -> None:
    """Every mark is replaced, each by its own sixteen digits."""
    filled = fill(seeded(3), "/a/{hex}?b={hex}")
    assert "{hex}" not in filled
    assert len(filled) == len("/a/?b=") + 32
    assert filled[3:19] != filled[-16:]
