"""Signals about what is usual here: who else calls, since when, with which software, and whom else it calls."""

import numpy as np
import pytest

from sferic.model.event import Event
from sferic.model.window import Window
from tests.signals.timelines import (
    CHROME,
    CURL,
    DAY,
    HOUR,
    SITE,
    WORKER,
    browse,
    calls,
    crowd,
    every,
    says,
    segment,
    window,
)

ME = "10.0.0.5"
MINE = calls(ME, WORKER, every(60, 40, 12 * HOUR), agent=CURL)


def heard(name: str, made: Window, who: str = ME, whom: str = WORKER) -> tuple[float, str]:
    """Return a signal's value and sentence for a machine's calls to a host."""
    value, words = says(name, made, segment(made, who, whom))
    return value, words.text


def fleet(machines: int) -> list[Event]:
    """Let an agent on many machines call the Worker's tenant."""
    return [e for n in range(machines) for e in calls(f"10.9.0.{n + 1}", WORKER, every(600, 10, n), agent="agent/1")]


def test_prevalence_tells_the_only_caller_from_a_fleet() -> None:
    """In an estate of 101 machines the only caller counts as one, a fleet of fifty as fifty."""
    value, text = heard("prevalence", window(crowd(100), MINE))
    assert value == 1
    assert "of 101 machines with serverless traffic only this one calls cloudflare-workers:alpha-lab" in text
    value, text = heard("prevalence", window(crowd(100), fleet(49), MINE))
    assert value == 50
    assert "50 call cloudflare-workers:alpha-lab" in text


def test_prevalence_of_a_small_estate_weighs_each_caller_more() -> None:
    """Being the only caller says less in a small estate, and a second caller there takes away more."""
    alone = [heard("prevalence", window(crowd(n), MINE))[0] for n in (4, 19, 49, 200)]
    assert alone == sorted(alone, reverse=True)
    assert alone[2:] == [1, 1]
    value, text = heard("prevalence", window(crowd(19), MINE))
    assert 1 < value < 5
    assert "below 100 machines that says less" in text


def test_prevalence_is_silent_without_an_estate() -> None:
    """Four machines are no estate: nobody can say what is rare there."""
    value, _ = heard("prevalence", window(crowd(3), MINE))
    assert np.isnan(value)


def test_prevalence_counts_the_tenant_whatever_the_function() -> None:
    """Ten machines that call another function of the same account make it a known account."""
    others = [e for n in range(9) for e in calls(f"10.9.0.{n + 1}", "other.alpha-lab.workers.dev", every(600, 10, n))]
    value, _ = heard("prevalence", window(crowd(100), others, MINE))
    assert value == 10


def test_prevalence_does_not_take_a_shared_address_for_one_machine() -> None:
    """An address with thirty user agents counts as several callers, and the sentence says why."""
    agents = [f"App/{n}" for n in range(30)]
    shared = calls("10.0.0.9", SITE, every(30, 300), agent=agents)
    made = window(crowd(100), shared)
    value, text = heard("prevalence", made, "10.0.0.9", SITE)
    assert value == 4
    assert "an address that many share" in text


def test_prevalence_believes_the_analysts_list_of_shared_addresses() -> None:
    """A network that is listed as shared counts as several callers from the start."""
    value, _ = heard("prevalence", window(crowd(100), MINE, shared=["10.0.0.0/24"]))
    assert value == 4


def test_novelty_hears_a_channel_begin() -> None:
    """A tenant first called sixty hours into a log is new since sixty hours."""
    late = calls(ME, WORKER, every(60, 40, 60 * HOUR))
    others = [*crowd(5, days=3), *calls("10.0.0.6", SITE, [0] * 4)]
    value, text = heard("novelty", window(late, others, span_s=(0, 3 * DAY)))
    assert value == pytest.approx(60)
    assert "nobody called cloudflare-workers:alpha-lab in the first 60 h" in text


def test_novelty_hears_an_old_friend() -> None:
    """A tenant called from the log's first hour on is as old as the log, with minus as its sign."""
    value, text = heard("novelty", window(calls(ME, WORKER, every(600, 400)), span_s=(0, 3 * DAY)))
    assert value == pytest.approx(-72)
    assert "called since the log begins, or since those who call it appear in it, 72 h before its end" in text


def test_novelty_says_a_short_log_in_minutes() -> None:
    """In a log of minutes nothing is zero hours old."""
    _, text = heard("novelty", window(calls(ME, WORKER, every(60, 15)), span_s=(0, 15 * 60)))
    assert "15 min before its end" in text


def test_novelty_does_not_take_the_morning_for_news() -> None:
    """What a machine calls as soon as it is switched on, on the log's first morning, is as old as all we know of it."""
    begins = calls("10.0.0.9", SITE, every(600, 400))
    morning = [*browse(ME), *calls(ME, WORKER, every(60, 40, 9 * HOUR + 60))]
    value, text = heard("novelty", window(begins, morning, span_s=(0, 3 * DAY)))
    assert value == pytest.approx(-(72 - 9), abs=0.1)
    assert "or since those who call it appear in it" in text
    late = [*browse(ME), *calls(ME, WORKER, every(60, 40, 15 * HOUR))]
    value, _ = heard("novelty", window(begins, late, span_s=(0, 3 * DAY)))
    assert value == pytest.approx(6, abs=1)


def test_novelty_lets_anybodys_first_call_count() -> None:
    """A tenant that a colleague has called all week is not new because this machine begins today."""
    early = calls("10.0.0.6", WORKER, every(3600, 72))
    value, _ = heard("novelty", window(early, calls(ME, WORKER, every(60, 40, 60 * HOUR)), span_s=(0, 3 * DAY)))
    assert value < 0


def test_software_rarity_tells_a_made_up_agent_from_the_estates_browser() -> None:
    """Curl on one of 101 machines is rare, the browser that all run is not."""
    made = window(crowd(100), MINE, browse(ME))
    value, text = heard("software_rarity", made)
    assert value == 1
    assert "on 1 of 101 machines" in text
    value, _ = heard("software_rarity", made, ME, "page-1.vercel.app")
    assert value == 101


def test_focus_counts_what_the_software_calls_from_here() -> None:
    """An implant's user agent calls one tenant, the browser of the same machine six and the implant's none."""
    made = window(MINE, browse(ME))
    value, text = heard("focus", made)
    assert value == 1
    assert "this tenant and no other" in text
    value, text = heard("focus", made, ME, "page-1.vercel.app")
    assert value == 6
    assert "6 tenants" in text


@pytest.mark.parametrize("name", ["software_rarity", "focus"])
def test_nothing_is_said_about_software_without_user_agents(name: str) -> None:
    """A log without user agents makes the signals about software silent."""
    value, _ = heard(name, window(crowd(100, agent=None), calls(ME, WORKER, every(60, 40))))
    assert np.isnan(value)


def test_an_agent_that_calls_itself_a_browser_is_as_common_as_the_browser() -> None:
    """An implant that copies the estate's browser is not rare: the signal knows its limit."""
    value, _ = heard("software_rarity", window(crowd(100), calls(ME, WORKER, every(60, 40), agent=CHROME)))
    assert value == 101
