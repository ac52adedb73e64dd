"""What others wrote cannot act on a terminal, and still says what it said."""

from __future__ import annotations

import json

import pytest
from arcctl.model.readable import acts, escaped, readable

ACTING = [*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F]
ACTING += [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029]


@pytest.mark.parametrize("code", ACTING)
def test_what_acts_is_replaced(code: int) -> None:
    """C0, DEL, C1 and bidirectional controls, each of them."""
    assert readable(f"a{chr(code)}b") == "a\ufffdb"
    assert acts(chr(code))


@pytest.mark.parametrize("text", ["two\nlines", "a\tb", "東京", "Łódź", "naïve", "🙂", "עברית"])
def test_what_is_written_stays(text: str) -> None:
    """Line ends, tabs, and every script, those from right to left too."""
    assert readable(text) == text
    assert not acts(text)


def test_a_line_end_of_windows_is_a_line_end() -> None:
    """A lone CR would write over the line before; CR LF does not."""
    assert readable("a\r\nb\rc") == "a\nb\ufffdc"


@pytest.mark.parametrize("code", ACTING)
def test_json_means_the_same_when_it_is_escaped(code: int) -> None:
    """A program reads the very character back."""
    text = f"a{chr(code)}b"
    written = escaped(json.dumps({"tag": text}, ensure_ascii=False))
    assert not acts(written)
    assert json.loads(written) == {"tag": text}
