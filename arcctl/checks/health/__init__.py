"""What `check` asks about a cluster that should be well: one module per category.

`questions.py` is the one list. A question here changes nothing, costs a look that others share,
and stands as a heading in `docs/reference/checks.md`.
"""
