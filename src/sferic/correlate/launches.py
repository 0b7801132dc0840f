"""Keeps the commands of a run that deploy something, and says what is odd about who started them.

One deployment is often several programs, each of which starts the next with the same words (`cmd`, `node`, `node`):
what counts is who started the first. What is expected is a developer's desk (a terminal, an editor) or a pipeline's
runner behind the shells; what no log says is held against nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from sferic.catalog.commands import SEEN_CHARS, caller_kind, command_of, file_of
from sferic.catalog.programs import place_of, program_of
from sferic.model.event import Event
from sferic.model.launch import Launch
from sferic.model.process import Process, ancestry

MOST = 20_000
"""Commands that are kept."""
ONE_US = 60_000_000
"""Commands of one tool on one machine within so long of each other are one deployment."""
_KINDS = {"document": "launched_by_document", "server": "launched_by_server", "script_host": "launched_by_script_host"}
_PLACES = {"services": "launched_by_service", "subsystems": "launched_by_subsystem"}


class Launches:
    """The commands of one run; `take` events, `know` their ancestors, then `finish`."""

    def __init__(self) -> None:
        self._waiting: list[Event] = []
        self._known: list[Launch] = []
        self.left_out = 0

    def take(self, event: Event) -> None:
        """Keep the start of a program if it is such a command."""
        line = event.command_line or ""
        if len(self._waiting) + len(self._known) < MOST:
            self._waiting.append(replace(event, command_line=line[:SEEN_CHARS]) if len(line) > SEEN_CHARS else event)
        else:
            self.left_out += 1

    def know(self, tree: Callable[[Event], Process]) -> None:
        """Ask for the ancestors of what has been taken."""
        self._known += [launch for event in self._waiting if (launch := _launch(event, tree(event)))]
        self._waiting.clear()

    def finish(self) -> list[Launch]:
        """Return the deployments in order of time, each with the first of its commands."""
        first: dict[tuple[object, ...], Launch] = {}
        found: list[Launch] = []
        for launch in sorted(self._known, key=lambda one: (one.time, -len(list(ancestry(one.process))))):
            key = (launch.device, launch.user, launch.tool)
            before = first.get(key)
            if before is None or launch.time - before.time > ONE_US or _differ(before.function, launch.function):
                first[key] = launch
                found.append(launch)
        return found


class Caller(msgspec.Struct, frozen=True):
    """Who started a command, behind the shells, and the signs that this is odd."""

    path: str | None
    signs: tuple[str, ...]

    @property
    def program(self) -> str:
        """Return its file's name; empty if it is unknown."""
        return file_of(self.path or "")


def caller_of(launch: Launch) -> Caller:
    """Find who started a command: the first who is no shell, and what is odd about those on the way."""
    outside = [one for one in ancestry(launch.process) if one.path and not command_of(one.command_line)]
    way: list[str] = [one.path or "" for one in outside]
    end = next((at for at, path in enumerate(way) if caller_kind(path) in {"desks", "runners"}), len(way))
    first = next((path for path in way if caller_kind(path) != "between"), None)
    signs = list(dict.fromkeys(_odd([launch.process.path or "", *way[: end + 1]])))
    if not signs and first is not None and end == len(way):
        signs = ["launched_by_other"]
    return Caller(first or (way[-1] if way else None), tuple(signs))


def _odd(paths: Iterable[str]) -> Iterator[str]:
    """Yield what is odd about these programs; shells and interpreters are not, wherever the system has them."""
    for path in paths:
        if place_of(path) == "odd":
            yield "launched_from_odd_place"
        kind = caller_kind(path)
        if kind in _PLACES:
            yield _PLACES[kind]
        elif not kind:
            yield from (_KINDS[known] for known in sorted(program_of(path).kinds & _KINDS.keys()))


def _launch(event: Event, process: Process) -> Launch | None:
    command, line = command_of(event.command_line), event.command_line or ""
    if command is None or not _gives(event.process_path, command.tool):
        return None
    return Launch(
        time=event.time, source=event.source, place=f"{event.file}:{event.line}", device=event.device, user=event.user,
        tool=command.tool, agent=command.agent, provider=command.provider, function=command.function_in(line),
        process=process,
    )  # fmt: skip


def _gives(path: str | None, tool: str) -> bool:
    """Say whether a program gives a command rather than speak of it, as an editor or a search does."""
    return path is None or caller_kind(path) == "between" or tool in file_of(path)


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def machines(launches: Sequence[Launch], callers: Sequence[Caller]) -> dict[tuple[str, str], int]:
    """Count the machines on which the same program starts the same tool."""
    seen: dict[tuple[str, str], set[str]] = {}
    for launch, caller in zip(launches, callers, strict=True):
        seen.setdefault((launch.tool, caller.program), set()).add(launch.device or "")
    return {key: len(devices) for key, devices in seen.items()}
