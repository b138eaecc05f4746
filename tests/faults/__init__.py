"""A network that loses things, in front of the embedded AWS."""
