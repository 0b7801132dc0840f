"""Listing of object stores, over a stand-in for Hadoop's classes; tests/cli/test_spark.py asks the real ones."""

import io
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from sferic.engine.inputs import Hidden, Input, Met, Refused, expand
from sferic.engine.objects import MAX_OBJECT_BYTES, Objects
from sferic.model.errors import LimitExceeded, NothingToRead, UnreadableInput, UsageError

ROOT = "s3a://logs/proxy"


def status(label: str, size: int, *, folder: bool = False) -> Any:
    """Return what a store says of an object or a folder."""
    return SimpleNamespace(
        getPath=lambda: SimpleNamespace(toString=lambda: label), getLen=lambda: size,
        getModificationTime=lambda: 1_750_000_000_000, isDirectory=lambda: folder,
    )  # fmt: skip


def files_of(statuses: list[Any]) -> Any:
    """Return what Hadoop iterates with."""
    left = iter([*statuses, None])
    ahead = [next(left)]

    def take() -> Any:
        found, ahead[0] = ahead[0], next(left)
        return found

    return SimpleNamespace(hasNext=lambda: ahead[0] is not None, next=take)


def store(objects: Mapping[str, bytes | int], *, is_there: bool = True) -> Objects:
    """Return a store with objects below ROOT, and ROOT alone as an object if its own name is among them."""
    facts = [status(label, size if isinstance(size, int) else len(size)) for label, size in objects.items()]
    tops = facts if ROOT in objects else [status(ROOT, 0, folder=True)]

    def opened(label: str) -> Any:
        data = objects[label]
        assert isinstance(data, bytes)
        stream = io.BytesIO(data)
        return SimpleNamespace(readNBytes=lambda size: stream.read(min(size, 3)), close=stream.close)

    system = SimpleNamespace(
        globStatus=lambda _: tops if is_there else None, listFiles=lambda _top, _deep: files_of(facts), open=opened
    )

    class Address(str):
        __slots__ = ()

        def __getattr__(self, name: str) -> Any:
            assert name == "getFileSystem"
            return lambda _settings: system

    fs = SimpleNamespace(Path=Address)
    java = SimpleNamespace(org=SimpleNamespace(apache=SimpleNamespace(hadoop=SimpleNamespace(fs=fs))))
    context = SimpleNamespace(_jvm=java, _jsc=SimpleNamespace(hadoopConfiguration=dict))
    return Objects(context, str)


def met(objects: Mapping[str, bytes | int], *, is_there: bool = True) -> list[Met]:
    """Return what is met at ROOT."""
    return list(expand([ROOT], store(objects, is_there=is_there).listed))


def test_a_folder() -> None:
    """Objects come in the order of their names, with size, time and bytes; those that Spark passes over are hidden."""
    names = ("b.log", "a/x.log", "_SUCCESS", ".tmp/y.log", "a/.z.log")
    found = met({f"{ROOT}/{name}": name.encode() for name in names})
    inputs = [item for item in found if isinstance(item, Input)]
    assert [item.label for item in inputs] == [f"{ROOT}/a/x.log", f"{ROOT}/b.log"]
    assert [item.open().read() for item in inputs] == [b"a/x.log", b"b.log"]
    first = inputs[0]
    assert (first.size, first.modified, first.named, first.is_remote) == (7, 1.75e9, False, True)
    hidden = [item.path for item in found if isinstance(item, Hidden)]
    assert hidden == [f"{ROOT}/.tmp/y.log", f"{ROOT}/_SUCCESS", f"{ROOT}/a/.z.log"]


def test_an_object() -> None:
    """An object that is asked for by its own address counts as named, and is found again by its label."""
    objects = store({ROOT: b"line\n"})
    (item,) = expand([ROOT], objects.listed)
    assert isinstance(item, Input)
    assert item.named
    assert objects.find(ROOT) is item
    assert objects.find("elsewhere") is None


@pytest.mark.parametrize(
    ("name", "size", "error", "says"),
    [
        ("big.log", MAX_OBJECT_BYTES + 1, LimitExceeded, "larger than the 128 MB"),
        ("a[1].log", 5, UnreadableInput, "takes for a pattern"),
    ],
)
def test_an_object_that_cannot_be_dealt_out(name: str, size: int, error: type[Exception], says: str) -> None:
    """It is refused with its name, and the others are read."""
    refused, other = met({f"{ROOT}/{name}": size, f"{ROOT}/c.log": MAX_OBJECT_BYTES})
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, error)
    assert says in str(refused.error)
    assert isinstance(other, Input)


@pytest.mark.parametrize(
    ("is_there", "error", "says"),
    [(False, UnreadableInput, "no such object or folder"), (True, NothingToRead, "holds no object")],
)
def test_nothing_there(is_there: bool, error: type[Exception], says: str) -> None:
    """An address without anything is told."""
    (refused,) = met({}, is_there=is_there)
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, error)
    assert says in str(refused.error)


def test_a_session_without_java() -> None:
    """A session that only talks to a cluster by Spark Connect cannot list."""
    with pytest.raises(UsageError, match="cannot list object stores"):
        list(Objects(SimpleNamespace(), str).listed(ROOT))
