"""Implants beside their harmless twins (N1 to N14 of the lab) in one small estate: who comes first, and how far.

The twins are simulated, so this shows that the method separates what the lab models; it is no measure of accuracy.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest

from sferic.lab.benign import TWINS
from sferic.lab.implant import implant
from sferic.lab.records import Request, Span, seeded
from sferic.lab.scenario import Channel
from sferic.model.event import Event
from sferic.model.finding import Finding
from tests.signals.timelines import CHROME, CURL, DAY, HOUR, browse, calls, crowd, found, window

DAYS = 2
ROUND_THE_CLOCK = [Span(0.0, DAYS * DAY)]
OFFICE_HOURS = [Span(day * DAY + 8.5 * HOUR, day * DAY + 17.3 * HOUR) for day in range(DAYS)]
OLD_BROWSER = "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko"
FLEETS = {"N1": 30, "N12": 30, "N13": 3}

SERVERS: dict[str, dict[str, Any]] = {
    "N1": {"period_s": 60, "user_agent": "FleetAgent/4.2", "bytes_up": 700, "noise_bytes": 40},
    "N5": {
        "period_s": 50,
        "user_agent": "GitHubActionsRunner-linux-x64/2.320",
        "sessions_per_day": 8,
        "session_s": 900,
    },
    "N6": {"period_s": 300, "user_agent": CURL, "method": "POST", "paths": ["/nightly"]},
    "N10": {
        "period_s": 5,
        "user_agent": "OTel-OTLP-Exporter-Python/1.27.0",
        "paths": ["/v1/traces"],
        "sessions_per_day": 6,
    },
    "N12": {"period_s": 3600, "jitter": 0.2, "user_agent": "AppUpdater/7", "paths": ["/feed"]},
    "N13": {"period_s": 60, "user_agent": "UptimeProbe/1.0", "paths": ["/health"]},
    "N14": {
        "period_s": 900,
        "jitter": 0.2,
        "user_agent": "ShopApp/5 CFNetwork/1500",
        "bytes_up": 800,
        "noise_bytes": 300,
    },
}
DESKTOPS: dict[str, dict[str, Any]] = {
    "N2": {
        "period_s": 10,
        "user_agent": CHROME,
        "method": "POST",
        "bytes_up": 900,
        "noise_bytes": 1500,
        "sessions_per_day": 8,
    },
    "N3": {"period_s": 25, "user_agent": CHROME, "paths": ["/socket.io/"], "session_s": 5000},
    "N4": {"period_s": 30, "user_agent": CHROME, "paths": ["/api/orders"], "bytes_down": 2600, "session_s": 3000},
    "N7": {"period_s": 20, "user_agent": CURL, "paths": ["/dev"], "sessions_per_day": 5, "session_s": 900},
    "N8": {"period_s": 300, "user_agent": "ScaleConnect/2.1", "noise_bytes": 60, "paths": ["/v2/state"]},
    "N9": {"period_s": 900, "user_agent": CHROME, "paths": ["/ext/sync"]},
    "N11": {"period_s": 45, "user_agent": "node", "method": "POST", "paths": ["/hook"], "sessions_per_day": 6},
}
IMPLANTS: dict[str, tuple[dict[str, Any], list[Span]]] = {
    "always-on 60 s": (
        {"period_s": 60, "jitter": 0.2, "law": "one_sided", "user_agent": OLD_BROWSER, "tasking_per_day": 2.0},
        ROUND_THE_CLOCK,
    ),
    "office-hours 300 s": (
        {"period_s": 300, "jitter": 0.37, "law": "one_sided", "user_agent": CHROME, "noise_bytes": 60},
        OFFICE_HOURS,
    ),
    "lossy 30 s": (
        {"period_s": 30, "jitter": 0.5, "user_agent": None, "loss": 0.1},
        OFFICE_HOURS,
    ),
    "hourly": (
        {"period_s": 3600, "jitter": 0.2, "law": "one_sided", "user_agent": "Mozilla/5.0 (Windows NT 6.1) Firefox/20.0"},
        ROUND_THE_CLOCK,
    ),
}  # fmt: skip


def logged(who: str, requests: Iterable[Request]) -> list[Event]:
    """Write requests as an inspecting proxy would."""
    return [
        event
        for r in requests
        for event in calls(
            who, r.host, [r.time_s], up=r.bytes_up, down=r.bytes_down, agent=r.user_agent, path=r.path,
            status=r.status, method=r.method, lasts_s=r.duration_s,
        )
    ]  # fmt: skip


def channel(kind: str, label: str, facts: dict[str, Any]) -> Channel:
    """Describe one talker with a tenant of its own."""
    hosts = [f"app.{label}-lab.workers.dev"]
    return Channel(name=label, kind=kind, site="s", hosts=hosts, **facts)  # type: ignore[arg-type]  # N1 to N14 are the kinds


def twin(kind: str, facts: dict[str, Any], spans: list[Span], seed: int) -> list[Event]:
    """Let a twin run on one machine, or on a fleet; office machines are used by people as well."""
    rows: list[Event] = []
    for n in range(FLEETS.get(kind, 1)):
        who = f"10.9.0.{n + 1}" if kind in FLEETS else f"10.1.0.{int(kind[1:])}"
        rows += logged(
            who, TWINS[kind](seeded(seed, kind, n), channel(kind, kind.lower(), facts), spans, facts["user_agent"])
        )
        rows += browse(who, days=DAYS) if spans is OFFICE_HOURS else []
    return rows


def infected(name: str, n: int, seed: int) -> list[Event]:
    """Let an implant run from the first evening on, on a machine that somebody uses."""
    facts, spans = IMPLANTS[name]
    later = [Span(max(s.start_s, 20 * HOUR), s.end_s) for s in spans if s.end_s > 20 * HOUR]
    asked = implant(seeded(seed, name), channel("C2", f"evil{n}", facts), later, facts["user_agent"])
    return logged(f"10.2.0.{n}", asked) + browse(f"10.2.0.{n}", days=DAYS)


@cache
def best(seed: int) -> dict[str, Finding]:
    """Hunt the whole estate; return the highest finding of each talker that has one."""
    rows = crowd(60, days=DAYS)
    for kinds, spans in ((SERVERS, ROUND_THE_CLOCK), (DESKTOPS, OFFICE_HOURS)):
        for kind, facts in kinds.items():
            rows += twin(kind, facts, spans, seed)
    for n, name in enumerate(IMPLANTS):
        rows += infected(name, n, seed)
    highest: dict[str, Finding] = {}
    for finding in found(window(rows)):
        highest.setdefault((finding.tenant or "").removesuffix("-lab"), finding)
    return highest


SEEDS = (1, 2, 3)
each_seed = pytest.mark.parametrize("seed", SEEDS)


@each_seed
@pytest.mark.parametrize("name", IMPLANTS)
def test_each_implant_is_high(name: str, seed: int) -> None:
    """Every implant of the estate is a finding of severity high or more, whatever its law and presence."""
    finding = best(seed)[f"evil{list(IMPLANTS).index(name)}"]
    assert finding.severity in {"high", "critical"}, finding.score


@each_seed
@pytest.mark.parametrize("kind", [*SERVERS, *DESKTOPS])
def test_no_twin_is_high(kind: str, seed: int) -> None:
    """No harmless twin reaches high, alone on a machine or in a fleet, regular as it may be."""
    finding = best(seed).get(kind.lower())
    assert finding is None or finding.severity in {"informational", "low", "medium"}, finding.score


@each_seed
def test_every_implant_outranks_every_twin(seed: int) -> None:
    """Read from the top, the list shows all implants before the first twin."""
    points = {name: f.points for name, f in best(seed).items()}
    lowest = min(p for name, p in points.items() if name.startswith("evil"))
    assert [name for name, p in points.items() if p >= lowest and not name.startswith("evil")] == []


@each_seed
@pytest.mark.parametrize("kind", ["N1", "N2", "N3", "N4", "N9", "N10", "N11", "N13", "N14"])
def test_twins_that_are_common_known_or_irregular_are_low(kind: str, seed: int) -> None:
    """Fleets, pages, known products, probes of three machines, events and crowds behind one address stay below medium."""
    finding = best(seed).get(kind.lower())
    assert finding is None or finding.severity in {"informational", "low"}, finding.score


@each_seed
def test_all_twins_were_there(seed: int) -> None:
    """The estate held regular twins in number: at least six of them are regular enough to be judged at all."""
    assert len([name for name in best(seed) if name.startswith("n")]) >= 6
