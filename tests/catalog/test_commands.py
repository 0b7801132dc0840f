"""Commands that deploy are known by their words, and told without secrets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.catalog.commands import caller_kind, command_of, commands, file_of, without_secrets


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x --token hush -y", "x --token … -y"),
        ("x --api-key=hush -y", "x --api-key=… -y"),
        ("x --client-secret 'hush hush' -y", "x --client-secret … -y"),
        ("set CLOUDFLARE_API_TOKEN=hush && x", "set CLOUDFLARE_API_TOKEN=… && x"),
        ("x --password hush@hush -y", "x --password … -y"),
        ('$env:NETLIFY_AUTH_TOKEN = "hush"; x', "$env:NETLIFY_AUTH_TOKEN = …; x"),
        ('curl -H "Authorization: Bearer hush" x', 'curl -H "Authorization: Bearer …" x'),
        ("git push https://ada:hush@git.example/x", "git push https://ada:…@git.example/x"),
        ("wrangler deploy --var API_KEY:hush -y", "wrangler deploy --var API_KEY:… -y"),
        ("--settings Store=AccountName=x;AccountKey=hush== -y", "--settings Store=AccountName=x;AccountKey=… -y"),
        (r'"{\"Variables\":{\"DB_PASSWORD\":\"hush hush\"}}"', r'"{\"Variables\":{\"DB_PASSWORD\":…}}"'),
        ("curl https://x.example/?a=1&sig=hush -y", "curl https://x.example/?a=1&sig=… -y"),
        ('cmd /c "echo hush hush | wrangler secret put X"', 'cmd /c "echo …| wrangler secret put X"'),
        ("echo ready && wrangler deploy", "echo ready && wrangler deploy"),
        ("x --auth-type NONE --name key-store", "x --auth-type NONE --name key-store"),
        ("https://git.example/a:b", "https://git.example/a:b"),
    ],
)
def test_secrets_are_not_told(line: str, told: str) -> None:
    """What follows the name of a secret goes, the rest of the line stays."""
    assert without_secrets(line) == told


@given(st.text("ab-=:/@ \"'\\tokenkey", max_size=200))
def test_any_line_is_told_without_secrets(line: str) -> None:
    """Whatever a line holds, what is left holds no more than it did, but for the marks."""
    assert len(without_secrets(line).replace("…", "")) <= len(line)


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
