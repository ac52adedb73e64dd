"""`arcctl enable-features` and `arcctl disable-features`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arcctl.commands.options import CHANGES, CLUSTER, OWNER, Group, Ids, NameOrIds, Yes
from arcctl.commands.session import Session, command

if TYPE_CHECKING:
    from arcctl.operations.features import Switched

Features = Annotated[
    list[str],
    typer.Option(
        metavar="FEATURE ...", help="cluster-connect, azure-rbac, custom-locations; one or more."
    ),
]
SkipList = Annotated[
    str | None, typer.Option(help="Comma list of users whom Azure RBAC does not judge.")
]
Oid = Annotated[str | None, typer.Option(help="Object id of the custom locations app.")]
Patience = Annotated[
    str, typer.Option(help="Seconds, or 5m, until every agent must be ready; else rolled back.")
]


@command(CLUSTER, CHANGES, OWNER)
async def enable_features(
    session: Session,
    features: Features,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    skip_azure_rbac_list: SkipList = None,
    custom_locations_oid: Oid = None,
    agents_timeout: Patience = "300",
) -> None:
    """Enable cluster connect, Azure RBAC or custom locations on a connected cluster.

    Example: arcctl enable-features -n harbor -g edge --features cluster-connect azure-rbac
    """
    given = {key: value for key, value in locals().items() if key != "session"}
    from arcctl.operations.features import enable

    await _switch(session, given, enable, "Enabled", yes=True)


@command(CLUSTER, CHANGES, OWNER)
async def disable_features(
    session: Session,
    features: Features,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    yes: Yes = False,
    agents_timeout: Patience = "300",
) -> None:
    """Disable cluster connect, Azure RBAC or custom locations on a connected cluster.

    Example: arcctl disable-features -n harbor -g edge --features azure-rbac --yes
    """
    given = {key: value for key, value in locals().items() if key != "session"}
    from arcctl.operations.features import disable

    await _switch(session, given, disable, "Disabled", yes=yes)


async def _switch(
    session: Session, given: dict[str, Any], carry_out: Any, done: str, *, yes: bool
) -> None:
    from arcctl.operations.reading_changes import features_request
    from arcctl.views.runs import results, switched

    ended = []
    for cluster in await session.clusters(given["name"], given["resource_group"], given["ids"]):
        request = features_request(cluster, given, session.settings.environ)
        with session.run(session.sight(cluster), yes=yes) as world:
            switch: Switched = await carry_out(request, world)
        word = done if switch.changed else f"{done} already"
        said = f"{word}: {', '.join(switch.features)}, on {cluster.name} ({cluster.group})"
        ended.append(switched(session.console, said, on=switch.on))
    results(session.console, ended)
