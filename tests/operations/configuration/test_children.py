"""All children are read, with all pages, and what a newer version shows of them (`arm.md` 3, 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.errors import AccessError, AzureError, NotFound
from arcctl.model.configuration.kinds import PROVIDER, Kind
from arcctl.model.resource_id import ClusterId
from arcctl.operations.configuration.children import child_of, children_of
from tests.clients.arm import server
from tests.clients.arm.server import Say
from tests.model.configuration.bodies import extension, flux, git, source_control

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm
    from tests.clients.arm.server import Azure

HARBOR = ClusterId(server.SUBSCRIPTION, "edge", "harbor")
PROVIDERS = f"/subscriptions/{server.SUBSCRIPTION}/providers/{PROVIDER}"
NEWEST = {"extensions": "2025-03-01", "fluxConfigurations": "2025-04-01"}


def page(*resources: dict[str, Any], link: str | None = None) -> dict[str, Any]:
    """One page of a list."""
    return {"value": list(resources), "nextLink": link}


def planted(azure: Azure, *, listed: dict[str, str] | None = None, **lists: Any) -> None:
    """Let the lists be these, each kind empty unless given; and the provider's newest versions."""
    types = [
        {"resourceType": kind, "apiVersions": [version]}
        for kind, version in {**NEWEST, **(listed or {})}.items()
    ]
    about = {"id": PROVIDERS, "namespace": PROVIDER, "registrationState": "Registered"}
    azure.say("GET", PROVIDERS, {**about, "resourceTypes": types})
    for kind in Kind:
        azure.say("GET", HARBOR.child(kind), *lists.get(kind.value, [page()]))


async def test_all_kinds_are_read_by_kind_and_name(azure: Azure, arm: Arm) -> None:
    """With the version that each was read with, and four requests in all."""
    planted(
        azure,
        extensions=[page(extension("b"), extension("a"))],
        fluxConfigurations=[page(flux())],
        sourceControlConfigurations=[page(source_control())],
    )

    found = await children_of(arm, HARBOR)

    assert [(child.key, child.version) for child in found] == [
        ("extensions/a", "2025-03-01"),
        ("extensions/b", "2025-03-01"),
        ("fluxConfigurations/apps", "2025-04-01"),
        ("sourceControlConfigurations/v1", "2023-05-01"),
    ]
    assert len(azure.targets()) == 4


async def test_every_page_is_read(azure: Azure, arm: Arm) -> None:
    """An empty one in the middle as well."""
    path = HARBOR.child(Kind.EXTENSION)
    links = [f"{azure.url}{path}?page={number}" for number in (2, 3)]
    planted(
        azure,
        extensions=[
            page(extension("a"), link=links[0]),
            page(link=links[1]),
            page(extension("b"), link=""),
        ],
    )

    assert [child.name for child in await children_of(arm, HARBOR)] == ["a", "b"]


async def test_only_the_kinds_that_are_asked_for_are_read(azure: Azure, arm: Arm) -> None:
    """And nothing newer, where one only wants to see how things stand."""
    planted(azure, extensions=[page(extension())], listed={"extensions": "2099-01-01"})

    await children_of(arm, HARBOR, (Kind.EXTENSION,), newer=False)

    assert azure.targets() == [f"{HARBOR.child(Kind.EXTENSION)}?api-version=2025-03-01"]


async def test_what_a_newer_version_shows_is_not_carried(azure: Azure, arm: Arm) -> None:
    """A preview too: fields that it knows, and fields that nobody knows yet."""
    newer = git(provider="Azure", sparseCheckout=["a"])
    newer["properties"]["kubeConfig"] = {"name": "x"}
    planted(
        azure,
        fluxConfigurations=[page(git(), flux("other")), page(newer, flux("other"))],
        listed={"fluxConfigurations": "2026-07-01-preview"},
    )

    apps, other = await children_of(arm, HARBOR)

    assert apps.not_carried == (
        "gitRepository.provider",
        "gitRepository.sparseCheckout",
        "kubeConfig",
    )
    assert other.not_carried == ()
    assert "api-version=2026-07-01-preview" in azure.targets()[-1]


@pytest.mark.parametrize("listed", ["2025-03-01-preview", "2024-11-01", "2025-03-01"])
async def test_an_older_version_is_not_asked(azure: Azure, arm: Arm, listed: str) -> None:
    """A preview of the same day comes before its version."""
    planted(azure, extensions=[page(extension())], listed={"extensions": listed})

    await children_of(arm, HARBOR)

    assert len(azure.targets()) == 4


async def test_what_cannot_be_looked_at_is_said(azure: Azure, arm: Arm) -> None:
    """A provider that may not be read, a newer list that fails: the children are there all the same."""
    notes: list[str] = []
    planted(
        azure,
        extensions=[page(extension()), Say({"error": {"code": "Oops", "message": "no"}}, 400)],
        listed={"extensions": "2099-01-01"},
    )
    assert len(await children_of(arm, HARBOR, note=notes.append)) == 1

    azure.say("GET", PROVIDERS, Say({"error": {"code": "AuthorizationFailed"}}, 403))
    await children_of(arm, HARBOR, (Kind.FLUX,), note=notes.append)
    await children_of(arm, HARBOR, (Kind.FLUX,), note=notes.append)

    assert notes[0].startswith("extensions are not looked at with api-version 2099-01-01: no")
    assert notes[-1].startswith("newer api-versions are not looked at: ")


@pytest.mark.parametrize("code", ["InvalidResourceType", "NoRegisteredProviderFound"])
async def test_a_kind_that_is_no_longer_served_is_none(azure: Azure, arm: Arm, code: str) -> None:
    """Flux v1 is retired: said once, and the other kinds are read."""
    notes: list[str] = []
    gone = Say({"error": {"code": code, "message": "no such type"}}, 404 if "Type" in code else 400)
    planted(azure, extensions=[page(extension())], sourceControlConfigurations=[gone])

    found = await children_of(arm, HARBOR, note=notes.append)

    assert [child.key for child in found] == ["extensions/monitor"]
    assert notes == ["this Azure no longer serves source control configurations: none are read"]


async def test_an_unknown_cluster_is_not_found(azure: Azure, arm: Arm) -> None:
    """With the code and the advice that `show` gives."""
    missing = Say({"error": {"code": "ParentResourceNotFound", "message": "no harbor"}}, 404)
    planted(azure, extensions=[missing], fluxConfigurations=[missing])

    with pytest.raises(NotFound) as raised:
        await children_of(arm, HARBOR)
    assert (raised.value.code, raised.value.hints) == ("AZK8S0405", ("arcctl list -g edge",))


@pytest.mark.parametrize(("status", "error"), [(403, AccessError), (400, AzureError)])
async def test_a_list_that_fails_is_an_error(
    azure: Azure, arm: Arm, status: int, error: type[Exception]
) -> None:
    """Half of the children would be worse than none."""
    planted(azure, fluxConfigurations=[Say({"error": {"code": "Oops", "message": "x"}}, status)])

    with pytest.raises(error):
        await children_of(arm, HARBOR)


async def test_an_older_azure_is_read_with_its_own_version(azure: Azure, arm: Arm) -> None:
    """The pin is refused, another one is found, and the child says which."""
    refused = Say({"error": {"code": "NoRegisteredProviderFound", "message": "x"}}, 400)
    planted(
        azure,
        extensions=[refused, page(extension())],
        listed={"extensions": "2023-05-01"},
    )

    found = await children_of(arm, HARBOR)

    assert [child.version for child in found] == ["2023-05-01"]
    assert found[0].not_carried == ("autoUpgradeMode",)


async def test_one_child_can_be_read_alone(azure: Azure, arm: Arm) -> None:
    """Or is None, where there is none."""
    azure.say("GET", HARBOR.child(Kind.FLUX, "apps"), flux())

    found = await child_of(arm, HARBOR, Kind.FLUX, "apps")

    assert found
    assert (found.key, found.version) == ("fluxConfigurations/apps", "2025-04-01")
    assert await child_of(arm, HARBOR, Kind.FLUX, "other") is None
