"""What holds for every signal, whatever it measures: no crash, no claim beyond the log, no dependence on order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sferic.catalog.weights import load_weights
from sferic.model.event import HTTP, NETWORK, Event
from sferic.model.window import Window
from sferic.signals._contract import signals
from tests.signals.timelines import (
    CHROME,
    CURL,
    HOUR,
    SITE,
    T0,
    WORKER,
    after,
    browse,
    calls,
    crowd,
    every,
    fitted,
    one_sided,
    window,
)

ALL = sorted(signals())
HOSTS = (WORKER, "other.alpha-lab.workers.dev", SITE, "script.google.com", "calm-river.ngrok.io", "page.vercel.app")
PROGRAMS = (None, None, "powershell.exe", r"C:\Users\ann\x.exe", r"C:\Windows\System32\cmd.exe", "\x1b[31m\\/")
PATHS = (None, "/", "/app.js", "/dpixel", "/v1/traces", "/\x1b[31m?q=1")

ROW = st.builds(
    Event,
    table=st.sampled_from([HTTP, NETWORK]),
    time=st.one_of(st.integers(0, 300), st.integers(0, 86_400 * 40)).map(lambda s: int((T0 + s) * 1e6)),
    source=st.sampled_from(["proxy", "flows"]),
    file=st.sampled_from(["a.log", "b.log"]),
    line=st.integers(1, 99),
    src_ip=st.sampled_from(["10.0.0.1", "10.0.0.2", "2001:db8::1", None]),
    device=st.sampled_from([None, "WS-1"]),
    user=st.sampled_from([None, "ann", "bob"]),
    dst_host=st.sampled_from(HOSTS),
    user_agent=st.sampled_from([None, "", CHROME, CURL, "\udcff\x00"]),
    path=st.sampled_from(PATHS),
    referer=st.sampled_from([None, "https://x.example/"]),
    method=st.sampled_from([None, "GET", "CONNECT"]),
    status=st.sampled_from([None, 200, 404, 407]),
    action=st.sampled_from([None, "allowed", "blocked"]),
    bytes_up=st.sampled_from([None, 0, 1, 600, 2**50]),
    bytes_down=st.sampled_from([None, 0, 250, 2**50]),
    bytes_total=st.sampled_from([None, 0, 900]),
    duration_ms=st.sampled_from([None, 0, 5, 40_000_000]),
    process_path=st.sampled_from(PROGRAMS),
    parent_path=st.sampled_from([None, "winword.exe", r"C:\Windows\explorer.exe"]),
    company=st.sampled_from([None, "Microsoft Corporation"]),
)


def measured(made: Window) -> dict[str, list[tuple[float, str, str]]]:
    """Let every signal measure and describe every segment."""
    made = fitted(made)
    everyone = np.ones(len(made), bool)
    said = {}
    for name, signal in signals().items():
        values = signal.measure(made, everyone)
        assert len(values) == len(made), name
        words = [signal.describe(made, i, float(v)) if not np.isnan(v) else None for i, v in enumerate(values)]
        said[name] = [(float(v), w.value, w.text) if w else (v, "", "") for v, w in zip(values, words, strict=True)]
    return said


@given(st.lists(ROW, max_size=40))
def test_no_window_breaks_a_signal_or_its_words(rows: list[Event]) -> None:
    """Whatever rows a log holds, each signal measures each segment or says nothing, in one line of words."""
    for name, told in measured(window(rows)).items():
        for value, short, text in told:
            assert not np.isinf(value), name
            assert np.isnan(value) or (short and len(text) > 15), name


STORY = [
    *browse("10.0.0.5"),
    *crowd(4),
    *calls(
        "10.0.0.5", WORKER, after(one_sided(60, 0.2, 60), 10 * HOUR), up=600, down=[250, 260], agent=CURL, path="/x"
    ),
    *calls("10.0.0.5", WORKER, every(60, 30, 10.1 * HOUR), up=600, down=250, agent=CHROME, path="/", user="ann"),
    *calls("10.0.0.8", SITE, every(300, 40), total=900, log="flows", lasts_s=2),
    *calls(
        "10.0.0.7",
        SITE,
        every(90, 40),
        log="endpoint",
        agent=CHROME,
        process_path=r"C:\Users\Public\chrome.exe",
        parent_path=r"C:\Windows\System32\wscript.exe",
        command_line="chrome.exe --quiet",
    ),
]
BASE = measured(window(STORY))


def by_key(said: dict[str, list[tuple[float, str, str]]]) -> dict[str, list[str]]:
    """Order what was said by its content, since segments are numbered in order of sight."""
    return {name: sorted(f"{v:.6g} {short} {text}" for v, short, text in told) for name, told in said.items()}


@settings(max_examples=12)
@given(st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(draw: object) -> None:
    """Files read in another order, or lines out of order, give the same measurements in the same words."""
    rows = list(STORY)
    draw.shuffle(rows)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert by_key(measured(window(rows))) == by_key(BASE)


FIELDS_OF = {
    "bytes_up": {"bytes_up"},
    "bytes": {"bytes_up", "bytes_down", "bytes_total"},
    "user agents": {"user_agent"},
    "paths": {"path"},
    "durations": {"duration_ms"},
    "referrers": {"referer"},
    "answers": {"status", "action"},
    "processes": {"process_path", "process_guid", "parent_path", "command_line"},
}
"""Words for what a log may lack, and the event fields behind them."""


@pytest.mark.parametrize("lack", FIELDS_OF)
def test_a_signal_is_silent_where_all_its_fields_are_missing(lack: str) -> None:
    """Take fields out of a log, and every signal that rests on them alone falls silent."""
    gone = FIELDS_OF[lack]
    whole = dict.fromkeys(Event.__struct_fields__)
    rows = []
    for event in STORY:
        facts = {name: getattr(event, name) for name in whole}
        rows.append(Event(**{**facts, **dict.fromkeys(gone)}))
    mute = {name for name, signal in signals().items() if signal.fields <= gone}
    assert mute, lack
    said = measured(window(rows))
    assert {name for name in mute if any(not np.isnan(v) for v, _, _ in said[name])} == set()


@pytest.mark.parametrize("name", ALL)
def test_a_signal_names_fields_that_events_have(name: str) -> None:
    """The fields that a signal says it needs are fields of an event, or its time."""
    assert signals()[name].fields <= {*Event.__struct_fields__}
    assert signals()[name].fields


@pytest.mark.parametrize("name", ALL)
def test_a_signal_has_a_weight_and_an_analytic_that_asks_it(name: str) -> None:
    """A signal that nobody weighs, or a weight without its signal, would be dead."""
    weights = load_weights()
    assert name in weights.signal
    assert set(weights.signal) == set(ALL)
    assert weights.signal[name].analytics
    assert set(weights.signal[name].analytics) <= {"beacon", "long_connection", "process"}


def test_a_path_that_ends_in_folders_has_a_name_all_the_same() -> None:
    """A program whose path has no file at its end is named by the last folder, or said to be unknown."""
    rows = calls("10.0.0.7", SITE, every(90, 5), process_path="\x1b[31m\\/", parent_path="\\")
    values = measured(window(rows))
    assert {short for name in ("program", "program_parent") for _, short, _ in values[name]} == {"\x1b[31m", "by unknown"}
