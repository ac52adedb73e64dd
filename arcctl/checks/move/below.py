"""What hangs on the children of the source, and goes with them: settings and associations of Insights.

No list of the cluster has it, as those of roles, locks and policies do. Associations are found by
Resource Graph, and read where they are. Settings are listed child by child only, so a few are asked.
"""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import TYPE_CHECKING

from arcctl.checks.move.depending import Depending
from arcctl.checks.move.elsewhere import quoted
from arcctl.checks.move.looking import Unseen
from arcctl.errors import AccessError, AzureError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.kinds import Kind
    from arcctl.model.connected_cluster import Body

SETTINGS = "Microsoft.Insights/diagnosticSettings"
ASSOCIATIONS = "Microsoft.Insights/dataCollectionRuleAssociations"
_FEW = 8
_TAKES_NONE = "ResourceTypeNotSupported"


class Below(Depending):
    """Lists of ARM's answers as they came."""

    async def associations_below(self) -> list[Body]:
        """The associations of children with data collection rules and endpoints."""
        if not await self.children():
            return []
        rows = await self.graph(
            f"insightsresources | where type =~ '{ASSOCIATIONS.lower()}'"
            f" and id startswith {quoted([f'{self.asked.source.path}/'])}"
        )
        subject = "data collection associations of children"
        if rows is None:
            self.unseen[subject] = Unseen(subject, self.refusal, needed=False)
            return []
        own = f"{self.asked.source.path}/providers/{ASSOCIATIONS}/".casefold()
        paths = sorted(str(row["id"]) for row in rows)
        below = [path for path in paths if not path.casefold().startswith(own)]
        # Resource Graph lags behind, so it only says where to look.
        found = await asyncio.gather(*(self.looked_at(subject, path) for path in below))
        return [each for each in found if each]

    async def settings_below(self) -> list[Body]:
        """The diagnostic settings of children, as far as a few requests show them."""
        children = sorted(await self.children(), key=lambda child: child.kind)
        kinds = groupby(children, lambda child: child.kind)
        lists = await asyncio.gather(*(self._settings(kind, list(some)) for kind, some in kinds))
        return [each for found in lists for each in found]

    async def _settings(self, kind: Kind, children: Sequence[Child]) -> list[Body]:
        """Ask one child first: where its type takes no settings, the others need not be asked."""
        first, *others = children
        found = await self._settings_of(first)
        if found is None:
            return []
        few, rest = others[: _FEW - 1], others[_FEW - 1 :]
        if rest:
            # No number in the subject: while Azure deletes, children become fewer.
            subject = f"diagnostic settings of further {kind.word}s"
            reason = f"Azure lists them for one at a time; {_FEW} of {len(children)} were read"
            self.unseen[subject] = Unseen(subject, reason, needed=False)
        lists = await asyncio.gather(*map(self._settings_of, few))
        return [*found, *(each for several in lists for each in several or ())]

    async def _settings_of(self, child: Child) -> list[Body] | None:
        """Return the settings of one child; None where Azure knows none of its type."""
        path = f"{self.asked.source.child(child.kind, child.name)}/providers/{SETTINGS}"
        arm = await self.clients.arm()
        try:
            return [each async for each in arm.items(path)]
        except (AccessError, NotFound, AzureError) as error:
            if error.code == _TAKES_NONE:
                return None
            # Whether Azure would say so in other words is not known, so only a refusal stops a move.
            needed = isinstance(error, AccessError)
            self.could_not(f"diagnostic settings of {child.key}", error, needed=needed)
            return []
