"""What runs a handler: the same handler, on SageMaker and on Lambda.

`handler`, `codecs` and what they stand on, `events` and `aws_lambda` use the standard library only and refer to each
other relatively: they are copied into a function's zip as the package `modelyard_host`
(`model_packaging.artifact.HOST_MODULES`).
"""
