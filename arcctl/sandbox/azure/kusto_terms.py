"""Terms of the Kusto query language: paths, texts, calls, comparisons (`arm.md` 12.4)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Row = dict[str, Any]
    Expression = Callable[[Row], Any]

_TOKEN = re.compile(
    r"""\s+|//[^\n]*|(?P<string>@?'(?:[^'\\]|\\.)*'|@?"(?:[^"\\]|\\.)*")|(?P<number>\d+)"""
    r"""|(?P<word>!?[A-Za-z_][\w-]*~?)|(?P<sign>=~|!~|==|!=|[|(),.=\[\]])""",
    re.DOTALL,
)


class QueryError(Exception):
    """What of a query was not understood."""


class Reader:
    """The tokens that are left."""

    def __init__(self, text: str) -> None:
        self.left = _tokens(text)

    @property
    def next(self) -> str:
        return self.left[0] if self.left else ""

    def take(self) -> str:
        if not self.left:
            raise QueryError("the query ends too early")
        return self.left.pop(0)

    def accept(self, *tokens: str) -> str:
        """Take the next token if it is one of these, in any case."""
        return self.take() if self.next.lower() in tokens else ""

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise QueryError(f"{token} was expected, not {self.next or 'the end'}")

    def word(self) -> str:
        token = self.take()
        if not re.fullmatch(r"[A-Za-z_][\w-]*", token):
            raise QueryError(f"a name was expected, not {token}")
        return token


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryError(f"{text[at : at + 12]!r} cannot be read")
        if match.lastgroup:
            found.append(match.group())
        at = match.end()
    return found


def condition(reader: Reader) -> Expression:
    parts = [_all(reader)]
    while reader.accept("or"):
        parts.append(_all(reader))
    return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)


def _all(reader: Reader) -> Expression:
    parts = [_comparison(reader)]
    while reader.accept("and"):
        parts.append(_comparison(reader))
    return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)


def _comparison(reader: Reader) -> Expression:
    left = value(reader)
    sign = reader.accept(*_COMPARE, *_AMONG)
    if not sign:
        return left
    if sign.lower() in _AMONG:
        listed, fold = _list(reader), sign.endswith("~")
        wanted = sign.lower().startswith("in")
        return lambda row: _among(left(row), [each(row) for each in listed], fold=fold) is wanted
    compare, right = _COMPARE[sign.lower()], value(reader)
    return lambda row: compare(text_of(left(row)), text_of(right(row)))


def _list(reader: Reader) -> list[Expression]:
    reader.expect("(")
    found: list[Expression] = []
    while not reader.accept(")"):
        found.append(condition(reader))
        if not reader.accept(","):
            reader.expect(")")
            break
    return found


def _among(value: Any, listed: list[Any], *, fold: bool) -> bool:
    texts = [text_of(each) for each in listed]
    text = text_of(value)
    return text.lower() in [each.lower() for each in texts] if fold else text in texts


def value(reader: Reader) -> Expression:
    if reader.accept("("):
        inner = condition(reader)
        reader.expect(")")
        return inner
    token = reader.take()
    if token[0] in "'\"@":
        text = _unquoted(token)
        return lambda _row: text
    if token.isdigit():
        return lambda _row: int(token)
    if token.lower() in {"true", "false"}:
        return lambda _row: token.lower() == "true"
    if not re.fullmatch(r"[A-Za-z_][\w-]*", token):
        raise QueryError(f"{token} was not expected")
    return _call(reader, token) if reader.next == "(" else _path(reader, token)


def _call(reader: Reader, name: str) -> Expression:
    arguments = _list(reader)
    function = _FUNCTIONS.get(name.lower())
    if function is None or len(arguments) != 1:
        raise QueryError(f"the function {name} is not known")
    (argument,) = arguments
    return lambda row: function(argument(row))


def _path(reader: Reader, name: str) -> Expression:
    steps = [name]
    while True:
        if reader.accept("."):
            steps.append(reader.word())
        elif reader.accept("["):
            steps.append(_unquoted(reader.take()))
            reader.expect("]")
        else:
            return lambda row: _found(row, steps)


def _found(row: Any, steps: list[str]) -> Any:
    if steps[0] not in row:
        raise QueryError(f"there is no column {steps[0]}")
    for step in steps:
        row = row.get(step) if isinstance(row, dict) else None
    return row


def _unquoted(token: str) -> str:
    if token.startswith("@"):
        return token[2:-1]
    if token[0] not in "'\"":
        raise QueryError(f"a text was expected, not {token}")
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def text_of(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _has(text: str, part: str) -> bool:
    """Whether a whole word is in a text, in any case."""
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text, re.IGNORECASE) is not None


def _in_any_case(compare: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    return lambda left, right: compare(left.lower(), right.lower())


def _not(compare: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    return lambda left, right: not compare(left, right)


_EXACT: dict[str, Callable[[str, str], bool]] = {
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "==": str.__eq__,
    "!=": str.__ne__,
    "=~": _in_any_case(str.__eq__),
    "!~": _in_any_case(str.__ne__),
    "has": _has,
    "!has": _not(_has),
    **{name: _in_any_case(act) for name, act in _EXACT.items()},
    **{f"{name}_cs": act for name, act in _EXACT.items()},
    **{f"!{name}": _not(_in_any_case(act)) for name, act in _EXACT.items()},
}
_AMONG = frozenset({"in", "in~", "!in", "!in~"})
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "tostring": text_of,
    "tolower": lambda value: text_of(value).lower(),
    "toupper": lambda value: text_of(value).upper(),
    "isempty": lambda value: not text_of(value),
    "isnotempty": lambda value: bool(text_of(value)),
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "not": lambda value: not value,
}
