"""The definitions of detections are whole, and name only what is described."""

from pathlib import Path

import pytest

from sferic.catalog import detections as catalogue
from sferic.model.errors import SettingsError


def test_each_is_whole() -> None:
    """Each detection has an id of its own, known look-alikes and known techniques."""
    found = catalogue.detections()
    assert list(found) == ["beacon", "candidate", "cloud_change", "long_connection", "own_function", "process"]
    assert len({one.uuid for one in found.values()}) == len(found)
    assert len(catalogue.false_positives()) == 5


def test_what_is_only_inferred_is_never_claimed() -> None:
    """No detection counts a technique as seen that nobody can see."""
    inferred = {name for name, one in catalogue.attack().techniques.items() if one.seen == "inferred"}
    assert inferred
    for one in catalogue.detections().values():
        assert not inferred & set(one.techniques), one.id


def test_an_unknown_technique(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that names a technique nobody describes is an error with its place."""
    ours = Path(str(catalogue.__file__)).parent / "detections" / "beacon.toml"
    (tmp_path / "detections").mkdir()
    text = ours.read_text(encoding="utf-8").replace('"T1071.001"', '"T9999"', 1)
    (tmp_path / "detections" / "mine.toml").write_text(text, encoding="utf-8")
    known, classes = catalogue.attack(), catalogue.false_positives()
    monkeypatch.setattr(catalogue, "_HERE", tmp_path)
    monkeypatch.setattr(catalogue, "attack", lambda: known)
    monkeypatch.setattr(catalogue, "false_positives", lambda: classes)
    catalogue.detections.cache_clear()
    try:
        with pytest.raises(SettingsError, match="T9999"):
            catalogue.detections()
    finally:
        catalogue.detections.cache_clear()
