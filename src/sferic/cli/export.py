"""`sferic export`: write what Sferic detects for other products, and the pages that go with it."""

import os
import sys
from pathlib import Path

from sferic.catalog.platforms import load_catalogue
from sferic.cli import _settings
from sferic.content._contract import Content, targets, texts
from sferic.model.errors import UsageError, full_disk_named
from sferic.model.words import counted
from sferic.sources._contract import near


def export(
    target: str | None = None,
    *,
    to: Path | None = None,
    platforms: list[Path] | None = None,
    config: Path | None = None,
) -> int:
    """Write rules, searches, an app or pages for another product into a folder; without a target, list what there is.

    Args:
        target: What to write.
        to: Folder to write into; files of the same name there are replaced, others are left alone.
        platforms: A TOML file with more platforms; repeat for more.
        config: A settings file.
    """
    known = targets()
    if target is None:
        width = max(map(len, known))
        sys.stdout.writelines(f"{name:<{width}}  {sentence}\n" for name, sentence in known.items())
        return 0
    if target not in known:
        raise UsageError(
            f"there is nothing called {target!r} to export", expected=", ".join(known),
            hint=near(target, list(known)) or "`sferic export` lists all",
        )  # fmt: skip
    if to is None:
        raise UsageError("a folder is needed", expected=f"sferic export {target} --to DIR")
    flags = {"platform_files": [str(path) for path in platforms]} if platforms else {}
    settings = _settings.resolve(flags, config, os.environ)
    content = Content(load_catalogue(settings.platform_files))
    written = texts(target, content)
    for text in written:
        _write(to / text.path, text.body)
    sys.stderr.write(f"sferic: wrote {counted(len(written), 'file')} into {to}\n")
    return 0


def _write(path: Path, body: str | bytes) -> None:
    with full_disk_named(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode("utf-8") if isinstance(body, str) else body)
