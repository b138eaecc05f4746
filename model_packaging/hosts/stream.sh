#!/bin/sh
# AWS_LAMBDA_EXEC_WRAPPER: Lambda gives the runtime's Python and script; another module takes the script's place.
cd "$LAMBDA_TASK_ROOT" && exec "$1" -m modelyard_host.stream_runtime
