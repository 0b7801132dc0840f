"""What a finding tells its reader: how sure, what else it could be, what to do."""

import re

import pytest

from sferic.model.event import Event
from sferic.model.finding import Finding
from tests.signals.timelines import (
    CHROME,
    CURL,
    HOUR,
    WORKER,
    after,
    browse,
    calls,
    crowd,
    every,
    found,
    of,
    one_sided,
    reason,
    window,
)

ME = "10.0.0.5"
OTHERS = [*crowd(40), *browse(ME)]


def only(*stories: list[Event]) -> Finding:
    """Return the one finding about this machine's calls to the Worker."""
    (finding,) = of(found(window(OTHERS, *stories)), ME, WORKER)
    return finding


NO_PROGRAM = "no log here names the program that calls: Sysmon's, Defender's or another of the machine itself would"


def test_fifteen_check_ins_half_a_minute_apart_are_found() -> None:
    """The first test of the published page: 14 gaps of 30 s are found, with a short history that is said."""
    finding = only(calls(ME, WORKER, every(30, 15, 11 * HOUR), up=200, down=50, agent="PowerShell/7.4"))
    assert finding.interval
    assert finding.interval.sleep_s == pytest.approx(30, abs=0.5)
    assert finding.score >= 40, "it is shown with the default settings"
    assert finding.needs.startswith("15 check-ins within 7 min: the timing is firm, the history short")
    assert "2.9 h more of log" in finding.needs


def test_nine_jittered_check_ins_say_what_they_need() -> None:
    """Nine check-ins of 60 s with 30 % jitter are a finding that says in numbers how little that is."""
    finding = only(calls(ME, WORKER, after(one_sided(60, 0.3, 8), 11 * HOUR), up=600, down=250, agent=CURL))
    assert re.match(r"9 check-ins (within|so far)", finding.needs)
    assert [(bar.count, bar.low_s == bar.high_s) for bar in finding.gaps] == [(1, True)] * 8, "few gaps are told singly"
    assert finding.interval
    assert finding.interval.sleep_s == pytest.approx(60, abs=8)


def test_an_unsure_rhythm_says_how_many_more() -> None:
    """Where the timing is not firm, the number of check-ins that would settle it is given."""
    finding = only(calls(ME, WORKER, after(one_sided(600, 0.5, 9, seed=1), 11 * HOUR), up=600, down=250, agent=CURL))
    more = re.search(r"10 check-ins so far, about (\d+) more needed for firm timing", finding.needs)
    assert more, finding.needs
    assert 1 <= int(more[1]) <= 60


def test_the_promised_number_of_check_ins_makes_it_firm() -> None:
    """With the check-ins that a finding asks for, and half as many again, its timing is firm."""
    gaps = one_sided(600, 0.5, 60, seed=1)
    finding = only(calls(ME, WORKER, after(gaps[:9], 9 * HOUR), up=600, down=250, agent=CURL))
    more = re.search(r"about (\d+) more", finding.needs)
    assert more
    enough = 9 + int(1.5 * int(more[1]))
    later = only(calls(ME, WORKER, after(gaps[:enough], 9 * HOUR), up=600, down=250, agent=CURL))
    assert "needed" not in later.needs


def test_a_long_firm_channel_needs_nothing_but_its_program() -> None:
    """Six hours of a clear timer leave nothing to wait for, and only an endpoint's log has something to add."""
    times = after(one_sided(60, 0.2, 400), 11 * HOUR)
    assert only(calls(ME, WORKER, times, up=600, down=250, agent=CURL)).needs == NO_PROGRAM
    named = calls(ME, WORKER, times, up=600, down=250, agent=CURL, process_path=r"C:\Windows\System32\cmd.exe")
    assert only(named).needs == ""


def test_three_check_ins_are_no_finding() -> None:
    """Three check-ins are too few for any statement, so none is made."""
    assert not of(found(window(OTHERS, calls(ME, WORKER, [40_000, 40_050, 40_103], agent=CURL))), ME, WORKER)


def test_ordinary_explanations_are_weighed_by_what_was_measured() -> None:
    """For a fixed timer that poses as a browser, telemetry and a page are possible and a vendor's agent is unlikely."""
    finding = only(calls(ME, WORKER, every(60, 400, 11 * HOUR), up=600, down=250, agent=CHROME, path="/api"))
    told = {text.partition(":")[0]: text for text in finding.benign_explanations}
    assert told["A telemetry timer"].endswith("possible.")
    assert told["A page in a browser"].endswith("possible.")
    assert told["Telemetry that grows with use"].endswith("unlikely.")
    assert f"Here {reason(finding, 'size').value} of the sizes are alike – " in told["Telemetry that grows with use"]
    assert "Here 1 of 41 machines call it – " in told["A vendor's or the company's own agent"]
    assert f"Here the user agent is “{CHROME}” – " in told["A page in a browser"]


def test_no_explanation_is_judged_by_what_the_log_lacks() -> None:
    """Without user agents and paths, nothing is said about pages or products."""
    others = [*crowd(40, agent=None, path=None), *browse(ME, agent=None, path=None)]
    (finding,) = of(found(window(others, calls(ME, WORKER, every(60, 400, 11 * HOUR)))), ME, WORKER)
    assert not [text for text in finding.benign_explanations if "browser" in text or "product" in text]


def test_next_steps_name_machine_host_user_and_provider() -> None:
    """What to do next is written about this finding, not about findings in general."""
    finding = only(calls(ME, WORKER, every(60, 400, 11 * HOUR), up=600, down=250, agent=CURL, user="ann"))
    steps = " ".join(finding.next_steps)
    for word in (ME, WORKER, "alpha-lab", "ann", "Cloudflare"):
        assert word in steps
