"""What a Terraform or Bicep file must say of a cluster that was moved.

Terraform replaces a connected cluster whose `location` or `agent_public_key_certificate` differs
from its file (`arm.md` 18), so a file that is left as it was undoes the move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.resource_id import ClusterId


@dataclass(frozen=True, slots=True)
class Declared:
    """A move as such a file sees it; `new_key` where the public key is another one afterwards."""

    source: ClusterId
    target: ClusterId
    from_region: str
    to_region: str
    new_key: bool

    @property
    def summary(self) -> str:
        """What must change, in a few words."""
        parts = [f"location {self.to_region}"] if self.from_region != self.to_region else []
        if self.source != self.target:
            parts.append(f"its id, {self.target.group}/{self.target.name}")
        key = "and the new public key" if self.new_key else "the public key stays"
        return ", ".join([*parts, key])

    def snippets(self) -> Iterator[str]:
        """Yield what to write, or to type, for either tool."""
        location = self.from_region != self.to_region
        terraform = [f'location = "{self.to_region}"'] if location else []
        bicep = [f"location: '{self.to_region}'"] if location else []
        ignored = ["location"] if location else []
        if self.new_key:
            terraform.append('agent_public_key_certificate = "NEW-KEY"')
            bicep.append("agentPublicKeyCertificate: 'NEW-KEY'")
            ignored.append("agent_public_key_certificate")
        if self.source != self.target:
            bicep.insert(0, f"name: '{self.target.name}'")
            yield f"Terraform: terraform state rm ADDRESS; terraform import ADDRESS {self.target.path}"
        if terraform:
            yield f"Terraform: {'; '.join(terraform)}"
        if ignored:
            yield f"or Terraform: lifecycle {{ ignore_changes = [{', '.join(ignored)}] }}"
        if bicep:
            yield f"Bicep: {'; '.join(bicep)}"
        if self.new_key:
            query = "--query agentPublicKeyCertificate -o tsv"
            yield f"NEW-KEY: arcctl show {self.target.named} {query}"
