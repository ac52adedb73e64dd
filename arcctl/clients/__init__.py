"""How arcctl reaches the world: ARM, Kubernetes, helm, identity; the only home of HTTP and subprocesses."""
