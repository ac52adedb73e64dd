"""Keeps of a resource what may be written, and names what it does not know (`arm.md` 8.1, 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.model.configuration.fields import filled_in, without_nulls
from arcctl.model.configuration.forms import FORMS

if TYPE_CHECKING:
    from arcctl.model.configuration.fields import Field, Form
    from arcctl.model.configuration.kinds import Kind
    from arcctl.model.connected_cluster import Body


class Sieve:
    """Reads one resource; `body` is what it lets through.

    `unknown` are dotted names of fields that say something and cannot be written with this
    version, `shown` those of secrets whose place holds something, a mask perhaps. Names below
    `properties` are given without that word.
    """

    def __init__(self, kind: Kind, resource: Body, version: str) -> None:
        self.unknown: list[str] = []
        self.shown: list[str] = []
        self._version = version
        self.body = self._object(FORMS[kind], resource, "")

    def _object(self, form: Form, given: Body, above: str) -> Body:
        kept: Body = {}
        # In the form's own order, so that two readings of the same look the same.
        for name in (
            *(each for each in form if each in given),
            *sorted(given.keys() - form.keys()),
        ):
            value = given[name]
            field, path = form.get(name), f"{above}{name}"
            if field is None or field.role == "lost" or self._too_new(field):
                self._note(self.unknown, path, filled_in(value))
            elif field.role == "secret":
                self._note(self.shown, path, filled_in(value))
            elif field.role == "sent" and value is not None:
                found = self._value(field, value, path)
                if found != {} or field.empty or not (field.parts or field.each):
                    kept[name] = found
        return kept

    def _value(self, field: Field, value: Any, path: str) -> Any:
        below = "" if path == "properties" else f"{path}."
        if field.parts is not None and isinstance(value, dict):
            return self._object(field.parts, value, below)
        if field.each is not None and isinstance(value, dict):
            return {
                name: self._object(field.each, entry or {}, f"{below}{name}.")
                for name, entry in sorted(value.items())
            }
        return without_nulls(value)

    def _too_new(self, field: Field) -> bool:
        return field.role == "sent" and bool(self._version) and field.since > self._version

    @staticmethod
    def _note(names: list[str], path: str, matters: bool) -> None:
        if matters:
            names.append(path)
