"""The rules of CONTRIBUTING.md that a machine can check, over everything that is there."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "sferic"

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40
LONG_ON_PURPOSE: dict[str, str] = {}
"""`path` or `path::function` -> date and reason. Keep it short."""

BROAD_EXCEPTS = {
    "src/sferic/engine/routing.py": "the boundary of source plugins: a reader's bug becomes a counted reject",
    "src/sferic/engine/spark.py": "Spark's errors are those of a Java program, which the user gets as one sentence",
    "src/sferic/engine/spark_session.py": "the same where a session begins",
}
"""File -> why it must survive any error: the plugin boundary and the command line, nothing else."""

READS_THE_CLOCK = {
    "src/sferic/sources/_clock.py": "a line without a year, in a file without a date, is dated by today",
    "src/sferic/pipeline/hunting.py": "a report says when it was made",
    "src/sferic/pipeline/remembering.py": "so does one with history, and a finding when it was found",
}
"""File -> why its result may depend on when it runs."""

MAX_SUPPRESSIONS = 11
"""All `noqa` and `type: ignore` together. This number may only fall."""

BANNED_NAMES = {name for word in ("util", "helper", "common", "misc") for name in (word, f"{word}s")}
NOT_OURS = {"__pycache__", "node_modules", "build", "dist", "out"}


def _files(*suffixes: str) -> list[Path]:
    """List the files that belong to the project: no environments, caches or build results."""
    return sorted(path for path in _walk(ROOT) if not suffixes or path.suffix in suffixes)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        hidden = path.name.startswith(".") and path.name not in {".ci", ".gitignore"}
        if hidden or path.name in NOT_OURS or path == ROOT / "benchmarks" / "data":
            continue
        yield from _walk(path) if path.is_dir() else [path]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


PYTHON = _files(".py")
LIBRARY = [path for path in PYTHON if path.is_relative_to(SRC) and not path.is_relative_to(SRC / "cli")]
every_python_file = pytest.mark.parametrize("path", PYTHON, ids=_name)
every_library_file = pytest.mark.parametrize("path", LIBRARY, ids=_name)


@every_python_file
def test_modules_and_functions_are_short(path: Path) -> None:
    """A module has at most 400 lines and a function 40 (docstring aside), unless listed with a reason."""
    text = path.read_text(encoding="utf-8")
    lengths = {_name(path): (len(text.splitlines()), MAX_MODULE_LINES)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lengths[f"{_name(path)}::{node.name}"] = (_length(node), MAX_FUNCTION_LINES)
    too_long = {place: n for place, (n, limit) in lengths.items() if n > limit and place not in LONG_ON_PURPOSE}
    assert not too_long


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return lines
    docstring = node.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


@every_python_file
def test_no_module_is_a_drawer(path: Path) -> None:
    """A module or folder is named for what it does, so nothing is called utils, helpers, common or misc."""
    names = {part.lower().strip("_") for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not names & BANNED_NAMES


@every_python_file
def test_suppressions_carry_code_and_reason(path: Path) -> None:
    """A suppressed warning says which one and why: `# noqa: S608  # reason`, `# type: ignore[arg-type]  # reason`."""
    good = re.compile(r"#\s*(noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|type: ignore\[[a-z-]+(, ?[a-z-]+)*\])\s+(#|-)\s*\w{2}.*")
    bad = [f"{_name(path)}:{line}: {text}" for line, text in _suppressions(path) if not good.fullmatch(text)]
    assert not bad


def test_suppressions_become_fewer() -> None:
    """There are at most as many suppressions as the number above says."""
    found = [f"{_name(path)}:{line}" for path in PYTHON for line, _ in _suppressions(path)]
    assert len(found) <= MAX_SUPPRESSIONS, found


def _suppressions(path: Path) -> list[tuple[int, str]]:
    with path.open("rb") as file:
        comments = [t for t in tokenize.tokenize(file.readline) if t.type == tokenize.COMMENT]
    return [(t.start[0], t.string) for t in comments if re.match(r"#\s*(noqa|type:\s*ignore)", t.string)]


@every_library_file
def test_broad_excepts_are_listed(path: Path) -> None:
    """Only the listed files catch every exception; everybody else names what can go wrong."""
    handlers = [n for n in ast.walk(_tree(path)) if isinstance(n, ast.ExceptHandler)]
    broad = [h.lineno for h in handlers if h.type is None or _mentions(h.type, {"Exception", "BaseException"})]
    assert bool(broad) == (_name(path) in BROAD_EXCEPTS), f"{_name(path)}, lines {broad}"


def _mentions(node: ast.expr, names: set[str]) -> bool:
    return any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(node))


@every_library_file
def test_the_library_never_prints_or_exits(path: Path) -> None:
    """Only `sferic.cli` prints and exits; a module's own `__main__` block may as well."""
    statements = [node for node in _tree(path).body if not _is_main_block(node)]
    calls = [node for statement in statements for node in ast.walk(statement) if _prints_or_exits(node)]
    assert not [f"{_name(path)}:{getattr(node, 'lineno', 0)}" for node in calls]


def _is_main_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _prints_or_exits(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in {"print", "exit", "quit", "sys.exit", "os._exit"}
    return isinstance(node, ast.Raise) and node.exc is not None and _mentions(node.exc, {"SystemExit"})


@every_library_file
def test_the_clock_is_read_in_listed_places(path: Path) -> None:
    """A result depends on its input alone, so only the listed files ask what time it is."""
    clocks = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
    calls = {ast.unparse(node.func) for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)}
    reads = {call for call in calls if ".".join(call.split(".")[-2:]) in clocks}
    assert bool(reads) == (_name(path) in READS_THE_CLOCK), f"{_name(path)}: {reads}"


def test_exceptions_are_not_stale() -> None:
    """A file named in one of the lists above exists, and its entry gives a reason."""
    for table in (LONG_ON_PURPOSE, BROAD_EXCEPTS, READS_THE_CLOCK):
        for place, reason in table.items():
            assert (ROOT / place.partition("::")[0]).exists(), place
            assert len(reason) > 15, place


def test_nothing_is_left_to_do_in_the_files() -> None:
    """Open ends stand in the tracker, not in the files."""
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
    assert not _hits(words, _files(".py", ".toml", ".md", ".txt"))


@pytest.mark.parametrize("page", _files(".md"), ids=_name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """A relative link in a page names a file that is there."""
    targets = re.findall(r"\]\(([^)#:\s]+)[^):]*\)", page.read_text(encoding="utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]


def test_no_registry_and_no_machine_is_named() -> None:
    """No committed file names a package registry's host or a folder of somebody's machine."""
    registries = ["pypi" + "[.]org", "python" + "hosted[.]org", "registry[.]" + "npmjs", "deb[.]" + "debian"]
    # Logs of other people's machines may hold home folders; that is what they are for.
    ours = [path for path in _files() if not _name(path).startswith(("tests/golden/", "examples/"))]
    assert not _hits(re.compile("|".join(registries)), _files())
    assert not _hits(re.compile(r"(?<![\w.}*])/(work|home|root)" + "/"), ours)


def _hits(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{_name(path)}:{number}: {line[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
