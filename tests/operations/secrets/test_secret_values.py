"""What was given is matched with what is needed; nothing is guessed, nothing is sent in vain."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from arcctl.errors import UsageError
from arcctl.model.secret import Secret
from arcctl.operations.secrets.files import Given
from arcctl.operations.secrets.values import Resolved, resolve
from tests.model.configuration.bodies import extension, git, read, source, source_control

PRINCIPAL = "azureBlob.servicePrincipal"
MONITOR = read(extension("monitor", configurationProtectedSettings={"a.secret.key": ""}))
APPS = read(git(httpsUser="reader"))
BLOB = read(source("AzureBlob", "azureBlob", {"servicePrincipal": {"clientId": "c"}}))


def give(
    child: str, name: str, origin: Literal["file", "environment", "cluster"] = "file"
) -> Given:
    """One value."""
    reference = {"namespace": "n", "secret": "s", "key": name} if origin == "cluster" else None
    return Given(child, name, Secret(f"{name} from {origin}"), origin, reference)


def statuses(found: Resolved) -> list[tuple[str, str, str]]:
    """Where each value comes from."""
    return [(each.child, each.name, each.origin) for each in found.statuses]


def revealed(found: Resolved) -> dict[str, Any]:
    """What would be sent."""
    return {
        child: {name: value.reveal() for name, value in values.items()}
        for child, values in found.values.items()
    }


def test_what_is_needed_and_given_is_sent() -> None:
    """By name alone, or by kind and name, in any case."""
    found = resolve(
        [MONITOR, APPS],
        [
            give("monitor", "a.secret.key"),
            give("FluxConfigurations/APPS", "httpsKey", "environment"),
        ],
    )

    assert revealed(found) == {
        "extensions/monitor": {"a.secret.key": "a.secret.key from file"},
        "fluxConfigurations/apps": {"httpsKey": "httpsKey from environment"},
    }
    assert statuses(found) == [
        ("extensions/monitor", "a.secret.key", "file"),
        ("fluxConfigurations/apps", "httpsKey", "environment"),
    ]
    assert (found.missing, found.notes) == ((), [])
    found.require()


def test_what_is_needed_and_not_given_stops() -> None:
    """Every one is named, with the ways to go on."""
    found = resolve([MONITOR, APPS], [])

    assert found.missing == ("extensions/monitor/a.secret.key", "fluxConfigurations/apps/httpsKey")
    with pytest.raises(UsageError, match="2 secrets are missing") as raised:
        found.require()
    assert raised.value.code == "secret-missing"
    waivers = " ".join(f"--waive-secret {each}" for each in found.missing)
    assert raised.value.hints == (
        "with a file that has them: --protected-settings FILE",
        "if Flux or the agents still have them: --secrets-from-cluster",
        f"to do without: {waivers}",
    )


@pytest.mark.parametrize("waived", ["apps/httpsKey", "fluxConfigurations/APPS/httpskey"])
def test_a_secret_may_be_waived(waived: str) -> None:
    """By name of the child, or kind and name."""
    found = resolve([APPS], [], [waived])

    assert statuses(found) == [("fluxConfigurations/apps", "httpsKey", "waived")]
    assert found.values == {}


@pytest.mark.parametrize(
    ("waived", "told"),
    [
        ("apps/httpskeyy", "did you mean fluxConfigurations/apps/httpsKey?"),
        ("without", "a secret is named CHILD/KEY"),
    ],
)
def test_a_waiver_that_is_misspelled_is_refused(waived: str, told: str) -> None:
    """Pasted prose is no waiver either; a run that has one from before goes on all the same."""
    found = resolve([APPS], [], [waived])

    assert found.missing == ("fluxConfigurations/apps/httpsKey",)
    with pytest.raises(UsageError, match=f"--waive-secret {waived}: there is no such") as raised:
        found.require_meant()
    assert raised.value.why == (told,)


def test_a_waiver_that_is_needed_nowhere_has_a_note() -> None:
    """It may be meant for another cluster of many that are typed alike."""
    found = resolve([MONITOR], [give("monitor", "a.secret.key")], ["apps/httpsKey"])

    found.require_meant()
    assert found.notes == ["--waive-secret apps/httpsKey: nothing needs it, so it changes nothing"]


def test_one_of_several_ways_is_enough() -> None:
    """A certificate instead of a client secret, and the password that belongs to it."""
    found = resolve(
        [BLOB],
        [
            give("apps", f"{PRINCIPAL}.clientCertificate"),
            give("apps", f"{PRINCIPAL}.clientCertificatePassword"),
        ],
    )

    assert found.missing == ()
    assert len(found.values["fluxConfigurations/apps"]) == 2


def test_what_may_be_needed_stops_nothing() -> None:
    """A repository over https may be public: a note says what could be missing."""
    found = resolve([read(source_control())], [])

    assert found.statuses == []
    assert found.notes[0].startswith("sourceControlConfigurations/v1 may need httpsUser: ")


@pytest.mark.parametrize(
    ("child", "name"),
    [("apps", "httpKey"), ("apps", "https_key"), ("app", "httpsKey"), ("apps", "password")],
)
def test_a_misspelled_name_is_told_the_right_one(child: str, name: str) -> None:
    """And is not sent under the wrong one."""
    found = resolve([APPS], [give(child, name)])

    assert found.values == {}
    assert [each.origin for each in found.statuses] == ["missing", "misnamed"]
    assert found.notes == [
        f"{child}/{name} was given: did you mean fluxConfigurations/apps/httpsKey?"
    ]


def test_what_nobody_needs_is_not_sent() -> None:
    """It would be new in the target, or refused."""
    found = resolve(
        [read(extension("flux")), APPS],
        [
            give("flux", "key"),
            give("apps", "httpsKey"),
            give("apps", "sshPrivateKey"),
            give("x", "y"),
        ],
    )

    assert list(found.values) == ["fluxConfigurations/apps"]
    assert [status[2] for status in statuses(found)] == ["file", "surplus", "surplus", "surplus"]
    assert (len(found.surplus), found.notes) == (3, [])
    assert all("is needed nowhere" in told for told in found.surplus)


def test_an_extension_whose_keys_nobody_told_takes_any() -> None:
    """Whoever knows them gives them."""
    child = read(extension("x", extensionType="contoso.x", configurationProtectedSettings=None))

    assert list(resolve([child], [give("x", "key")]).values) == ["extensions/x"]


def test_a_name_that_could_mean_two_is_refused() -> None:
    """With how to write it."""
    children = [read(extension("apps")), APPS]

    with pytest.raises(UsageError, match="apps could mean extensions/apps or fluxConfig") as raised:
        resolve(children, [give("apps", "httpsKey")])
    assert raised.value.hints == ("write extensions/apps where secrets are given",)
    assert resolve(children, [give("fluxConfigurations/apps", "httpsKey")]).missing == ()


def test_what_people_give_stands_before_what_the_cluster_holds() -> None:
    """Of the same name, and of another way to sign in."""
    given = [
        give("apps", f"{PRINCIPAL}.clientSecret", "cluster"),
        give("apps", f"{PRINCIPAL}.clientCertificate"),
    ]

    assert statuses(resolve([BLOB], given)) == [
        ("fluxConfigurations/apps", f"{PRINCIPAL}.clientCertificate", "file")
    ]
    assert statuses(
        resolve([APPS], [give("apps", "httpsKey", "cluster"), give("apps", "httpsKey")])
    ) == [("fluxConfigurations/apps", "httpsKey", "file")]


def test_where_a_clusters_value_lies_is_kept_as_json() -> None:
    """So that whoever goes on elsewhere reads it again; what is not used is not kept."""
    found = resolve(
        [APPS], [give("apps", "httpsKey", "cluster"), give("apps", "sshPrivateKey", "cluster")]
    )

    assert found.references == {
        "fluxConfigurations/apps": {
            "httpsKey": {"namespace": "n", "secret": "s", "key": "httpsKey"}
        }
    }
    assert found.notes == []


def test_what_is_not_ours_needs_nothing() -> None:
    """The service keeps the secrets of its own extensions."""
    system = read(extension(isSystemExtension=True, configurationProtectedSettings={"key": ""}))

    assert resolve([system], []).missing == ()


def test_no_value_shows_itself() -> None:
    """Neither where it is held, nor where it comes from."""
    found = resolve([APPS], [give("apps", "httpsKey")])

    assert "from file" not in f"{found} {found.statuses} {found.notes}"
