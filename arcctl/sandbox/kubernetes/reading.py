"""Lists: selection and pages (testbed.md 3; design.md 8 lists with `limit` and `continue`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes import problems
from arcctl.sandbox.kubernetes.answers import Page, read_token, token
from arcctl.sandbox.kubernetes.selectors import always, selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.store import Document
    from arcctl.sandbox.kubernetes.target import Target

TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can "
    "start a new list without the continue parameter, or use the continue token in this response "
    "to retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)


def read_page(cluster: Cluster, target: Target, query: Mapping[str, str]) -> Page:
    """Read the page that a list request asks for."""
    store = cluster.store
    matches = selection(query.get("labelSelector", ""), query.get("fieldSelector", ""), target.kind)
    found = store.items(target.kind.key, target.namespace or None)
    revision = store.revision
    _check_exact(cluster, query)
    if follow := query.get("continue", ""):
        revision, start = read_token(follow)
        if revision < store.oldest:
            raise problems.expired(TOO_OLD)
        found = [each for each in found if _place(each) > start]
    picked = found if matches is always else [each for each in found if matches(each)]
    limit = int(query.get("limit") or 0)
    if not limit or len(picked) <= limit:
        return Page(picked, revision)
    items = picked[:limit]
    # The real server counts what remains only where it need not look at each object to know.
    remaining = len(picked) - limit if matches is always else None
    return Page(items, revision, token(revision, items[-1]), remaining)


def _check_exact(cluster: Cluster, query: Mapping[str, str]) -> None:
    exact = query.get("resourceVersionMatch") == "Exact"
    if exact and int(query.get("resourceVersion") or 0) < cluster.store.oldest:
        raise problems.expired("The resourceVersion for the provided list is too old.")


def _place(document: Document) -> tuple[str, str]:
    meta = document["metadata"]
    return meta.get("namespace", ""), meta["name"]
