"""A cluster's children: read, written to files, put back in their order."""
