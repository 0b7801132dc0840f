"""The scaffold for a new log source creates what the rules ask for, and nothing that passes unfinished."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "new_source.py"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_scaffold_creates_a_reader_that_reads_nothing_yet(tmp_path: Path) -> None:
    """A fresh scaffold imports, claims no line and rejects what it is given."""
    from sferic.model.event import Line, Reject
    from sferic.sources._clock import Clock
    from sferic.sources._contract import Reader, Setup

    files = _load(SCRIPT).scaffold("acme_gateway_web", tmp_path)
    module = _load(files[0])
    reader = module.Reader(Setup(Clock()))
    assert isinstance(reader, Reader)
    assert reader.claims(Line("anything")) == 0
    assert isinstance(reader.read(Line("anything")), Reject)


def test_scaffold_creates_the_golden_case(tmp_path: Path) -> None:
    """The golden case has its raw log and its origin note where the generic test looks for them."""
    files = [str(path.relative_to(tmp_path)) for path in _load(SCRIPT).scaffold("acme_gateway_web", tmp_path)]
    case = "tests/golden/sources/acme_gateway_web/ordinary"
    assert files == ["src/sferic/sources/acme_gateway_web.py", f"{case}/README.md", f"{case}/raw.log"]


def test_scaffold_never_overwrites(tmp_path: Path) -> None:
    """A second run with the same id is refused and changes nothing."""
    scaffold = _load(SCRIPT).scaffold
    module: Path = scaffold("acme_gateway_web", tmp_path)[0]
    module.write_text("mine")
    with pytest.raises(ValueError, match="exists already"):
        scaffold("acme_gateway_web", tmp_path)
    assert module.read_text() == "mine"


@pytest.mark.parametrize("source_id", ["", "acme", "Acme_web", "../x_y", "acme-web", "_acme_web"])
def test_scaffold_refuses_a_bad_id(tmp_path: Path, source_id: str) -> None:
    """An id that is not `vendor_product_stream` is refused before anything is written."""
    with pytest.raises(ValueError, match="no source id"):
        _load(SCRIPT).scaffold(source_id, tmp_path)
    assert not list(tmp_path.iterdir())
