"""Small by measurement, plain by name (design rule 10)."""

from __future__ import annotations

import re
import statistics

from tests.architecture.source import Function, Module, modules

FILE = 400
FUNCTION = 50
MEDIAN = 9
NINE_OF_TEN = 30
JUNK_DRAWERS = {"util", "utils", "helper", "helpers", "common", "manager", "misc"}
MUTED = re.compile(r"# (?:noqa|type: ignore)")
REASONED = re.compile(r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\]) *[-#] \w+")

EVERYWHERE = modules("arcctl", "tests")


def is_command(module: Module) -> bool:
    """Whether Typer turns this module's parameters into options."""
    return module.path.startswith("arcctl/commands/")


def lines(function: Function, module: Module) -> int:
    """Lines from `def` to the end; a command's options are not counted, as they are a table."""
    first = function.body[0].lineno - 1 if is_command(module) else function.lineno
    return (function.end_lineno or first) - first + 1


def test_a_file_fits_in_a_readers_head() -> None:
    """No file is longer than the hard limit."""
    counts = {module.path: len(module.text.splitlines()) for module in EVERYWHERE}

    assert {path: count for path, count in counts.items() if count > FILE} == {}


def test_no_function_is_long() -> None:
    """No function is longer than the hard limit."""
    counts = {
        f"{module.path}: {each.name}": lines(each, module)
        for module in EVERYWHERE
        for each in module.functions()
    }

    assert {name: count for name, count in counts.items() if count > FUNCTION} == {}


def test_most_functions_are_short() -> None:
    """Over the whole package, the median and nine of ten functions stay within the aim."""
    counts = [lines(each, module) for module in modules("arcctl") for each in module.functions()]
    median, ninth = statistics.median(counts), statistics.quantiles(counts, n=10)[-1]

    assert median <= MEDIAN, f"median {median} lines over {len(counts)} functions"
    assert ninth <= NINE_OF_TEN, f"nine of ten functions have up to {ninth} lines"


def test_every_exception_from_a_rule_has_its_reason() -> None:
    """Where a linter is told to look away, the line says why; parameters are ruff's to count."""
    silent = [
        f"{module.path}: {line.strip()}"
        for module in EVERYWHERE
        for line in module.text.splitlines()
        if MUTED.search(line) and not REASONED.search(line)
    ]

    assert silent == []


def test_no_junk_drawers() -> None:
    """No file or folder has a name under which anything could be put."""
    stems = {path: set(re.split(r"[_./]", path)) for path in (each.path for each in EVERYWHERE)}

    assert [path for path, words in stems.items() if words & JUNK_DRAWERS] == []
