"""The ledger at the end of a run: what was read, what could not be, what the logs cannot show, the cost."""

from collections.abc import Iterator
from itertools import chain, islice
from operator import attrgetter
from typing import TextIO

from rich.text import Text

from sferic.model.report import Account, FileAccount, Missing, RejectSample
from sferic.model.words import counted
from sferic.render import Look
from sferic.render._paper import DIM, cell, grid, paper
from sferic.render.figures import between_text, bytes_text, share_text

MOST = 5
"""Files, reasons and samples of each kind that are shown; the rest are counted."""
NAMED = 3
"""Files with the same problem that are named."""
LACKS, GRAVE = 3, 2
"""Of what logs lack so many lines are shown, if their rank is at most this; the rest are named."""

Row = tuple[str, Text]


def render(
    account: Account, stream: TextIO, look: Look, verdict: str = "", then: str = "", *, every_lack: bool = False
) -> None:
    """Write the ledger; `verdict` says what came of the channels, `then` what to type next."""
    table = grid()
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in chain(_rows(account, verdict), _labelled("missing", _missing(account, every=every_lack))):
        table.add_row(label, text)
    if then:
        table.add_row("next", Text(then))
    paper(stream, look).print(table)


def _rows(account: Account, verdict: str) -> Iterator[Row]:
    yield from _labelled("problem", _problems(account))
    yield "read", Text(_read(account))
    if account.kept or account.continued or account.replaced:
        yield "store", Text(_taken(account))
    yield "events", Text(_events(account))
    if account.first_time and account.last_time:
        yield "span", Text(between_text(account.first_time, account.last_time))
    if verdict and account.weighed and account.was_read:
        yield "weighed", Text(verdict)
    if account.wall_s:
        yield "cost", Text(_cost(account))
    yield from _labelled("rejected", _rejects(account))
    yield from _labelled("unknown", (_sample(sample) for sample in account.unknown_samples[:MOST]))


def _labelled(label: str, texts: Iterator[Text]) -> Iterator[Row]:
    for text in texts:
        yield label, text
        label = ""


def _read(account: Account) -> str:
    opened = sum(bool(file.bytes) or not file.problem for file in account.files)
    files, lines = counted(opened, "file"), counted(account.lines, "line")
    text = f"{files}, {bytes_text(account.bytes)}, {lines}"
    if account.selected and not (account.events or account.rejected or account.unknown):
        text += "; none names a platform"  # header lines are looked at, too
    elif account.selected != account.lines:
        text += f"; {account.selected:,} ({share_text(account.selected, account.lines)}) may name a platform"
    hidden = counted(account.hidden, "hidden file or folder", "hidden files and folders")
    return f"{text}; {hidden} skipped" if account.hidden else text


def _taken(account: Account) -> str:
    parts = (
        (account.kept, "file taken before", "files taken before"),
        (account.continued, "file read on from where it was left", "files read on from where they were left"),
        (account.replaced, "file rotated or truncated since", "files rotated or truncated since"),
    )
    return ", ".join(counted(number, one, many) for number, one, many in parts if number)


def _events(account: Account) -> str:
    notes = (
        (account.rejected, "line rejected", "lines rejected"),
        (account.unknown, "line of no known source", "lines of no known source"),
        (account.duplicates, "seen twice", "seen twice"),
        (account.openings, "only announced a connection", "only announced connections"),
        (account.out_of_window, "outside the time window", "outside the time window"),
        (account.not_serverless, "to a look-alike name", "to look-alike names"),
        (account.spilled, "kept on the disk meanwhile", "kept on the disk meanwhile"),
    )
    parts = [counted(number, one, many) for number, one, many in notes if number]
    sources: dict[str, int] = {}
    for file in account.files:
        for source, number in file.sources.items():
            sources[source] = sources.get(source, 0) + number
    by_source = ", ".join(f"{name} {number:,}" for name, number in sorted(sources.items()))
    head = f"{account.events:,}" + (f" ({by_source})" if by_source else "")
    return "; ".join([head, *parts])


def _cost(account: Account) -> str:
    rate = f", {bytes_text(account.bytes / account.wall_s)}/s" if account.wall_s > 0 and account.bytes else ""
    peak = f", peak memory {bytes_text(account.peak_mb * 1e6)}" if account.peak_mb else ""
    cpu = f", {account.cpu_s:.1f} s of CPU" if account.cpu_s else ""
    whose = " on this machine; what the cluster's workers took is not counted" if account.beside_workers else ""
    return f"{account.wall_s:.1f} s{rate}{cpu}{peak}{whose}"


def _problems(account: Account) -> Iterator[Text]:
    """Say each problem once, with the first of the files that have it."""
    broken: dict[str, list[str]] = {}
    for file in account.files:
        if file.problem:
            broken.setdefault(_reason(file), []).append(file.path)
    for reason, paths in islice(broken.items(), MOST):
        more = f" and {counted(len(paths) - NAMED, 'more file')}" if len(paths) > NAMED else ""
        yield cell(f"{', '.join(paths[:NAMED])}{more}: {reason}", "yellow", 500)
    if rest := [path for paths in islice(broken.values(), MOST, None) for path in paths]:
        yield Text(f"and {counted(len(rest), 'more file')}")


def problem(file: FileAccount) -> Text:
    """Say what is wrong with a file as a whole, its name first."""
    return cell(f"{file.path}: {_reason(file)}", "yellow", 500)


def _reason(file: FileAccount) -> str:
    return file.problem.removeprefix(f"{file.path}: ")


def _rejects(account: Account) -> Iterator[Text]:
    for reason in sorted(account.reject_reasons, key=lambda r: -r.count)[:MOST]:
        yield cell(f"{reason.count:,} × {reason.source}: {reason.reason}")
    if len(account.reject_reasons) > MOST:
        yield Text(f"and {counted(len(account.reject_reasons) - MOST, 'more reason')}")
    for sample in account.reject_samples[:MOST]:
        yield _sample(sample)


def _missing(account: Account, *, every: bool) -> Iterator[Text]:
    """Say each lack once, with the sources that have it: what was not used, then what matters most, or all."""
    lacks: dict[str, list[Missing]] = {}
    for lack in sorted(account.missing, key=attrgetter("rank")):
        text = lack.text.removeprefix(f"{lack.source} has ").removeprefix("has ")
        lacks.setdefault(text, []).append(lack)
    unused = sum(having[0].rank == 0 for having in lacks.values())
    grave = sum(having[0].rank <= GRAVE for having in lacks.values())
    shown = len(lacks) if every else min(grave, unused + LACKS)
    for text, having in islice(lacks.items(), shown):
        yield cell(f"{', '.join(lack.source for lack in having)}: {text}", limit=500)
    rest = sorted({having[0].evidence for having in islice(lacks.values(), shown, None)})
    if rest:
        yield cell(f"less grave: {', '.join(rest)}; `sferic sources check` of the same logs tells all", limit=500)


def _sample(sample: RejectSample) -> Text:
    return Text.assemble(cell(sample.place), ": ", cell(sample.text, DIM, 120))
