"""A value is found in text however it is spelled there, and what only looks like it stays."""

from __future__ import annotations

import base64
import json
import random
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

import pytest
import yaml
from arcctl.model.spelling import Finder

if TYPE_CHECKING:
    from collections.abc import Callable

VALUES = (
    "m4rk+ed/sec&ret=1",
    "m4rk\"ed\\wörd/+'x",
    "plain-marked-secret",
    "a b+c <d> %41 \\n e",
    "nice-secret",
    "marked\nin two lines",
    "\U0001f511-marked",
)


def dotnet(text: str) -> str:
    """As System.Text.Json writes it: what HTML could misread is escaped, in capital digits."""
    return "".join(f"\\u{ord(each):04X}" if each in "+&<>'\"/=" else each for each in escaped(text))


def escaped(text: str) -> str:
    """Without quotes."""
    return json.dumps(text)[1:-1].replace('\\"', "\\u0022")


def all_escaped(text: str) -> str:
    """Each letter as its number."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def encoded(text: str) -> str:
    """In base64, without the marks at its end."""
    return base64.b64encode(text.encode()).decode()


WAYS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON of JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "JSON thrice": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "JSON in letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    ".NET": dotnet,
    ".NET, small digits": lambda text: dotnet(text).replace("\\u002B", "\\u002b"),
    "all escaped": all_escaped,
    "all escaped, twice": lambda text: json.dumps(all_escaped(text))[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "URL": lambda text: quote(text, safe=""),
    "URL with slashes": quote,
    "URL with small digits": lambda text: quote(text, safe="").lower() if text.islower() else text,
    "URL twice": lambda text: quote(quote(text, safe=""), safe=""),
    "URL in JSON": lambda text: json.dumps(quote(text, safe=""))[1:-1],
    "form": quote_plus,
    "HTML": escape,
    "XML": lambda text: quoteattr(text)[1:-1],
    "numbers": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "hexadecimal numbers": lambda text: "".join(f"&#x{ord(each):x};" for each in text),
    "YAML": lambda text: yaml.safe_dump({"a": text}, width=9999),
    "YAML in double quotes": lambda text: yaml.safe_dump({"a": text}, default_style='"'),
    "YAML in single quotes": lambda text: "'" + text.replace("'", "''") + "'",
    "base64": encoded,
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "user and password": lambda text: encoded(f"user:{text}"),
    "another user": lambda text: encoded(f"me:{text}@there"),
    "base64 of JSON": lambda text: encoded(json.dumps({"key": "x", "value": text})),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "one line": lambda text: " ".join(text.split()),
}


def left(value: str, text: str) -> str:
    """What is left over of a text."""
    return Finder([value]).without(text, "[hidden]")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", VALUES)
def test_it_is_found_however_it_is_spelled(value: str, way: str) -> None:
    """And nothing beside it is touched."""
    spelled = WAYS[way](value)

    found = left(value, f"before {spelled} after")

    assert "[hidden]" in found, found
    assert found.startswith("before ")
    assert found.endswith(" after")
    assert len(found) < len("before [hidden] after") + 36, found


@pytest.mark.parametrize("seed", range(40))
def test_any_value_is_found(seed: int) -> None:
    """Letters at random, those that somebody escapes most of all."""
    dice = random.Random(seed)
    letters = "aZ9 +/\\\"'&<>%=-_.\nÄ€\U0001f511nu0"
    value = "".join(dice.choices(letters, k=dice.randrange(7, 30))).strip() + "end"
    for way, spell in WAYS.items():
        assert "[hidden]" in left(value, f"({spell(value)})"), (way, value)


@pytest.mark.parametrize(
    "before", ["\\", "\\\\", "\\u00", "%", "&", "&#", "'", "\\x4", "DOMAIN\\", "%2"]
)
@pytest.mark.parametrize("value", VALUES)
def test_it_is_found_behind_half_an_escape(value: str, before: str) -> None:
    """What looks like the beginning of an escape takes no letter of it away."""
    assert value not in left(value, f"x{before}{value}y")


@pytest.mark.parametrize("mark", ["", "…", "...", '"', "'}", "\n"])
def test_a_long_one_is_found_where_the_text_cuts_it(mark: str) -> None:
    """Errors are told in so many letters; twelve are enough to be hidden."""
    value = "marked-and-very-long-secret-value"
    for length in range(12, len(value)):
        found = left(value, f"Azure said {value[:length]}{mark}")
        assert found.startswith("Azure said [hidden]"), length
    assert left(value, "marked-and-v, which is a word") == "marked-and-v, which is a word"
    assert left(value, "Azure said marked-and") == "Azure said marked-and"


def test_it_is_found_over_line_breaks() -> None:
    """As base64 and YAML break long lines."""
    value = "marked-and-very-long-secret-value"
    assert left(value, f"a {value[:9]}\n    {value[9:20]}\r\n{value[20:]} b") == "a [hidden] b"


@pytest.mark.parametrize(
    "text",
    [
        "plain text with nothing in it",
        "C:\\new\\table 100% &amp; more ''quoted''",
        '{"a": "b\\u00e9c"}',
        "%zz %E4 %C3%A4 \\ud800 &#99999999; &unknown; \\",
        "nice",
        "",
    ],
)
def test_all_else_stays(text: str) -> None:
    """To the letter, escapes and all."""
    assert Finder(VALUES).without(text, "[hidden]") == text


def test_what_is_harmless_is_left() -> None:
    """A spelling that anyone may read."""
    found = Finder(["harbor one"], lambda spelled: spelled == "harbor+one")
    assert found.without("harbor+one and harbor one", "[x]") == "harbor+one and [x]"


def test_no_value_is_nothing_to_find() -> None:
    """Nor a short one."""
    assert Finder([]).without("text", "[x]") == "text"
    assert Finder(["short"]).without("short", "[x]") == "short"
