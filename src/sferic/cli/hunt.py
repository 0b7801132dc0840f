"""`sferic hunt`: read logs, weigh every channel, print the findings, and say honestly what was read."""

import os
import sys
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter, validators

from sferic.cli import _exit, _flags, _settings, _state, _streams
from sferic.cli._progress import progress
from sferic.engine.inputs import from_anywhere
from sferic.engine.progress import Watcher
from sferic.model.errors import SfericError, UsageError
from sferic.model.finding import Severity
from sferic.model.report import Report
from sferic.model.settings import Settings
from sferic.model.words import counted
from sferic.pipeline import hunt as run
from sferic.pipeline.checking import AS_PUBLISHED
from sferic.render import FORMATS, account, renderer

TOP = 20
"""Findings that a table shows unless told otherwise."""

Format = Literal["table", "ndjson", "csv", "ocsf", "markdown"]


def hunt(
    *paths: str,
    form: Annotated[Format | None, Parameter(name=("--format", "-f"))] = None,
    analytic: list[str] | None = None,
    as_published: bool = False,
    assume_fields: bool = False,
    tiers: list[str] | None = None,
    min_score: int | None = None,
    cloud: _flags.Cloud | None = None,
    top: Annotated[int, Parameter(validator=validators.Number(gte=0))] = TOP,
    fail_on: Severity | None = None,
    keeping: _flags.Keeping | None = None,
    reading: _flags.Reading | None = None,
    running: _flags.Running | None = None,
    writing: _flags.Writing | None = None,
) -> int:
    """Find channels to serverless functions in logs, ranked, with reasons.

    Results go to standard output; progress and the ledger of what was read go to standard error.

    Args:
        paths: Files, folders, archives or patterns; `-` is standard input.
        form: How to write the findings: a table on a terminal; in a file as its name ends; else NDJSON.
        analytic: What to look for: beacon, long_connection, process, cloud_change, activity or activity_as_published;
            repeat, or use commas.
        as_published: Run the published search exactly as it was published, faults included.
        assume_fields: With `--as-published`, fill every field it asks for that a log holds; no stock add-on does.
        tiers: Platforms to look at: core, wide, noisy, tunnel.
        min_score: Leave out findings below this score (default 40).
        cloud: What cloud audit logs are judged by.
        top: How many findings the table shows; 0 for all. Other formats hold all.
        fail_on: End with exit code 3 if a finding is at least this severe.
        keeping: What outlives the run.
        reading: How the logs are read.
        running: Where the logs are read.
        writing: Where the output goes.
    """
    reading, writing, keeping = reading or _flags.Reading(), writing or _flags.Writing(), keeping or _flags.Keeping()
    places = _flags.given(paths)
    asked = {"analytics": _analytics(_flags.split(analytic), as_published=as_published),
             "tiers": _flags.split(tiers), "min_score": min_score, "assume_fields": assume_fields or None}  # fmt: skip
    layers = reading.layer() | (cloud or _flags.Cloud()).layer()
    flags = layers | {name: value for name, value in asked.items() if value not in (None, [])}
    settings = _settings.resolve(flags, reading.config, os.environ)
    what, name = _target(settings, form, writing)
    with progress(quiet=writing.quiet, no_color=writing.no_color) as moved:
        report = _hunted(places, settings, moved, keeping, running or _flags.Running())
    if keeping.save:
        _state.save(report, keeping.save)
    if not keeping.no_save:
        keep(report, quiet=writing.quiet)
    if keeping.new:
        report = _only_new(report)
    with _streams.text(writing.output) as stream:
        look = _streams.look(stream, no_color=writing.no_color)
        renderer(what, name)(report, stream, msgspec.structs.replace(look, top=top))
    if keeping.store:
        _tell(keeping.store, report)
    _say(report, () if name == "table" else report.activity_notes, writing)
    return _exit.of_hunt(report, fail_on)


def _say(report: Report, notes: Iterable[str], writing: _flags.Writing) -> None:
    """Say on standard error what else there is to say, or a line of it where nobody wants that."""
    if writing.quiet:
        _streams.warn(report.account)
        return
    sys.stderr.writelines(f"note: {note}\n" for note in notes)
    ledger(report, no_color=writing.no_color)


def _hunted(
    places: list[str], settings: Settings, moved: Watcher | None, keeping: _flags.Keeping, running: _flags.Running
) -> Report:
    _streams.refuse_nowhere(keeping.save)
    if running.master and running.engine != "spark":
        raise UsageError("`--master` names a Spark cluster", expected="`--engine spark`, too")
    if running.engine == "spark":
        if keeping.store:
            raise UsageError("a store is filled on this machine alone", hint="leave out `--engine spark`")
        with import_module("sferic.engine.spark").Spark(running.master, settings) as cluster:
            return run([from_anywhere(place) for place in places], settings, moved, cluster=cluster)
    if not keeping.store:
        if keeping.keep_days:
            raise UsageError("`--keep-days` says how long a store keeps what it holds", expected="`--store FILE`, too")
        if keeping.new:
            raise UsageError("only a store knows which findings are new", expected="`--store FILE`, too")
        return run(places, settings, moved)
    remembering = import_module("sferic.pipeline.remembering")  # loads DuckDB, which no other hunt needs
    days = keeping.keep_days or remembering.KEEP_DAYS
    report: Report = remembering.hunt_on(places, keeping.store, settings, moved, keep_days=days)
    return report


def _only_new(report: Report) -> Report:
    shown = tuple(finding for finding in report.findings if finding.news in {"new", "risen"})
    return msgspec.structs.replace(report, findings=shown, known=len(report.findings) - len(shown))


def _tell(store: Path, report: Report) -> None:
    """Let the store know what was just written; if it cannot, the next run tells it once more."""
    try:
        import_module("sferic.pipeline.remembering").tell(store, report)
    except SfericError as error:
        sys.stderr.write(f"note: what is new now will be new to the next run, too: {error}\n")


def _analytics(names: list[str], *, as_published: bool) -> list[str]:
    if not as_published:
        return names
    return [AS_PUBLISHED, *(name for name in names if not name.startswith("activity"))]


def _target(settings: Settings, asked: str | None, writing: _flags.Writing) -> tuple[str, str]:
    """Decide what is written and how, before hours go into a hunt whose result has no form."""
    _streams.refuse_nowhere(writing.output)
    form = asked or _by_ending(writing.output)
    published = [name.startswith("activity") for name in settings.analytics]
    if published and all(published):
        if form not in FORMATS["activity"]:
            raise UsageError(f"the published search has no {form} form", expected=", ".join(FORMATS["activity"]))
        return "activity", form
    if any(published) and form not in ("table", "ndjson"):
        hint = "ask for `--analytic activity` alone, or leave it out"
        raise UsageError(f"{form} cannot hold findings and rows of the published search together", hint=hint)
    return "findings", form


def _by_ending(output: Path | None) -> str:
    """Choose the form that a file's name tells; a page is none."""
    if output is None:
        return "table" if sys.stdout.isatty() else "ndjson"
    ending = output.suffix.lower()
    if ending in (".html", ".htm"):
        raise UsageError("there is no form of that kind", where=str(output), expected=", ".join(FORMATS["findings"]),
                         hint="`--format markdown` is for pages and tickets")  # fmt: skip
    return {".csv": "csv", ".md": "markdown"}.get(ending, "ndjson")


def keep(report: Report, *, quiet: bool = False) -> None:
    """Keep the report for `sferic explain`, unless nothing was read; that this fails is no more than a note."""
    if not report.account.was_read:
        if not quiet and _state.place().exists():
            sys.stderr.write("note: nothing was read, so `sferic explain` still shows the hunt before\n")
        return
    try:
        _state.keep(report)
    except (OSError, SfericError) as error:
        sys.stderr.write(f"sferic: the report was not kept for `sferic explain`: {error}\n")


def ledger(report: Report, *, no_color: bool) -> None:
    """Say on standard error what was read, what came of it, and what to type next."""
    then = f"sferic explain {report.findings[0].id[:12]}" if report.findings else ""
    sys.stdout.flush()
    look = _streams.look(sys.stderr, no_color=no_color)
    account.render(report.account, sys.stderr, look, verdict(report), then)


def verdict(report: Report) -> str:
    """Say how many channels were weighed and what was found, in numbers that add up: those of channels, of findings."""
    read, told = report.account, list[str]()
    if read.pairs:
        channels = f"{counted(read.pairs, 'channel')} of {counted(read.estate, 'source')}"
        short = f": {read.judged:,} judged, {read.short:,} with too few calls to judge a rhythm"
        told.append(channels + (short if read.short else ""))
    is_published = report.activity or report.activity_notes
    if report.findings or not is_published:
        kinds = Counter(finding.analytic for finding in report.findings)
        by_kind = ", ".join(f"{name} {number:,}" for name, number in sorted(kinds.items()))
        told.append(counted(len(report.findings), "finding") + (f" ({by_kind})" if by_kind else "") + _news(report))
    if is_published:
        told.append(f"{counted(len(report.activity), 'row')} of steady activity")
    return "; ".join(told)


def _news(report: Report) -> str:
    """Count what a store knows of the findings: `: 2 new, 1 risen`; nothing where there is no store."""
    kinds = Counter(finding.news for finding in report.findings)
    counts = [f"{kinds[news]:,} {news}" for news in ("new", "risen", "known") if kinds[news]]
    left = [f"{report.known:,} known not shown"] if report.known else []
    closed = [f"{len(report.closed):,} closed"] if report.closed else []
    told = ", ".join(counts + left + closed)
    return f": {told}" if told else ""
