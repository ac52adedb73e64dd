"""The vocabulary in which operations are written."""
