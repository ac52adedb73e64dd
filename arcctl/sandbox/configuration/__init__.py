"""What the agents make of a cluster's children, through the cluster's API alone.

The played extension-manager, config agent and Flux controllers (`arm.md` 4.6, 5.9, `arc.md` A4, E2).
"""
