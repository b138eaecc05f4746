"""What runs a handler: the same handler, on SageMaker and on Lambda.

`handler`, `codecs`, `faults`, `events` and `aws_lambda` use the standard library only and refer to each
other relatively: they are copied into a function's zip as the package `modelyard_host`.
"""
