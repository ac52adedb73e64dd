"""The words of the command line become a request, or an error before anything is sent (A.2)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.errors import UsageError
from arcctl.model.secret import Secret
from arcctl.operations.reading import connect_request, skip_range, truth
from tests.commands.program import read as typed

if TYPE_CHECKING:
    from arcctl.operations.request import ConnectRequest

SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/privateLinkScopes/one"
GATE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/gateways/one"


def read(*words: str, environ: dict[str, str] | None = None) -> ConnectRequest:
    """The request that `arcctl connect -n harbor -g edge WORDS` makes."""
    given = typed("connect", "-n", "harbor", "-g", "edge", *words)
    return connect_request(given, environ or {}, "com")


def refused(*words: str) -> UsageError:
    """The error with which these words are refused."""
    with pytest.raises(UsageError) as raised:
        read(*words)
    return raised.value


def test_what_is_not_said_changes_nothing() -> None:
    """None everywhere; defaults only where the peer's are visible."""
    request = read()

    assert (request.name, request.group) == ("harbor", "edge")
    assert (request.tags, request.distribution, request.infrastructure) == (None, None, None)
    assert (request.auto_upgrade, request.oidc_issuer, request.private_link) == (None, None, None)
    assert (request.onboarding_timeout, request.wait, request.diagnostics) == (1200, True, True)
    assert not request.proxy
    assert not request.reaches_helm


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("-l westeurope", "region", "westeurope"),
        ("--tags a=b c=d", "tags", {"a": "b", "c": "d"}),
        ("--tags", "tags", {}),
        ("--distribution AKS", "distribution", "aks"),
        ("--distribution-version 1.2", "distribution_version", "1.2"),
        ("--infrastructure Azure_Stack_HCI", "infrastructure", "azure_stack_hci"),
        ("--azure-hybrid-benefit notapplicable", "azure_hybrid_benefit", "NotApplicable"),
        ("--disable-auto-upgrade", "auto_upgrade", False),
        ("--custom-locations-oid o", "custom_locations_oid", "o"),
        ("--enable-oidc-issuer", "oidc_issuer", True),
        ("--enable-oidc-issuer false", "oidc_issuer", False),
        ("--enable-wi", "workload_identity", True),
        (f"--gateway-resource-id {GATE}", "gateway", GATE),
        ("--onboarding-timeout 20m", "onboarding_timeout", 1200),
        ("--no-wait", "wait", False),
        ("--container-log-path /var/log", "container_log_path", "/var/log"),
        ("--config a.b=c a.d=e", "settings", {"a": {"b": "c", "d": "e"}}),
        ("--config-protected a.b=c", "protected_settings", {"a": {"b": Secret("c")}}),
        ("--skip-prechecks", "diagnostics", False),
        ("--adopt", "adopt", True),
        ("--register-providers", "register_providers", True),
    ],
)
def test_a_flag_arrives(words: str, field: str, value: Any) -> None:
    """Each in its own field, spelled as the service spells it."""
    assert getattr(read(*words.split()), field) == value


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--enable-private-link", "--enable-private-link needs a scope"),
        (f"--pls-arm-id {SCOPE}", "a private link scope without private link"),
        (f"--pls-arm-id {SCOPE} --enable-private-link false", "without private link"),
        ("--enable-private-link --pls-arm-id one", "not the id of a privateLinkScopes resource"),
        ("--self-hosted-issuer https://x", "--self-hosted-issuer goes with the OIDC issuer"),
        ("--gateway-resource-id one", "not the id of a gateways resource"),
        ("--distribution gentoo", "--distribution does not know 'gentoo'"),
        ("--infrastructure moon", "--infrastructure does not know 'moon'"),
        ("--azure-hybrid-benefit maybe", "--azure-hybrid-benefit does not know 'maybe'"),
        ("--enable-oidc-issuer perhaps", "--enable-oidc-issuer is true or false, not 'perhaps'"),
        ("--onboarding-timeout soon", "not a length of time"),
        ("--tags microsoft=x", "bad tag"),
        ("--config a=b", "not a configuration setting"),
        ("--config", "not a configuration setting"),
        ("--proxy-cert absent.crt", "cannot read absent.crt"),
        ("--private-key absent.pem", "cannot read absent.pem"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: str, message: str) -> None:
    """With what was wrong, and a code."""
    error = refused(*words.split())

    assert message in error.message
    assert error.code.startswith("AZK8S0")


def test_private_link_with_its_scope_is_read() -> None:
    """The two go together."""
    request = read("--enable-private-link", "--pls-arm-id", SCOPE)

    assert (request.private_link, request.private_link_scope) == (True, SCOPE)


@pytest.mark.parametrize("code", ["AZK8S0103", "AZK8S0507"])
def test_a_missing_file_has_its_own_code(code: str) -> None:
    """The certificate's and the key's."""
    flag = {"AZK8S0103": "--proxy-cert", "AZK8S0507": "--private-key"}[code]

    assert refused(flag, "absent").code == code


def test_the_proxy_is_secret(tmp_path: Path) -> None:
    """URLs hold passwords, so nothing of them is ever printed; the certificate is its content."""
    certificate = tmp_path / "ca.crt"
    certificate.write_text("PEM")
    request = read(
        *("--proxy-https", "http://me:marked@p", "--proxy-http", "http://me:marked@q"),
        *("--proxy-skip-range", "Arc, 10.0.0.0/8", "--custom-ca-cert", str(certificate)),
    )

    assert request.proxy.https == Secret("http://me:marked@p")
    assert request.proxy.certificate == Secret("PEM")
    assert request.reaches_helm
    assert "marked" not in repr(request)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("10.0.0.0/8,.svc", "10.0.0.0/8,.svc"),
        (" a , b ,, a ,B", "a,b"),
        (
            "x,Arc",
            "x,.his.arc.azure.us,.dp.kubernetesconfiguration.azure.us,.guestconfiguration.azure.us",
        ),
        (
            ".HIS.arc.azure.us,ARC",
            ".HIS.arc.azure.us,.dp.kubernetesconfiguration.azure.us,.guestconfiguration.azure.us",
        ),
        ("arctic", "arctic"),
    ],
)
def test_the_word_arc_stands_for_arcs_hosts(text: str, entries: str) -> None:
    """Trimmed, each once whatever its case, in order, and never escaped (B.1.4)."""
    assert skip_range(text, "us") == entries


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("Yes", True),
        ("1", True),
        ("on", True),
        ("", True),
        ("false", False),
        ("NO", False),
        ("0", False),
        ("off", False),
        (None, None),
    ],
)
def test_truths_have_azs_words(word: str | None, value: bool | None) -> None:
    """1, yes, true, on, and their opposites (`arc.md` H1)."""
    assert truth("--flag", word) is value


@pytest.mark.parametrize(
    ("environ", "field", "value"),
    [
        ({"RELEASETRAIN": "preview"}, "train", "preview"),
        ({"RELEASETRAIN": ""}, "train", "stable"),
        ({"HELMCHART": "/charts/x"}, "chart_override", "/charts/x"),
        ({"HELMREGISTRY": "r/x:1"}, "registry_override", "r/x:1"),
        ({"HELMVALUESPATH": "v.yaml"}, "values_file", Path("v.yaml")),
        ({"AZURE_LOCAL_DISCONNECTED": "True"}, "diagnostics", False),
        ({"AZURE_LOCAL_DISCONNECTED": "false"}, "diagnostics", True),
    ],
)
def test_the_peers_variables_count(environ: dict[str, str], field: str, value: Any) -> None:
    """As they are documented (D.1)."""
    assert getattr(read(environ=environ), field) == value


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("--infrastructure azure_stack_hci --distribution aks_workload", False),
        ("--infrastructure azure_stack_hci --distribution k3s", True),
        ("--infrastructure AZURE_STACK_HCI --distribution AKS_EDGE_K3S", False),
        ("--distribution aks_workload", True),
    ],
)
def test_azure_local_needs_no_diagnostics(words: str, asked: bool) -> None:
    """The one case of B.1.10 that flags decide, in any case."""
    assert read(*words.split()).diagnostics is asked


@pytest.mark.parametrize(
    "url",
    [
        "http://user:pa%40ss@proxy:3128",
        "https://user:p#w/x@proxy.example.com",
        "proxy.example.com:3128",
        "proxy",
        "HTTP://[::1]:3128/",
    ],
)
def test_a_proxy_that_az_takes_is_taken(url: str) -> None:
    """Without a scheme too, and with a password as it is."""
    found = read("--proxy-https", url).proxy.https

    assert found
    assert found.reveal() == url


@pytest.mark.parametrize("url", ["not a url", "…", "URL", "http://", "ftp://p", "http://H:PORT"])
def test_a_proxy_that_is_no_url_is_refused(url: str) -> None:
    """As a placeholder is that was pasted as it stood."""
    with pytest.raises(UsageError) as caught:
        read("--proxy-http", url)

    assert caught.value.code == "AZK8S0100"


@pytest.mark.parametrize(
    ("words", "reaches"),
    [
        ("--proxy-http http://p", True),
        ("--disable-auto-upgrade", True),
        ("--enable-oidc-issuer", True),
        ("--config a.b=c", True),
        ("--tags a=b", False),
        ("--distribution k3s", False),
        ("--no-wait", False),
    ],
)
def test_some_flags_reach_the_agents(words: str, reaches: bool) -> None:
    """What ends in helm's values must run helm again."""
    assert read(*words.split()).reaches_helm is reaches
