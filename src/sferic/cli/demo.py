"""`sferic demo`: hunt through a made-up company and lay the findings beside what really happened there."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from sferic.cli import _exit, _flags, _streams
from sferic.cli._progress import progress
from sferic.cli.hunt import TOP, keep, ledger
from sferic.lab import estate
from sferic.lab.scenario import load_scenario
from sferic.lab.truth import ANSWERS, Truth
from sferic.model.errors import UnreadableInput
from sferic.model.finding import Finding, Interval
from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.model.words import counted
from sferic.pipeline import hunt as run
from sferic.render import Look, terminal
from sferic.render._paper import DIM, SEVERITY_STYLE, cell, paper
from sferic.render.facts import called, caller
from sferic.render.figures import interval_text

_OTHERS = 66
"""Columns that all but the channel's name take."""


def demo(*, folder: Path | None = None, writing: _flags.Writing | None = None) -> int:
    """Hunt through an example company and compare with the truth.

    The company is made up: six implants among 300 machines, and the software that looks like them.

    Args:
        folder: Another folder with logs and a `.truth.json`, such as `python -m sferic.lab.estate` writes.
        writing: Where the output goes.
    """
    writing = writing or _flags.Writing()
    with _estate(folder) as logs, progress(quiet=writing.quiet, no_color=writing.no_color) as moved:
        truth = msgspec.json.decode((logs / ANSWERS).read_bytes(), type=list[Truth])
        report = run([str(path) for path in sorted(logs.glob("*.log*"))], Settings(), moved)
    keep(report)
    with _streams.text(writing.output) as stream:
        look = msgspec.structs.replace(_streams.look(stream, no_color=writing.no_color), top=TOP)
        terminal.render(report, stream, look)
        page = paper(stream, look)
        page.print(_comparison(report, truth, look))
        rest = len(report.findings) - TOP
        if rest > 0:
            page.print(Text(f"and {counted(rest, 'finding')} more below", style=DIM))
    if not writing.quiet:
        ledger(report, no_color=writing.no_color)
    return _exit.of_files(report.account)


@contextmanager
def _estate(folder: Path | None) -> Iterator[Path]:
    """Find the example beside the package, or write it anew from its description."""
    examples = _near(Path(__file__).parents[3] / "examples")
    ready = folder or examples / "estate"
    if (ready / ANSWERS).is_file():
        yield ready
        return
    described = [p for p in (examples / "estate.toml", Path(estate.__file__).with_name("estate.toml")) if p.is_file()]
    if folder or not described:
        hint = "the example comes with the source; `--folder DIR` names another"
        raise UnreadableInput(f"holds no {ANSWERS}", where=str(ready), hint=hint)
    with tempfile.TemporaryDirectory(prefix="sferic-demo-") as name:
        sys.stderr.write("sferic: writing the example company\n")
        estate.write_estate(load_scenario(described[0]), Path(name))
        yield Path(name)


def _near(path: Path) -> Path:
    """Name a path from the current folder where that is shorter to read."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def matches(finding: Finding, truth: Truth) -> bool:
    """Say whether a finding is about a channel: the same machine, and a host name in common."""
    same_machine = finding.src_ip in truth.src_ips or (finding.device is not None and finding.device == truth.device)
    return same_machine and not set(finding.hosts).isdisjoint(truth.hosts)


def _comparison(report: Report, truth: Sequence[Truth], look: Look) -> Table:
    """Put every implant beside its finding, then every finding that is no implant beside what it is."""
    implants = [one for one in truth if one.label == "c2"]
    pairs = [(next((f for f in report.findings if matches(f, one)), None), one) for one in implants]
    found = sum(finding is not None for finding, _ in pairs)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM, title_justify="left")
    table.title = Text(f"{found} of {counted(len(implants), 'implant')} found", style="bold")
    for header in ("TRUTH", "SCORE", "CHANNEL", "TOLD", "IN FACT"):
        table.add_column(header, no_wrap=True, overflow="ellipsis")
    table.columns[2].max_width = max(look.width - _OTHERS, 20)
    for finding, implant in pairs:
        name = f"{implant.src_ip} → {', '.join(implant.hosts)}"
        table.add_row(*(_found("implant", "green", finding) if finding else _missed(name)), _fact(implant))
    for finding in report.findings[: look.top]:
        twins = [one for one in truth if matches(finding, one)]
        if not any(one.label == "c2" for one in twins):
            fact = _fact(twins[0]) if twins else Text()
            table.add_row(*_found("look-alike" if twins else "a person", "yellow", finding), fact)
    return table


def _found(verdict: str, style: str, finding: Finding) -> tuple[Text, Text, Text, Text]:
    score = Text(f"{finding.score:>3} {finding.severity}", SEVERITY_STYLE[finding.severity])
    name = cell(f"{caller(finding)} → {called(finding)}")
    return Text(verdict, style), score, name, cell(interval_text(finding.interval))


def _missed(name: str) -> tuple[Text, Text, Text, Text]:
    return Text("missed", "bold red"), Text("—"), cell(name), Text()


def _fact(truth: Truth) -> Text:
    return cell(interval_text(Interval(truth.sleep_s, truth.jitter, truth.law, truth.sleep_s)), DIM)
