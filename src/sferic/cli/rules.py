"""`sferic rules`: the rules for cloud audit logs, listed or shown in full."""

import sys
from collections.abc import Sequence
from pathlib import Path

from sferic.cli import _streams
from sferic.model.errors import UsageError
from sferic.model.words import counted
from sferic.render._paper import DIM, cell, grid, paper
from sferic.rules.rulebook import Refused, Rule, rulebook
from sferic.sources._contract import near


def rules(rule: str | None = None, *, rules: list[Path] | None = None, no_color: bool = False) -> int:
    """List the rules for single records of cloud audit logs, or show one in full.

    Args:
        rule: A rule's name or Sigma id; nothing lists all.
        rules: A folder or file with more Sigma rules; repeat for more.
        no_color: Use no colours.
    """
    book = rulebook([str(path) for path in rules or []])
    page = paper(sys.stdout, _streams.look(sys.stdout, no_color=no_color))
    if rule is None:
        page.print(_list(book.rules))
        sys.stderr.write(f"{counted(len(book.rules), 'rule')}; `sferic rules NAME` shows one in full\n")
    else:
        page.print(_one(_chosen(book.rules, rule)))
    if book.refused:
        paper(sys.stderr, _streams.look(sys.stderr, no_color=no_color)).print(_refused(book.refused))
    return 0


def _chosen(known: Sequence[Rule], asked: str) -> Rule:
    for rule in known:
        if asked in (rule.name, rule.id):
            return rule
    raise UsageError(
        f"there is no rule {asked!r}", hint=near(asked, [r.name for r in known]) or "`sferic rules` lists all"
    )


def _list(known: Sequence[Rule]) -> object:
    table = grid()
    for header in ("RULE", "LEVEL", "SOURCE", "TITLE"):
        table.add_column(header, no_wrap=header != "TITLE", overflow="fold")
    table.show_header, table.header_style = True, DIM
    for rule in sorted(known, key=lambda r: (r.source, r.name)):
        table.add_row(cell(rule.name), cell(rule.level), cell(rule.source, DIM), cell(rule.title))
    return table


def _one(rule: Rule) -> object:
    table = grid()
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in (
        ("rule", rule.name),
        ("id", rule.id),
        ("title", rule.title),
        ("level", rule.level),
        ("source", rule.source),
        ("what", rule.description),
        ("expected", "; ".join(rule.falsepositives)),
        ("ATT&CK", ", ".join(rule.techniques)),
        ("references", "; ".join(rule.references)),
        ("file", str(rule.path)),
    ):
        if value:
            table.add_row(label, cell(value, limit=2000))
    return table


def _refused(several: Sequence[Refused]) -> object:
    table = grid()
    table.add_column(overflow="fold")
    for one in several:
        table.add_row(cell(f"not run: {one.path}: {one.title}: {one.reason}", limit=500))
    return table
