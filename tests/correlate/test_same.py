"""One channel found by its rhythm and by its program is one finding."""

from typing import Any

import pytest

from sferic.correlate.same import with_processes
from sferic.model.finding import Analytic, Finding, Step

SHELL = r"C:\Windows\System32\cmd.exe"


def finding(analytic: Analytic, **facts: Any) -> Finding:
    """A finding about a channel."""
    usual = {"device": "WS-1", "platform": "cloudflare-workers", "tenant": "lab", "hosts": ("a.lab.workers.dev",)}
    return Finding(id=analytic, analytic=analytic, score=60, points=4.0, severity="medium", **(usual | facts))


def by_process(**facts: Any) -> Finding:
    """A finding of the analytic `process`."""
    return finding("process", **({"process": SHELL, "process_tree": (Step(SHELL),)} | facts))


@pytest.mark.parametrize("process", [None, SHELL, SHELL.lower()])
def test_a_rhythm_of_the_same_program_stands_for_both(process: str | None) -> None:
    """The beacon stays, and has the process, also where its own log named none."""
    (kept,) = with_processes([finding("beacon", process=process)], [by_process()])
    assert (kept.analytic, kept.points) == ("beacon", 4.0)
    assert kept.process == (process or SHELL)


@pytest.mark.parametrize(
    "other",
    [
        {"process": r"C:\Program Files\Google\Chrome\Application\chrome.exe"},
        {"device": "WS-2"},
        {"platform": "vercel"},
        {"tenant": "other", "hosts": ("b.other.workers.dev",)},
    ],
)
def test_other_channels_stay_apart(other: dict[str, Any]) -> None:
    """Another program, machine, platform or tenant is another finding."""
    assert len(with_processes([finding("beacon", **other)], [by_process()])) == 2


def test_hosts_tell_channels_of_unknown_tenants() -> None:
    """Where the platform hides the tenant, a shared host makes it the same channel."""
    same = with_processes([finding("beacon", tenant=None)], [by_process(tenant=None)])
    assert [one.analytic for one in same] == ["beacon"]
    apart = with_processes([finding("beacon", tenant=None, hosts=("x",))], [by_process(tenant=None)])
    assert len(apart) == 2
