"""Lists in pages, and lists that turn into watches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

from arcctl.clients.kubernetes.watching import Change, Relist
from arcctl.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

# Ask for one page: the parameters `limit` and `continue` go in, a list object comes out.
GetPage: TypeAlias = "Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]"
Watch: TypeAlias = "Callable[[str], AsyncIterator[tuple[str, dict[str, Any]]]]"

# A continue token lives for five minutes; a list that outlives several is not going to end.
RESTARTS = 3
RELIST_PAUSE = 0.1
UNRELIABLE = "kube-unreliable-list"


class _Repeats(Exception):
    """An object has come twice in one reading."""


def unreliable(why: str) -> ClusterError:
    """Return the error for a list that cannot be taken for complete."""
    return ClusterError(
        "the cluster's list cannot be relied on",
        code=UNRELIABLE,
        why=why,
        hints="kubectl get --raw '/readyz?verbose'",
    )


async def pages(get: GetPage, limit: int) -> AsyncIterator[dict[str, Any]]:
    """Yield page after page; raise Relist when the token for the next one has expired.

    Raise ClusterError `kube-unreliable-list` for a token that leads back to a page that was read.
    """
    query: dict[str, Any] = {"limit": limit}
    followed: set[str] = set()
    while True:
        page = await get(query)
        yield page
        token = (page.get("metadata") or {}).get("continue")
        if not token:
            return
        if token in followed:
            raise unreliable("its continue token leads back to a page that was read")
        followed.add(token)
        query = {"limit": limit, "continue": token}


async def items(get: GetPage, limit: int) -> AsyncIterator[dict[str, Any]]:
    """Yield every object once, one page in memory at a time.

    Items of a list carry neither kind nor apiVersion; they are given the list's. A list in which
    an object comes twice has left out others: it is read again, and in the end ClusterError
    `kube-unreliable-list`.
    """
    seen: set[tuple[str, str]] = set()
    for restart in range(RESTARTS + 1):
        try:
            async for each in _unseen(get, limit, seen):
                yield each
            return
        except Relist:
            if restart == RESTARTS:
                raise
        except _Repeats as error:
            if restart == RESTARTS:
                raise unreliable(f"{error} comes twice in it") from error


async def _unseen(
    get: GetPage, limit: int, seen: set[tuple[str, str]]
) -> AsyncIterator[dict[str, Any]]:
    met: set[tuple[str, str]] = set()
    async for page in pages(get, limit):
        for each in named(page):
            key = _key(each)
            if key in met:
                raise _Repeats("/".join(filter(None, key)))
            met.add(key)
            if key not in seen:
                seen.add(key)
                yield each


async def follow(get: GetPage, watch: Watch, limit: int) -> AsyncIterator[Change]:
    """Yield ("SYNCED", objects), then each change; again from the start when versions expire."""
    while True:
        try:
            found, version = await _snapshot(get, limit)
            yield "SYNCED", found
            async for change in watch(version):
                yield change
        except Relist:
            await asyncio.sleep(RELIST_PAUSE)


async def _snapshot(get: GetPage, limit: int) -> tuple[list[dict[str, Any]], str]:
    found: list[dict[str, Any]] = []
    version = ""
    async for page in pages(get, limit):
        found += named(page)
        version = (page.get("metadata") or {}).get("resourceVersion", "")
    return found, version


def named(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the page's objects with the kind and apiVersion that the list says for all."""
    kind = str(page.get("kind", "")).removesuffix("List")
    words = {"apiVersion": page.get("apiVersion"), "kind": kind}
    return [words | each for each in page.get("items") or []]


def _key(each: Mapping[str, Any]) -> tuple[str, str]:
    metadata = each["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
