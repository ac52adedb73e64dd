"""HTTP/1.1 as bytes: heads, bodies and chunks, read from and written to streams."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

_END = b"\r\n\r\n"
_NO_BODY = (204, 304)
REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 302: "Found"}


@dataclass
class Head:
    """A first line and headers; names keep their letters, and are found whatever these are."""

    line: str
    headers: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return a header's value, nothing where it is not there."""
        found = (value for key, value in self.headers if key.lower() == name.lower())
        return next(found, "")

    def put(self, name: str, value: str) -> None:
        """Set a header, in the place of what has that name."""
        self.headers = [each for each in self.headers if each[0].lower() != name.lower()]
        self.headers.append((name, value))

    def drop(self, *names: str) -> None:
        """Take headers out."""
        gone = {name.lower() for name in names}
        self.headers = [each for each in self.headers if each[0].lower() not in gone]

    def encoded(self) -> bytes:
        """Return it as it stands on the wire."""
        lines = [self.line, *(f"{name}: {value}" for name, value in self.headers)]
        return ("\r\n".join(lines)).encode("latin-1") + _END

    @property
    def is_chunked(self) -> bool:
        return "chunked" in self.get("Transfer-Encoding").lower()


@dataclass
class Request:
    """What a client asked."""

    head: Head
    body: bytes = b""

    @property
    def method(self) -> str:
        return self.head.line.split(" ", 1)[0]

    @property
    def target(self) -> str:
        return self.head.line.split(" ")[1]

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def streams(self) -> bool:
        """Whether the answer may go on for ever."""
        return "watch=true" in self.query or "watch=1" in self.query or "follow=true" in self.query

    @property
    def writes(self) -> bool:
        return self.method in ("PUT", "PATCH", "DELETE", "POST")


@dataclass
class Answer:
    """What a server answered, whole."""

    head: Head
    body: bytes = b""

    @property
    def status(self) -> int:
        return int(self.head.line.split(" ")[1])

    @property
    def document(self) -> Any:
        """Its body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def encoded(self) -> bytes:
        """Return it with a length that is right."""
        self.head.drop("Transfer-Encoding", "Content-Length")
        if self.status not in _NO_BODY:
            self.head.put("Content-Length", str(len(self.body)))
        return self.head.encoded() + self.body


def answer(status: int, document: Any = None, **headers: str) -> Answer:
    """Make an answer of JSON; without a document it has no body."""
    head = Head(f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}")
    body = b"" if document is None else json.dumps(document).encode()
    if body:
        head.put("Content-Type", "application/json; charset=utf-8")
    for name, value in headers.items():
        head.put(name.replace("_", "-"), value)
    return Answer(head, body)


async def read_head(stream: asyncio.StreamReader) -> Head | None:
    """Read up to the empty line; None where the other side has left."""
    import asyncio

    try:
        text = await stream.readuntil(_END)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *rest = text.decode("latin-1").split("\r\n")
    pairs = (each.partition(":") for each in rest if each)
    return Head(first, [(name, value.strip()) for name, _, value in pairs])


async def read_request(stream: asyncio.StreamReader) -> Request | None:
    """Read one request; None where there is no other."""
    head = await read_head(stream)
    return Request(head, await _body(stream, head)) if head else None


async def read_answer(stream: asyncio.StreamReader, method: str) -> Answer | None:
    """Read a whole answer; None where the server has hung up."""
    head = await read_head(stream)
    if head is None:
        return None
    found = Answer(head)
    if method != "HEAD" and found.status not in _NO_BODY:
        found.body = await _body(stream, head)
    return found


async def _body(stream: asyncio.StreamReader, head: Head) -> bytes:
    if head.is_chunked:
        return b"".join([each async for each in chunks(stream)])
    return await stream.readexactly(int(head.get("Content-Length") or 0))


async def chunks(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield what the chunks of a body hold."""
    while size := int((await stream.readline()).split(b";")[0] or b"0", 16):
        yield await stream.readexactly(size)
        await stream.readline()
    await stream.readline()


def chunk(content: bytes) -> bytes:
    """Return a chunk as it stands on the wire; one of nothing is the last."""
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"
