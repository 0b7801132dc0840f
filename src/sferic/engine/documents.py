"""Cuts JSON whose records are in an array, joined or spread over lines into lines of a record each, as a stream.

AWS writes CloudTrail to S3 as `{"Records":[{…},{…}]}`, many megabytes in one line; the interfaces of Azure, Cloudflare,
Google and Vercel answer alike, Defender's Advanced Hunting after the columns' names (`{"Schema":…,"Results":…}`),
Elasticsearch with hits in hits, `gcloud` with a bare array over many lines.

Records are told apart by decoding them, so no text inside one can pass for a border. The line number of a record is its
place in the document.

Firehose joins the records it delivers without anything between them. In JSON a brace that closes, one that opens and
the quote of a key never stand side by side but at such a seam: within a text a quote is escaped, and after the quote
that ends a text no name begins.

Objects that `jq` and its like have spread over lines, one after the other, end where a line begins with a brace: a text
holds no line end, and all other braces are indented.

Where a record is damaged, those around it are cut at what looks like the begin of the next; the damaged one is a line,
too, and its reader refuses it. Anything that is no such document passes through untouched, and so does what follows it.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import chain

import msgspec

TRIES = 8
"""Borders that are tried from the last one back: between are those of arrays inside the last record."""
_CARRY = 256
"""Bytes kept back where no border was seen, so that one that is cut in two is seen with the next chunk."""
_BEFORE = (
    rb"took|timed_out|_shards|max_score|total|kind|etag|nextPageToken|success|errors|messages|result_info|count|pagination|@odata\.context|odata\.metadata"
)
_SCALAR = rb'(?:"[^"\\]{0,2000}"|[\w.+-]{1,40}|\{[^{}]{0,400}\}|\[[^\[\]{}]{0,400}\])'
_PAIR = rb'"(?:' + _BEFORE + rb')"\s{0,20}:\s{0,20}' + _SCALAR
_SCHEMA = rb'"[Ss]chema"\s{0,20}:\s{0,20}\[(?:\s{0,100}\{[^{}]{0,300}\}\s{0,100},?){1,500}+\s{0,100}\]'
"""What an answer of Advanced Hunting says before its results: the columns and their types, an object each …"""
_STATS = rb'"[Ss]tats"\s{0,20}:\s{0,20}\{[^\0]{0,4000}?\}(?=\s{0,20},\s{0,100}"[Ss]chema")'
"""… and what the query cost."""
_HEAD = re.compile(
    rb"\s{0,100}(?:\{\s{0,100}(?:(?:" + _PAIR + rb"|" + _SCHEMA + rb"|" + _STATS + rb")\s{0,20},\s{0,100}){0,8}"
    rb'(?:"hits"\s{0,20}:\s{0,20}\{\s{0,100}(?:' + _PAIR + rb"\s{0,20},\s{0,100}){0,3})?"
    rb'"(?:Records|records|value|result|results|Results|items|events|Events|hits)"\s{0,20}:\s{0,20})?\[\s{0,100}'
    rb'(?=\{\s{0,100}("[^"\\]{1,60}"))'
)
_TAIL = re.compile(
    rb'\}\s{0,100}\](?:\s{0,100},\s{0,100}"[\w@.]{1,40}"\s{0,20}:\s{0,20}' + _SCALAR + rb"){0,8}"
    rb"(?:\s{0,100}\}){0,2}\s{0,100}(?=[^\s,}\]]|\Z)"
)
_BY_LINE = re.compile(rb"\s{0,100}\[\s{0,100}(\{[^\n]{1,1000000}\})\s{0,20},?\s{0,20}\n")
_BORDER = re.compile(rb"\}\s{0,100},\s{0,100}(?=\{)")
_SEAM = re.compile(rb'\}[ \t]{0,4}(?=\{"[\w@$])')
_SEAM_BYTES = 7
_SPREAD = re.compile(rb'\s{0,100}\{[ \t]{0,20}\r?\n[ \t]{1,40}"')
_LAST_BRACE = re.compile(rb"\n\}[ \t]{0,20},?[ \t]{0,20}\r?(?:\n|\Z)")
_RECORDS = msgspec.json.Decoder(list[msgspec.Raw])


def is_document(head: bytes) -> bool:
    """Say whether a text begins as such a document; an array with a record in each line is none."""
    begun = _HEAD.match(head)
    if begun is None:
        return False
    line = _BY_LINE.match(head)
    return line is None or _records(line[1]) is None


def are_joined(head: bytes) -> bool:
    """Say whether a text begins with an object to which the next one is joined."""
    end = head.find(b"\n")
    return head.startswith(b'{"') and _SEAM.search(head, 0, end if end >= 0 else len(head)) is not None


def is_spread(head: bytes) -> bool:
    """Say whether a text begins with an object over several lines that stands by itself."""
    return _SPREAD.match(head) is not None and not is_document(head)


def one_a_line(chunks: Iterator[bytes], line_bytes: int) -> Iterator[bytes]:
    """Pass a stream on, a document's records as a line each; memory stays within `line_bytes` and a chunk."""
    first = next(chunks, b"")
    if is_document(first):
        yield from _Cutter(chain([first], chunks), line_bytes).lines()
        return
    if are_joined(first):
        yield from _parted(chain([first], chunks))
        return
    if is_spread(first):
        yield from _gathered(chain([first], chunks), line_bytes)
        return
    yield first
    yield from chunks


def _parted(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        data = _SEAM.sub(b"}\n", rest + chunk)
        yield data[:-_SEAM_BYTES]
        rest = data[-_SEAM_BYTES:]
    yield rest


def _gathered(chunks: Iterator[bytes], line_bytes: int) -> Iterator[bytes]:
    """Yield the objects that are spread over lines, and the lines between them as they are.

    From the first object that has no end within the cap, all is left as it is.
    """
    held, ended = b"", False
    while not ended and len(held) <= line_bytes:
        chunk = next(chunks, None)
        ended = chunk is None
        held += chunk or b""
        begin = 0
        found: list[bytes] = []
        for brace in _LAST_BRACE.finditer(held):
            if brace.end() < len(held) or ended:
                start = max(begin, held.rfind(b"\n{", begin, brace.start()) + 1)
                found += held[begin:start], _line(held[start : brace.start() + 2])
                begin = brace.end()
        yield b"".join(found)
        held = held[begin:]
    yield held
    yield from chunks


class _Cutter:
    """What is left of the stream: `_held` begins with a record while inside a document."""

    def __init__(self, chunks: Iterator[bytes], line_bytes: int) -> None:
        self._chunks = chunks
        self._line_bytes = line_bytes
        self._held = b""
        self._ended = False
        self._is_finished = False

    def lines(self) -> Iterator[bytes]:
        """Yield documents, as long as one follows another, and then what remains as it is."""
        self._more()
        while begun := _HEAD.match(self._held):
            self._held = self._held[begun.end() :]
            yield from self._document(re.compile(_BORDER.pattern + rb"(?=\{\s{0,100}" + re.escape(begun[1]) + rb")"))
            if not self._ended:
                self._more()
        yield self._held
        yield from self._chunks

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        self._ended = chunk is None
        self._held += chunk or b""

    def _document(self, alike: re.Pattern[bytes]) -> Iterator[bytes]:
        """Yield the records of one document; `alike` are borders before a record that begins as the first one does."""
        self._is_finished = False
        while True:
            for step in (self._finish, partial(self._whole_records, alike), self._finish):
                yield from step()
                if self._is_finished:
                    return
            if self._ended:
                yield _line(self._held) if self._held.strip() else b""
                self._held = b""
                return
            self._more()

    def _finish(self) -> Iterator[bytes]:
        for end in self._tails():
            if (found := _records(self._held[: end.start() + 1])) is not None:
                yield b"".join(found)
                self._held, self._is_finished = self._held[end.end() :], True
                return

    def _tails(self) -> list[re.Match[bytes]]:
        found = _TAIL.finditer(self._held)
        certain = (end for end in found if self._ended or end.end() < len(self._held))
        return [end for end, _ in zip(certain, range(TRIES), strict=False)]

    def _whole_records(self, alike: re.Pattern[bytes]) -> Iterator[bytes]:
        borders = list(alike.finditer(self._held))
        for border in chain(_last(borders), self._any_borders()):
            if (found := _records(self._held[: border.start() + 1])) is not None:
                yield b"".join(found)
                self._held = self._held[border.end() :]
                return
        if len(self._held) > self._line_bytes or (self._ended and borders):
            yield from self._torn(borders)

    def _any_borders(self) -> Iterator[re.Match[bytes]]:
        yield from _last(list(_BORDER.finditer(self._held)))

    def _torn(self, borders: list[re.Match[bytes]]) -> Iterator[bytes]:
        """Yield what does not decode by the borders that show; a record without an end becomes a line without one."""
        begin = 0
        for border in borders:
            yield _line(self._held[begin : border.start() + 1])
            begin = border.end()
        self._held = self._held[begin:]
        if not borders:
            yield self._held[:-_CARRY].replace(b"\n", b" ")
            self._held = self._held[-_CARRY:]


def _last(borders: list[re.Match[bytes]]) -> list[re.Match[bytes]]:
    """Return the last few, from the last one back."""
    return borders[: -TRIES - 1 : -1]


def _records(text: bytes) -> list[bytes] | None:
    """Return a text's records as lines; None if it is not a row of whole ones."""
    try:
        return [_line(bytes(one)) for one in _RECORDS.decode(b"[%b]" % text)]
    except (msgspec.DecodeError, RecursionError):
        return None


def _line(record: bytes) -> bytes:
    """Return a record with its line end; what is spread over lines is written as compactly as a log's lines are."""
    if b"\n" not in record:
        return record + b"\n"
    try:
        return msgspec.json.format(record, indent=-1) + b"\n"
    except (msgspec.DecodeError, RecursionError):
        return record.replace(b"\n", b" ") + b"\n"
