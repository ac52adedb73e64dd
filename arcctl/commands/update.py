"""`arcctl update`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.connect import (
    Benefit,
    Cert,
    Distribution,
    DistributionVersion,
    Gateway,
    Http,
    Https,
    Issuer,
    LogPath,
    OwnIssuer,
    ProtectedSettings,
    Settings,
    Skip,
    Workload,
)
from arcctl.commands.options import CHANGES, CLUSTER, OWNER, Group, Ids, NameOrIds, Yes
from arcctl.commands.session import Session, command
from arcctl.commands.spelling import TRUTH

Text = str | None

Tags = Annotated[
    list[str] | None, typer.Option(metavar="K=V ...", help="All tags from now on; '' clears.")
]
NoProxy = Annotated[
    bool, typer.Option("--disable-proxy", help="Agents go out without a proxy from now on.")
]
AutoUpgrade = Annotated[
    Text, typer.Option(metavar=TRUTH, help="Whether agents upgrade themselves.")
]
NoWorkload = Annotated[
    Text,
    typer.Option(
        "--disable-workload-identity",
        "--disable-wi",
        metavar=TRUTH,
        help="Pods no longer sign in to Azure.",
    ),
]
NoGateway = Annotated[Text, typer.Option(metavar=TRUTH, help="Unlink the Arc gateway.")]
Patience = Annotated[
    str, typer.Option(help="Seconds, or 5m, until every agent must be ready; else rolled back.")
]


@command(CLUSTER, CHANGES, OWNER)
async def update(
    session: Session,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    tags: Tags = None,
    distribution: Distribution = None,
    distribution_version: DistributionVersion = None,
    azure_hybrid_benefit: Benefit = None,
    proxy_https: Https = None,
    proxy_http: Http = None,
    proxy_skip_range: Skip = None,
    proxy_cert: Cert = None,
    disable_proxy: NoProxy = False,
    auto_upgrade: AutoUpgrade = None,
    container_log_path: LogPath = None,
    enable_oidc_issuer: Issuer = None,
    self_hosted_issuer: OwnIssuer = None,
    enable_workload_identity: Workload = None,
    disable_workload_identity: NoWorkload = None,
    gateway_resource_id: Gateway = None,
    disable_gateway: NoGateway = None,
    configuration_settings: Settings = None,
    configuration_protected_settings: ProtectedSettings = None,
    yes: Yes = False,
    agents_timeout: Patience = "300",
) -> None:
    """Change a connected cluster: its tags, its proxy, how its agents behave.

    Example: arcctl update -n harbor -g edge --tags site=pier7 --auto-upgrade false
    """
    given = {key: value for key, value in locals().items() if key != "session"}
    from arcctl.operations.reading_changes import update_request
    from arcctl.operations.update import update as carry_out
    from arcctl.views.runs import results, updated

    clusters = await session.clusters(name, resource_group, ids)
    domain = (await session.clients.cloud()).domain
    ended = []
    for cluster in clusters:
        request = update_request(cluster, given, session.settings.environ, domain)
        with session.run(session.sight(cluster), yes=yes) as world:
            done = await carry_out(request, world)
        ended.append(updated(session.console, done.resource, changed=done.changed))
    results(session.console, ended)
