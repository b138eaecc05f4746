"""The `sagemaker` host on this machine, with a page to try it: what `modelyard serve` runs. No container carries it."""
