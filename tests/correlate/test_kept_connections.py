"""One kept connection in place of many check-ins: found by its length, its trickle and its rarity."""

from typing import Any

from sferic.model.event import Event
from sferic.model.finding import Finding
from tests.signals.timelines import CHROME, DAY, HOUR, browse, calls, crowd, found, of, one_sided, reason, window

ME = "10.0.0.5"
TUNNEL = "calm-river.alpha-lab.workers.dev"
MORNING = DAY + 8 * HOUR
OTHERS = [*crowd(60, days=2), *browse(ME, days=2)]
TRICKLE: dict[str, Any] = {"up": 180_000, "down": 140_000}


def kept(who: str, whom: str, *, hours: float = 9, agent: str | None = None, up: int, down: int) -> list[Event]:
    """Keep one CONNECT tunnel open for hours on the second day."""
    return calls(who, whom, [MORNING], method="CONNECT", lasts_s=hours * HOUR, agent=agent, up=up, down=down)


def long(*stories: list[Event]) -> list[Finding]:
    """Return the findings of the analytic, highest first."""
    return found(window(OTHERS, *stories), "long_connection")


def test_a_tunnel_of_a_working_day_with_a_trickle_is_found() -> None:
    """Nine hours, ten bytes a second, to a tenant that nobody else calls: at least medium, with its reasons."""
    (finding,) = of(long(kept(ME, TUNNEL, **TRICKLE)), ME)
    assert finding.analytic == "long_connection"
    assert finding.severity in {"medium", "high", "critical"}
    assert reason(finding, "held_open").value == "9 h"
    assert reason(finding, "trickle").points > 0
    assert finding.connections == 1
    assert finding.checkins is None, "no rhythm is told of a kept connection"
    assert finding.interval is None
    assert "more" not in finding.needs


def test_its_software_makes_it_surer() -> None:
    """The same tunnel of a program that no other machine runs scores higher."""
    (plain,) = of(long(kept(ME, TUNNEL, **TRICKLE)), ME)
    (odd,) = of(long(kept(ME, TUNNEL, agent="Zorb/1", **TRICKLE)), ME)
    assert odd.points > plain.points


def test_a_video_of_the_same_length_is_not_found() -> None:
    """A stream of half a megabyte a second, held as long, stays informational."""
    (finding,) = of(long(kept(ME, TUNNEL, up=10**7, down=16 * 10**9, agent=CHROME)), ME)
    assert finding.severity == "informational"


def test_a_fleets_push_channel_is_not_found() -> None:
    """The same trickle on sixty machines is a product's push channel."""
    fleet = [
        e for n in range(60) for e in kept(f"10.9.0.{n + 1}", "push.gamma-lab.workers.dev", agent="Push/1", **TRICKLE)
    ]
    assert {f.severity for f in long(fleet)} == {"informational"}


def test_longer_is_surer() -> None:
    """One hour says less than four, four less than twelve."""
    points = [of(long(kept(ME, TUNNEL, hours=hours, **TRICKLE)), ME)[0].points for hours in (1, 4, 12)]
    assert points == sorted(points)
    assert len(set(points)) == 3


def test_short_connections_are_no_kept_ones() -> None:
    """Check-ins of a second each are the other analytic's: a window without long rows has no kept connections."""
    beat = calls(ME, TUNNEL, MORNING + one_sided(60, 0.2, 100).cumsum(), lasts_s=1, up=600, down=250)
    made = window(OTHERS, beat, kept("10.0.0.6", "x.beta-lab.workers.dev", **TRICKLE))
    assert not of(found(made, "long_connection"), ME)
    assert of(found(made, "beacon"), ME)
