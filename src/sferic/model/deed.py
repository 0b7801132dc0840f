"""One thing that somebody did in a cloud, slim: what a rule, a chain or the inventory of functions needs of it.

An audit log's event holds its whole record; of the millions that a log may hold only these few words are kept.
"""

import msgspec

WRITES = frozenset({"create", "code", "config", "open", "trigger"})
"""Kinds of operations after which a function does or answers otherwise than before."""


class Deed(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One operation, by whom, from where, on what."""

    time: int
    source: str
    place: str
    """`file:line`."""
    provider: str
    account: str = ""
    function: str = ""
    """The function, Worker, service or app; empty where an operation is about none."""
    actor: str = ""
    """The exact identity."""
    user: str | None = None
    src_ip: str | None = None
    network: str = ""
    """The neighbourhood of that address (`sferic.catalog.deployers`); empty if it is unknown."""
    agent: str = ""
    """Family of the client's software (`sferic.catalog.cloud.family`); empty if it is not logged."""
    operation: str = ""
    kind: str = ""
    """What the operation does, in the catalogue's words; empty if only a rule knows it."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that its record set off."""
    failed: bool = False
    credential: str = ""
    """The key or token that was used."""
    made: str = ""
    """The key or token that was made."""
    call: str = ""
    """What entries of one operation share that is logged more than once (begin and end)."""
    region: str = ""
    role: str = ""
    """What kind of identity: a user, a role, a token."""
    hosts: tuple[str, ...] = ()
    """Host names that the function got or has."""
    leads: tuple[str, ...] = ()
    """Names or hosts of the functions to which what was made sends requests."""
    times: int = 1
    """How many calls it stands for: those that are alike within a minute are one."""
    label: str = ""
    """The account's own label in its functions' host names, where the operation sets that (workers.dev)."""

    @property
    def is_write(self) -> bool:
        """Say whether it changed a function: it may have done so and did not fail."""
        return self.kind in WRITES and not self.failed

    @property
    def where(self) -> tuple[str, str, str]:
        """Return the function's full name: provider, account, function."""
        return (self.provider, self.account, self.function)
