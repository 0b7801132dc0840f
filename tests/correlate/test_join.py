"""Traffic to a function of one's own, and what was done to that function, are one finding where both are wrong."""

from datetime import timedelta
from pathlib import Path

from msgspec import structs

from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from tests.correlate.audit_logs import (
    CI_ROLE,
    FUNCTION_URL,
    START,
    ci_deploys,
    cloudflare,
    moment,
    trail,
    worker_deploy,
)  # fmt: skip
from tests.correlate.test_cloud import TAKEOVER, worker_deploys

WORKER = "api-sync.acct-lab.workers.dev"


def calls(host: str, day: float, count: int = 200, every_s: int = 60, machine: int = 10) -> list[str]:
    """Return a machine's check-ins with a host as Squid logs them, from a day on, and other machines' few calls."""
    begin = (START + timedelta(days=day)).timestamp()
    rows = [(begin + n * every_s + n * 7919 % 9, f"10.0.0.{machine}", host) for n in range(count)]
    rows += [(begin + n * 431, f"10.0.1.{n % 60}", f"shop{n % 7}.web-lab.workers.dev") for n in range(300)]
    line = "{:.3f}    120 {} TCP_TUNNEL/200 3921 CONNECT {}:443 - HIER_DIRECT/198.51.100.9 -"
    return [line.format(*row) for row in sorted(rows)]


def found(folder: Path, audit: list[str], traffic: list[str], **settings: object) -> list[Finding]:
    """Hunt through both logs together."""
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "audit.json").write_text("\n".join(audit) + "\n", encoding="utf-8")
    (logs / "access.log").write_text("\n".join(traffic) + "\n", encoding="utf-8")
    report = hunt([str(logs)], structs.replace(Settings(min_score=25, workers=1), **settings))
    assert not [f for f in report.account.files if f.problem or f.rejected or f.unknown]
    return list(report.findings)


def test_the_hazybeacon_chain_is_one_finding(tmp_path: Path) -> None:
    """A stolen key makes a function with an open URL, and a machine begins to call it: one finding, both timelines."""
    [one] = found(tmp_path, ci_deploys(5) + TAKEOVER, calls(FUNCTION_URL, 6.1))
    assert (one.analytic, one.severity) == ("cloud_change+beacon", "critical")
    assert (one.src_ip, one.function, one.actor) == ("10.0.0.10", "sync", "arn:aws:iam::111122223333:user/old-key")
    assert [change.operation for change in one.changes][-2:] == ["CreateFunctionUrlConfig", "AddPermission20150331v2"]
    assert one.days
    assert one.gaps
    assert one.interval
    signals = {reason.signal: reason.value for reason in one.reasons}
    assert {"timing", "aws_takeover_in_an_hour"} <= set(signals)
    assert signals["called_after_change"] == "2.3 h after"
    assert one.first_seen - one.changes[-1].time > 140 * 60_000_000, "the time seen is that of the calls"
    assert sum(reason.signal == "prior" for reason in one.reasons) == 1
    assert round(sum(reason.points for reason in one.reasons), 1) == one.points
    assert {"squid_access", "aws_cloudtrail"} <= set(one.sources)
    assert any("take the credential away" in step for step in one.next_steps)
    assert not any("abuse desk" in step for step in one.next_steps), "the function is one's own"


def test_a_weak_rhythm_counts_where_the_function_was_changed(tmp_path: Path) -> None:
    """A few check-ins that say little alone are shown once the function behind them was taken over."""
    few = calls(FUNCTION_URL, 6.1, count=9)
    alone = found(tmp_path, ci_deploys(5), few)
    assert not [f for f in alone if f.hosts == (FUNCTION_URL,) and f.severity in {"high", "critical"}]
    [one] = [f for f in found(tmp_path, ci_deploys(5) + TAKEOVER, few) if FUNCTION_URL in f.hosts]
    assert (one.analytic, one.severity) == ("cloud_change+beacon", "critical")


def test_an_unknown_function_stays_a_beacon(tmp_path: Path) -> None:
    """Check-ins with somebody else's function are a beacon, the change of one's own is a finding beside it."""
    other = "zyxwvutsrqponmlkjihgfedcba0zyxwv.lambda-url.eu-north-1.on.aws"
    both = found(tmp_path, ci_deploys(5) + TAKEOVER, calls(other, 6.1))
    assert sorted(f.analytic for f in both) == ["beacon", "cloud_change"]


def test_ones_own_function_in_peace(tmp_path: Path) -> None:
    """Check-ins with a function that only its pipeline touched lose points for that, with the function's name."""
    url = trail("CreateFunctionUrlConfig", moment(0), asked={"functionName": "image-resizer", "authType": "AWS_IAM"},
                answered={"functionUrl": f"https://{FUNCTION_URL}/"}, actor=CI_ROLE, ip="203.0.113.10",
                agent="HashiCorp Terraform/1.9")  # fmt: skip
    [one] = found(tmp_path, [*ci_deploys(8), url], calls(FUNCTION_URL, 6.1), min_score=0)
    assert (one.analytic, one.account) == ("beacon", "111122223333")
    assert {r.signal: r.points for r in one.reasons}["own_function"] == -12.0


def test_a_change_after_the_check_ins(tmp_path: Path) -> None:
    """Check-ins that had ended when the function was changed are not joined with the change."""
    both = found(tmp_path, ci_deploys(5) + TAKEOVER, calls(FUNCTION_URL, 1), min_score=0)
    assert sorted(f.analytic for f in both) == ["beacon", "cloud_change"]


def test_workers_by_the_accounts_name(tmp_path: Path) -> None:
    """A Worker is recognised in traffic where the log or the user's file says what its account is called."""
    audit = worker_deploys(6) + worker_deploy(moment(6))
    apart = [f.analytic for f in found(tmp_path, audit, calls(WORKER, 6.1))]
    assert sorted(apart) == ["beacon", "cloud_change"]
    name = cloudflare("PUT", "/accounts/0123/workers/subdomain", moment(0), resource={"request": {"subdomain": "acct-lab"}})
    assert [f.analytic for f in found(tmp_path, [name, *audit], calls(WORKER, 6.1))] == ["cloud_change+beacon"]
    mine = tmp_path / "mine.toml"
    mine.write_text('[workers]\n"0123" = "acct-lab"\n')
    [one] = found(tmp_path, audit, calls(WORKER, 6.1), deployer_files=(str(mine),))
    assert (one.analytic, one.function, one.actor) == ("cloud_change+beacon", "api-sync", "dev@corp.example")
