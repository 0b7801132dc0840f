"""What every plugin owes its readers: an id, a docstring with fixed parts, and a golden case."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from sferic import model
from sferic.model.event import TABLES, Event

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "sferic"
GOLDEN = ROOT / "tests" / "golden"
HEAVY = ("duckdb", "hyperscan", "numpy", "pyarrow", "scipy")
SIGNAL_HEADINGS = ("What it measures", "Why it matters", "What else looks like this", "Limits", "References")


def _plugins(room: str) -> list[Path]:
    return sorted(path for path in (SRC / room).glob("*.py") if not path.stem.startswith("_"))


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


every_source = pytest.mark.parametrize("path", _plugins("sources"), ids=lambda path: path.stem)
every_signal = pytest.mark.parametrize("path", _plugins("signals"), ids=lambda path: path.stem)


@every_source
def test_a_source_says_what_it_reads_and_what_it_cannot_show(path: Path) -> None:
    """A source's docstring has a first sentence, the vendor's format page and a `Cannot show:` paragraph."""
    text = _docstring(path)
    assert re.fullmatch(r"[A-Z].{20,}\.", text.partition("\n")[0]), "the first line is one full sentence"
    assert re.search(r"https://[a-z0-9.-]+\.[a-z]+/\S*", text), "link the vendor's format page"
    assert re.search(r"^Cannot show: \w.{15,}", text, re.MULTILINE | re.DOTALL), "say what this log cannot show"


@every_source
def test_a_source_declares_what_it_fills(path: Path) -> None:
    """A source's id is `vendor_product[_stream]`, and its TABLES, FIELDS and STAMP use the event's own words."""
    module = importlib.import_module(f"sferic.sources.{path.stem}")
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", path.stem)
    assert set(module.TABLES) <= set(TABLES), module.TABLES
    assert set(module.FIELDS) <= set(Event.__struct_fields__), set(module.FIELDS) - set(Event.__struct_fields__)
    assert module.TABLES
    assert module.FIELDS
    assert module.STAMP in {"start", "end"}


@every_source
def test_a_source_has_a_golden_case(path: Path) -> None:
    """A source is specified by cases: raw lines, the events and rejects expected from them, a note of their origin."""
    cases = [case for case in (GOLDEN / "sources" / path.stem).glob("*") if case.is_dir()]
    assert cases, f"tests/golden/sources/{path.stem}/<case>/ is missing"
    for case in cases:
        assert {"raw.log", "expected.ndjson", "README.md"} <= {file.name for file in case.iterdir()}, case


@every_signal
def test_a_signal_answers_five_questions(path: Path) -> None:
    """A signal's docstring answers the five fixed questions, each at the start of a line, in order."""
    lines = [line.strip() for line in _docstring(path).splitlines()]
    asked = [h for line in lines for h in SIGNAL_HEADINGS if line.startswith(f"{h}:") and line != f"{h}:"]
    assert asked == list(SIGNAL_HEADINGS)


@pytest.mark.parametrize("folder", sorted(GOLDEN.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_golden_case_is_an_orphan(folder: Path) -> None:
    """A golden folder bears the id of the room and the module whose output it holds."""
    room = SRC / folder.parent.name
    assert (room / f"{folder.name}.py").is_file() or (room / folder.name).is_dir(), "nothing produces this"


def _base(kind: object) -> object:
    """Take a type without its `| None`."""
    if get_origin(kind) not in {Union, UnionType}:
        return kind
    rest = tuple(arg for arg in get_args(kind) if arg is not NoneType)
    return rest[0] if len(rest) == 1 else rest


def _is_column(kind: object) -> bool:
    return getattr(get_origin(kind), "__name__", "") == "ndarray"


def test_one_event_field_name_has_one_type() -> None:
    """A record that shares a field name with the event shares its type, unless it holds whole columns (arrays)."""
    kinds = {name: _base(kind) for name, kind in get_type_hints(Event).items()}
    for info in pkgutil.iter_modules(model.__path__):
        module = importlib.import_module(f"sferic.model.{info.name}")
        for _, record in inspect.getmembers(module, inspect.isclass):
            if issubclass(record, msgspec.Struct):
                hints = {name: _base(kind) for name, kind in get_type_hints(record).items()}
                own = {name: kind for name, kind in hints.items() if name in kinds and not _is_column(kind)}
                assert own == {name: kinds[name] for name in own}, record


@pytest.mark.skipif(not (SRC / "cli" / "__init__.py").exists(), reason="the command line is not there yet")
@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_light_commands_load_nothing_heavy(flag: str) -> None:
    """`--version` and `--help` answer without loading the numeric and storage libraries."""
    code = f"""
import sys
sys.argv = ["sferic", {flag!r}]
from sferic.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("\\nHEAVY", [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "HEAVY []"
