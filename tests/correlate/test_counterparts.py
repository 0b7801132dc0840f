"""A command finds its change in the audit logs by what both share, and among very many at little cost."""

import pytest

from sferic.correlate import counterparts
from sferic.correlate.counterparts import AFTER_US, BEFORE_US, NEAREST, Writes
from sferic.model.deed import Deed
from sferic.model.launch import Launch
from sferic.model.process import Process

AT = 1_772_445_600_000_000
SECOND = 1_000_000


def command(time: int = AT, *, user: str = r"CORP\ada.byron", function: str = "", agent: str = "wrangler") -> Launch:
    """Return a command for Cloudflare."""
    return Launch(
        time=time, source="windows_sysmon", place="s.json:1", device="WS-005", user=user, tool="wrangler", agent=agent,
        provider="Cloudflare", function=function, process=Process(path="node.exe"),
    )  # fmt: skip


def change(
    time: int = AT, actor: str = "kim@corp.example", function: str = "one", agent: str = "wrangler",
    provider: str = "Cloudflare",
) -> Deed:  # fmt: skip
    """Return a deployment that an audit log shows."""
    return Deed(
        time=time, source="cloudflare_audit", place=f"c.json:{time}", provider=provider, function=function,
        actor=actor, agent=agent, kind="code",
    )  # fmt: skip


@pytest.mark.parametrize(("late_us", "is_found"), [
    (-BEFORE_US - 1, False), (-BEFORE_US, True), (0, True), (AFTER_US, True), (AFTER_US + 1, False),
])  # fmt: skip
def test_a_change_is_the_commands_within_its_time(late_us: int, is_found: bool) -> None:
    """From a minute before to a quarter of an hour after, both borders included."""
    one = change(AT + late_us, actor="ada.byron@corp.example")
    assert Writes([one]).made_by(command()) is (one if is_found else None)


def test_the_nearest_that_fits_is_taken() -> None:
    """Of several changes by the same person the nearest in time, by name if the command says one."""
    before, near, after = (change(AT + s * SECOND, "ada.byron@corp.example", name) for s, name in
                           ((-50, "one"), (4, "two"), (600, "one")))  # fmt: skip
    writes = Writes([before, near, after])
    assert writes.made_by(command()) is near
    assert writes.made_by(command(function="ONE")) is before
    assert writes.made_by(command(function="three")) is None


def test_software_alone_supports_only_the_only_change() -> None:
    """The same tool's change by a stranger is the command's, unless another may be, were it of unknown software."""
    one = change(AT + SECOND)
    assert Writes([one]).made_by(command()) is one
    assert Writes([one, change(AT + 2 * SECOND)]).made_by(command()) is one, "twice the same is one"
    assert Writes([one, change(AT + 2 * SECOND, function="two", agent="")]).made_by(command()) is None
    assert Writes([one, change(AT + 2 * SECOND, function="two", agent="terraform")]).made_by(command()) is one
    assert Writes([one, change(AT + 2 * SECOND, function="two", provider="AWS")]).made_by(command()) is one
    assert Writes([change(AT, agent="")]).made_by(command()) is None


def test_in_a_crowd_nothing_is_alone() -> None:
    """Where more changes stand around a command than are looked at, the same software tells nothing any more."""
    same = [change(AT + n) for n in range(NEAREST)]
    assert Writes(same[1:]).made_by(command()) is same[1]
    assert Writes(same).made_by(command()) is None


@pytest.mark.parametrize("shared", [
    {"actor": "ada.byron@corp.example", "agent": "terraform"}, {"function": "api-sync", "agent": "terraform"},
    {"agent": ""}, {"agent": "wrangler"},
])  # fmt: skip
def test_many_commands_beside_many_changes_stay_cheap(
    monkeypatch: pytest.MonkeyPatch, shared: dict[str, str]
) -> None:
    """Of thousands of changes that share something with a command only the nearest are compared with it."""
    asked = 0
    judged = counterparts._may_be

    def counted(launch: Launch, deed: Deed) -> bool:
        nonlocal asked
        asked += 1
        return judged(launch, deed)

    monkeypatch.setattr(counterparts, "_may_be", counted)
    writes = Writes([change(AT + n, **{"function": f"f{n}"} | shared) for n in range(5000)])
    commands = [command(AT + 10 * n, function="api-sync") for n in range(200)]
    for one in commands:
        writes.made_by(one)
    assert 0 < asked <= len(commands) * 4 * 2 * NEAREST
