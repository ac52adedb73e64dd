"""A value that never prints itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from arcctl.model import mask

if TYPE_CHECKING:
    from collections.abc import Iterable


class Secret:
    """Holds a token, key or password; `reveal()` is the only way to read it.

    Its value is taken out of every text that the command writes (`mask`), or only `parts` of it,
    where the rest may be read by anyone: of a proxy's URL its password.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str, *, parts: Iterable[str] | None = None) -> None:
        self._value = value
        mask.current().add(*((value,) if parts is None else parts))

    def reveal(self) -> str:
        """Return the value itself, for the one place that must send it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a stored secret is a leaked one."""
        raise TypeError("a Secret cannot be stored")
