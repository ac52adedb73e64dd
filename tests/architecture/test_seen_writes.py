"""Azure's yes is no proof: the resource is written only by what reads it again."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.architecture.source import ARCCTL, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where the resource is read again afterwards, by function.
MAY_WRITE = {
    ("arcctl/operations/steps/seeing.py", "put"),
    ("arcctl/operations/steps/seeing.py", "patch"),
    ("arcctl/operations/steps/seeing.py", "delete"),
    ("arcctl/operations/steps/seeing.py", "link"),
    ("arcctl/operations/steps/registration.py", "do"),
}
_WRITES = {"put", "patch", "delete"}


def test_the_resource_is_written_only_where_it_is_read_again() -> None:
    """No operation puts, patches or deletes the resource, or its link to a gateway, by itself."""
    found = {
        (str(path.relative_to(ROOT)), function)
        for path in sorted((ARCCTL / "operations").rglob("*.py"))
        for function in _writers(ast.parse(path.read_text()))
    }

    assert found == MAY_WRITE


def _writers(tree: ast.Module) -> Iterator[str]:
    functions = (each for each in ast.walk(tree) if isinstance(each, ast.AsyncFunctionDef))
    for function in functions:
        if any(isinstance(call, ast.Call) and _is_write(call) for call in ast.walk(function)):
            yield function.name


def _is_write(call: ast.Call) -> bool:
    """A write by a client of ARM whose address is the resource's, or that of its gateway."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in _WRITES and call.args):
        return False
    address = ast.unparse(call.args[0])
    return address.endswith("cluster.path") or address.startswith("link_of(")
