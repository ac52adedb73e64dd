"""Where what a move has saved belongs once the move is closed: one answer for all that is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model.bundle import Bundle
from arcctl.model.region import canonical
from arcctl.model.run_shape import as_written
from arcctl.operations.moving.worlds import BUNDLE

if TYPE_CHECKING:
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.moving.worlds import Moving


@dataclass(frozen=True, slots=True)
class Home:
    """The resource that the saved things belong to, its region, and why, as a sentence."""

    cluster: ClusterId
    region: str
    why: str


async def home_of(moving: Moving) -> Home:
    """Return the target where it is in Azure behind the point of no return, otherwise the source.

    The region of a resource that exists cannot be changed, so its own counts. Where nothing is,
    what was saved is known to have worked in the source's region, and there only.
    """
    with as_written(f"what {moving.run.id} has saved"):
        saved = Bundle.from_document(moving.run.documents[BUNDLE])
    region, asked = canonical(saved.region), moving.request.region
    if not moving.run.journal.no_return:
        return Home(saved.source, region, f"The move has not deleted it, so it is in {region}.")
    try:
        found = await (await moving.clients.arm()).find(moving.cluster.path)
    except ArcctlError as error:
        return Home(
            saved.source, region, f"It was in {region}; Azure was not read: {error.message}."
        )
    if found:
        there = canonical(str(found["location"]))
        return Home(moving.cluster, there, f"{moving.cluster.name} is in {there} already.")
    return Home(
        saved.source,
        region,
        f"It was in {region}, and the move to {asked} has made nothing there, so what is saved fits "
        f"{region}. To have it in {asked}, type -l {asked}.",
    )
