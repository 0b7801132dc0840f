"""Signals that ask whether a person is behind the calls."""

import numpy as np
import pytest

from sferic.model.event import Event
from tests.signals.timelines import (
    CHROME,
    CURL,
    DAY,
    HOUR,
    WORKER,
    browse,
    calls,
    crowd,
    every,
    irregular,
    says,
    segment,
    window,
)

ME = "10.0.0.5"
PAGE = ["/", "/app.js", "/look.css", "/logo.png"]


def heard(name: str, *stories: list[Event]) -> tuple[float, str]:
    """Return a signal's value and sentence for this machine's calls to the Worker."""
    made = window(*stories)
    value, words = says(name, made, segment(made, ME, WORKER))
    return value, words.text


def test_idle_hours_hear_calls_through_the_night() -> None:
    """Of an implant's calls round the clock about two thirds fall in hours without a person at the machine."""
    value, text = heard("idle_hours", browse(ME), calls(ME, WORKER, every(300, 288)))
    assert 0.6 < value < 0.75
    assert "of check-ins fall in hours without sign of a person" in text


def test_idle_hours_hear_a_tab_sleep() -> None:
    """A page's polling falls in the hours in which the person works."""
    value, _ = heard(
        "idle_hours",
        browse(ME),
        browse("10.0.0.6"),
        calls(ME, WORKER, every(60, 420, 9.5 * HOUR)),
        calls("10.0.0.7", WORKER, [0, DAY]),
    )
    assert value < 0.15


def test_idle_hours_are_silent_about_a_server() -> None:
    """Where nobody works, nobody can be idle."""
    value, _ = heard("idle_hours", crowd(5), calls(ME, WORKER, every(300, 288)))
    assert np.isnan(value)


@pytest.mark.parametrize(
    ("agent", "code", "words"),
    [
        (CHROME, 0, "a browser's user agent"),
        ("Datadog Agent/7.50", 1, "a known kind of agent"),
        ("Zorb/1.0", 2, "no known kind"),
        (CURL, 4, "script library or command-line tool"),
    ],
)
def test_software_is_classed_by_its_user_agent(agent: str, code: float, words: str) -> None:
    """A browser, an agent, a script tool and something unknown have codes of their own."""
    value, text = heard("software", crowd(5), calls(ME, WORKER, every(60, 20), agent=agent))
    assert value == code
    assert words in text


def test_software_hears_a_missing_user_agent_only_where_others_are_logged() -> None:
    """No user agent is odd in a log that carries them, and says nothing in one that does not."""
    bare = calls(ME, WORKER, every(60, 20))
    value, text = heard("software", crowd(5), bare)
    assert value == 3
    assert "although this log carries them" in text
    value, _ = heard("software", crowd(5, agent=None), bare)
    assert np.isnan(value)


def test_software_of_a_mixture_is_not_guessed() -> None:
    """Where two programs call one function, the segment of both has no software, and each has its own."""
    made = window(calls(ME, WORKER, every(60, 30), agent=CHROME), calls(ME, WORKER, every(60, 30, 20), agent=CURL))
    both = segment(made, ME, WORKER, level=1)
    assert np.isnan(says("software", made, both)[0])
    fine = [i for i in range(len(made)) if made.level[i] == 0]
    assert sorted(says("software", made, i)[0] for i in fine) == [0, 4]


def test_browsing_hears_pages() -> None:
    """Most of what a page fetches are assets or come with a referrer."""
    value, text = heard(
        "browsing", calls(ME, WORKER, irregular(300, 8 * HOUR), path=PAGE, referer=[None, "https://x.example/"])
    )
    assert value > 0.08
    assert "(4 paths)" in text


def test_browsing_does_not_take_one_path_for_ever_for_pages() -> None:
    """An implant that fetches one script a thousand times has fetched one asset, not a thousand pages."""
    value, text = heard("browsing", calls(ME, WORKER, every(60, 1000), path="/jquery.js"))
    assert value < 0.01
    assert "no pages" in text


def test_no_referrer_hears_a_program_that_poses_as_a_browser() -> None:
    """Chrome without a referrer in fifty requests is odd where this log shows referrers at all."""
    others = browse("10.0.0.6", referer="https://x.example/")
    value, text = heard("no_referrer", others, calls(ME, WORKER, every(60, 50), agent=CHROME, path="/api"))
    assert value == 1
    assert "never sends a referrer" in text
    page = calls(ME, WORKER, every(60, 50), agent=CHROME, path="/api", referer=[None, None, "https://x.example/"])
    value, _ = heard("no_referrer", others, page)
    assert value == 0


@pytest.mark.parametrize(
    ("agent", "referer", "method"),
    [(CHROME, None, "GET"), (CURL, "https://x.example/", "GET"), (CHROME, "https://x.example/", "CONNECT")],
    ids=["no referrers in the log", "no browser", "a tunnel"],
)
def test_no_referrer_is_silent_where_none_is_expected(agent: str, referer: str | None, method: str) -> None:
    """A log without referrers, a tool and a tunnel cannot miss a referrer."""
    others = browse("10.0.0.6", referer=referer)
    value, _ = heard("no_referrer", others, calls(ME, WORKER, every(60, 50), agent=agent, method=method))
    assert np.isnan(value)


def test_repeated_asset_hears_a_script_fetched_for_ever() -> None:
    """A hundred fetches of one script are no browser's, two fetches of fifty pages are."""
    value, text = heard("repeated_asset", calls(ME, WORKER, every(60, 100), path="/jquery.js"))
    assert value == 1
    assert "100 calls fetch the same page assets" in text
    pages = [f"/page-{n}.html" for n in range(50)]
    value, text = heard("repeated_asset", calls(ME, WORKER, every(60, 100), path=pages))
    assert value == 0
    assert "no page asset" in text


@pytest.mark.parametrize("name", ["browsing", "repeated_asset"])
def test_nothing_is_said_about_paths_that_the_log_hides(name: str) -> None:
    """Behind a tunnel the signals about paths are silent."""
    value, _ = heard(name, calls(ME, WORKER, every(60, 100), method="CONNECT"))
    assert np.isnan(value)
