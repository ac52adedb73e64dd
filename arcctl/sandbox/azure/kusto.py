"""The small part of the Kusto query language that questions about dependants need (`arm.md` 12.4).

A query is a table and steps with `|` between them: where, project, extend, order by, take, limit,
count, distinct. Whatever is not understood is a QueryError: a wrong answer would be worse.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.sandbox.azure.kusto_terms import QueryError, Reader, condition, text_of, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.azure.kusto_terms import Expression, Row

    Step = Callable[[list[Row]], list[Row]]

__all__ = ["Query", "QueryError", "parse"]


@dataclass(frozen=True, slots=True)
class Query:
    """A table's name, lower-cased, and what happens to its rows."""

    table: str
    steps: tuple[Step, ...]

    def run(self, rows: list[Row]) -> list[Row]:
        for step in self.steps:
            rows = step(rows)
        return rows


def parse(text: str) -> Query:
    reader = Reader(text)
    table, steps = reader.word(), []
    while reader.accept("|"):
        name = reader.word().lower()
        if name not in _STEPS:
            raise QueryError(f"the operator {name} is not known")
        steps.append(_STEPS[name](reader))
    if reader.left:
        raise QueryError(f"{reader.left[0]} was not expected")
    return Query(table.lower(), tuple(steps))


def _where(reader: Reader) -> Step:
    holds = condition(reader)
    return lambda rows: [row for row in rows if holds(row)]


def _project(reader: Reader) -> Step:
    columns = _columns(reader)
    return lambda rows: [{name: term(row) for name, term in columns.items()} for row in rows]


def _extend(reader: Reader) -> Step:
    columns = _columns(reader)
    return lambda rows: [row | {name: term(row) for name, term in columns.items()} for row in rows]


def _distinct(reader: Reader) -> Step:
    project = _project(reader)

    def step(rows: list[Row]) -> list[Row]:
        return list({json.dumps(row, sort_keys=True): row for row in project(rows)}.values())

    return step


def _columns(reader: Reader) -> dict[str, Expression]:
    columns: dict[str, Expression] = {}
    while True:
        before = reader.left[:]
        term = value(reader)
        read = before[: len(before) - len(reader.left)]
        if reader.accept("="):
            term = value(reader)
        elif "(" in read:
            raise QueryError(f"{' '.join(read)} needs a name")
        columns["_".join(token for token in read if token.isidentifier())] = term
        if not reader.accept(","):
            return columns


def _order(reader: Reader) -> Step:
    reader.expect("by")
    term = value(reader)
    down = reader.accept("asc", "desc").lower() != "asc"  # Kusto sorts downwards unless told
    return lambda rows: sorted(rows, key=lambda row: text_of(term(row)).lower(), reverse=down)


def _take(reader: Reader) -> Step:
    number = reader.take()
    if not number.isdigit():
        raise QueryError(f"a number was expected, not {number}")
    return lambda rows: rows[: int(number)]


def _count(_reader: Reader) -> Step:
    return lambda rows: [{"Count": len(rows)}]


_STEPS: dict[str, Callable[[Reader], Step]] = {
    "where": _where,
    "project": _project,
    "extend": _extend,
    "distinct": _distinct,
    "order": _order,
    "sort": _order,
    "take": _take,
    "limit": _take,
    "count": _count,
}
