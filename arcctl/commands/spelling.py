"""Words of the command line as az takes them, spelled out for Typer.

az reads `--tags a=b c=d` as two tags, and `--enable-oidc-issuer` alone as true; Typer wants
`--tags a=b --tags c=d` and `--enable-oidc-issuer true`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperOption

from arcctl.commands.retyping import Typed
from arcctl.errors import ArcctlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from typer import Context

_WORDS = "arcctl.words"
TRUTH = "true|false"
"""The metavar of an option that means true when nothing follows it."""


class AzCommand(TyperCommand):
    """A command that is typed as az's users type."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override] # Typer's public name of it
        """Spell the words out, then read them as Typer does."""
        options = self._options()
        ctx.meta[_WORDS] = tuple(args)
        many = {name for each in options if each.multiple for name in each.opts}
        truths = {name for each in options if each.metavar == TRUTH for name in each.opts}
        return super().parse_args(ctx, spelled_out(args, many, truths))

    def invoke(self, ctx: Context) -> Any:  # type: ignore[override] # as above
        """Carry the command out; advice becomes commands that can be typed.

        A mistake without advice points at the page about the words; an option that advice names
        alone is put into what was typed.
        """
        try:
            return super().invoke(ctx)
        except ArcctlError as error:
            if isinstance(error, UsageError):
                error.hints = error.hints or (f"{ctx.command_path} --help",)
            typed = Typed.of(ctx.command_path, ctx.meta[_WORDS], self._options())
            error.hints = tuple(map(typed.completed, error.hints))
            raise

    def _options(self) -> list[TyperOption]:
        return [each for each in self.params if isinstance(each, TyperOption)]


def spelled_out(words: Sequence[str], many: Collection[str], truths: Collection[str]) -> list[str]:
    """Repeat each option of `many` before each of its values; say `true` after a bare truth."""
    left = list(words)
    spelled: list[str] = []
    while left:
        word = left.pop(0)
        if word == "--":
            return [*spelled, word, *left]
        if word in many:
            values = list(_values(left))
            spelled += [each for value in values or [""] for each in (word, value)]
            del left[: len(values)]
        elif word in truths and next(_values(left), None) is None:
            spelled += [word, "true"]
        else:
            spelled.append(word)
    return spelled


def _values(words: Sequence[str]) -> Iterator[str]:
    """What stands before the next option."""
    for word in words:
        if word.startswith("-"):
            return
        yield word
