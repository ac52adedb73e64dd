"""Data on stdout, in the formats of az: json, jsonc, yaml, yamlc, table, tsv, none."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model import mask
from arcctl.model.readable import acts, escaped, readable
from arcctl.views.shown import bare as bare_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from typing import TypeAlias

    from arcctl.views.shown import Stream

    Row: TypeAlias = Callable[[Any], dict[str, Any]]


_HIDDEN = ("id", "type", "etag")


def queried(value: Any, query: str | None) -> Any:
    """Apply a JMESPath query, as `--query` does in az; raise UsageError for a broken one."""
    if not query:
        return value
    import jmespath

    with _refusing(query):
        return jmespath.search(query, value)


def require_readable(query: str | None) -> None:
    """Raise UsageError for a query that cannot be read, which is asked before any work is done."""
    if query:
        import jmespath

        with _refusing(query):
            read = jmespath.compile(query).parsed
        known = jmespath.functions.Functions.FUNCTION_TABLE
        for name in _functions(read):
            if name not in known:
                raise _bad(query, f"there is no function {name}()")


def _functions(node: Any) -> Iterator[str]:
    """Yield the names of all functions that a query calls."""
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _functions(child)


@contextmanager
def _refusing(query: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as error:  # its own errors are ValueErrors
        raise _bad(query, str(error).partition("\n")[0]) from error


def _bad(query: str, why: str) -> UsageError:
    return UsageError(f"bad --query: {query}", why=why)


def write(
    value: Any, out: Stream, output: str, *, query: str | None = None, row: Row | None = None
) -> None:
    """Write one result; nothing for a query that found nothing, as az does.

    Secrets that the command knows are hidden in the strings that echo them. Control characters
    are escaped in JSON and YAML, and replaced where people read.

    `row` makes an object's line of a table, unless a query has reshaped it.
    """
    value, bare = mask.current().document(queried(value, query)), bare_of(out)
    if output == "none" or value is None:
        return
    if output == "table":
        bare.write(readable(_table(value, None if query else row)))
    elif output == "tsv":
        text = "".join(f"{line}\n" for line in _tsv(value))
        bare.write(readable(text) if out.isatty() else text)
    elif output in ("yaml", "yamlc"):
        bare.write(_yaml(value))
    else:
        bare.write(_json(value, coloured=output == "jsonc" and out.isatty()))


async def stream(items: AsyncIterator[Any], out: Stream) -> None:
    """Write a JSON array of what comes in item by item: the whole of it, or nothing at all.

    Until the last one is there it is kept packed, so that ten thousand need little memory and no
    file; where `items` raises, nothing has been written.
    """
    import gzip
    import io
    import shutil

    kept, opened = io.BytesIO(), False
    how: Any = {"encoding": "utf-8", "errors": "surrogatepass", "newline": ""}
    with gzip.open(kept, "wt", compresslevel=1, **how) as packed:
        async for item in items:
            text = _dumped(item).replace("\n", "\n  ")
            packed.write(f"{',' if opened else '['}\n  {text}")
            opened = True
        packed.write("\n]\n" if opened else "[]\n")
    kept.seek(0)
    with gzip.open(kept, "rt", **how) as packed:
        shutil.copyfileobj(packed, bare_of(out))


def _dumped(value: Any) -> str:
    return escaped(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))


def _json(value: Any, *, coloured: bool) -> str:
    text = _dumped(value)
    if not coloured:
        return text + "\n"
    from rich.console import Console
    from rich.json import JSON

    console = Console(force_terminal=True)
    with console.capture() as captured:
        console.print(JSON(text))
    return captured.get()


def _yaml(value: Any) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes what must be escaped."""

    def text(dumper: yaml.SafeDumper, said: str) -> Any:
        style = '"' if acts(said) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", said, style=style)

    Dumper.add_representer(str, text)
    dumped: str = yaml.dump(value, Dumper=Dumper, allow_unicode=True, default_flow_style=False)
    return escaped(dumped)


def _table(value: Any, row: Row | None) -> str:
    values = value if isinstance(value, list) else [value]
    rows = [_row(each, row) for each in values if each is not None]
    if not rows:
        return ""
    heads = list(dict.fromkeys(head for each in rows for head in each))
    if not heads:
        # The work is done, so a result of another shape must not end it as a mistake in typing.
        nested = [_squeezed(each) for each in values if isinstance(each, dict)]
        return "" if row or not any(nested) else _table(nested, dict)
    cells = [[_cell(each.get(head)) for head in heads] for each in rows]
    widths = [max(len(line[at]) for line in [heads, *cells]) for at in range(len(heads))]
    rule = ["-" * width for width in widths]
    return "".join(_line(each, widths) for each in [heads, rule, *cells])


def _row(value: Any, row: Row | None) -> dict[str, Any]:
    if row:
        return row(value)
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: each for key, each in value.items() if _fits(key, each)}
    if isinstance(value, list):
        return {f"Column{number}": each for number, each in enumerate(value, 1)}
    return {"Result": value}


def _fits(key: str, value: Any) -> bool:
    """Leave out what az leaves out: long names nobody reads in a table, nulls, and what is nested."""
    return key not in _HIDDEN and value is not None and not isinstance(value, dict | list)


def _squeezed(value: dict[str, Any]) -> dict[str, Any]:
    """Return a line for what has only nested values: a list's length, a map as JSON."""
    return {
        key[:1].upper() + key[1:]: json.dumps(each, ensure_ascii=False)
        if isinstance(each, dict)
        else _tsv_cell(each)
        for key, each in value.items()
        if key not in _HIDDEN and each is not None
    }


def _cell(value: Any) -> str:
    return "" if value is None else " ".join(str(value).splitlines())


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return (
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        + "\n"
    )


def _tsv(value: Any) -> list[str]:
    """Write as az does: a line for each of a list, and in it a cell for each value of a map."""
    values = value if isinstance(value, list) else [value]
    return [_tsv_line(each) for each in values]


def _tsv_line(value: Any) -> str:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return "\t".join(_tsv_cell(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tsv_cell(value: Any) -> str:
    """Scripts count on az's way with what fits no cell: a list's length, nothing for a map."""
    if isinstance(value, list):
        return str(len(value))
    return "" if isinstance(value, dict) else str(value)
