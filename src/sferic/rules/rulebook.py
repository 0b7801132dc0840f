"""Finds Sigma rules for cloud audit logs, in the catalogue and in folders of the user, and reads them.

A rule is for the source whose `logsource` it names (`catalog/rules/logsources.toml`). One that cannot be run here is
kept apart with the reason: nothing of a folder is left out silently.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, cast

import msgspec
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaCorrelationRuleError, SigmaError
from sigma.rule import SigmaRule
from yaml import YAMLError

from sferic.catalog.toml_file import fit, read_toml
from sferic.model.errors import SettingsError
from sferic.rules.matching import Fields, Test, Unsupported, compiled

OWN = Path(__file__).parents[1] / "catalog" / "rules"
MAX_BYTES = 1 << 20
"""A rule's file that is larger is none."""
_JOINS = "it joins several events, which is not supported"
_FILTERS = "it filters other rules, which is not supported: add its condition to them"
Level = Literal["informational", "low", "medium", "high", "critical"]


class Rule(msgspec.Struct, frozen=True):
    """One rule that can be run."""

    name: str
    """The file's name without its ending, which is what reasons and users call it by."""
    id: str
    title: str
    level: Level
    source: str
    """The log source whose records it asks."""
    description: str
    falsepositives: tuple[str, ...]
    references: tuple[str, ...]
    techniques: tuple[str, ...]
    similar: frozenset[str]
    """Ids of rules that one and the same deed sets off; together they count once."""
    path: Path
    matches: Test


class Refused(msgspec.Struct, frozen=True):
    """A rule that cannot be run here, and why."""

    path: Path
    title: str
    reason: str


class Rulebook(msgspec.Struct, frozen=True):
    """All rules of a run."""

    rules: tuple[Rule, ...]
    refused: tuple[Refused, ...] = ()

    def of(self, source: str) -> tuple[Rule, ...]:
        """Return the rules for the records of one source."""
        return tuple(rule for rule in self.rules if rule.source == source)


class Logsource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rules are for a source, and where in its records their fields stand."""

    products: tuple[str, ...]
    services: tuple[str, ...]
    """Services in a rule's `logsource`; empty if the product is enough."""
    mark: str
    """Expression that every record of the source holds; selects all of them where rules of others are run."""
    fields: dict[str, list[str]] = {}
    """Field in a rule → paths in a record."""
    endings: dict[str, str] = {}
    """Field in a rule → what rules write after a value that records give without it."""


@cache
def logsources() -> dict[str, Logsource]:
    """Return what rules are for, by source."""
    path = OWN / "logsources.toml"
    return fit(read_toml(path), dict[str, Logsource], path)


@cache
def own_rules() -> Rulebook:
    """Read the rules of the catalogue, all of which can be run."""
    return load(OWN)


def rulebook(folders: Sequence[str]) -> Rulebook:
    """Read the catalogue's rules and those of these folders or files; of equal ids the user's counts."""
    found = own_rules()
    for folder in folders:
        added = load(Path(folder))
        ids = {rule.id for rule in added.rules}
        kept = tuple(rule for rule in found.rules if rule.id not in ids)
        found = Rulebook(kept + added.rules, found.refused + added.refused)
    return found


def load(place: Path) -> Rulebook:
    """Read every `.yml` and `.yaml` of a folder and those in it; raises SettingsError if there is none."""
    files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.suffix in {".yml", ".yaml"})
    if not files:
        raise SettingsError("holds no Sigma rule", where=str(place), expected="a folder or file of .yml rules")
    rules: list[Rule] = []
    refused: list[Refused] = []
    for file in files:
        for found in _read(file):
            if isinstance(found, Rule):
                rules.append(found)
            else:
                refused.append(found)
    return Rulebook(tuple(rules), tuple(refused))


def _read(file: Path) -> Iterator[Rule | Refused]:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise Unsupported("its file is too large for a rule")
        read = SigmaCollection.from_yaml(file.read_text(encoding="utf-8"), collect_filters=True)
    except SigmaCorrelationRuleError:
        yield Refused(file, file.stem, _JOINS)
        return
    except (AttributeError, TypeError):
        yield Refused(file, file.stem, "it is no Sigma rule")
        return
    except (SigmaError, YAMLError, OSError, ValueError, RecursionError) as error:
        yield Refused(file, file.stem, f"it cannot be read: {' '.join(str(error).split())[:200]}")
        return
    yield from (Refused(file, one.title or file.stem, _FILTERS) for one in read.filters)
    if not read.rules and not read.filters:
        yield Refused(file, file.stem, "it holds no rule")
    for rule in read.rules:
        if not isinstance(rule, SigmaRule):
            yield Refused(file, rule.title or file.stem, _JOINS)
            continue
        try:
            yield _rule(rule, file)
        except (Unsupported, SigmaError) as error:
            yield Refused(file, rule.title or file.stem, str(error)[:200])


def _rule(rule: SigmaRule, file: Path) -> Rule:
    source = _source(rule)
    known = logsources()[source]
    fields = Fields(known.fields, known.endings)
    tests = [compiled(condition.parsed, fields) for condition in rule.detection.parsed_condition]
    level = cast("Level", rule.level.name.lower() if rule.level else "medium")
    tags = [f"{tag.namespace}.{tag.name}" for tag in rule.tags]
    related = rule.related.related if rule.related else []
    return Rule(
        name=file.stem, id=str(rule.id or file.stem), title=rule.title, level=level, source=source,
        description=" ".join((rule.description or "").split()),
        falsepositives=tuple(map(str, rule.falsepositives or ())),
        references=tuple(map(str, rule.references or ())),
        techniques=tuple(tag[7:].upper() for tag in tags if tag.startswith("attack.t")),
        similar=frozenset(str(one.id) for one in related if one.type.name == "SIMILAR"),
        path=file, matches=lambda record: any(test(record) for test in tests),
    )  # fmt: skip


def _source(rule: SigmaRule) -> str:
    asked = rule.logsource
    for name, known in logsources().items():
        if asked.product in known.products and (not known.services or asked.service in known.services):
            return name
    words = ", ".join(f"{key} {value}" for key in ("product", "service", "category") if (value := getattr(asked, key)))
    raise Unsupported(f"no source here is its logsource ({words or 'none named'})")
