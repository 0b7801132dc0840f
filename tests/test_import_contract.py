"""The rooms of the package import in one direction, and plugins never import each other."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "sferic"

_READING = {"model", "catalog", "sources", "engine"}
_JUDGING = {"model", "catalog", "signals", "rules", "correlate"}
_SHOWING = {"model", "catalog", "render", "content"}
MAY_IMPORT = {
    "model": set[str](),
    "catalog": {"model"},
    "sources": {"model", "catalog"},
    "signals": {"model", "catalog"},
    "engine": {"model", "catalog", "sources"},
    "rules": {"model", "catalog"},
    "correlate": {"model", "catalog", "signals", "rules"},
    "store": {"model", "catalog"},
    "render": {"model", "catalog"},
    "content": {"model", "catalog"},
    "spl": _READING,
    "lab": {"model", "catalog", "engine"},
    "pipeline": _READING | _JUDGING | _SHOWING | {"store"},
    "cli": _READING | _JUDGING | _SHOWING | {"store", "spl", "lab", "pipeline"},
}
"""Room -> the rooms it may import besides itself."""

PLUGIN_ROOMS = ("sources", "signals", "content")


def _imports(path: Path) -> list[tuple[str, ...]]:
    """List every sferic module that a file imports, anywhere in it, as the parts after `sferic`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno} imports relatively; write the full name"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return [tuple(name.split(".")[1:]) for name in found if name.split(".")[0] == "sferic"]


def _room(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    """A module imports only rooms that come before its own, and `sferic` itself only for its version."""
    room = "cli" if _room(path) == "__main__" else _room(path)
    assert room in MAY_IMPORT, f"{room} is a new room: say in MAY_IMPORT what it may import"
    for parts in _imports(path):
        allowed = MAY_IMPORT[room] | {room, "__version__"}
        assert not parts or parts[0] in allowed, f"{room} may not import sferic.{'.'.join(parts)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_plugins_do_not_import_each_other(path: Path) -> None:
    """A plugin uses only its room's underscore modules, so that any plugin can be removed alone."""
    if _room(path) not in PLUGIN_ROOMS or path.stem.startswith("_"):
        return
    for parts in _imports(path):
        if parts[0] == _room(path) and len(parts) > 1:
            assert parts[1].startswith("_"), f"{path.stem} imports its neighbour {parts[1]}"


def test_the_allowed_directions_have_no_circle() -> None:
    """The table above is an order: no room can reach itself through the rooms it imports."""
    seen: set[str] = set()

    def visit(room: str, trail: tuple[str, ...]) -> None:
        assert room not in trail, f"circle: {' -> '.join([*trail, room])}"
        if room not in seen:
            for other in MAY_IMPORT[room]:
                visit(other, (*trail, room))
            seen.add(room)

    for room in MAY_IMPORT:
        visit(room, ())
