"""Where the record of a run is kept: in a folder of this machine, and in the cluster itself."""
