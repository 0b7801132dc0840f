"""The one way a search is refused: what is wrong, at which character, and what to do."""

from sferic.model.errors import UsageError

_SHOWN = 100
"""Characters of a line that an error shows around the place."""


class SearchError(UsageError):
    """A search that cannot be run; `line` and `column` count from 1."""

    def __init__(self, message: str, text: str, at: int, hint: str = "") -> None:
        start = text.rfind("\n", 0, at) + 1
        self.line = text.count("\n", 0, at) + 1
        self.column = at - start + 1
        excerpt = _excerpt(text[start:].split("\n", 1)[0], at - start)
        super().__init__(message, where=f"search:{self.line}:{self.column}", hint=f"{hint or 'here'}\n{excerpt}")


def _excerpt(line: str, place: int) -> str:
    """Show the part of a line around a place, and a caret under it."""
    start = max(0, min(place - _SHOWN // 2, len(line) - _SHOWN))
    shown = line[start : start + _SHOWN].replace("\t", " ").rstrip("\r")
    return f"    {shown}\n    {' ' * (place - start)}^"
