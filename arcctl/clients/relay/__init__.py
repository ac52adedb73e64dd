"""The near end of cluster connect: Microsoft's relay program, fetched, started, and spoken to.

`program` has it on disk, `near` runs it and talks to it, `proof` gets the access tokens that it
asks for (`connectedk8s.md` B.6).
"""
