"""Runs a selector over the inputs of a run: here, or ahead of the reader in processes of their own.

Reading what was selected takes about as long as searching, so two cores do both at once. Small runs, and inputs that
only this process can read, are searched here.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Self

from sferic.engine.crew import Crew
from sferic.engine.glancing import Glance
from sferic.engine.inputs import Input
from sferic.engine.search import Batch, Part, Text, open_text, search
from sferic.engine.selector import Candidates, Selector
from sferic.model.settings import Settings


class Scanner:
    """A selector and whoever runs it; use as a context manager."""

    def __init__(
        self,
        selector: Selector,
        settings: Settings,
        inputs: Sequence[Input] = (),
        *,
        whole: bool = False,
        glance: Glance | None = None,
    ) -> None:
        """Take the inputs that will be asked for, in that order, so that they can be searched ahead."""
        self._selector = selector
        self._whole = whole
        self._open = partial(open_text, limits=settings.limits, glance=glance)
        task = partial(_search_part, selector, self._open)
        self._crew = Crew(task, settings.limits, inputs, settings.workers) if not whole else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._crew:
            self._crew.dismiss()

    def look(self, data: bytes) -> Candidates:
        """Select from bytes that are no block of a file, such as a cell of a table."""
        return self._selector.select(data, whole=self._whole)

    def open(self, item: Input) -> Text:
        """Open an input in order to search it here; raises the InputErrors of `codecs`."""
        return self._open(Part(item))

    def search(self, text: Text) -> Iterator[Batch]:
        """Search a text here."""
        return search(text, self._selector, whole=self._whole)

    def ahead(self, item: Input) -> Iterator[Batch] | None:
        """Give what other processes find in an input; None if none of them has it."""
        return self._crew.found(item) if self._crew else None


def _search_part(selector: Selector, opened: Callable[[Part], Text], part: Part) -> Iterator[Batch]:
    return search(opened(part), selector)
