"""Text as people may see it: without the secrets that the command knows, and without characters
that act on a terminal. It is the one exit of text; colours are put around it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from arcctl.model import mask
from arcctl.model.readable import readable

if TYPE_CHECKING:
    from collections.abc import Iterable


class Stream(Protocol):
    """What text is written to."""

    def write(self, text: str, /) -> int: ...

    def writelines(self, lines: Iterable[str], /) -> None: ...

    def flush(self) -> None: ...

    def isatty(self) -> bool: ...


def shown(text: str) -> str:
    """Return text as people may see it."""
    return readable(mask.current().text(text))


class Shown:
    """A stream of text for people. `bare` is what lies below it, for data and for colours."""

    def __init__(self, bare: Stream) -> None:
        self.bare = bare

    def write(self, text: str, /) -> int:
        """Write text as people may see it."""
        return self.bare.write(shown(text))

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write several, as `write` does."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Let what was written be seen."""
        self.bare.flush()

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self.bare.isatty()


def bare(stream: Stream) -> Stream:
    """Return what lies below a stream for people, or the stream itself."""
    return stream.bare if isinstance(stream, Shown) else stream
