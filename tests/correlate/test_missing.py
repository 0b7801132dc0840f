"""What logs cannot tell is said by what their rows held."""

import pytest

from sferic.correlate.missing import FIELDS, NO_CALLS, Filled, filled, missing
from sferic.model.event import DNS, HTTP, NETWORK, PROCESS, Event
from sferic.model.report import Missing
from sferic.signals._contract import signals
from tests.signals.timelines import CHROME, WORKER, calls, every, traffic


def lacks(found: Filled) -> dict[str, list[str]]:
    """Return which sources lack what, in the order in which it is said."""
    said: dict[str, list[str]] = {}
    for lack in missing(found, ()):
        said.setdefault(lack.evidence, []).append(lack.source)
    return said


def text(found: Filled, evidence: str) -> str:
    """Return what is said of one lack."""
    (lack,) = [lack for lack in missing(found, ()) if lack.evidence == evidence]
    return lack.text


def test_what_a_row_holds_is_not_missing() -> None:
    """One row with a user agent is enough for its source; the other source still has none."""
    found = filled(traffic(
        calls("10.0.0.5", WORKER, every(60, 3), log="proxy", up=600, path="/x"),
        calls("10.0.0.5", WORKER, every(60, 1, 500), log="proxy", agent=CHROME, user="ann"),
        calls("10.0.0.5", WORKER, every(60, 3, 900), log="flows", total=900, lasts_s=2),
    ))  # fmt: skip
    assert found.calls["proxy"] == {"bytes_up", "path", "user_agent", "user"}
    assert found.calls["flows"] == {"bytes_total", "duration_ms"}
    assert lacks(found) == {
        "client software": ["flows"], "paths": ["flows"], "upload sizes": ["flows"], "durations": ["proxy"],
        "users": ["flows"], "names of machines": ["all"], "programs": ["all"],
    }  # fmt: skip


@pytest.mark.parametrize("field", sorted(FIELDS - {"parent_path", "command_line"}))
def test_each_field_of_an_event_is_seen_in_settled_rows(field: str) -> None:
    """Whatever field an event fills, its row fills; `note`, which looks at events, says the same."""
    value = {"device": "WS-1", "path": "/x", "process_path": r"C:\x.exe"}.get(field, "x")
    amount = 7 if field.startswith("bytes") or field == "duration_ms" else value
    event = Event(table=HTTP, time=10**15, source="s", src_ip="10.0.0.1", dst_host=WORKER)
    setattr(event, field, amount)
    noted = Filled()
    noted.note(event)
    assert filled(traffic([event])).calls == noted.calls == {"s": {field}}


def test_starts_of_programs_are_seen() -> None:
    """A parent and a command line are those of the row's process."""
    rows = calls("10.0.0.5", WORKER, every(60, 2), process_path="x.exe", parent_path="y.exe", command_line="x -q")
    assert filled(traffic(rows)).calls["proxy"] >= {"process_path", "parent_path", "command_line"}
    bare = filled(traffic(calls("10.0.0.5", WORKER, every(60, 2), process_path="x.exe")))
    assert "program_command, program_parent, program_parentage cannot speak" in text(bare, "starts of programs")


def test_what_no_log_holds_is_said_once_with_what_it_silences() -> None:
    """Of a lack of all logs, all signals that rest on it are named, the analytic first."""
    found = Filled(calls={"a": {"path"}, "b": {"path"}})
    assert lacks(found)["durations"] == ["all"]
    assert text(found, "durations") == (
        "no log here tells of durations (long_connection, held_open cannot speak): a log with durations would"
    )
    assert text(found, "sizes").startswith("no log here tells of sizes (size, tasking, trickle, volume cannot speak)")
    assert "upload sizes" not in lacks(found), "that goes without saying"
    assert "starts of programs" not in lacks(found), "nor is a start asked for where no program is known"


def test_the_gravest_lack_is_of_a_whole_analytic() -> None:
    """Programs of all logs weigh more than client software of all, this more than that of one, and names of users least."""
    ranks = {(lack.evidence, lack.source): lack.rank for lack in missing(Filled(calls={"a": {"path"}, "b": {"path"}}), ())}
    assert ranks["programs", "all"] == ranks["durations", "all"] == 1
    assert ranks["client software", "all"] == ranks["sizes", "all"] == 2
    assert ranks["users", "all"] == ranks["names of machines", "all"] == 4
    one = Filled(calls={"a": {"path", "user"}, "b": {"user_agent", "duration_ms"}})
    assert {lack.evidence: lack.rank for lack in missing(one, ()) if lack.source == "a"} == {
        "client software": 3, "durations": 3,
    }  # fmt: skip


def test_every_signal_that_rests_on_these_fields_alone_is_named_somewhere() -> None:
    """Logs that hold nothing: each signal that only these fields feed stands in one of the lacks, once."""
    mute = sorted(name for name, signal in signals().items() if signal.fields <= FIELDS)
    lists = [lack.text.partition(" (")[2] for lack in missing(Filled(calls={"a": {"process_path"}}), ())]
    told = [name for listed in lists for name in listed.partition(" cannot speak")[0].split(", ")]
    asked = [name for name in mute if "process_path" not in signals()[name].fields]
    assert sorted({*told} & {*mute}) == asked
    assert len(told) == len({*told})


def test_a_program_known_from_another_log_is_no_lack() -> None:
    """Programs are joined, so one log that tells them is enough for all."""
    found = Filled(calls={"proxy": {"path"}, "endpoint": {"process_path", "device"}})
    assert {"programs", "names of machines"}.isdisjoint(lacks(found))
    beside = Filled(calls={"proxy": {"path"}}, beside={"endpoint": {"process_path"}})
    assert "programs" not in lacks(beside)


def test_look_ups_are_not_asked_for_paths() -> None:
    """A DNS log beside a proxy lacks nothing; alone it is said to hold no calls."""
    proxy = {"user_agent", "path", "bytes_up", "duration_ms", "user", "device", "process_path", "parent_path"}
    assert lacks(Filled(calls={"proxy": proxy}, beside={"dns": set()})) == {}
    assert missing(Filled(beside={"dns": set()}), ()) == (Missing("all", "calls", NO_CALLS, 1),)


def test_events_are_sorted_into_calls_and_others() -> None:
    """Look-ups and starts of programs are no calls; flows and requests are."""
    found = Filled()
    for table in (DNS, PROCESS, NETWORK, HTTP):
        found.note(Event(table=table, time=0, source=table, command_line="x"))
    assert (sorted(found.beside), sorted(found.calls)) == ([DNS, PROCESS], [HTTP, NETWORK])
    assert found.beside[PROCESS] == {"command_line"}


def test_parts_add_up() -> None:
    """What two parts of the rows hold is what all of them hold."""
    early = calls("10.0.0.5", WORKER, every(60, 3), log="a", agent=CHROME)
    late = [*calls("10.0.0.6", WORKER, every(60, 3), log="a", up=3), *calls("10.0.0.6", WORKER, every(9, 3), log="b")]
    parts = Filled()
    parts.add(filled(traffic(early)))
    parts.add(filled(traffic(late)))
    assert parts == filled(traffic(early, late))


def test_nothing_is_missing_where_nothing_was_weighed() -> None:
    """Without rows there is nothing of which the logs could say more, but for names."""
    assert missing(filled(traffic()), ()) == ()
    (names,) = missing(Filled(), ["flows"], (0, 0, 0))
    assert "nothing here names its addresses" in names.text
    (untried,) = missing(Filled(), ["flows"])
    assert "a hunt names its flows by what other logs" in untried.text
