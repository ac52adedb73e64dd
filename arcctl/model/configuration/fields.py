"""What a field of a configuration resource is: written, withheld, or the service's own (`arm.md` 8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from arcctl.model.shape import ANY, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    Form: TypeAlias = Mapping[str, "Field"]

Role = Literal["sent", "secret", "server", "lost"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    `sent` is written by clients and read back; `secret` is written and never read back; `server`
    is the service's own; `lost` is a client's that a connected cluster has no use for: it is never
    sent, and named where it says something. `since` is the first api-version that knows it. `default` is what the
    service takes for its absence. Of a `word` the case does not matter. `parts` are the fields of
    an object, `each` those of every entry of a map. An `empty` object means something.
    `sort` is what the value of any other field must be.
    """

    role: Role = "sent"
    since: str = ""
    default: Any = None
    word: bool = False
    parts: Form | None = None
    each: Form | None = None
    empty: bool = False
    sort: Shape = ANY


SERVER = Field("server")
SECRET = Field("secret")
LOST = Field("lost")
TEXT = Field()


def word(default: str | None = None, since: str = "") -> Field:
    """Return a field that holds one of a few words, whose case does not matter."""
    return Field(default=default, word=True, since=since)


def server(*names: str) -> dict[str, Field]:
    """Return fields that the service fills, and that are never sent."""
    return dict.fromkeys(names, SERVER)


def filled_in(value: Any) -> bool:
    """Tell whether a value says anything: null, "", {} and [] do not (`arm.md` 8.4)."""
    return value is not None and value not in ("", {}, [])


def without_nulls(value: Any) -> Any:
    """Return a copy without nulls, the keys of maps in order, all the way down."""
    if isinstance(value, dict):
        return {key: without_nulls(value[key]) for key in sorted(value) if value[key] is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value if each is not None]
    return value


def shape(form: Form) -> Shape:
    """Return what `misfit` compares a body with: where it has objects, and where maps of them."""
    return {f"{name}?": _shape(field) for name, field in form.items()}


def _shape(field: Field) -> Shape:
    if field.parts is not None:
        return shape(field.parts)
    return field.sort if field.each is None else {str: (shape(field.each), None)}


def paths(form: Form, above: str = "") -> Iterator[tuple[str, Field]]:
    """Yield every field with its dotted name; the entries of a map are called `*`."""
    for name, field in form.items():
        path = f"{above}{name}"
        yield path, field
        yield from paths(field.parts or {}, f"{path}.")
        yield from paths(field.each or {}, f"{path}.*.")
