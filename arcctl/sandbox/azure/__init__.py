"""The Azure side of the sandbox: ARM, Entra, metadata, Graph and the Arc data plane on one port.

The specification is `arm.md` 14 and 15, with `az-on-the-wire.md` 4 to 6 for what az needs beyond.

    routes     → which service and which kind a request is for; turns answers into bytes
    gate       → the checks that ARM makes before any provider is asked, in ARM's order
    kinds      → the table of resource types; each names the functions that answer for it
    clusters, extensions, flux, … → one module per resource type
    state      → what this Azure holds; store, operations and access hold the parts
"""
