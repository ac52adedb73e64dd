"""What was typed, typed again with one option more, less or other: hints that can be pasted.

An error names an option where it is found out, far from the command line; here it is made whole.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from typer.core import TyperOption

_NAMED = re.compile(r"(?P<lead>.*(?:: | with )|add )?(?P<words>-{1,2}[a-z].*)")
_LEFT_OUT = re.compile(r"leave out (?P<option>-{1,2}[a-z][a-z-]*)")
# Options whose values hold secrets, or may; they are never repeated.
# In the place of the values stands a word that a person replaces.
_SECRET = {
    "configuration_protected_settings": "FEATURE.NAME=VALUE",
    "proxy_https": "URL",
    "proxy_http": "URL",
    "token": "TOKEN",
}
# A hint that names the first leaves out the other: both together are refused.
_INSTEAD_OF = {"plan_out": "plan"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A command line: `path` is the program and its verb, `options` all that the verb has."""

    path: str
    words: tuple[str, ...]
    options: Mapping[str, TyperOption]

    @classmethod
    def of(cls, path: str, words: Sequence[str], options: Iterable[TyperOption]) -> Typed:
        """Read the words as they were typed, before anything is spelled out."""
        return cls(path, tuple(words), {name: each for each in options for name in each.opts})

    def completed(self, hint: str) -> str:
        """Return a hint that names options alone as the whole command; any other as it is."""
        if found := _LEFT_OUT.fullmatch(hint):
            known = self.options.get(found["option"])
            return f"without it: {self._line([known])}" if known else hint
        found = _NAMED.fullmatch(hint)
        if not found or not (said := self._said(found["words"])):
            return hint
        lead = found["lead"] or ""
        lead = "" if lead == "add " else re.sub(" with $", ": ", lead)
        replaced = [each for each in said if not each.multiple]
        others = [_INSTEAD_OF.get(each.name or "") for each in said]
        replaced += [each for each in self.options.values() if each.name in others]
        return f"{lead}{self._line(replaced)} {found['words']}"

    def _said(self, text: str) -> list[TyperOption]:
        """Return the options that a text names; none where it is anything but options and values."""
        found: list[TyperOption] = []
        wants = False
        try:
            words = shlex.split(text)
        except ValueError:
            return []  # an apostrophe: a sentence
        for word in words:
            option = self.options.get(word)
            if option:
                found.append(option)
            elif not wants:
                return []
            wants = bool(option and not option.is_flag)
        return found

    def _line(self, without: Sequence[TyperOption]) -> str:
        return " ".join((self.path, *map(shlex.quote, self._kept(without))))

    def _kept(self, without: Sequence[TyperOption]) -> Iterator[str]:
        """Yield the words without some options and their values, and without secrets."""
        option = None
        for word in self.words:
            if word.startswith("-"):
                name, equals, _ = word.partition("=")
                option = self.options.get(name)
                if option in without:
                    continue
                unsaid = _unsaid(option)
                yield f"{name}={unsaid}" if equals and unsaid else word
            elif option in without and option and not option.is_flag:
                continue
            else:
                yield _unsaid(option) or word


def _unsaid(option: TyperOption | None) -> str:
    """Return what stands for a secret value; empty where it is none."""
    return _SECRET.get(option.name or "", "") if option else ""
