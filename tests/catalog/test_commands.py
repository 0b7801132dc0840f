"""Commands that deploy are known by their words."""

import re

import pytest

from sferic.catalog.commands import caller_kind, command_of, commands, file_of


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.tool)
def test_each_has_a_page_and_compiles(command: object) -> None:
    """Each names the vendor's page, and its function's expression has one group."""
    assert isinstance(command, type(commands()[0]))
    assert command.reference.startswith("https://")
    assert re.compile(command.function or "()").groups == 1


def test_a_line_without_a_command() -> None:
    """Nothing, and words without the tool, are no command."""
    assert command_of(None) is None
    assert command_of("") is None
    assert command_of("deploy the wrangler") is None


def test_callers_by_name() -> None:
    """A program's kind is that of its file's name, whatever the slashes and capitals."""
    assert file_of('"C:\\\\Windows\\\\CMD.exe"') == "cmd.exe"
    assert caller_kind("C:\\Windows\\System32\\CMD.EXE") == "between"
    assert caller_kind("/usr/bin/bash") == "between"
    assert caller_kind("/opt/acme/agent") == ""
