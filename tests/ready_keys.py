"""Keys that are ready: a new one takes half a second of a core, and stories ask for hundreds.

Within a story each is another, and none is one of those that its beginning was made with. The next
story gets the same ones again.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Literal

from arcctl.model import keys

if TYPE_CHECKING:
    from arcctl.model.keys import KeyPair

Shelf = Literal["beginning", "story"]


class ReadyKeys:
    """Makes a key the first time that a shelf is asked for one so far back, and hands it out again."""

    def __init__(self) -> None:
        self._shelves: dict[Shelf, list[str]] = {"beginning": [], "story": []}
        self._alone = Lock()
        self.begin("story")

    def begin(self, shelf: Shelf) -> None:
        """Hand out the keys of this shelf from its first one on."""
        self._shelf, self._handed_out = self._shelves[shelf], 0

    def make(self) -> KeyPair:
        """Return the next one, as `keys.generate` would."""
        with self._alone:
            if self._handed_out == len(self._shelf):
                self._shelf.append(keys.generate().private.reveal())
            found = self._shelf[self._handed_out]
            self._handed_out += 1
        return keys.read(found, proved=False)


READY = ReadyKeys()
"""Those of this process."""
