"""arcctl connects Kubernetes clusters to Azure Arc, and looks after them there."""

__version__ = "0.1.0"
