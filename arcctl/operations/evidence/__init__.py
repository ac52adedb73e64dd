"""What `troubleshoot` collects: one module per subject; `pieces.py` is the one list.

A piece is an async function of a `Tray`, into which it lays its files, with what it could not get.
A new one is written in the module of its subject and named in the list; time, size, redaction,
the index and the archive are not its business.
"""
