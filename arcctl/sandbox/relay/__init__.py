"""Cluster connect, both ends (`arc.md` A1): what Azure runs, and what runs beside kubectl.

`far` is Azure's relay with the agents that wait at it, served by the sandbox. `near` stands in for
Microsoft's relay program: a process of its own that takes what the real one takes (`words`), and is
fetched as the real one is (`artifact`).
"""
