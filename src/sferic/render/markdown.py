"""Findings as tickets in Markdown: paste one and the reader has the facts, the reasons and the next steps.

Values stand in code spans and sentences are escaped, so that a log line cannot become a link, an image,
a mention or a heading of its own.
"""

from collections.abc import Iterable, Iterator
from typing import TextIO

from sferic.model.finding import Finding
from sferic.model.report import Report
from sferic.model.words import counted
from sferic.render import Look
from sferic.render.charts import histogram, raster
from sferic.render.facts import changes, facts, parts, precision, title
from sferic.render.figures import points_text
from sferic.render.safe_text import safe_code, safe_fence, safe_markdown, safe_text

WIDTH = 96
"""Characters of a chart's line."""
SENTENCE = 1000
"""Characters a sentence may have."""


def render(report: Report, stream: TextIO, _look: Look) -> None:
    """Write a heading and one ticket for each finding."""
    stream.write(f"# Sferic: {counted(len(report.findings), 'finding')}\n")
    stream.writelines("\n" + "\n".join(_ticket(finding)) + "\n" for finding in report.findings)


def _ticket(finding: Finding) -> Iterator[str]:
    yield f"## {finding.severity} {finding.score}: {safe_markdown(title(finding))}"
    yield from ("", "| | |", "|---|---|", f"| finding | {safe_code(finding.id)} |")
    yield from (f"| {safe_markdown(label)} | {safe_code(value, SENTENCE)} |" for label, value in facts(finding))
    yield from ("", "### Why", "", "| points | signal | measured | meaning |", "|---:|---|---|---|")
    yield from _reasons(finding)
    yield from _block("What was done to the function", (safe_text(line, 500) for line in changes(finding)))
    yield from _block("Gaps between check-ins", histogram(finding.gaps, WIDTH))
    yield from _block("Connections by hour, UTC", raster(finding.days))
    yield from _block("Log lines", (f"{safe_text(s.place)}  {safe_text(s.text, 500)}" for s in finding.samples))
    yield from _list("What else this could be", finding.benign_explanations, "-")
    yield from _list("What would make it surer", [finding.needs] if finding.needs else [], "-")
    yield from _list("Next steps", finding.next_steps, "- [ ]")


def _reasons(finding: Finding) -> Iterator[str]:
    decimals, rest = precision(finding)
    moving, inert = parts(finding)
    for reason in moving:
        measured = safe_code(reason.value) if reason.value else ""
        text = safe_markdown(reason.text, SENTENCE)
        yield f"| {points_text(reason.points, decimals)} | {safe_code(reason.signal)} | {measured} | {text} |"
    if inert:
        yield f"| {points_text(0, decimals)} | no effect | | {safe_markdown(', '.join(inert), SENTENCE)} |"
    if rest:
        yield f"| {points_text(rest, decimals)} | not itemised | | the parts above do not add up |"
    total = points_text(finding.points, decimals)
    yield f"| **{total}** | **total** | | **score {finding.score} of 100** |"


def _block(heading: str, lines: Iterable[str]) -> Iterator[str]:
    text = "\n".join(lines)
    if text:
        fence = safe_fence(text)
        yield from ("", f"### {heading}", "", f"{fence}text", text, fence)


def _list(heading: str, sentences: Iterable[str], mark: str) -> Iterator[str]:
    items = [f"{mark} {safe_markdown(sentence, SENTENCE)}" for sentence in sentences]
    if items:
        yield from ("", f"### {heading}", "", *items)
