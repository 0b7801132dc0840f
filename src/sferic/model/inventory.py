"""What an inventory of one's own functions says of each: names, who made and changed it, and who talks to it."""

import msgspec

from sferic.model.report import Account


class FunctionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A function of one's own, as audit logs and traffic show it."""

    provider: str
    account: str
    function: str
    hosts: tuple[str, ...]
    created: int | None
    """Epoch microseconds, like `changed`; None if that was not within the log."""
    created_by: str | None
    changed: int | None
    changed_by: str | None
    operation: str | None
    """The last operation that changed it."""
    callers: int
    """Machines that called it."""
    calls: int
    called_by: tuple[str, ...]
    """Those that called most."""


class Functions(msgspec.Struct, frozen=True):
    """All functions, and the account of what was read."""

    rows: tuple[FunctionRow, ...]
    account: Account
