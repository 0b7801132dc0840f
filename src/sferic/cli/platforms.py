"""`sferic platforms`: the catalogue of platforms, searched by words or asked about one host name."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from sferic.catalog.platforms import Catalogue, Place, Platform, load_catalogue
from sferic.cli import _settings, _streams
from sferic.model.errors import NotFound
from sferic.model.words import counted
from sferic.render._paper import DIM, cell, grid, paper

_GRADES = {
    "documented": "the vendor documents this name pattern",
    "observed": "the name pattern was seen in use",
    "listed": "public lists hold the suffix; the pattern is taken from there",
    "recalled": "from memory, not checked against a source: treat with care",
    "configured": "your own platform file says so",
}
_OWNERS = {
    "function": "the name shows the owner and the function",
    "app": "the name shows the app, its owner stays hidden",
    "project": "the name shows the project, not the function in it",
    "account": "the name shows the account, not the function in it",
    "platform": "the name shows the platform only; the owner cannot be seen",
}


def platforms(
    *text: str,
    platforms: list[Path] | None = None,
    config: Path | None = None,
    no_color: bool = False,
) -> int:
    """List the known platforms, search them, or say where a host name leads.

    Args:
        text: Words to search for, a platform's id, or a host name; nothing lists all.
        platforms: A TOML file with more platforms or own domains; repeat for more.
        config: A settings file.
        no_color: Use no colours.
    """
    flags = {"platform_files": [str(path) for path in platforms]} if platforms else {}
    settings = _settings.resolve(flags, config, os.environ)
    catalogue = load_catalogue(settings.platform_files)
    page = paper(sys.stdout, _streams.look(sys.stdout, no_color=no_color))
    place = catalogue.identify(text[0]) if len(text) == 1 else None
    found = [] if place else _found(catalogue, text)
    if place:
        page.print(_table(_place(place, catalogue)))
    elif len(found) == 1:
        page.print(_table(_platform(found[0])))
    else:
        page.print(_list(found))
        sys.stderr.write(f"{counted(len(found), 'platform')}; `sferic platforms ID` shows one in full\n")
    return 0


def _found(catalogue: Catalogue, words: Sequence[str]) -> list[Platform]:
    text = " ".join(words)
    if text in catalogue.platforms:
        return [catalogue.platforms[text]]
    found = catalogue.search(text)
    if not found:
        hint = "`sferic platforms` lists all; a bare suffix or a vendor's own name leads to nobody's function"
        raise NotFound(f"no platform and no function's host name fits {text!r}", hint=hint)
    return found


def _list(found: Sequence[Platform]) -> Text | object:
    table = grid()
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.show_header, table.header_style = True, DIM
    for column, header in zip(table.columns, ("ID", "PROVIDER", "TIER", "SUFFIXES"), strict=True):
        column.header = header
    for platform in found:
        tier = platform.tier if platform.is_hunted else f"{platform.tier} (off)"
        more = f" +{len(platform.suffixes) - 2}" if len(platform.suffixes) > 2 else ""
        suffixes = ", ".join(platform.suffixes[:2]) + more
        table.add_row(cell(platform.id), cell(platform.provider, DIM), cell(tier, DIM), cell(suffixes))
    return table


def _table(rows: Sequence[tuple[str, str]]) -> object:
    table = grid()
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        if value:
            table.add_row(label, cell(value, limit=2000))
    return table


def _place(place: Place, catalogue: Catalogue) -> list[tuple[str, str]]:
    platform = catalogue.platforms[place.platform]
    return [
        ("host", place.host),
        ("platform", place.platform),
        ("product", f"{place.product}, {place.provider}"),
        ("tenant", place.tenant or "not visible"),
        ("function", place.function or "not visible"),
        ("region", place.region or ""),
        ("owner", _OWNERS.get(place.visible, place.visible)),
        *_judgement(platform, place.evidence),
    ]


def _platform(platform: Platform) -> list[tuple[str, str]]:
    return [
        ("platform", platform.id),
        ("product", f"{platform.product}, {platform.provider}"),
        ("what", platform.sentence),
        ("suffixes", ", ".join(platform.suffixes)),
        ("example", ", ".join(example.host for example in platform.examples[:2])),
        ("owner", _OWNERS.get(platform.visible, platform.visible)),
        *_judgement(platform, platform.evidence),
        ("references", "; ".join(platform.references)),
    ]


def _judgement(platform: Platform, evidence: str) -> list[tuple[str, str]]:
    hunted = "hunted by default" if platform.is_hunted else "hunted only with `--tiers`"
    return [
        ("tier", f"{platform.tier}, {hunted}"),
        ("abuse seen", "; ".join(platform.abuse) or "none recorded"),
        ("limits", platform.limits or ""),
        ("note", platform.note or ""),
        ("evidence", f"{evidence}: {_GRADES.get(evidence, '')}, reviewed {platform.reviewed}"),
    ]
