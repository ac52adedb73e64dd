"""A source control configuration is written down in the cluster while config-agent runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sandbox.living import QUIET_AGENTS

if TYPE_CHECKING:
    from tests.sandbox.living import Living

OLD = "sourceControlConfigurations/old"
CONFIG = "/apis/clusterconfig.azure.com/v1beta1/namespaces/apps/gitconfigs/old"
REPOSITORY = {"repositoryUrl": "https://git.example/old", "operatorNamespace": "apps"}


async def test_a_configuration_has_a_gitconfig_of_its_name(harbor: Living) -> None:
    """In the operator's namespace; it goes with the configuration."""
    await harbor.put(OLD, **REPOSITORY)
    found = await harbor.until_there(CONFIG)
    await harbor.delete(OLD, 200)
    await harbor.until_gone(CONFIG)

    assert found["spec"]["giturl"] == "https://git.example/old"
    assert found["spec"]["operatorScope"] == "cluster"


async def test_agents_that_are_quiet_hear_nothing(harbor: Living) -> None:
    """Azure is done at once all the same."""
    await harbor.scale("azure-arc", 0, *QUIET_AGENTS)
    await harbor.put(OLD, **REPOSITORY)

    assert (await harbor.shown(OLD))["provisioningState"] == "Succeeded"
    assert await harbor.items("/apis/clusterconfig.azure.com/v1beta1/gitconfigs") == []
    await harbor.scale("azure-arc", 1, *QUIET_AGENTS)
    await harbor.until_there(CONFIG)
