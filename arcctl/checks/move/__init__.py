"""What a move asks before anything is changed: each question is a function of a MoveSight.

A question returns the rows that it has to say, [] for none. To add one, write it in the module of
its subject, add it to `ASKED` there, and its code to `codes.py` and `docs/reference/plan.md`.
Questions run side by side; what they look at is looked at once.
"""
