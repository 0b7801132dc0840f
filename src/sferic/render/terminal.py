"""Findings as a short ranked table for a terminal, one look at each; `sferic explain` has the rest.

Below 104 columns the reasons stand under the channel instead of beside it.
"""

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sferic.model.finding import SEVERITIES, Finding, Reason
from sferic.model.report import Account, Report
from sferic.model.words import counted
from sferic.render import Look, activity_table
from sferic.render._paper import DIM, SEVERITY_STYLE, cell, lines, paper, squeezed
from sferic.render.account import problem
from sferic.render.facts import called, caller, owner, program, seen, telling, title
from sferic.render.figures import SECOND_US, interval_text, points_text

WIDE = 104
"""Columns from which the reasons have room beside the channel."""
DAY_US = 86_400 * SECOND_US
_SCORE, _GAP = 17, 2
"""Columns of the first part, and between parts."""
_WHY = 0.42
"""Share of the rest that the reasons get when they stand beside the channel."""


def render(report: Report, stream: TextIO, look: Look) -> None:
    """Write the ranked table, or why it is empty; then the published search's rows if it was run."""
    page = paper(stream, look)
    if report.findings:
        shown = report.findings[: look.top or None]
        page.print(_table(shown, look.width, report.made_at))
        if len(shown) < len(report.findings):
            page.print(Text(_left_out(report, len(shown)), style=DIM))
        if report.known:
            page.print(Text(f"and {counted(report.known, 'known finding')}, which `--new` leaves out", style=DIM))
    elif not (report.activity or report.activity_notes):
        _empty(report, page)
    if report.activity or report.activity_notes:
        activity_table.render(report, stream, look)
    for finding in report.closed:
        page.print(Text("closed", style=DIM), cell(f"{finding.id[:12]} {title(finding)}, not found any more"), sep="  ")


def _left_out(report: Report, shown: int) -> str:
    rest = report.findings[shown:]
    kinds = ", ".join(f"{n} {s}" for s in reversed(SEVERITIES) if (n := sum(f.severity == s for f in rest)))
    return f"and {counted(len(rest), 'finding')} more ({kinds}); `--top 0` shows all, `--min-score` sets the floor"


def _table(findings: Sequence[Finding], width: int, now: int) -> Table:
    wide = width >= WIDE
    room = width - _SCORE - _GAP
    room -= round(room * _WHY) + _GAP if wide else 0
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style=DIM)
    for header in ("SCORE", "CHANNEL", "WHY") if wide else ("SCORE", "CHANNEL AND WHY"):
        table.add_column(header, no_wrap=True, overflow="ellipsis")
    table.columns[0].min_width = _SCORE
    table.columns[1].max_width = room
    table.columns[-1].max_width = width - _SCORE - _GAP - (room + _GAP if wide else 0)
    for finding in findings:
        channel, why = _channel(finding, room), _why(finding)
        table.add_row(_verdict(finding, now), *((channel, why) if wide else (lines([*channel.split(), why]),)))
        table.add_row()
    return table


def _channel(finding: Finding, room: int) -> Text:
    """Say who calls, what is called, and how often, on a line each."""
    known = (finding.device, finding.user)
    who = " ".join(part for part in known if part and part != caller(finding))
    client = f"· {program(finding)}" if finding.process else ""
    rhythm = ", ".join(part for part in (interval_text(finding.interval), seen(finding)) if part)
    return lines(
        [
            Text(" ").join(c for c in (cell(caller(finding)), cell(who, DIM), cell(client, DIM)) if c.plain),
            Text.assemble(("→ ", DIM), squeezed(called(finding), room - 2)),
            Text(", ").join(c for c in (cell(rhythm), cell(owner(finding), DIM)) if c.plain),
        ]
    )


def _verdict(finding: Finding, now: int) -> Text:
    style = SEVERITY_STYLE[finding.severity]
    head = Text.assemble((f"{finding.score:>3} ", style), (finding.severity, style))
    return lines([head, Text("    ") + cell(finding.id[:12], DIM), _news(finding, now)])


def _news(finding: Finding, now: int) -> Text:
    if finding.news != "known":
        return Text(f"    {finding.news}", style="bold") if finding.news else Text()
    days = (now - (finding.known_since or now)) // DAY_US
    return Text(f"    known {days:,} d" if days > 0 else "    known", style=DIM)


def _why(finding: Finding) -> Text:
    return lines(_reason(reason) for reason in telling(finding))


def _reason(reason: Reason) -> Text:
    return Text.assemble(f"{points_text(reason.points):>6} ", cell(reason.signal), " ", cell(reason.value, DIM))


def _empty(report: Report, page: Console) -> None:
    """Say why there is nothing, and what to do about it; what could not be read at all is no clean result."""
    broken = [file for file in report.account.files if file.problem]
    if broken and not report.account.was_read:
        page.print(Text("Nothing could be read.", style="bold"), problem(broken[0]), sep=" ")
        if len(broken) > 1:
            page.print(Text(f"The same goes for {counted(len(broken) - 1, 'more path')}, named below.", style=DIM))
        return
    nothing, (why, then) = "Nothing found.", _cause(report)
    known = _is_known(report.account)
    if report.standing or report.known or known:
        nothing = "Nothing new:" if report.known or (known and not report.account.weighed) else nothing
        why, then = _known(report)
    page.print(Text(nothing, style="bold"), cell(why), sep=" ")
    page.print(Text(then, style=DIM))


def _is_known(account: Account) -> bool:
    """Say whether all that was given is in the store already."""
    return bool(account.kept) and not account.lines


def _known(report: Report) -> tuple[str, str]:
    counts = (
        (report.account.kept, "file was taken before", "files were taken before"),
        (report.known, "known finding", "known findings"),
        (report.standing, "open finding below the floor", "open findings below the floor"),
    )
    parts = [counted(number, one, many) for number, one, many in counts if number]
    why = "; ".join(parts if report.known or report.standing else [*parts, "no finding is open"])
    if report.known:
        return f"{why}.", "`--new` leaves out what an earlier run told of."
    if report.standing:
        return f"{why}.", "`--min-score 0` shows all that are open."
    return f"{why}.", "`sferic store FILE` shows what the store holds."


def _cause(report: Report) -> tuple[str, str]:
    """Find the cause of an empty result: the one nearest to the input counts."""
    account = report.account
    if not account.lines:
        return (
            "No line was read.",
            "Give files or folders with logs; `sferic sources` lists what can be read.",
        )
    if not account.events:
        return _no_events(account)
    if not account.judged:
        return _too_few(report)
    why = f"{counted(account.judged, 'channel')} to serverless functions judged: no rhythm, or not enough else."
    return why, "`--min-score 0` shows those with a rhythm."


def _no_events(account: Account) -> tuple[str, str]:
    if account.unknown:
        why = f"{counted(account.unknown, 'line')} may name a serverless platform, in a format no source knows."
        return why, "`--source ID` reads lines as one format; `sferic sources` lists them."
    if account.rejected:
        return "No line that may name a serverless platform could be read.", "The reasons are counted below."
    if _are_nameless(account):
        why = f"{counted(account.lines, 'line')} of flows, which have no host names, and nothing here names them."
        return why, "Give DNS or TLS logs of the same time, too."
    why = f"None of {counted(account.lines, 'line')} names a serverless platform that was looked for."
    return (
        why,
        "`--tiers core,wide,noisy,tunnel` looks for all; `sferic sources check PATH` tests the logs.",
    )


def _are_nameless(account: Account) -> bool:
    """Say whether all logs know only addresses of what was called."""
    kinds = {name for file in account.files for name in file.sources}
    return bool(kinds) and kinds <= {lack.source for lack in account.missing if lack.evidence == "host names"}


def _too_few(report: Report) -> tuple[str, str]:
    events = report.account.events
    if report.account.out_of_window == events:
        return "Every event lies outside `--since` and `--until`.", "`sferic normalize` shows the times in the logs."
    if not report.account.estate:
        why = f"{counted(events, 'event')}, none of them a call to a serverless platform, no change that stands out."
        return why, "`--min-score 0` shows every change of a function; proxy or DNS logs show who calls one."
    short = report.account.short
    few = f" ({counted(short, 'channel')} with fewer than six check-ins)" if short else ""
    why = f"{counted(events, 'event')}, but too few from any one channel to judge{few}."
    return why, "Give a longer span of logs."
