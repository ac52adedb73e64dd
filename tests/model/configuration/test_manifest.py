"""A manifest is checked before anything is made of it, and no value of it is quoted."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.errors import UsageError
from arcctl.model.configuration import manifest
from arcctl.model.configuration.secrets import needs
from tests.model.configuration.bodies import extension, flux, read, source_control

BODY = {"properties": {"extensionType": "microsoft.flux"}}
CHILD = {"kind": "extensions", "name": "flux", "apiVersion": "2025-03-01", "body": BODY}


def of(*children: Any, **more: Any) -> dict[str, Any]:
    """A manifest with these children."""
    return {"format": manifest.FORMAT, "children": list(children), **more}


def of_flux(**properties: Any) -> dict[str, Any]:
    """An entry with a Flux configuration."""
    return CHILD | {"kind": "fluxConfigurations", "name": "x", "body": {"properties": properties}}


def refused(document: Any) -> UsageError:
    """Why it was refused."""
    with pytest.raises(UsageError) as raised:
        manifest.read(document, "harbor.yaml")
    assert raised.value.hints
    return raised.value


def test_an_entry_has_no_state_and_no_secrets() -> None:
    """But the names of those that must be given."""
    entry = manifest.entry(read(extension(configurationProtectedSettings={"key": "leaked"})))

    assert list(entry) == ["kind", "name", "apiVersion", "body", "secrets"]
    assert entry["secrets"] == {"key": None}
    assert manifest.entry(read(extension(nextYears=1)))["notCarried"] == ["nextYears"]


def test_an_entry_does_not_claim_what_nobody_told() -> None:
    """Where the service hides the names of protected settings, none are declared."""
    assert "secrets" not in manifest.entry(read(extension(configurationProtectedSettings=None)))


@pytest.mark.parametrize(
    "document", [None, [], "text", {}, {"format": 1}, {"format": "other/1"}, {"children": []}]
)
def test_what_is_no_manifest_is_refused(document: Any) -> None:
    """With the first line that one has."""
    assert refused(document).why == ("it does not begin with `format: arcctl.configuration/1`",)


def test_a_newer_format_is_refused() -> None:
    """With the advice to use a newer arcctl."""
    error = refused({"format": "arcctl.configuration/2", "children": []})

    assert (error.code, error.why) == ("manifest-format", ("a newer arcctl has written it",))


@pytest.mark.parametrize(
    ("child", "why"),
    [
        ("text", "entry 1 of `children` is no map"),
        (CHILD | {"kind": "extension"}, "has the kind 'extension'; did you mean extensions?"),
        (CHILD | {"kind": "?"}, "it is one of extensions, fluxConfigurations, sourceControl"),
        (CHILD | {"name": 7}, "has no name; a number needs quotes"),
        (CHILD | {"name": ""}, "has no name"),
        (CHILD | {"body": {}}, "extensions/flux has no `body` with `properties`"),
        (CHILD | {"secrets": ["key"]}, "`secrets` of extensions/flux is no map"),
        (CHILD | {"notCarried": 7}, "extensions/flux: notCarried is a number"),
        (CHILD | {"body": BODY | {"identity": "text"}}, "extensions/flux: body.identity is text"),
        (of_flux(kustomizations="text"), "fluxConfigurations/x: body.properties.kustomizations is"),
        (of_flux(kustomizations={"base": 7}), "body.properties.kustomizations.base is a number"),
        (of_flux(gitRepository={"repositoryRef": []}), "gitRepository.repositoryRef is an empty"),
    ],
)
def test_a_bad_entry_is_refused_by_its_number(child: Any, why: str) -> None:
    """Or by its name, where it has one."""
    assert why in refused(of(child)).why[0]


def test_a_manifest_without_a_list_is_refused() -> None:
    """A map of children is none."""
    assert "no list" in refused(of() | {"children": {"flux": CHILD}}).why[0]


def test_a_child_may_stand_there_once() -> None:
    """Names are the same in any case, as they are to ARM."""
    assert refused(of(CHILD, CHILD | {"name": "FLUX"})).why == ("extensions/FLUX is in it twice",)


@pytest.mark.parametrize(
    "child",
    [
        CHILD
        | {"body": {"properties": {"configurationProtectedSettings": {"key": "hidden"}}}},
        {
            "kind": "fluxConfigurations",
            "name": "blob",
            "body": {
                "properties": {"sourceKind": "AzureBlob", "azureBlob": {"accountKey": "hidden"}}
            },
        },
    ],
)  # fmt: skip
def test_a_value_in_a_body_is_refused(child: Any) -> None:
    """It would end up in git; the message does not hold it either."""
    error = refused(of(child))

    assert error.code == "manifest-secret"
    assert "hidden" not in f"{error} {error.why} {error.hints}"


def test_a_version_that_would_be_dropped_is_refused() -> None:
    """The service takes no version beside automatic upgrades, and whoever writes one means it."""
    pinned = BODY["properties"] | {"version": "1.2.3"}
    off = pinned | {"autoUpgradeMinorVersion": False}

    assert "pins a version" in refused(of(CHILD | {"body": {"properties": pinned}})).why[0]
    child = manifest.read(of(CHILD | {"body": {"properties": off}}), "x").children[0]
    assert child.properties["version"] == "1.2.3"


def test_one_child_alone_is_a_manifest_too() -> None:
    """As it lies in a folder."""
    found = manifest.read({"format": manifest.FORMAT, **CHILD}, "flux.yaml")

    assert [child.key for child in found.children] == ["extensions/flux"]


def test_declared_secrets_overrule_what_is_inferred() -> None:
    """A key that Flux made itself is not asked for; one that is named is."""
    ssh = flux(gitRepository={"url": "ssh://git@h/x"}, repositoryPublicKey="ssh-rsa A")
    entry = manifest.entry(read(ssh))
    found = manifest.read(of(entry, CHILD | {"secrets": {"key": None}}), "x").children

    assert entry["secrets"] == {}
    assert [[need.name for need in needs(child)] for child in found] == [[], ["key"]]


def test_a_handwritten_entry_needs_what_its_source_needs() -> None:
    """Where it declares nothing, the signs are those of a resource."""
    written = {
        key: value
        for key, value in manifest.entry(read(source_control())).items()
        if key != "secrets"
    }

    assert [need.name for need in needs(manifest.read(of(written), "x").children[0])] == [
        "httpsUser",
        "httpsKey",
    ]


def test_settings_are_texts_whatever_yaml_made_of_them() -> None:
    """The service takes nothing else."""
    settings = {"a": True, "b": 3, "c": 1.5, "d": "x"}
    body = {"properties": {"configurationSettings": settings}}
    child = manifest.read(of(CHILD | {"body": body}), "x").children[0]

    assert child.properties["configurationSettings"] == {
        "a": "true",
        "b": "3",
        "c": "1.5",
        "d": "x",
    }


def test_references_and_origin_are_kept() -> None:
    """For whoever applies it."""
    found = manifest.read(
        of(
            CHILD | {"secrets": {"key": {"env": "KEY"}}},
            cluster="/subscriptions/s",
            region="eastus",
        ),
        "x",
    )

    assert found.references == {"extensions/flux": {"key": {"env": "KEY"}}}
    assert (found.cluster, found.region) == ("/subscriptions/s", "eastus")
