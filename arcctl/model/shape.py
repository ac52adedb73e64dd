"""The shape of JSON that was written elsewhere: what is odd about a value, in words.

A shape is a type (`str`, `bool`, `int`, `float` for any number, `dict`, `list`), `ANY`, None,
a tuple of alternatives, `[shape]` for a list, `{str: shape}` for a map of names, or a dict for an
object: a key that ends in `?` may be absent or null, other keys may hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANY = object
Shape = Any


def sort(value: object) -> str:
    """Return what a value of JSON is, as a person would say."""
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    names = {type(None): "null", str: "text", bool: "a truth value"}
    return names.get(type(value), "a number")


def misfit(value: object, shape: Shape, where: str = "") -> str:
    """Return the first place that does not fit, such as `properties.tags is text`; "" for none."""
    return next(_misfits(value, shape, where), "")


def fits(value: object, shape: Shape) -> None:
    """Raise ValueError, in the words of `misfit`, for what does not fit."""
    if wrong := misfit(value, shape):
        raise ValueError(wrong)


def _misfits(value: Any, shape: Shape, where: str) -> Iterator[str]:
    if isinstance(shape, tuple):
        found = [misfit(value, each, where) for each in shape]
        if all(found):
            # The one that says most looks deepest: the others have refused the sort itself.
            yield max(found, key=len)
    elif isinstance(shape, dict) and isinstance(value, dict):
        yield from _inside(value, shape, where)
    elif isinstance(shape, list) and isinstance(value, list):
        for at, each in enumerate(value):
            yield from _misfits(each, shape[0], f"{where}[{at}]")
    elif not _is(value, shape):
        yield f"{where or 'it'} is {sort(value)}"


def _inside(value: dict[str, Any], shape: Mapping[Any, Shape], where: str) -> Iterator[str]:
    if str in shape:
        for key, each in value.items():
            yield from _misfits(each, shape[str], _under(where, key))
        return
    for key, each in shape.items():
        name = key.removesuffix("?")
        if name not in value and key == name:
            yield f"{_under(where, name)} is missing"
        elif key == name or value.get(name) is not None:
            yield from _misfits(value[name], each, _under(where, name))


def _is(value: object, shape: Shape) -> bool:
    if shape is None:
        return value is None
    if not isinstance(shape, type):
        return False
    wanted = (int, float) if shape is float else shape
    return isinstance(value, wanted) and (shape in (bool, ANY) or not isinstance(value, bool))


def _under(where: str, key: object) -> str:
    return f"{where}.{key}" if where else str(key)
