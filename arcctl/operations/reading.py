"""Turns the words of the command line into requests, and refuses what cannot be meant.

Everything here is checked before anything is sent anywhere (`connectedk8s.md` A.2, B.1.4, traps
15 to 18).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model import keys, names, plain_file
from arcctl.model.distribution import DISTRIBUTIONS, INFRASTRUCTURES
from arcctl.model.duration import seconds
from arcctl.model.scrub import passwords_of
from arcctl.model.secret import Secret
from arcctl.operations.request import ConnectRequest, Proxy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.model.keys import KeyPair

BENEFITS = ("True", "False", "NotApplicable")
_ARC_HOSTS = (".his.arc.azure.", ".dp.kubernetesconfiguration.azure.", ".guestconfiguration.azure.")
_PROXY_URL = re.compile(
    r"(?:https?://|(?![\w+.-]+://))(?:\S*@)?(?:\[[\w:.%]+\]|\w[\w.-]*)(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
Given = dict[str, Any]


def connect_request(given: Given, environ: Mapping[str, str], domain: str) -> ConnectRequest:
    """Read the flags of `connect`; `domain` is the cloud's (`com`, `us`, …)."""
    _exclusive(given)
    given_settings = names.settings(given["configuration_settings"] or ())
    values_file = environ.get("HELMVALUESPATH")
    return ConnectRequest(
        name=given["name"],
        group=given["resource_group"],
        region=given["location"],
        tags=None if given["tags"] is None else names.tags(given["tags"]),
        distribution=_one_of("--distribution", given["distribution"], DISTRIBUTIONS),
        distribution_version=given["distribution_version"],
        infrastructure=_one_of("--infrastructure", given["infrastructure"], INFRASTRUCTURES),
        azure_hybrid_benefit=_one_of(
            "--azure-hybrid-benefit", given["azure_hybrid_benefit"], BENEFITS
        ),
        auto_upgrade=False if given["disable_auto_upgrade"] else None,
        proxy=_proxy(given, domain),
        custom_locations_oid=given["custom_locations_oid"],
        private_link=truth("--enable-private-link", given["enable_private_link"]),
        private_link_scope=_scope(given["private_link_scope_resource_id"]),
        gateway=_gateway(given["gateway_resource_id"]),
        oidc_issuer=truth("--enable-oidc-issuer", given["enable_oidc_issuer"]),
        self_hosted_issuer=given["self_hosted_issuer"],
        workload_identity=truth("--enable-workload-identity", given["enable_workload_identity"]),
        container_log_path=given["container_log_path"],
        settings=given_settings,
        protected_settings=_protected(given["configuration_protected_settings"] or ()),
        onboarding_timeout=seconds(given["onboarding_timeout"]),
        wait=not given["no_wait"],
        diagnostics=not given["skip_prechecks"] and not _no_prechecks(given, environ),
        adopt=given["adopt"],
        private_key=_key(given["private_key"]),
        new_key=given["new_key"],
        register_providers=given["register_providers"],
        values_file=Path(values_file) if values_file else None,
        train=environ.get("RELEASETRAIN") or "stable",
        chart_override=environ.get("HELMCHART"),
        registry_override=environ.get("HELMREGISTRY"),
    )


def _exclusive(given: Given) -> None:
    private = truth("--enable-private-link", given["enable_private_link"])
    scope = given["private_link_scope_resource_id"]
    if private and not scope:
        raise UsageError(
            "--enable-private-link needs a scope",
            code="AZK8S0100",
            hints="--private-link-scope-resource-id ID",
        )
    if scope and not private:
        raise UsageError(
            "a private link scope without private link",
            code="AZK8S0100",
            hints="--enable-private-link true",
        )
    if given["new_key"] and (given["private_key"] or not given["adopt"]):
        given_key = bool(given["private_key"])
        raise UsageError(
            "--new-key and --private-key contradict each other"
            if given_key
            else "--new-key goes with --adopt",
            code="AZK8S0100",
            hints="leave out --new-key" if given_key else "--adopt --new-key",
        )
    if given["self_hosted_issuer"] and not truth("", given["enable_oidc_issuer"]):
        raise UsageError(
            "--self-hosted-issuer goes with the OIDC issuer",
            code="AZK8S0100",
            hints="--enable-oidc-issuer true",
        )


def truth(flag: str, text: str | None) -> bool | None:
    """Read true or false as az does; None is "not said"."""
    if text is None:
        return None
    word = text.strip().lower()
    if word in ("true", "1", "yes", "on", "y", "t", ""):
        return True
    if word in ("false", "0", "no", "off", "n", "f"):
        return False
    raise UsageError(f"{flag} is true or false, not {text!r}", code="AZK8S0100")


def _one_of(flag: str, text: str | None, known: Sequence[str]) -> str | None:
    if text is None:
        return None
    spelled = {name.lower(): name for name in known}
    if text.lower() not in spelled:
        raise UsageError(
            f"{flag} does not know {text!r}", code="AZK8S0100", why="one of " + ", ".join(known)
        )
    return spelled[text.lower()]


def _proxy(given: Given, domain: str) -> Proxy:
    certificate = given["proxy_cert"]
    skip = given["proxy_skip_range"]
    return Proxy(
        https=_proxy_url("--proxy-https", given["proxy_https"]),
        http=_proxy_url("--proxy-http", given["proxy_http"]),
        skip_range=skip_range(skip, domain) if skip else None,
        certificate=Secret(_file(certificate, "AZK8S0103"), parts=()) if certificate else None,
    )


def _proxy_url(flag: str, url: str | None) -> Secret | None:
    """Take what az and the agents take: user and password as they are, and no scheme at all.

    The value is not repeated in the error, since it may hold a password.
    """
    if url and (url == "URL" or not _PROXY_URL.fullmatch(url)):
        raise UsageError(
            f"{flag} is not the URL of a proxy",
            code="AZK8S0100",
            why="it reads like http://proxy.example.com:3128: http or https, and a host",
            hints=f"{flag} URL",
        )
    return Secret(url, parts=passwords_of(url)) if url else None


def skip_range(text: str, domain: str) -> str:
    """Replace the word Arc by the hosts of Arc's services; each entry once, in order (B.1.4)."""
    entries: dict[str, str] = {}
    for word in (part.strip() for part in text.split(",")):
        hosts = [f"{host}{domain}" for host in _ARC_HOSTS] if word.lower() == "arc" else [word]
        for host in hosts:
            entries.setdefault(host.lower(), host)
    return ",".join(entry for entry in entries.values() if entry)


def _file(path: str, code: str) -> str:
    try:
        return plain_file.given_text(Path(path).expanduser())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}", code=code, why=str(error)) from error


def _key(path: str | None) -> Secret | None:
    return Secret(_file(path, "AZK8S0507")) if path else None


def key_of_a_move(path: str | None, *, new_key: bool, keep_key: bool) -> KeyPair | None:
    """Read the key that a move is to give to the agents; UsageError where the flags contradict."""
    said = [
        flag
        for flag, value in (
            ("--private-key", path),
            ("--new-key", new_key),
            ("--keep-key", keep_key),
        )
        if value
    ]
    if said[1:]:
        raise UsageError(
            f"{' and '.join(said)} contradict each other",
            code="AZK8S0100",
            hints=f"leave out {said[-1]}",
        )
    secret = _key(path)
    return keys.read(secret.reveal()) if secret else None


def _gateway(text: str | None) -> str | None:
    kind = "Microsoft.HybridCompute/gateways"
    return names.arm_id(text, kind, code="AZK8S0106") if text else None


def _scope(text: str | None) -> str | None:
    return names.arm_id(text, "Microsoft.HybridCompute/privateLinkScopes") if text else None


def _protected(texts: Sequence[str]) -> dict[str, dict[str, Secret]]:
    return {
        feature: {name: Secret(value) for name, value in values.items()}
        for feature, values in names.settings(texts).items()
    }


def _no_prechecks(given: Given, environ: Mapping[str, str]) -> bool:
    """The two cases in which the peer runs no diagnostics (B.1.10)."""
    if environ.get("AZURE_LOCAL_DISCONNECTED", "").lower() == "true":
        return True
    local = ("aks_workload", "aks_management", "aks_edge_k3s", "aks_edge_k8s")
    infrastructure, distribution = given["infrastructure"] or "", given["distribution"] or ""
    return infrastructure.lower() == "azure_stack_hci" and distribution.lower() in local
