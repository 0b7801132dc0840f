"""`sferic functions` and `sferic cloud learn`: what is one's own, who talks to it, and who is expected to change it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sferic.catalog.deployers import load_deployers
from tests.correlate.audit_logs import CI_ROLE, FUNCTION_URL, aws_code, ci_deploys, moment, trail, worker_deploy
from tests.correlate.test_cloud import TAKEOVER
from tests.correlate.test_join import calls

Sferic = Callable[..., Any]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Give a folder with audit logs of a pipeline, a takeover, and traffic to the function that it made."""
    folder = tmp_path / "logs"
    folder.mkdir()
    by_hand = [aws_code(moment(day), "by-hand", actor="mira") for day in range(4)]
    (folder / "audit.json").write_text("\n".join(ci_deploys(5) + by_hand + TAKEOVER) + "\n", encoding="utf-8")
    (folder / "access.log").write_text("\n".join(calls(FUNCTION_URL, 6.1, count=20)) + "\n", encoding="utf-8")
    return folder


def test_the_inventory(sferic: Sferic, logs: Path) -> None:
    """Each function has its names, its makers and changers, and who talks to it; what changed last comes first."""
    run = sferic("functions", str(logs), "-q")
    rows = [json.loads(line) for line in run.out.splitlines()]
    assert run.code == 0
    assert [row["function"] for row in rows] == ["sync", "image-resizer", "by-hand"]
    assert rows[0] == {
        "provider": "AWS", "account": "111122223333", "function": "sync", "hosts": [FUNCTION_URL],
        "created": "2026-03-08T09:02:00Z", "created_by": "arn:aws:iam::111122223333:user/old-key",
        "changed": "2026-03-08T09:03:00Z", "changed_by": "arn:aws:iam::111122223333:user/old-key",
        "operation": "AddPermission20150331v2", "callers": 1, "calls": 20, "called_by": ["10.0.0.10"],
    }  # fmt: skip
    assert rows[1]["changed_by"] == CI_ROLE.removesuffix("/run")
    assert (rows[1]["created"], rows[1]["callers"]) == (None, 0)


def test_the_table(sferic: Sferic, logs: Path) -> None:
    """For people the same stands in a table."""
    out = sferic("functions", str(logs), "--format", "table", "-q").out
    for text in ("sync", "1 machine, 20 calls", "10.0.0.10", "before the log", "nobody seen"):
        assert text in out
    for whole in (FUNCTION_URL, "arn:aws:iam::111122223333:user/old-key", CI_ROLE.removesuffix("/run")):
        assert whole in out, "no name is broken on 80 columns"


def test_the_cost_is_the_real_one(sferic: Sferic, logs: Path, tmp_path: Path) -> None:
    """What the ledger calls the cost was measured: it names processor time and memory."""
    for words in (("functions", str(logs)), ("cloud", "learn", str(logs), "--to", str(tmp_path / "d.toml"))):
        [cost] = [line for line in sferic(*words).err.splitlines() if line.startswith("cost")]
        assert "of CPU, peak memory" in cost


def test_nothing_of_ones_own(sferic: Sferic, tmp_path: Path) -> None:
    """Without audit logs there is nothing, and that is said."""
    (tmp_path / "access.log").write_text("\n".join(calls(FUNCTION_URL, 0, count=3)) + "\n", encoding="utf-8")
    run = sferic("functions", str(tmp_path / "access.log"), "--format", "table", "-q")
    assert (run.code, run.out) == (0, "No audit log here shows a function of yours.\n")


def test_learning(sferic: Sferic, tmp_path: Path) -> None:
    """Who changed functions on three days is learned with network and software, and a hunt knows it from then on."""
    audit = tmp_path / "audit.json"
    rare = worker_deploy(moment(1), email="once@corp.example")
    audit.write_text("\n".join([*ci_deploys(5), *rare]) + "\n", encoding="utf-8")
    run = sferic("cloud", "learn", str(audit), "--to", str(tmp_path / "deployers.toml"), "--quiet")
    assert run.code == 0
    [one] = load_deployers((str(tmp_path / "deployers.toml"),)).deployer
    assert one.principal == CI_ROLE.removesuffix("/run")
    assert (one.networks, one.agents) == (("203.0.113.0/24",), ("terraform",))


def test_learning_ipv6(sferic: Sferic, tmp_path: Path) -> None:
    """Of a short address the network is learned in a form that the list is read with."""
    (tmp_path / "audit.json").write_text(
        "\n".join(aws_code(moment(day), actor=CI_ROLE, ip="2001:db8::1") for day in range(4)) + "\n"
    )
    sferic("cloud", "learn", str(tmp_path / "audit.json"), "--to", str(tmp_path / "deployers.toml"), "--quiet")
    [one] = load_deployers((str(tmp_path / "deployers.toml"),)).deployer
    assert one.networks == ("2001:db8::/48",)


def test_an_intruder_is_not_learned(sferic: Sferic, tmp_path: Path) -> None:
    """An identity that a finding of the period names is held back and named; a hostile name does no harm."""
    audit = tmp_path / "audit.json"
    name = 'x"\n[[deployer]]*'
    evil = [line for day in range(2, 6) for line in worker_deploy(moment(day), email=name)]
    opened = [trail("CreateFunctionUrlConfig", moment(day), asked={"functionName": "web", "authType": "NONE"}, actor="eve")
              for day in range(4)]  # fmt: skip
    audit.write_text("\n".join([*ci_deploys(5), *evil, *opened]) + "\n", encoding="utf-8")
    run = sferic("cloud", "learn", str(audit), "--to", str(tmp_path / "deployers.toml"))
    assert "not learned, because a finding names it: arn:aws:iam::111122223333:user/eve" in run.err
    learned = load_deployers((str(tmp_path / "deployers.toml"),)).deployer
    assert len(learned) == 2
    assert not [one for one in learned if "*" in one.principal.replace("[*]", "")]


def test_the_list_of_deployments(sferic: Sferic, tmp_path: Path) -> None:
    """A change that no deployment on the list belongs to is high, whoever made it; the others stay silent."""
    (tmp_path / "audit.json").write_text("\n".join(ci_deploys(5)) + "\n", encoding="utf-8")
    listed = tmp_path / "deployments.csv"
    listed.write_text("time\n" + "\n".join(moment(day, 5) for day in (0, 1, 3, 4)) + "\n")
    run = sferic("hunt", str(tmp_path / "audit.json"), "--deployments", str(listed), "-q", "--no-save")
    [found] = [json.loads(line) for line in run.out.splitlines()]
    assert (found["severity"], found["changes"][0]["time"]) == ("high", moment(2))
    assert [reason["signal"] for reason in found["reasons"]] == ["prior", "no_deployment_on_record"]
