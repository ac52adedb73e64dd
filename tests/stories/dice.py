"""Dice, and the odd texts that they choose from."""

from __future__ import annotations

import base64
from random import Random
from typing import Any

Body = dict[str, Any]

TEXTS = (
    "plain",
    "true",
    "10",
    "null",
    "",
    "a=b;c,d",
    '"quoted"',
    "C:\\path\\",
    "{{ .Values.x }}",
    "${NAME}",
    "  spaces  ",
    "two\nlines",
    "Größe ✓",
    "港へ",
    "\U0001f6a2 afloat",
)
SECRETS = ("hidden-1", "Geheim-ß", "two\nlines\n", "秘密", "=equals=", "s" * 400)


class Dice(Random):
    """Chance, with the few throws that are needed here."""

    def happens(self, chance: float) -> bool:
        """Tell whether something of this likelihood happens."""
        return self.random() < chance

    def texts(self, keys: tuple[str, ...], values: tuple[str, ...], most: int) -> dict[str, str]:
        """Return a map with some of the keys."""
        return {key: self.choice(values) for key in self.sample(keys, self.randint(0, most))}


def encoded(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode()).decode()
