"""The configuration resources of a connected cluster: extensions, Flux, source control (`arm.md` 3-8)."""
