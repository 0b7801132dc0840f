"""A command that deploys something, as a log of a machine's started programs has it."""

import msgspec

from sferic.model.process import Process


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """One such command: when, where, by whom, and what started it."""

    time: int
    source: str
    place: str
    """`file:line`."""
    device: str | None
    user: str | None
    tool: str
    agent: str = ""
    """Family that the tool's requests have in audit logs; empty if they have none of their own."""
    provider: str = ""
    """Whose functions it deploys; empty if that cannot be told."""
    function: str = ""
    """What it deploys, where the command names it."""
    process: Process
    """With its ancestors, as far as they are known."""
