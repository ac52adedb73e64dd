"""Words that cannot be meant: refused with a code and a next step, before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from tests.clients.helm.scripts import script
from tests.stage import Stage, staged
from tests.stories.pasting import tried
from tests.stories.refusals import CONNECT, changes, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BY_ID = "00000000-0000-0000-0000-0000000000ff"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[Stage]:
    """One sandbox for all, which no test of this file may change: that is what they assert."""
    with staged(tmp_path_factory.mktemp("stage"), helm4) as stage:
        yield stage


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("connect -n -harbor -g edge", "AZK8S0100", "the first a letter or digit"),
        (f"connect -n {'h' * 64} -g edge", "AZK8S0100", "1 to 63 letters"),
        ("connect -n 'har bor' -g edge", "AZK8S0100", "not a name for a connected cluster"),
        ("connect -n harbor -g edge.", "AZK8S0100", "the last not a '.'"),
        ("connect -n harbor -g 'ed!ge'", "AZK8S0100", "not a name for a resource group"),
        ("show -n 'har/bor' -g edge", "AZK8S0100", "not a name for a connected cluster"),
        ("delete -n harbor -g 'ed/ge' --yes", "AZK8S0100", "not a name for a resource group"),
        (f"{CONNECT} --tags =x", "AZK8S0100", "a tag's name has 1 to 512 characters"),
        (f"{CONNECT} --tags 'a<b=x'", "AZK8S0100", "may not hold <"),
        (f"{CONNECT} --tags azure-team=x", "AZK8S0100", "are reserved"),
        (f"{CONNECT} --tags a={'x' * 257}", "AZK8S0100", "256 characters at most"),
        (f"{CONNECT} --onboarding-timeout soon", "AZK8S0100", "write seconds (1200)"),
        (f"{CONNECT} --distribution penguin", "AZK8S0100", "does not know 'penguin'"),
        (f"{CONNECT} --proxy-cert nowhere.pem", "AZK8S0103", "cannot read nowhere.pem"),
        (f"{CONNECT} --private-key nowhere.pem", "AZK8S0507", "cannot read nowhere.pem"),
        (f"{CONNECT} --config proxy=x", "AZK8S0100", "feature.setting=value"),
        (f"{CONNECT} --enable-private-link true", "AZK8S0100", "needs a scope"),
        (f"{CONNECT} --gateway-resource-id depot", "AZK8S0106", "Microsoft.HybridCompute/gateways"),
        (f"{CONNECT} -l atlantis", "AZK8S0104", "offered in australiaeast, "),
        (f"{CONNECT} -l westeurop", "AZK8S0104", "did you mean westeurope"),
        (f"{CONNECT} -o pretty", "usage", "one of json, "),
        (f"{CONNECT} --correlation-id 7", "usage", "--correlation-id is a GUID"),
        (f"{CONNECT} --colour red", "usage", "--colour"),
        ("connect -g edge", "usage", "--name"),
        ("connect -n harbor", "usage", "which resource group?"),
    ],
)
def test_a_word_that_cannot_be_meant_is_refused(
    untouched: Stage, line: str, code: str, said: str
) -> None:
    """Names, tags, times, files, regions: exit 2, the rule that was broken, and nothing is sent."""
    refused(untouched.type(line), code, exit_code=2, said=said)

    assert changes(untouched) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"{[: \x00", "cannot read the kubeconfig mine"),
        (b"hello", "is not a kubeconfig"),
        (b"- a\n- b\n", "is not a kubeconfig"),
        (b"\xff\xfe\x00\x01", "cannot read the kubeconfig mine"),
        (b"apiVersion: v1\nkind: Config\n", "no current context"),
        (b"apiVersion: v1\nkind: Config\ncontexts: 7\n", "kubeconfig"),
        (b"[" * 200_000 + b"]" * 200_000, "cannot read the kubeconfig mine"),
        (b"a: " + b"[" * 2_000 + b"]" * 2_000, "cannot read the kubeconfig mine"),
    ],
    ids=[
        "empty",
        "garbage",
        "text",
        "list",
        "binary",
        "bare",
        "wrong types",
        "deep",
        "deep enough",
    ],
)
def test_a_kubeconfig_that_is_none_is_refused(untouched: Stage, content: bytes, said: str) -> None:
    """Whatever the file holds, the message names it and says what is wrong with it."""
    (untouched.folder / "mine").write_bytes(content)

    ended = refused(untouched.type(f"{CONNECT} --kube-config mine"), "AZK8S0200", said=said)

    assert "object" not in ended.err
    assert changes(untouched) == []


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--kube-config nowhere", "nowhere: no such file"),
        ("--kube-config .", "cannot read the kubeconfig ."),
        ("--kube-context nowhere", "contexts: sandbox"),
    ],
)
def test_a_kubeconfig_that_is_not_there_is_refused(untouched: Stage, flag: str, said: str) -> None:
    """A missing file is named; a missing context is answered with the contexts there are."""
    ended = refused(untouched.type(f"{CONNECT} {flag}"), "AZK8S0200", said=said)
    assert not [each for each in tried(ended.err) if "--context" in each and "config" in each]

    assert changes(untouched) == []


def test_an_agents_values_file_that_is_too_deep_is_refused(untouched: Stage) -> None:
    """It is named, and nothing is sent."""
    (untouched.folder / "deep").write_bytes(b"a: " + b"[" * 20_000 + b"]" * 20_000)
    line = f"{CONNECT} --yes"

    ended = untouched.type(line, HELMVALUESPATH="deep")

    assert (ended.code, "cannot read the values file deep" in ended.err) == (2, True), ended.err
    assert changes(untouched) == []


def test_a_kubeconfig_that_may_not_be_read_is_refused(untouched: Stage) -> None:
    """Root reads everything, so a loop of links stands for a file that refuses to be opened."""
    (untouched.folder / "loop").symlink_to(untouched.folder / "loop")

    refused(untouched.type(f"{CONNECT} --kube-config loop"), "AZK8S0200")

    assert changes(untouched) == []


@pytest.mark.parametrize(
    ("flags", "environ", "exit_code", "said"),
    [
        ("--subscription Atlantis", {}, 3, "Sandbox Two"),
        (f"--subscription {BY_ID}", {}, 3, f"'{BY_ID}' could not be found"),
        ("", {"AZURE_SUBSCRIPTION_ID": ""}, 2, "Sandbox Two"),
    ],
)
def test_a_subscription_must_be_there_and_be_the_only_one(
    untouched: Stage, flags: str, environ: dict[str, str], exit_code: int, said: str
) -> None:
    """An unknown name lists those there are; none named of several asks which."""
    ended = untouched.type(f"{CONNECT} {flags}", **environ)

    code = "no-subscription" if environ else "SubscriptionNotFound"
    refused(ended, code, exit_code=exit_code, said=said)
    assert changes(untouched) == []


TOKEN = "marked-first\nmarked-second"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("delete -n harbor -g edge --yes", 1),
        (CONNECT, 1),
        ("move -n harbor -g edge --target-region westus --dry-run", 1),
        ("history", 0),
        ("check -n harbor -g edge", 5),
        ("check --before connect -n harbor -g edge", 5),
    ],
)
def test_a_token_with_a_line_break_is_not_printed(untouched: Stage, line: str, code: int) -> None:
    """A credential plug-in has printed it: words without it, and no check that counts as passed."""
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
    plugin = script(
        untouched.folder,
        f"import json; print(json.dumps({answer!r} | {{'status': {{'token': {TOKEN!r}}}}}))",
        name="plugin",
    )
    ours = yaml.safe_load((untouched.folder / untouched.environment["KUBECONFIG"]).read_text())
    command = {"apiVersion": answer["apiVersion"], "command": str(plugin)}
    ours["users"][0]["user"] = {"exec": command | {"interactiveMode": "Never"}}
    (untouched.folder / "broken").write_text(yaml.safe_dump(ours))

    for debug in ("", " --debug"):
        ended = untouched.type(f"{line} --kube-config broken{debug}")

        assert ended.code == code, ended.err
        assert "cannot be sent" in ended.err + ended.out
        assert "marked" not in ended.err + ended.out
        assert debug or "Traceback" not in ended.err
    assert changes(untouched) == []


@pytest.mark.parametrize(
    ("line", "environ"),
    [
        ("connect -n harbor -g edge -l west\udcff", {}),
        ("update -n harbor -g edge --tags site=pier\udcff --yes", {}),
        ("show -n harbor", {"AZURE_DEFAULTS_GROUP": "edge\udcff"}),
    ],
)
def test_bytes_that_are_no_text_are_refused(
    untouched: Stage, line: str, environ: dict[str, str]
) -> None:
    """As a terminal with another encoding types them; what the environment holds is not repeated."""
    ended = refused(untouched.type_apart(line, **environ), "usage", exit_code=2, said="UTF-8")

    assert ("edge" in ended.err.partition("\n")[0]) is False
    assert changes(untouched) == []


@pytest.mark.parametrize(
    "files",
    [
        "--protected-settings own.txt --report own.txt",
        "--protected-settings own.txt --plan-out ./own.txt --dry-run",
        "--plan own.txt --report other.txt",
        "--private-key own.txt --report own.txt",
        "--plan-out own.txt --report own.txt",
    ],
)
def test_nothing_is_written_over_what_is_given(untouched: Stage, files: str) -> None:
    """Secrets, key or plan may be the only copy; `other.txt` is the same file by another name."""
    own = untouched.folder / "own.txt"
    own.write_text("mine")
    (untouched.folder / "other.txt").unlink(missing_ok=True)
    (untouched.folder / "other.txt").hardlink_to(own)

    line = f"move -n harbor -g edge --target-region westeurope {files}"
    ended = refused(untouched.type(line), "usage", exit_code=2, said="name the same file")

    assert own.read_text() == "mine", ended.err
