"""Commands that deploy: odd ones speak by themselves, and every one stands beside what the audit log shows of it.

All go through a whole hunt, from each log of started programs.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from sferic.model.finding import Finding
from sferic.model.settings import Settings
from sferic.pipeline import hunt
from tests.correlate.audit_logs import worker_deploy
from tests.engine.evtx_writing import Value, evtx, sysmon
from tests.pipeline.endpoint_lines import CODE, EXPLORER, POWERSHELL, START_S, SUFFIX, WORD, WRITERS, Story

CMD, NODE = r"C:\Windows\System32\cmd.exe", r"C:\Program Files\nodejs\node.exe"
SCRIPT_HOST = r"C:\Windows\System32\wscript.exe"
RUNNER = r"C:\actions-runner\bin\Runner.Worker.exe"
MODULES = r"C:\work\api-sync\node_modules\wrangler"
DEPLOY = f'"{NODE}" "{MODULES}\\wrangler-dist\\cli.js" deploy --name api-sync'
Told = Callable[..., list[Finding]]
WHATEVER = Settings(min_score=0, workers=1)
every_log = pytest.mark.parametrize("log", sorted(WRITERS))


def wrangler(story: Story, parents: tuple[str, ...], line: str = DEPLOY, *, machine: int = 5, at_s: float = 0.0) -> None:
    """Let the last of these programs, each started by the one before, run `wrangler deploy`."""
    parent = story.run(parents[0], machine=machine)
    for path in parents[1:]:
        parent = story.run(path, machine=machine, parent=parent, at_s=at_s - 2)
    shim = f'"{NODE}" "{MODULES}\\bin\\wrangler.js" {line.partition("cli.js")[2].strip(chr(34) + " ")}'
    first = story.run(NODE, machine=machine, parent=parent, command_line=shim, at_s=at_s)
    story.run(NODE, machine=machine, parent=first, command_line=line, at_s=at_s + 0.4)


def when(at_s: float) -> str:
    """Return a moment of the story as audit logs write it."""
    return f"{datetime.fromtimestamp(START_S + at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Hunt through a story, and records of Cloudflare's, and return what was found whatever its score."""

    def hunted(
        story: Story, log: str = "sysmon_json", audit: tuple[str, ...] = (), settings: Settings = WHATEVER
    ) -> list[Finding]:
        logs = tmp_path / f"logs-{len(list(tmp_path.iterdir()))}"
        logs.mkdir()
        if story.started:
            (logs / SUFFIX[log]).write_text(WRITERS[log](story), encoding="utf-8")
        if audit:
            (logs / "cloudflare.json").write_text("\n".join(audit) + "\n", encoding="utf-8")
        report = hunt([str(logs)], settings)
        assert not [file for file in report.account.files if file.problem or file.rejected or file.unknown]
        return list(report.findings)

    return hunted


def signals(finding: Finding) -> dict[str, float]:
    """Return the points of each reason."""
    return {reason.signal: reason.points for reason in finding.reasons}


@every_log
def test_a_deployment_from_a_document_is_a_finding(told: Told, log: str) -> None:
    """Word starts a shell, the shell wrangler: one finding names machine, user, program, parents and function."""
    story = Story()
    wrangler(story, (WORD, CMD))
    (finding,) = told(story, log)
    assert (finding.analytic, finding.severity) == ("cloud_change", "medium")
    assert (finding.device or "").lower().startswith("ws-005")
    assert (finding.user or "").lower().endswith("jona.quill")
    assert (finding.provider, finding.function) == ("Cloudflare", "api-sync")
    assert (finding.process or "").lower().endswith("node.exe")
    tree = [(step.path or "").lower().rpartition("\\")[2] for step in finding.process_tree]
    assert tree == ["winword.exe", "cmd.exe", "node.exe"]
    assert finding.connections == 1, "both programs are one deployment"
    assert signals(finding) == {"prior": -20, "launched_by_document": 22}
    assert "wrangler.js" in finding.reasons[1].text


@every_log
@pytest.mark.parametrize(
    ("parents", "sign"),
    [
        ((SCRIPT_HOST, CMD), "launched_by_script_host"),
        ((r"C:\Windows\System32\inetsrv\w3wp.exe", CMD), "launched_by_server"),
        ((EXPLORER, r"C:\Users\Public\upd.exe"), "launched_from_odd_place"),
        ((r"C:\Windows\System32\svchost.exe", POWERSHELL), "launched_by_service"),
        ((r"C:\Windows\System32\wsl.exe",), "launched_by_subsystem"),
        ((r"C:\Program Files\Acme\agent.exe", CMD), "launched_by_other"),
    ],
)
def test_odd_callers_speak(told: Told, log: str, parents: tuple[str, ...], sign: str) -> None:
    """What has nothing to deploy is low or medium, by what it is."""
    story = Story()
    wrangler(story, parents)
    (finding,) = told(story, log)
    assert set(signals(finding)) == {"prior", sign}
    assert finding.severity == ("medium" if signals(finding)[sign] == 22 else "low")


@every_log
@pytest.mark.parametrize(
    "parents",
    [
        (EXPLORER, POWERSHELL), (EXPLORER, CMD), (CODE, POWERSHELL), (RUNNER, POWERSHELL), (CMD,),
        (r"C:\Jenkins\jenkins.exe", r"C:\Program Files\Java\bin\java.exe"), (r"C:\Program Files\Java\bin\java.exe", CMD),
    ],
)
def test_desks_and_runners_are_silent(told: Told, log: str, parents: tuple[str, ...]) -> None:
    """A developer's terminal or editor, a pipeline's runner, and a shell of which nobody knows who started it."""
    story = Story()
    wrangler(story, parents)
    assert not told(story, log)


@every_log
@pytest.mark.parametrize(
    ("first", "sign"),
    [((WORD,), "launched_by_document"), ((r"C:\Windows\System32\svchost.exe",), "launched_by_service"),
     ((EXPLORER,), None), ((EXPLORER, r"C:\Program Files\Acme\agent.exe"), None)],
)  # fmt: skip
def test_who_began_is_found_behind_many_shells(told: Told, log: str, first: tuple[str, ...], sign: str | None) -> None:
    """A package manager starts a shell starts a tool: each of their starts is read until a program tells who it was."""
    story = Story()
    wrangler(story, (*first, CMD, NODE, CMD))
    found = told(story, log)
    assert [sorted(signals(one)) for one in found] == ([sorted({"prior", sign})] if sign else [])
    if sign:
        names = [(step.path or "").lower().rpartition("\\")[2] for step in found[0].process_tree]
        assert names == [first[0].lower().rpartition("\\")[2], "cmd.exe", "node.exe", "cmd.exe", "node.exe"]


COMMANDS = {
    "aws": r"aws.exe --profile ci lambda update-function-code --function-name api-sync --zip-file fileb://a.zip",
    "aws_url": r"aws.exe lambda create-function-url-config --function-name api-sync --auth-type NONE",
    "gcloud": r'python.exe "C:\gcloud\lib\gcloud.py" functions deploy api-sync --runtime nodejs20',
    "func": r"func.exe azure functionapp publish api-sync",
    "az": r"python.exe -IBm azure.cli functionapp deployment source config-zip -g rg --name api-sync --src a.zip",
    "supabase": r"supabase.exe functions deploy api-sync",
    "wrangler": r"npx wrangler@4.1.0 deploy --name api-sync",
    "vercel": r"node.exe C:\npm\vercel\vercel.js deploy --prod",
    "netlify": r"netlify.cmd deploy",
    "sls": r"sls.cmd deploy",
    "sam": r"sam.cmd deploy",
    "AWS.Tools": "powershell -c Update-LMFunctionCode -FunctionName api-sync -ZipFilename a.zip",
    "Az": "pwsh -c Publish-AzWebApp -ResourceGroupName rg -Name api-sync -ArchivePath a.zip",
    "terraform": r"terraform.exe apply -auto-approve",
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("log", ["sysmon_xml", "defender_csv"])
def test_every_tool_is_known(told: Told, log: str, name: str) -> None:
    """The commands of the other platforms' tools speak, too, with the function where they name it."""
    story = Story()
    story.run(CMD, parent=story.run(WORD), command_line=f"cmd /c {COMMANDS[name]}", at_s=0)
    (finding,) = told(story, log)
    assert signals(finding) == {"prior": -20, "launched_by_document": 22}
    assert finding.function == ("api-sync" if "api-sync" in COMMANDS[name] else None)


@pytest.mark.parametrize(
    "line",
    ["wrangler dev", "wrangler tail api-sync", "aws lambda list-functions", "terraform plan", "gcloud functions list",
     "echo deploy", "func start", "az functionapp list", "vercel dev"],
)  # fmt: skip
def test_other_commands_are_none(told: Told, line: str) -> None:
    """What only looks or runs at home deploys nothing, whoever starts it."""
    story = Story()
    story.run(CMD, parent=story.run(WORD), command_line=f"cmd /c {line}")
    assert not told(story)


def test_who_speaks_of_a_command_does_not_give_it(told: Told) -> None:
    """A search for the words, or a message that holds them, is no deployment."""
    story = Story()
    story.run(r"C:\Windows\System32\findstr.exe", parent=story.run(WORD), command_line='findstr "wrangler deploy" *.md')
    assert not told(story)


def test_no_secret_is_told(told: Told) -> None:
    """Tokens and passwords of a command line are not in the finding, the rest of it is."""
    story = Story()
    parent = story.run(CMD, parent=story.run(WORD), command_line="cmd /c set CLOUDFLARE_API_TOKEN=hush-one && go")
    lines = 'npx wrangler deploy --api-token hush-two --var SECRET_KEY="hush three" --name api-sync --auth-type NONE'
    story.run(NODE, parent=parent, command_line=lines)
    (finding,) = told(story)
    assert "hush" not in str(finding)
    assert "CLOUDFLARE_API_TOKEN=… && go" in str(finding)
    assert "--api-token … " in str(finding)
    (sample,) = finding.samples
    assert "--api-token … " in sample.text
    assert "--name api-sync --auth-type NONE" in str(finding)


@every_log
def test_one_deployment_in_both_logs_is_one_finding(told: Told, log: str) -> None:
    """What the cloud wrote down minutes later is the same finding, with both as evidence, and weighs more."""
    story = Story()
    wrangler(story, (WORD, CMD))
    audit = (*worker_deploy(when(-9 * 86_400), email="ci@corp.example"), *worker_deploy(when(-8 * 86_400), email="ci@corp.example"),
             *worker_deploy(when(20), email="jona.quill@corp.example"))  # fmt: skip
    alone = max(told(Story(), log, audit), key=lambda one: one.points)
    finding = max(told(story, log, audit), key=lambda one: one.points)
    assert alone.id == finding.id
    assert finding.points == alone.points + 11
    assert set(signals(finding)) == set(signals(alone)) | {"launched_by_document"}
    assert {change.operation.partition(" ")[0] for change in finding.changes} > {f'"{NODE.partition(" ")[0]}'}
    assert (finding.device or "").lower().startswith("ws-005")
    assert {"cloudflare_audit"} < set(finding.sources)


def test_what_nobody_wonders_about_is_told_beside_the_change(told: Told) -> None:
    """A developer's own command adds no points to what the audit log says, but names the machine."""
    story = Story()
    wrangler(story, (EXPLORER, CMD))
    audit = (*worker_deploy(when(-9 * 86_400), email="ci@corp.example"), *worker_deploy(when(-8 * 86_400), email="ci@corp.example"),
             *worker_deploy(when(20), email="jona.quill@corp.example"))  # fmt: skip
    (alone,), (finding,) = (
        [one for one in told(some, audit=audit) if one.actor == "jona.quill@corp.example"] for some in (Story(), story)
    )
    assert finding.points == alone.points
    assert signals(finding)["launched"] == 0
    assert finding.device == "WS-005.corp.example"


def test_each_change_has_its_own_commands(told: Told) -> None:
    """Of several deployments of one person each stands beside its own change, and what no log shows is told alone."""
    story = Story()
    for at_s, name in ((0.0, "one"), (7200.0, "two"), (14_400.0, "three")):
        wrangler(story, (SCRIPT_HOST, CMD), DEPLOY.replace("api-sync", name), at_s=at_s)
    email = "jona.quill@corp.example"
    early = [line for day in (9, 8) for line in worker_deploy(when(-day * 86_400), email="ci@corp.example")]
    audit = (*early, *worker_deploy(when(20), "one", email=email), *worker_deploy(when(7220), "two", email=email))
    found = {one.function: one for one in told(story, audit=audit) if one.device}
    assert set(found) == {"one", "two", "three"}
    for function, finding in found.items():
        commands = [change for change in finding.changes if change.outcome == "unknown"]
        assert [change.resource for change in commands] == [function]
    assert found["one"].actor == found["two"].actor == email
    assert found["three"].actor is None


def test_of_several_machines_the_most_telling_is_shown(told: Told) -> None:
    """Two machines ran commands that one change may come from: the odd one is told of, the other is named."""
    for odd, late in ((5, 6), (6, 5)):
        story = Story()
        wrangler(story, (WORD, CMD), machine=odd)
        wrangler(story, (EXPLORER, CMD), machine=late, at_s=5)
        audit = [line for day in (9, 8) for line in worker_deploy(when(-day * 86_400), email="ci@corp.example")]
        audit += worker_deploy(when(20), email="kim.reed@corp.example")
        (finding,) = [one for one in told(story, audit=tuple(audit)) if one.device]
        assert finding.device == f"WS-00{odd}.corp.example"
        assert (finding.process_tree[0].path or "").endswith("WINWORD.EXE")
        points = signals(finding)
        assert (points["launched_by_document"], points["launched_elsewhere"]) == (11, 0)
        assert "launched" not in points
        (others,) = [reason.text for reason in finding.reasons if reason.signal == "launched_elsewhere"]
        assert f"WS-00{late}.corp.example" in others
        assert finding.points == pytest.approx(sum(points.values()))
        assert sum(change.outcome == "unknown" for change in finding.changes) == 2


def test_what_nothing_supports_is_not_mixed_in(told: Told) -> None:
    """The only change of that time, by another person with software that no log names, is not the command's."""
    story = Story()
    wrangler(story, (EXPLORER, CMD), DEPLOY.removesuffix(" --name api-sync"))
    for agent, machines in (("", 0), ("wrangler/4.1.0", 1)):
        audit = [line for day in (9, 8) for line in worker_deploy(when(-day * 86_400), email="ci@corp.example")]
        audit += worker_deploy(when(20), email="kim.reed@corp.example", agent=agent)
        assert len([one for one in told(story, audit=tuple(audit)) if one.device]) == machines


def test_another_ones_deployment_is_not_mixed_in(told: Told) -> None:
    """Another function, or two possible ones of other people, are not taken for what the command did."""
    story = Story()
    wrangler(story, (EXPLORER, CMD))
    audit = worker_deploy(when(20), script="other", email="kim.reed@corp.example")
    found = told(story, audit=tuple(audit))
    assert not [one for one in found if one.device]
    nameless = Story()
    wrangler(nameless, (EXPLORER, CMD), DEPLOY.removesuffix(" --name api-sync"))
    audit += worker_deploy(when(25), script="third", email="ada.byron@corp.example")
    assert not [one for one in told(nameless, audit=tuple(audit)) if one.device]


@pytest.mark.parametrize("principal", ["CORP\\\\jona.*", "jona.quill@corp.example"])
def test_known_deployers_are_silent(told: Told, tmp_path: Path, principal: str) -> None:
    """Who is listed as a deployer is not reported: as the machine's user, or by the identity in the audit log."""
    story = Story()
    wrangler(story, (r"C:\Windows\System32\svchost.exe", POWERSHELL))
    audit = tuple(worker_deploy(when(20), email="jona.quill@corp.example")) if "@" in principal else ()
    listed = tmp_path / "deployers.toml"
    for networks, severity in (("198.51.100.0/24", "informational"), ("192.0.2.0/24", "medium")):
        listed.write_text(
            f'[[deployer]]\nname = "ci"\nprincipal = "{principal}"\nnetworks = ["{networks}"]\n', encoding="utf-8"
        )
        settings = replace(WHATEVER, deployer_files=(str(listed),))
        found = [one for one in told(story, audit=audit, settings=settings) if one.device]
        assert {one.severity for one in found} == ({severity} if audit else {"informational"})
        if severity == "medium" and audit:
            assert signals(found[0]) == {"prior": -20, "launched_by_service": 14, "launch_in_audit_log": 6}
            assert (found[0].actor, found[0].function) == ("jona.quill@corp.example", "api-sync")


def test_a_habit_is_silent(told: Told) -> None:
    """A task that deploys on three days over a week is somebody's way of working; on two days it is not yet."""
    for days, severity in (((0, 3, 6), "informational"), ((0, 6), "low")):
        story = Story()
        for day in days:
            wrangler(story, (r"C:\Windows\System32\svchost.exe", CMD), at_s=86_400.0 * day)
        (finding,) = told(story)
        assert (finding.severity, finding.connections) == (severity, len(days))


def test_what_many_machines_do_is_silent(told: Told) -> None:
    """An unknown program that deploys on four machines is the company's tooling; on three it is told."""
    for machines, severity in ((4, "informational"), (3, "low")):
        story = Story()
        for machine in range(1, machines + 1):
            wrangler(story, (r"C:\Program Files\Acme\agent.exe", CMD), machine=machine)
        assert {one.severity for one in told(story)} == {severity}


def test_an_event_log_as_it_lies_on_the_disk(tmp_path: Path) -> None:
    """In an .evtx the command and its parent are found among thousands of other starts, which are not unpacked."""
    stamp: dict[str, Value] = {"UtcTime": "2026-03-02 10:00:00.118", "User": "CORP\\ada"}
    quiet = [sysmon(1, **stamp, ProcessGuid=UUID(int=n), Image="C:\\app.exe", CommandLine="app") for n in range(3000)]
    shell = sysmon(1, **stamp, ProcessGuid=UUID(int=9001), Image=CMD, CommandLine="cmd", ParentImage=WORD,
                   ParentProcessGuid=UUID(int=9000))  # fmt: skip
    tool = sysmon(1, **stamp, ProcessGuid=UUID(int=9002), Image=NODE, CommandLine=DEPLOY, ParentImage=CMD,
                  ParentProcessGuid=UUID(int=9001))  # fmt: skip
    log = tmp_path / "Sysmon.evtx"
    log.write_bytes(evtx([*quiet, shell, *quiet, tool, *quiet], templates=True, chunk_bytes=20_000))
    report = hunt([str(log)], Settings(workers=1))
    assert [step.path for step in report.findings[0].process_tree] == [WORD, CMD, NODE]
    assert [(file.lines, file.events) for file in report.account.files] == [(9002, 2)]


def test_the_log_is_not_needed_for_traffic(told: Told) -> None:
    """Switched off, nothing is said of commands."""
    story = Story()
    wrangler(story, (WORD, CMD))
    assert not told(story, settings=replace(WHATEVER, analytics=("beacon", "process")))
