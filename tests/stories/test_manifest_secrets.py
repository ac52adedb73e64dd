"""Secrets that a manifest names by a reference, and flags that speak for the same secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

APPLY = "config apply -n harbor -g edge --file harbor.yaml --yes"


def manifest(stage: Stage, reference: dict[str, str]) -> None:
    """Export harbor, point its private repository at a new branch, and its key somewhere."""
    path = stage.folder / "harbor.yaml"
    stage.well("config export -n harbor -g edge --output-file harbor.yaml")
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    [private] = [each for each in whole["children"] if each["name"] == "private"]
    private["body"]["properties"]["gitRepository"]["repositoryRef"]["branch"] = "next"
    private["secrets"] = {"httpsKey": reference}
    path.write_text(yaml.safe_dump(whole), encoding="utf-8")


@pytest.mark.parametrize("reference", [{"file": "keys/private.txt"}, {"env": "NOT_SET_HERE"}])
@pytest.mark.parametrize(
    "flag", ["--protected-settings secrets.yaml", "--waive-secret private/httpsKey"]
)
def test_a_flag_stands_before_the_manifests_reference(
    harbor: Stage, reference: dict[str, str], flag: str
) -> None:
    """The file or variable that the manifest names need not be there; without the flag it must."""
    manifest(harbor, reference)

    refused(harbor.type(APPLY), "file" if "file" in reference else "secret-env", exit_code=2)
    ended = harbor.well(f"{APPLY} {flag}")

    assert ended.data["replace"] == ["fluxConfigurations/private"]
