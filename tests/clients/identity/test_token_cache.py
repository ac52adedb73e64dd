"""Tokens kept on disk: by whom they may be read, how long they count, and for whom."""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from arcctl import settings as settings_module
from arcctl.clients.token_cache import Token, TokenCache
from arcctl.model.secret import Secret
from arcctl.settings import Flags

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.clients.cloud import Cloud
    from arcctl.clients.identity import Identity
    from arcctl.settings import Settings
    from tests.clients.arm.server import Azure

ARM = "https://arm.example"


def token(seconds: float = 3600) -> Token:
    """A token that ends in so many seconds."""
    return Token(Secret("kept"), time.time() + seconds)


def files(settings: Settings) -> list[Path]:
    """What lies in the folder of the tokens."""
    return sorted((settings.cache_home / "tokens").glob("*"))


def changed(settings: Settings, **environ: str) -> Settings:
    """The same settings under another environment."""
    return replace(settings, environ={**settings.environ, **environ})


def test_a_kept_token_is_for_its_owner_alone(settings: Settings, cloud: Cloud) -> None:
    """The file is 0600 in a folder 0700, and nothing half written stays behind."""
    TokenCache(settings, cloud).put(ARM, token())

    [file] = files(settings)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_second_command_finds_it(settings: Settings, cloud: Cloud) -> None:
    """Another process with the same environment needs no sign-in."""
    TokenCache(settings, cloud).put(ARM, token())

    found = TokenCache(settings, cloud).get(ARM)

    assert found is not None
    assert found.value == Secret("kept")


def test_it_is_not_used_in_its_last_five_minutes(settings: Settings, cloud: Cloud) -> None:
    """A command should not outlive its token at the first request."""
    cache = TokenCache(settings, cloud)

    cache.put(ARM, token(290))
    assert cache.get(ARM) is None
    cache.put(ARM, token(310))
    assert cache.get(ARM) is not None


@pytest.mark.parametrize(
    "name",
    [
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_ID",
        "AZURE_TENANT_ID",
        "AZURE_USERNAME",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_AUTHORITY_HOST",
        "AZURE_TOKEN_CREDENTIALS",
        "IDENTITY_ENDPOINT",
        "HOME",
    ],
)
def test_another_way_to_sign_in_does_not_get_it(
    settings: Settings, cloud: Cloud, name: str
) -> None:
    """A changed secret, account or endpoint is somebody else."""
    TokenCache(settings, cloud).put(ARM, token())

    assert TokenCache(changed(settings, **{name: "else"}), cloud).get(ARM) is None


def test_what_does_not_sign_in_does_not_matter(settings: Settings, cloud: Cloud) -> None:
    """Another default group, subscription or terminal is still the same person."""
    TokenCache(settings, cloud).put(ARM, token())
    other = changed(
        settings, AZURE_DEFAULTS_GROUP="x", AZURE_SUBSCRIPTION_ID="y", TERM="z", COLUMNS="80"
    )

    assert TokenCache(other, cloud).get(ARM) is not None


def test_az_with_another_account_does_not_get_it(
    settings: Settings, cloud: Cloud, home: Path
) -> None:
    """`az login` as somebody else changes az's profile, and with it whose token it is."""
    TokenCache(settings, cloud).put(ARM, token())
    (home / ".azure").mkdir()
    (home / ".azure" / "azureProfile.json").write_text("{}", encoding="utf-8")

    assert TokenCache(settings, cloud).get(ARM) is None


def test_a_renewed_certificate_does_not_get_it(
    settings: Settings, cloud: Cloud, home: Path
) -> None:
    """The certificate's content counts, not only its path."""
    pem = home / "sign-in.pem"
    pem.write_text("one", encoding="utf-8")
    signed_in = changed(settings, AZURE_CLIENT_CERTIFICATE_PATH=str(pem))
    TokenCache(signed_in, cloud).put(ARM, token())
    pem.write_text("two", encoding="utf-8")

    assert TokenCache(signed_in, cloud).get(ARM) is None


def test_another_cloud_or_audience_does_not_get_it(settings: Settings, cloud: Cloud) -> None:
    """A token counts where it was made for."""
    TokenCache(settings, cloud).put(ARM, token())

    assert TokenCache(settings, cloud).get("https://graph.example") is None
    assert TokenCache(settings, replace(cloud, arm="https://else.example")).get(ARM) is None


def test_no_file_shows_how_one_signs_in(settings: Settings, cloud: Cloud) -> None:
    """Neither name nor content holds the client secret."""
    TokenCache(changed(settings, AZURE_CLIENT_SECRET="pa55word"), cloud).put(ARM, token())

    [file] = files(settings)
    assert "pa55word" not in file.name + file.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"token": "x", "expires_on": "soon"}'])
def test_a_broken_file_is_none(settings: Settings, cloud: Cloud, content: str) -> None:
    """Whatever lies there, the worst that happens is a sign-in."""
    cache = TokenCache(settings, cloud)
    cache.put(ARM, token())
    files(settings)[0].write_text(content, encoding="utf-8")

    assert cache.get(ARM) is None


def test_a_disk_that_refuses_is_no_error(settings: Settings, cloud: Cloud, home: Path) -> None:
    """Where the folder cannot be made, tokens are simply not kept."""
    (home / "file").write_text("in the way", encoding="utf-8")
    cache = TokenCache(replace(settings, cache_home=home / "file"), cloud)

    cache.put(ARM, token())
    cache.drop(ARM)

    assert cache.get(ARM) is None


def test_old_files_are_swept(settings: Settings, cloud: Cloud) -> None:
    """What belonged to secrets of long ago does not pile up."""
    TokenCache(settings, cloud).put("https://old.example", token())
    os.utime(files(settings)[0], (time.time() - 3 * 86400,) * 2)

    TokenCache(settings, cloud).put(ARM, token())

    assert len(files(settings)) == 1


def test_it_can_be_switched_off(settings: Settings, cloud: Cloud) -> None:
    """ARCCTL_TOKEN_CACHE=off writes nothing and reads nothing."""
    TokenCache(settings, cloud).put(ARM, token())
    off = TokenCache(changed(settings, ARCCTL_TOKEN_CACHE="off"), cloud)

    off.put("https://graph.example", token())

    assert off.get(ARM) is None
    assert len(files(settings)) == 1


@pytest.mark.usefixtures("with_secret")
async def test_a_process_reads_it_once(
    settings: Settings, cloud: Cloud, identity: Identity
) -> None:
    """Hundreds of requests need no more than one look at the disk."""
    TokenCache(settings, cloud).put(cloud.audience, token())

    first = await identity.token()
    files(settings)[0].unlink()

    assert (first, await identity.token()) == (Secret("kept"), Secret("kept"))


@pytest.mark.usefixtures("with_secret")
async def test_one_that_is_refused_makes_way_for_a_newer_one(
    settings: Settings, cloud: Cloud, identity: Identity
) -> None:
    """Another process may have signed in meanwhile, and kept what it got."""
    cache = TokenCache(settings, cloud)
    cache.put(cloud.audience, token())
    refused = await identity.token()
    cache.put(cloud.audience, Token(Secret("newer"), time.time() + 3600))

    assert await identity.renew(cloud.audience, refused) == Secret("newer")
    assert await identity.token() == Secret("newer")


@pytest.mark.usefixtures("with_secret")
async def test_a_token_that_was_fetched_is_kept(azure: Azure, identity: Identity) -> None:
    """Value and end are what the sign-in service said."""
    await identity.token()

    [file] = files(settings_module.read(dict(os.environ), Flags()))
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept["token"] == "token-1"
    assert kept["expires_on"] > time.time() + 3000


@pytest.mark.usefixtures("with_secret")
async def test_a_token_that_ends_soon_is_used_at_once_but_not_kept_for_others(
    azure: Azure, identity: Identity, settings: Settings, cloud: Cloud
) -> None:
    """A short-lived token does not make every request sign in."""
    azure.lifetime = 120

    assert [await identity.token(), await identity.token()] == [Secret("token-1")] * 2
    assert TokenCache(settings, cloud).get(cloud.audience) is None
