"""The scenarios that come with Sferic, by name: each is one case that is hard to get right."""

from pathlib import Path

from sferic.lab.scenario import Scenario, load_scenario
from sferic.model.errors import SettingsError

_FOLDER = Path(__file__).with_name("scenarios")


def named() -> dict[str, str]:
    """Each scenario's name and what its first line says of it."""
    return {path.stem: _sentence(path) for path in sorted(_FOLDER.glob("*.toml"))}


def find_scenario(given: str) -> Scenario:
    """Load one of ours by its name, or a file of the user's by its path.

    Raises SettingsError for a name that is neither, and for a file that is no scenario.
    """
    ours = _FOLDER / f"{given}.toml"
    if given in named():
        return load_scenario(ours)
    if not Path(given).is_file():
        raise SettingsError("no such scenario", where=given, expected=", ".join(named()), hint="or a path of your own")
    return load_scenario(Path(given))


def _sentence(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
