"""Flags, environment and config files become one value, in az's order (`arc.md` H1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import UsageError
from arcctl.settings import OUTPUTS, Flags, Settings, read

if TYPE_CHECKING:
    from pathlib import Path

GUID = "77ade16b-0f55-403b-b7d2-739554a897f2"


class Machine:
    """A machine with its environment and its files."""

    def __init__(self, folder: Path) -> None:
        self.az = folder / "az"
        self.own = folder / "arcctl" / "config"
        self.environ = {"AZURE_CONFIG_DIR": str(self.az), "ARCCTL_HOME": str(folder / "arcctl")}

    def write(self, path: Path, text: str, encoding: str = "utf-8") -> None:
        """Put a file there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding=encoding)

    def az_config(self, text: str) -> None:
        """What `az config set` wrote."""
        self.write(self.az / "config", text)

    def own_config(self, text: str) -> None:
        """Arcctl's own file."""
        self.write(self.own / "config.toml", text)

    def profile(self, text: str) -> None:
        """What `az login` and `az account set` wrote, with az's byte order mark."""
        self.write(self.az / "azureProfile.json", text, "utf-8-sig")

    def read(self, flags: Flags | None = None, **environ: str) -> Settings:
        """The settings of a command on this machine."""
        return read({**self.environ, **environ}, flags or Flags())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nobody has set anything."""
    return Machine(tmp_path)


def test_a_bare_machine_has_defaults(machine: Machine) -> None:
    """The public cloud, and nothing chosen."""
    settings = machine.read()

    assert settings.cloud == "AzureCloud"
    assert (settings.subscription, settings.group, settings.location) == (None, None, None)
    assert (settings.output, settings.tenant, settings.helm) == (None, None, None)
    assert settings.kube_config is None


def test_the_output_is_looked_up_in_order(machine: Machine) -> None:
    """Az's file, arcctl's file, az's variable, arcctl's variable, the flag: each beats the last."""
    machine.az_config("[core]\noutput = table\n")
    assert machine.read().output == "table"

    machine.own_config('output = "yaml"\n')
    assert machine.read().output == "yaml"
    assert machine.read(AZURE_CORE_OUTPUT="tsv").output == "tsv"
    assert machine.read(AZURE_CORE_OUTPUT="tsv", ARCCTL_OUTPUT="none").output == "none"
    assert machine.read(Flags(output="jsonc"), ARCCTL_OUTPUT="none").output == "jsonc"


def test_the_cloud_is_looked_up_in_order(machine: Machine) -> None:
    """The same ladder."""
    machine.az_config("[cloud]\nname = AzureChinaCloud\n")
    assert machine.read().cloud == "AzureChinaCloud"

    machine.own_config('cloud = "AzureUSGovernment"\n')
    assert machine.read().cloud == "AzureUSGovernment"
    assert machine.read(AZURE_CLOUD_NAME="AzureCloud").cloud == "AzureCloud"
    assert machine.read(AZURE_CLOUD_NAME="x", ARCCTL_CLOUD="https://arm").cloud == "https://arm"
    assert machine.read(Flags(cloud="https://other"), ARCCTL_CLOUD="x").cloud == "https://other"


def test_the_subscription_is_looked_up_in_order(machine: Machine) -> None:
    """What `az account set` chose comes last."""
    machine.profile(
        json.dumps({"subscriptions": [{"id": "a"}, {"id": "b", "isDefault": True, "name": "Köln"}]})
    )
    assert machine.read().subscription == "b"

    machine.own_config('subscription = "own"\n')
    assert machine.read().subscription == "own"
    assert machine.read(AZURE_SUBSCRIPTION_ID="env").subscription == "env"
    assert machine.read(Flags(subscription="flag"), AZURE_SUBSCRIPTION_ID="env").subscription == (
        "flag"
    )


def test_group_and_location_have_azs_defaults(machine: Machine) -> None:
    """`az config set defaults.group=…` counts, and so does its variable."""
    machine.az_config("[defaults]\ngroup = edge\nlocation = westeurope\n")
    settings = machine.read()
    assert (settings.group, settings.location) == ("edge", "westeurope")

    settings = machine.read(AZURE_DEFAULTS_GROUP="yard", AZURE_DEFAULTS_LOCATION="eastus")
    assert (settings.group, settings.location) == ("yard", "eastus")


def test_az_lies_in_the_home_where_nothing_else_is_said(tmp_path: Path) -> None:
    """`~/.azure`, of the HOME that the command was given."""
    machine = Machine(tmp_path)
    machine.write(tmp_path / ".azure" / "config", "[defaults]\ngroup = edge\n")
    settings = read({"HOME": str(tmp_path), "ARCCTL_HOME": str(tmp_path)}, Flags())

    assert settings.group == "edge"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"subscriptions": null}', '{"subscriptions": [1]}', "{}"]
)
def test_a_broken_profile_of_az_names_nothing(machine: Machine, text: str) -> None:
    """It is az's to mend; arcctl asks for the subscription later."""
    machine.profile(text)

    assert machine.read().subscription is None


@pytest.mark.parametrize("text", ["no section = 1\n", "[core\n", "[core]\noutput\n", "\x00"])
def test_a_broken_config_of_az_says_nothing(machine: Machine, text: str) -> None:
    """A percent sign, a duplicate or a half line stops no command."""
    machine.az_config(text)

    assert machine.read().output is None


def test_azs_percent_signs_are_only_signs(machine: Machine) -> None:
    """Python's INI files would take them for references."""
    machine.az_config("[defaults]\ngroup = 100%\n")

    assert machine.read().group == "100%"


@pytest.mark.parametrize("text", ["output = \n", "]["])
def test_a_broken_file_of_ones_own_is_an_error(machine: Machine, text: str) -> None:
    """It names the file and the place."""
    machine.own_config(text)
    with pytest.raises(UsageError, match="cannot read") as refused:
        machine.read()

    assert "config.toml" in refused.value.message
    assert "line" in refused.value.why[0]


@pytest.mark.parametrize("output", OUTPUTS)
def test_every_output_of_az_is_known_in_any_case(machine: Machine, output: str) -> None:
    """`-o TABLE` is table, as for az."""
    assert machine.read(Flags(output=output.upper())).output == output


def test_an_unknown_output_is_refused(machine: Machine) -> None:
    """Wherever it was said, with the list of those there are."""
    with pytest.raises(UsageError, match="unknown output format: xml") as refused:
        machine.read(ARCCTL_OUTPUT="xml")

    assert "jsonc" in refused.value.why[0]


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        (None, None),
        ("", None),
        ("kube", "kube"),
        ("'kube'", "kube"),
        ('"a b"', "a b"),
        ("'kube", "kube"),
        ("kube'", "kube"),
        ("\"'kube'\"", "'kube'"),
        ("'", None),
    ],
)
def test_one_quote_at_each_end_of_the_kubeconfig_goes(
    machine: Machine, typed: str | None, path: str | None
) -> None:
    """As the peer strips them (A.2)."""
    assert machine.read(Flags(kube_config=typed)).kube_config == path


def test_one_variable_moves_all_of_arcctls_folders(machine: Machine, tmp_path: Path) -> None:
    """Two runners side by side need two homes."""
    settings = machine.read(ARCCTL_HOME=str(tmp_path / "x"))

    assert {settings.config_home, settings.cache_home, settings.state_home} == {
        tmp_path / "x" / "config",
        tmp_path / "x" / "cache",
        tmp_path / "x" / "state",
    }


def test_a_correlation_id_is_made_or_taken(machine: Machine) -> None:
    """A fresh one for each command, unless one is given."""
    assert machine.read().correlation_id != machine.read().correlation_id
    assert machine.read(Flags(correlation_id=GUID)).correlation_id == GUID
    with pytest.raises(UsageError, match="GUID"):
        machine.read(Flags(correlation_id="mine"))


@pytest.mark.parametrize(
    ("said", "in_ci"), [("true", True), ("True", True), ("1", True), ("", False), ("false", False)]
)
def test_a_pipeline_says_ci(machine: Machine, said: str, in_ci: bool) -> None:
    """CI=true, as all of them do."""
    assert machine.read(CI=said).in_ci is in_ci


def test_helm_is_a_choice_like_any_other(machine: Machine) -> None:
    """File, variable, flag."""
    machine.own_config('helm = "own"\n')
    assert machine.read().helm == "own"
    assert machine.read(ARCCTL_HELM="env").helm == "env"
    assert machine.read(Flags(helm="flag"), ARCCTL_HELM="env").helm == "flag"
