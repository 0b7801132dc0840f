"""Signals about names, paths and answers: what an attacker can choose, so none of them decides alone."""

import numpy as np
import pytest

from sferic.model.event import DNS, Event
from tests.signals.timelines import WORKER, browse, calls, every, says, segment, window

ME = "10.0.0.5"


def heard(name: str, *stories: list[Event], whom: str = WORKER) -> tuple[float, str]:
    """Return a signal's value and sentence for this machine's calls to a host."""
    made = window(*stories)
    value, words = says(name, made, segment(made, ME, whom))
    return value, words.text


def test_refusals_count_what_goes_on_all_the_same() -> None:
    """A channel whose function was taken down keeps asking: nine of ten calls fail."""
    value, text = heard("refusals", calls(ME, WORKER, every(60, 50), status=[200, *[404] * 9]))
    assert value == pytest.approx(0.9)
    assert "90% of 50 calls were blocked or failed" in text


def test_refusals_are_counted_as_none_where_others_were_refused() -> None:
    """A channel that always works, in a log that shows failures of others, has no refusals."""
    value, text = heard("refusals", browse("10.0.0.6", status=[200, 404]), calls(ME, WORKER, every(60, 50), status=200))
    assert value == 0
    assert "0% of 50" in text


def test_refusals_are_silent_in_a_log_that_shows_none() -> None:
    """A log without a single failure or block may simply not log them."""
    value, _ = heard("refusals", browse("10.0.0.6"), calls(ME, WORKER, every(60, 50)))
    assert np.isnan(value)


def test_unchanged_counts_empty_answers() -> None:
    """An update check hears that there is nothing new; an implant is answered."""
    value, text = heard("unchanged", calls(ME, WORKER, every(60, 50), status=[200, *[304] * 9]))
    assert value == pytest.approx(0.9)
    assert "90% of 50 calls were answered with 304" in text
    value, _ = heard("unchanged", calls(ME, WORKER, every(60, 50), status=200))
    assert np.isnan(value)


def test_known_service_recognises_a_documented_path() -> None:
    """OpenTelemetry's path explains the calls; half of them on another path are half explained."""
    value, text = heard("known_service", calls(ME, WORKER, every(60, 40), path="/v1/traces"))
    assert value == 1
    assert "100% of calls look like a known service: OpenTelemetry" in text
    value, _ = heard("known_service", calls(ME, WORKER, every(60, 40), path=["/v1/traces", "/x"]))
    assert value == pytest.approx(0.5)


def test_framework_paths_recognise_a_default() -> None:
    """Cobalt Strike's default path is named with the framework; an ordinary path is none."""
    value, text = heard("framework_paths", calls(ME, WORKER, every(60, 40), path=["/dpixel", "/x", "/y", "/z"]))
    assert value == pytest.approx(0.25)
    assert "25% of calls use default paths of Cobalt Strike" in text
    value, text = heard("framework_paths", calls(ME, WORKER, every(60, 40), path="/api/v1/items"))
    assert value == 0
    assert "no path" in text


@pytest.mark.parametrize("name", ["known_service", "framework_paths"])
def test_nothing_is_said_about_paths_that_the_log_hides(name: str) -> None:
    """Behind a tunnel the signals about paths are silent."""
    value, _ = heard(name, calls(ME, WORKER, every(60, 40), method="CONNECT"))
    assert np.isnan(value)


@pytest.mark.parametrize(
    ("whom", "code", "words"),
    [
        (WORKER, 0, "serves function endpoints"),
        ("calm-river.ngrok.io", 2, "is a tunnel, not a function"),
        ("script.google.com", 3, "is shared by everybody"),
    ],
)
def test_platform_tells_its_tier(whom: str, code: float, words: str) -> None:
    """A function endpoint, a tunnel and a name that everybody uses have base rates of their own."""
    value, text = heard("platform", calls(ME, whom, every(60, 40)), whom=whom)
    assert value == code
    assert words in text


def test_own_domain_names_the_alias() -> None:
    """Of calls to an own domain the signal says what DNS showed; of calls to the platform's own name, nothing."""
    told = calls("10.0.0.9", "api.shop.example", [1.0], table=DNS, answers=(["shop.netlify.app"],))
    value, text = heard("own_domain", told, calls(ME, "api.shop.example", every(60, 40)), whom="shop.netlify.app")
    assert value == 1
    assert text.startswith("api.shop.example names no platform: DNS answers in this input show it to be an alias of ")
    assert text.endswith("shop.netlify.app")
    value, _ = heard("own_domain", calls(ME, WORKER, every(60, 40)))
    assert np.isnan(value)


def test_fronting_names_both_owners() -> None:
    """Calls whose TLS asked for somebody else's name are counted, with that name; www and siblings are no others."""
    names = ["cdn.corp.example", "cdn.corp.example", None, "w2.alpha-lab.workers.dev"]
    value, text = heard("fronting", calls(ME, WORKER, every(60, 40), tls_name=names))
    assert value == pytest.approx(0.5)
    assert (
        text
        == f"50% of connections to {WORKER} also bear another owner's name, cdn.corp.example, as in domain fronting"
    )


@pytest.mark.parametrize("names", [None, WORKER, "w2.alpha-lab.workers.dev"])
def test_names_of_one_owner_say_nothing(names: str | None) -> None:
    """No second name, or one of the same tenant, is no evidence for or against."""
    value, _ = heard("fronting", calls(ME, WORKER, every(60, 40), tls_name=names))
    assert np.isnan(value)
