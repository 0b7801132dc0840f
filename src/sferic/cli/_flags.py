"""The flags that every command which reads logs shares, and what they set."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter, validators

from sferic.cli._streams import STANDARD
from sferic.model.errors import UsageError

_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Reading:
    """How logs are read."""

    since: str | None = None
    """Ignore events before this ISO 8601 time."""

    until: str | None = None
    """Ignore events at or after this ISO 8601 time."""

    timezone: str | None = None
    """Zone of log lines that name none: an IANA name or an offset such as +05:30 (default UTC)."""

    source: list[str] | None = None
    """Read the logs as this source only; repeat or separate with commas. `sferic sources` lists them."""

    set: list[str] | None = None
    """An option of a source, as SOURCE.OPTION=VALUE; repeat for more."""

    platforms: list[Path] | None = None
    """A TOML file with more platforms or own domains; repeat for more."""

    assets: Path | None = None
    """A CSV file with the columns address and device (and from, until); it wins over what logs say of machines."""

    strict: bool = False
    """Make any line that is looked at and cannot be read an error; a hunt looks only at lines that may matter to it."""

    workers: int | None = None
    """Processes that search the logs: 0 for one a core (default), 1 for all in one process."""

    memory: str | None = None
    """Memory to aim at, as 1GB; least 126MB, with a store 261MB (default: a quarter, at most 512 MiB a process)."""

    config: Path | None = None
    """A settings file; `sferic config` prints one."""

    def layer(self) -> dict[str, Any]:
        """Give the settings that were asked for, and only those."""
        asked = {
            "since": self.since,
            "until": self.until,
            "timezone": self.timezone,
            "only_sources": split(self.source),
            "source_options": _options(self.set or []),
            "platform_files": [str(path) for path in self.platforms or []],
            "assets_file": str(self.assets or ""),
            "strict": self.strict,
            "workers": self.workers,
            "memory_bytes": size_bytes(self.memory) if self.memory is not None else None,
        }
        return {name: value for name, value in asked.items() if value or (value == 0 and value is not False)}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What cloud audit logs are judged by."""

    rules: list[Path] | None = None
    """A file or folder with more Sigma rules for cloud audit logs; repeat for more."""

    deployers: list[Path] | None = None
    """A TOML file that says who is expected to change functions; repeat for more."""

    deployments: list[Path] | None = None
    """A list of deployments (CSV, JSON lines, the text of `git log`) that changes should be on; repeat for more."""

    def layer(self) -> dict[str, Any]:
        """Give the settings that were asked for, and only those."""
        asked = {
            "rule_files": self.rules,
            "deployer_files": self.deployers,
            "deployment_files": self.deployments,
        }
        return {name: [str(path) for path in paths] for name, paths in asked.items() if paths}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Running:
    """Where logs are read."""

    engine: Literal["embedded", "spark"] = "embedded"
    """Hunt here, or on the workers of an Apache Spark cluster, which must see the same paths, or object stores."""

    master: str | None = None
    """The cluster's master, such as spark://10.0.0.5:7077; default: what spark-submit or Spark's own settings say."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Writing:
    """Where output goes, and how it looks."""

    output: Annotated[Path | None, Parameter(alias="-o")] = None
    """Write the result to this file instead of standard output."""

    no_color: bool = False
    """Use no colours; the variable NO_COLOR does the same."""

    quiet: Annotated[bool, Parameter(alias="-q")] = False
    """Print no progress and no ledger on standard error, only a line if something could not be read."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What outlives the run."""

    store: Path | None = None
    """Keep what is read in this file, take only what it has not, and weigh both together."""

    keep_days: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None
    """Days of the newest logs that the store keeps (default 90)."""

    new: bool = False
    """With `--store`, show only findings of which no output told before, or which are more severe than it said."""

    save: Path | None = None
    """Keep the whole report in this file, for `sferic explain --from FILE`."""

    no_save: bool = False
    """Do not keep the report for `sferic explain`."""


def given(paths: Iterable[str]) -> list[str]:
    """Read the paths of a command line; there must be one."""
    found = ["-" if path == STANDARD else path for path in paths]
    if not found:
        raise UsageError("there is nothing to read", expected="one or more paths, or `-` for standard input")
    return found


def split(values: Iterable[str] | None) -> list[str]:
    """Read a flag that may be repeated and may hold commas."""
    return [part.strip() for value in values or [] for part in value.split(",") if part.strip()]


def size_bytes(text: str) -> int:
    """Read a size such as 1GB, 512MB, 1.5G or a number of bytes."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no size", where="--memory", expected="a number with MB or GB, such as 512MB")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _options(pairs: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
    options: dict[str, dict[str, str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        source, dot, option = name.partition(".")
        if not (equals and dot and source and option):
            raise UsageError(f"--set {pair} is no option", expected="SOURCE.OPTION=VALUE")
        options.setdefault(source, {})[option] = value
    return options
