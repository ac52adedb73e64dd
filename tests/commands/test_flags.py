"""Every flag of the peer is there, with its names, its kind and its default (A.2, A.5, A.7)."""

from __future__ import annotations

import inspect

import pytest
from arcctl.settings import Flags
from tests.commands.program import command, options

SWITCH, TEXT, MANY, TRUTH = "switch", "text", "many", "truth"

GLOBAL = [
    ("--output -o", TEXT, None),
    ("--query", TEXT, None),
    ("--subscription", TEXT, None),
    ("--only-show-errors", SWITCH, False),
    ("--verbose", SWITCH, False),
    ("--debug", SWITCH, False),
]
NAME = [("--name -n", TEXT, "required"), ("--resource-group -g", TEXT, None)]
NAME_OR_IDS = [
    ("--name -n", TEXT, None),
    ("--resource-group -g", TEXT, None),
    ("--ids", MANY, None),
]
CLUSTER = [
    ("--kube-config", TEXT, None),
    ("--kube-context", TEXT, None),
    ("--skip-ssl-verification", SWITCH, False),
]
CONNECT = [
    ("--location -l", TEXT, None),
    ("--tags", MANY, None),
    ("--proxy-https", TEXT, None),
    ("--proxy-http", TEXT, None),
    ("--proxy-skip-range", TEXT, None),
    ("--proxy-cert --custom-ca-cert", TEXT, None),
    ("--distribution", TEXT, None),
    ("--distribution-version", TEXT, None),
    ("--infrastructure", TEXT, None),
    ("--azure-hybrid-benefit", TEXT, None),
    ("--disable-auto-upgrade", SWITCH, False),
    ("--custom-locations-oid", TEXT, None),
    ("--enable-private-link", TRUTH, None),
    ("--private-link-scope-resource-id --pls-arm-id", TEXT, None),
    ("--onboarding-timeout", TEXT, "1200"),
    ("--no-wait", SWITCH, False),
    ("--correlation-id", TEXT, None),
    ("--container-log-path", TEXT, None),
    ("--yes -y", SWITCH, False),
    ("--enable-oidc-issuer", TRUTH, None),
    ("--self-hosted-issuer", TEXT, None),
    ("--enable-workload-identity --enable-wi", TRUTH, None),
    ("--gateway-resource-id", TEXT, None),
    ("--configuration-settings --config", MANY, None),
    ("--config-protected-settings --config-protected", MANY, None),
]
DELETE = [
    ("--force", SWITCH, False),
    ("--no-wait", SWITCH, False),
    ("--yes -y", SWITCH, False),
]
# The peer has no wait; these are the words that az gives to those of other groups.
WAIT = [
    ("--created", SWITCH, False),
    ("--deleted", SWITCH, False),
    ("--updated", SWITCH, False),
    ("--custom", TEXT, None),
    ("--interval", TEXT, "30"),
    ("--timeout", TEXT, "3600"),
]
LIST = [("--resource-group -g", TEXT, None)]

PROXY = [
    ("--token", TEXT, None),
    ("--kube-context", TEXT, None),
    ("--file -f", TEXT, "~/.kube/config"),
    ("--port", TEXT, 47011),
]

TABLE = [
    (verb, *row)
    for verb, rows in {
        "connect": NAME + CLUSTER + CONNECT + GLOBAL,
        "delete": NAME_OR_IDS + CLUSTER + DELETE + GLOBAL,
        "show": NAME_OR_IDS + CLUSTER + GLOBAL,
        "list": LIST + GLOBAL,
        "wait": NAME_OR_IDS + WAIT + GLOBAL,
        "proxy": NAME_OR_IDS + PROXY + GLOBAL,
    }.items()
    for row in rows
]


def kind_of(option: object) -> str:
    """Which of the four kinds an option is."""
    if getattr(option, "is_flag", False):
        return SWITCH
    if getattr(option, "multiple", False):
        return MANY
    return TRUTH if getattr(option, "metavar", "") == "true|false" else TEXT


@pytest.mark.parametrize(
    ("verb", "names", "kind", "default"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE]
)
def test_a_flag_of_the_peer_is_there(verb: str, names: str, kind: str, default: object) -> None:
    """All its spellings are one option, of the peer's kind; None is "not said"."""
    known = options(verb)
    spelled = {id(known[name]) for name in names.split()}
    option = known[names.split()[0]]

    assert len(spelled) == 1
    assert kind_of(option) == kind
    assert option.required is (default == "required")
    assert option.required or (option.default or None) == (default or None)


@pytest.mark.parametrize("verb", ["connect", "delete", "show", "list", "wait", "proxy"])
def test_every_option_has_its_help(verb: str) -> None:
    """One sentence each, and an example for the command."""
    silent = [name for name, option in options(verb).items() if not option.help]

    assert silent == []
    assert f"Example: arcctl {verb}" in (command(verb).help or "")


@pytest.mark.parametrize("verb", ["connect", "delete", "show", "list", "wait"])
def test_flags_become_settings_by_their_names(verb: str) -> None:
    """Each field of Flags is an option somewhere, under the same name."""
    names = {option.name for option in options(verb).values()}
    common = {"subscription", "output", "query", "progress", "only_show_errors", "verbose", "debug"}

    assert common <= names & set(inspect.signature(Flags).parameters)
