"""Which Azure this is: the hosts of one cloud (`connectedk8s.md` D.2, `arm.md` 15.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from arcctl.errors import AzureError, NotFound, UsageError
from arcctl.model.region import canonical
from arcctl.settings import az_home

if TYPE_CHECKING:
    from arcctl.clients.channel import Pace
    from arcctl.settings import Settings

METADATA_VERSION = "2022-09-01"
_HIS = "arcHybridIdentityServiceEndpoint"


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where one cloud answers. URLs end without a slash, but `audience` stays as published.

    `domain` is the end of Arc's host names (`com`, `us`, `cn`, …), `environment` what the agents
    call the cloud, `data_plane` the one Arc endpoint of a cloud that publishes it.
    """

    name: str
    arm: str
    login: str
    audience: str
    graph: str
    domain: str
    environment: str
    registry: str = "mcr.microsoft.com"
    portal: str = ""
    data_plane: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def builtin(self) -> bool:
        """Whether Microsoft's sign-in service vouches for this cloud's login host by itself."""
        return self.name in BUILT_IN

    def data_plane_for(self, region: str) -> str:
        """Return the base URL of Arc's configuration service in one region."""
        host = f"{canonical(region)}.dp.kubernetesconfiguration.azure.{self.domain}"
        return self.data_plane or f"https://{host}"

    @property
    def identity_service(self) -> str:
        """The host that gives clusters their identity (`arc.md` C5)."""
        published = _map(self.metadata.get("dataplaneEndpoints")).get(_HIS)
        return urlsplit(str(published or "")).hostname or f"gbl.his.arc.azure.{self.domain}"


BUILT_IN = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            name="AzureCloud",
            arm="https://management.azure.com",
            login="https://login.microsoftonline.com",
            audience="https://management.azure.com",
            graph="https://graph.microsoft.com",
            domain="com",
            environment="AZUREPUBLICCLOUD",
            portal="https://portal.azure.com",
        ),
        Cloud(
            name="AzureUSGovernment",
            arm="https://management.usgovcloudapi.net",
            login="https://login.microsoftonline.us",
            audience="https://management.usgovcloudapi.net",
            graph="https://graph.microsoft.us",
            domain="us",
            environment="AZUREUSGOVERNMENTCLOUD",
            portal="https://portal.azure.us",
        ),
        Cloud(
            name="AzureChinaCloud",
            arm="https://management.chinacloudapi.cn",
            login="https://login.chinacloudapi.cn",
            audience="https://management.chinacloudapi.cn",
            graph="https://microsoftgraph.chinacloudapi.cn",
            domain="cn",
            environment="AZURECHINACLOUD",
            portal="https://portal.azure.cn",
        ),
    )
}
_BY_LOWER_NAME = {name.lower(): cloud for name, cloud in BUILT_IN.items()}


async def find_cloud(settings: Settings, *, pace: Pace | None = None) -> Cloud:
    """Resolve a cloud's name, or the URL of an ARM endpoint, which is asked for its metadata.

    The three names that everyone knows need no request. Raises UsageError for a name that nobody
    knows and for a URL without TLS, AzureError where the endpoint does not answer.
    """
    wanted = settings.cloud.strip()
    if known := _BY_LOWER_NAME.get(wanted.lower()):
        return known
    url = wanted if "://" in wanted else _registered_with_az(settings, wanted)
    if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
        raise UsageError(
            f"the cloud's address must begin with https://: {url}",
            code="cloud-not-https",
            why="a bearer token is never sent over a connection that others can read",
        )
    return from_metadata(url.rstrip("/"), await _metadata(settings, url.rstrip("/"), pace))


def from_metadata(url: str, found: dict[str, Any]) -> Cloud:
    """Read the document that `/metadata/endpoints` of the ARM endpoint `url` serves."""
    sign_in = _map(found.get("authentication"))
    login = str(sign_in.get("loginEndpoint") or "").rstrip("/")
    if not login:
        raise AzureError(
            f"{url} does not describe a cloud",
            code="cloud-metadata",
            why="its metadata names no authentication.loginEndpoint",
        )
    name = str(found.get("name") or urlsplit(url).netloc)
    graph = found.get("microsoftGraphResourceId") or found.get("graph") or ""
    data_plane = _map(found.get("dataplaneEndpoints")).get("arcConfigEndpoint")
    audiences = sign_in.get("audiences")
    return Cloud(
        name=name,
        arm=url,
        login=login,
        audience=str(next(iter(audiences if isinstance(audiences, list) else ()), url)),
        graph=str(graph).rstrip("/"),
        domain=_domain(login),
        environment=_environment(name),
        registry=_registry(_domain(login)),
        portal=str(found.get("portal") or "").rstrip("/"),
        data_plane=str(data_plane).rstrip("/") if data_plane else None,
        metadata=found,
    )


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _environment(name: str) -> str:
    known = _BY_LOWER_NAME.get(name.lower())
    return known.environment if known else name.upper()


def _domain(login: str) -> str:
    """Return the third label and what follows, as the peer does; a short host counts as public."""
    labels = (urlsplit(login).hostname or "").split(".")
    is_address = all(label.isdigit() for label in labels)
    return ".".join(labels[2:]) if len(labels) > 2 and not is_address else "com"


def _registry(domain: str) -> str:
    return f"mcr.microsoft.{domain}" if "." in domain else "mcr.microsoft.com"


def _registered_with_az(settings: Settings, name: str) -> str:
    """Return the ARM endpoint that `az cloud register` stored under this name."""
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(az_home(settings.environ) / "clouds.config", encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        parser.clear()
    if url := parser.get(name, "endpoint_resource_manager", fallback=""):
        return url
    raise UsageError(
        f"unknown cloud: {name}",
        code="unknown-cloud",
        why=f"known are {', '.join(BUILT_IN)}, az's own, and the URL of an ARM endpoint",
    )


def _described(body: object) -> str:
    """Tell what is wrong with a document, or a list of documents, about clouds."""
    return "" if isinstance(body, (dict, list)) else "no description of a cloud"


async def _metadata(settings: Settings, url: str, pace: Pace | None) -> dict[str, Any]:
    import asyncio

    from arcctl.clients.channel import Channel, Pace

    where = f"{url}/metadata/endpoints?api-version={METADATA_VERSION}"
    channel = Channel(settings, pace=pace)
    try:
        try:
            answer = await channel.send("GET", where, expected=_described)
        except NotFound:  # one 404 is no absence
            await asyncio.sleep((pace or Pace()).again)
            answer = await channel.send("GET", where, expected=_described)
    except NotFound as error:
        raise AzureError(
            f"{url} does not describe a cloud",
            code="cloud-metadata",
            why=(f"GET {where}: 404", *error.why),
            hints="is it the address of an Azure Resource Manager, without a path?",
        ) from error
    finally:
        await channel.close()
    listed = answer.body if isinstance(answer.body, list) else [answer.body]
    ours = [each for each in listed if isinstance(each, dict)]
    exact = [each for each in ours if str(each.get("resourceManager", "")).rstrip("/") == url]
    return next(iter(exact or ours), {})
