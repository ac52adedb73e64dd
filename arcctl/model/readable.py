"""Makes text that others wrote safe to show: no control character acts on a terminal or on order.

C0 but for line ends and tabs, DEL, C1 (ECMA-48), and the bidirectional controls of UAX #9, by
which text can be shown in another order than it is written (CVE-2021-42574).
"""

from __future__ import annotations

import re

_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)
_INSTEAD = "\ufffd"


def readable(text: str) -> str:
    """Return the text with U+FFFD for each character that would act; CR LF is a line end."""
    return _ACTING.sub(_INSTEAD, text.replace("\r\n", "\n"))


def acts(text: str) -> bool:
    """Tell whether `readable` would change the text."""
    return bool(_ACTING.search(text))


def escaped(text: str) -> str:
    """Return JSON, or YAML whose acting scalars are in double quotes, with each written as an escape.

    It means the same to a program, and does nothing to a terminal.
    """
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
