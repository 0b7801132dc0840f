"""Remembers which processes called, and what the logs say of their start: parent, command line, maker.

A connection names its process; the start of that process stands in another line, mostly outside the selection.
`wanted` gives the names to look for in one more reading, first of the processes that called, then of their parents;
`wanted_above` goes on from there for those that did not call but are asked about.
"""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from sferic.catalog.commands import caller_kind
from sferic.engine.selector import as_word
from sferic.model.event import Event
from sferic.model.process import MAX_COMMAND_CHARS, Process
from sferic.model.traffic import UNKNOWN

MAX_PROCESSES = 200_000
"""Runs that are told apart; calls of later ones have no process."""
MAX_WANTED = 20_000
"""Starts that are looked for in one reading."""
_FOLDER = re.compile(r"[/\\]")
ANCESTORS = 6
"""Ancestors of a process that called nobody: a shell starts a shell starts a tool."""
_PASSED = frozenset({"between", ""})
"""Kinds of programs behind which somebody else may stand; a desk, a runner or a service ends the search."""
Run = tuple[str, str]
"""Machine, and the sensor's name of the process."""


class Processes:
    """Run of a program → number; and what became known of its start."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str | None, ...], int] = {}
        self.called: list[tuple[str, Process]] = []
        self.started: dict[Run, Process] = {}
        self.parents: dict[Run, str] = {}
        """Run → the sensor's name of its parent."""
        self._asked: set[Run] = set()
        self._besides: list[Run] = []
        self.full = False
        """Whether more processes called, or had to be looked for, than are remembered."""

    def __len__(self) -> int:
        return len(self.called)

    def number(self, event: Event, client: str) -> int:
        """Return the number of the process behind a call; UNKNOWN where the line names none."""
        if event.process_path is None and event.process_guid is None:
            return UNKNOWN
        key = (client, event.process_guid, None if event.process_guid else event.process_path, event.parent_path)
        known = self.numbers.get(key)
        if known is None:
            if len(self.called) >= MAX_PROCESSES:
                self.full = True
                return UNKNOWN
            known = self.numbers[key] = len(self.called)
            self.called.append((client, _process(event)))
            self._note_parent(event, client)
        return known

    def learn(self, event: Event, client: str) -> None:
        """Remember the start of a process."""
        if event.process_guid is None:
            return
        if len(self.started) >= MAX_PROCESSES:
            self.full = True
            return
        self.started[client, event.process_guid] = _process(event)
        self._note_parent(event, client)

    def _note_parent(self, event: Event, client: str) -> None:
        if event.process_guid and event.parent_guid:
            self.parents[client, event.process_guid] = event.parent_guid

    def adopt(self, others: "Processes") -> list[int]:
        """Take in what others know, and return the number here of each of their processes that called."""
        numbers = []
        for key, number in others.numbers.items():
            if key not in self.numbers and len(self.called) < MAX_PROCESSES:
                self.numbers[key] = len(self.called)
                self.called.append(others.called[number])
            numbers.append(self.numbers.get(key, UNKNOWN))
        room = MAX_PROCESSES - len(self.started)
        self.started.update(list(others.started.items())[: max(room, 0)])
        self.parents.update(others.parents)
        self.full = self.full or others.full or UNKNOWN in numbers
        return numbers

    def ask(self, event: Event, client: str) -> None:
        """Have the ancestors of a process looked for that called nobody."""
        if event.process_guid and len(self._besides) < MAX_WANTED:
            self._besides.append((client, event.process_guid))

    def tree(self, event: Event, client: str) -> Process:
        """Return the process that an event tells the start of, with its ancestors."""
        return self._whole(client, _process(event), ANCESTORS)

    def wanted(self) -> list[str]:
        """Return expressions that find the starts of processes not looked for yet; a second call asks for parents."""
        called = [(client, process.guid) for client, process in self.called if process.guid]
        parents = [(client, guid) for (client, child), guid in self.parents.items() if (client, child) in self._asked]
        return self._looked_for([*called, *self._besides, *parents])

    def wanted_above(self) -> list[str]:
        """Return expressions that find the start of each asked process's next ancestor, where that may tell more."""
        return self._looked_for([run for one in self._besides if (run := self._next_above(one))])

    def _looked_for(self, runs: Iterable[Run]) -> list[str]:
        fresh = [run for run in dict.fromkeys(runs) if run not in self._asked]
        self.full = self.full or len(fresh) > MAX_WANTED
        asked = fresh[:MAX_WANTED]
        self._asked.update(asked)
        return sorted({_as_expression(run[1]) for run in asked if run not in self.started})

    def _next_above(self, run: Run) -> Run | None:
        """Return the nearest ancestor whose start is not known, if only shells and unknown programs stand below it."""
        client, guid = run
        for _ in range(ANCESTORS - 1):
            started, up = self.started.get((client, guid)), self.parents.get((client, guid))
            path = started.parent.path if started and started.parent else None
            if up is None or caller_kind(path or "") not in _PASSED:
                return None
            guid = up
            if (client, guid) not in self.started:
                return client, guid
        return None

    def finish(self) -> list[Process]:
        """Return all processes that called, by number, with what their starts told and their parents."""
        return [self._whole(client, process) for client, process in self.called]

    def _whole(self, client: str, process: Process, ancestors: int = 2) -> Process:
        started = self.started.get((client, process.guid)) if process.guid else None
        whole = _merged(process, started) if started else process
        up = self.parents.get((client, process.guid)) if process.guid else None
        if not ancestors or not (whole.parent or up):
            return replace(whole, parent=None)
        parent = whole.parent or Process()
        parent = self._whole(client, replace(parent, guid=parent.guid or up), ancestors - 1)
        return replace(whole, parent=parent)


def _merged(process: Process, started: Process) -> Process:
    """Return what a call says of its process, completed by what its start says; a bare name gives way to a path.

    The start is the line to look at.
    """
    own = {n: v for n in Process.__struct_fields__ if (v := getattr(process, n)) is not None and v is not False}
    if started.place:
        own.pop("place", None)
    if started.path and process.path and not _FOLDER.search(process.path):
        del own["path"]
    return replace(started, **own)


def _process(event: Event) -> Process:
    parent = Process(path=event.parent_path, guid=event.parent_guid) if event.parent_path or event.parent_guid else None
    command = event.command_line
    return Process(
        path=event.process_path, guid=event.process_guid, user=event.user,
        command_line=command[:MAX_COMMAND_CHARS] if command else None, company=event.company, signer=event.signer,
        session=event.session, parent=parent,
        is_detailed=bool(event.command_line or event.company or event.signer),
        place=f"{event.file}:{event.line}" if event.file else None,
    )  # fmt: skip


def _as_expression(guid: str) -> str:
    """Return what finds a process's name in a line; of a number and a time the time, which is the rarer one."""
    return as_word(guid.rpartition("@")[2].strip("{}"))
