"""Doing a thing once, however many ask for it at the same time."""

from __future__ import annotations

import asyncio
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from arcctl.clients.finishing import stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Owner = TypeVar("Owner", bound="Remembering")
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Remembering:
    """An object whose `@once` methods run the first time and are remembered, errors included."""

    def __init__(self) -> None:
        self._seen: dict[object, asyncio.Task[Any]] = {}

    def forget(self) -> None:
        """Run them again when next asked, because the world has been changed."""
        self._seen.clear()

    def learn(self, method: str, answer: object) -> None:
        """Remember a newer answer of an `@once` method without arguments."""
        self._seen[(method,)] = asyncio.ensure_future(_told(answer))

    async def end(self) -> list[Any]:
        """Stop what is still running; return what was made, errors among it."""
        return await stopped(*self._seen.values())


async def _told(answer: object) -> Any:
    return answer


def once(
    make: Callable[Concatenate[Owner, Arguments], Coroutine[Any, Any, Answer]],
) -> Callable[Concatenate[Owner, Arguments], Coroutine[Any, Any, Answer]]:
    """Let an async method of a `Remembering` run once for each set of (hashable) arguments."""

    async def ask(self: Owner, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        key = (make.__name__, *args)
        if key not in self._seen:
            self._seen[key] = asyncio.ensure_future(make(self, *args, **kwargs))
        # Shielded, because one asker that gives up must not take the answer from the others.
        answer: Answer = await asyncio.shield(self._seen[key])
        return answer

    update_wrapper(ask, make)
    return ask
