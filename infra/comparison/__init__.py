"""Which way of serving a workload costs least: what is asked of it, which plans there are, and how it is told."""
