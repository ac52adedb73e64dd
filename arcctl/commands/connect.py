"""`arcctl connect`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands import completing
from arcctl.commands.completing import regions, words
from arcctl.commands.options import CHANGES, CLUSTER, OWNER, Group, Name, NoWait, Yes
from arcctl.commands.session import Session, command
from arcctl.commands.spelling import TRUTH

Text = str | None
_AGENTS = "The agents' way to Azure"
_ISSUER = "Workload identity"
_OWNER = "Resources made elsewhere"

Location = Annotated[
    Text,
    typer.Option("--location", "-l", help="Region; else the group's.", autocompletion=regions),
]
Tags = Annotated[list[str] | None, typer.Option(metavar="K=V ...", help="Tags; '' clears.")]
Https = Annotated[Text, typer.Option(help="HTTPS proxy URL.", rich_help_panel=_AGENTS)]
Http = Annotated[Text, typer.Option(help="HTTP proxy URL.", rich_help_panel=_AGENTS)]
Skip = Annotated[Text, typer.Option(help="Comma list of hosts not to proxy; 'Arc' is Arc's own.")]
Cert = Annotated[Text, typer.Option("--proxy-cert", "--custom-ca-cert", help="CA file for agents.")]
Distribution = Annotated[
    Text,
    typer.Option(
        help="Kubernetes distribution; else found out.",
        autocompletion=words(completing.distributions),
    ),
]
DistributionVersion = Annotated[Text, typer.Option(help="Version of the distribution.")]
Infrastructure = Annotated[
    Text,
    typer.Option(
        help="What it runs on; else found out.",
        autocompletion=words(completing.infrastructures),
    ),
]
Benefit = Annotated[Text, typer.Option(help="True, False or NotApplicable.")]
NoUpgrade = Annotated[
    bool, typer.Option("--disable-auto-upgrade", help="Agents do not upgrade themselves.")
]
Oid = Annotated[Text, typer.Option(help="Object id of the custom locations app; turns it on.")]
PrivateLink = Annotated[Text, typer.Option(metavar=TRUTH, help="Reach Azure by private link.")]
Scope = Annotated[
    Text,
    typer.Option(
        "--private-link-scope-resource-id", "--pls-arm-id", help="ARM id of the private link scope."
    ),
]
Patience = Annotated[str, typer.Option(help="Seconds, or 20m, until everything must be connected.")]
LogPath = Annotated[Text, typer.Option(help="Where containers' logs lie on the nodes.")]
Issuer = Annotated[Text, typer.Option(metavar=TRUTH, help="Issue tokens for workload identity.")]
OwnIssuer = Annotated[Text, typer.Option(help="URL of an issuer of your own.")]
Workload = Annotated[
    Text,
    typer.Option(
        "--enable-workload-identity",
        "--enable-wi",
        metavar=TRUTH,
        help="Let pods sign in to Azure.",
    ),
]
Gateway = Annotated[Text, typer.Option(help="ARM id of the Arc gateway.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--configuration-settings", "--config", metavar="F.S=V ...", help="feature.setting=value."
    ),
]
ProtectedSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--config-protected-settings",
        "--configuration-protected-settings",
        "--config-protected",
        metavar="F.S=V ...",
        help="The same for secrets; Azure Resource Manager never sees them.",
    ),
]
SkipPrechecks = Annotated[
    bool, typer.Option("--skip-prechecks", help="Run no diagnostics job in the cluster.")
]
Adopt = Annotated[
    bool, typer.Option("--adopt", help="Give agents to a resource made by Terraform or Bicep.")
]
PrivateKey = Annotated[Text, typer.Option(help="File with the RSA key the resource was made with.")]
NewKey = Annotated[
    bool, typer.Option("--new-key", help="Let --adopt replace the key of the resource.")
]
Register = Annotated[
    bool, typer.Option("--register-providers", help="Register the resource providers first.")
]


@command(CLUSTER, CHANGES, OWNER)
async def connect(
    session: Session,
    name: Name,
    resource_group: Group = None,
    location: Location = None,
    tags: Tags = None,
    proxy_https: Https = None,
    proxy_http: Http = None,
    proxy_skip_range: Skip = None,
    proxy_cert: Cert = None,
    distribution: Distribution = None,
    distribution_version: DistributionVersion = None,
    infrastructure: Infrastructure = None,
    azure_hybrid_benefit: Benefit = None,
    disable_auto_upgrade: NoUpgrade = False,
    custom_locations_oid: Oid = None,
    enable_private_link: PrivateLink = None,
    private_link_scope_resource_id: Scope = None,
    onboarding_timeout: Patience = "1200",
    no_wait: NoWait = False,
    container_log_path: LogPath = None,
    yes: Yes = False,
    enable_oidc_issuer: Issuer = None,
    self_hosted_issuer: OwnIssuer = None,
    enable_workload_identity: Workload = None,
    gateway_resource_id: Gateway = None,
    configuration_settings: Settings = None,
    configuration_protected_settings: ProtectedSettings = None,
    skip_prechecks: SkipPrechecks = False,
    adopt: Adopt = False,
    private_key: PrivateKey = None,
    new_key: NewKey = False,
    register_providers: Register = False,
) -> None:
    """Connect a Kubernetes cluster to Azure Arc. Run again, it goes on, or changes nothing.

    Example: arcctl connect -n harbor -g edge -l westeurope
    """
    given = {key: value for key, value in locals().items() if key != "session"}
    from arcctl.operations.connect import connect as carry_out
    from arcctl.operations.reading import connect_request
    from arcctl.views.runs import connected

    domain = (await session.clients.cloud()).domain
    cluster = await session.cluster_id(name, resource_group)
    given["resource_group"] = cluster.group
    request = connect_request(given, session.settings.environ, domain)
    with session.run(session.sight(cluster, request.region), yes=yes) as world:
        resource = await carry_out(request, world)
    connected(session.console, resource)
