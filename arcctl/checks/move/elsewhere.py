"""What lies in subscriptions other than the source's own (`arm.md` 9 and 12.4).

Resource Graph searches all of them in one question. It lags behind, so it only says where to look.
Where it may not be asked, each subscription is listed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from arcctl.checks.move.looking import Looking, signed_out
from arcctl.clients import resource_graph
from arcctl.clients.once import once
from arcctl.errors import AccessError, AzureError, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from arcctl.model.connected_cluster import Body

_AT_ONCE = 16
A = TypeVar("A")
T = TypeVar("T")


class Elsewhere(Looking):
    """Looks that go through every subscription that the signed-in identity sees."""

    refusal = ""
    """Why Resource Graph could not be asked the last time"""

    @once
    async def other_subscriptions(self) -> list[str]:
        """The ids of all subscriptions that are visible, without the source's own."""
        found = await self.listed("other subscriptions", "/subscriptions", needed=False)
        ids = {str(each["id"]).rpartition("/")[2].casefold() for each in found}
        return sorted(ids - {self.asked.source.subscription.casefold()})

    async def in_others(
        self, subject: str, path: str, *queries: str, as_is: bool = False
    ) -> list[Body]:
        """Return what the other subscriptions have, by Resource Graph or by lists of `path`.

        What Resource Graph shows is read where it is, without what is gone; `as_is` skips that, and
        the ids are in lower case then.
        """
        others = await self.other_subscriptions()
        if not others:
            return []
        rows = await self._asked(queries)
        if rows is None:

            async def listing(subscription: str) -> list[Body]:
                what = f"{subject} in subscription {subscription}"
                where = f"/subscriptions/{subscription}/{path}"
                return await self.listed(what, where, needed=False)

            return [each for found in await side_by_side(listing, others) for each in found]
        own = f"/subscriptions/{self.asked.source.subscription}/".casefold()
        told = [each for each in rows if not str(each["id"]).casefold().startswith(own)]
        return told if as_is else await self._as_they_are(subject, told)

    async def _as_they_are(self, subject: str, rows: Sequence[Body]) -> list[Body]:
        async def read(path: str) -> Body | None:
            return await self.looked_at(f"{subject} elsewhere", path, needed=False)

        found = await side_by_side(read, sorted({str(row["id"]) for row in rows}))
        return [each for each in found if each]

    async def graph(self, query: str, **options: str) -> list[Body] | None:
        """Ask Resource Graph and return all rows; None where it may not be asked."""
        try:
            return await resource_graph.rows(await self.clients.arm(), query, **options)
        except (AccessError, NotFound, AzureError) as error:
            if signed_out(error):
                raise
            self.refusal = error.message
            return None

    async def _asked(self, queries: Sequence[str]) -> list[Body] | None:
        found: list[Body] = []
        for query in queries:
            rows = await self.graph(query, authorizationScopeFilter="AtScopeAboveAndBelow")
            if rows is None:
                return None
            found += rows
        return found


async def side_by_side(ask: Callable[[A], Awaitable[T]], several: Iterable[A]) -> list[T]:
    """Return the answers to a question about each of several, a few asked at a time."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def in_turn(each: A) -> T:
        async with turns:
            return await ask(each)

    return list(await asyncio.gather(*map(in_turn, several)))


def quoted(texts: Iterable[str]) -> str:
    """Return texts as a query of Resource Graph lists them."""
    return ", ".join("'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" for text in texts)
