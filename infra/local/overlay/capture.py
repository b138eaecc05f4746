"""Data capture: a share of an endpoint's requests and answers, as AWS's JSON lines in S3.

AWS gathers some before it writes an object; here each pair is one.
"""

import base64
import json
import random
import uuid
from collections.abc import Mapping
from typing import Any

from infra.local.exchange import Reply
from infra.local.overlay import objects
from infra.local.overlay.variants import Call, Variant

INPUT, OUTPUT = "Input", "Output"
SIDES = {"Input": {INPUT}, "Output": {OUTPUT}, "InputAndOutput": {INPUT, OUTPUT}}
ENCODINGS = {"CSV": "CsvContentTypes", "JSON": "JsonContentTypes"}


def capture(config: Mapping[str, Any] | None, variant: Variant, call: Call, reply: Reply) -> None:
    """Keep one request and its answer, if the configuration says so and chance does."""
    if config is None or not config.get("EnableCapture"):
        return
    if random.random() * 100 >= config["InitialSamplingPercentage"]:  # noqa: S311 - a sample, not a secret
        return
    site = variant.site
    now = site.machine.clock()
    event_id = str(uuid.uuid4())
    line = {
        "captureData": _data(config, call, reply),
        "eventMetadata": {
            **_metadata(call),
            "eventId": event_id,
            "inferenceTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        },
        "eventVersion": "0",
    }
    name = f"{now:%Y/%m/%d/%H/%M-%S}-{now.microsecond // 1000:03}-{event_id}.jsonl"
    uri = objects.join(config["DestinationS3Uri"], site.endpoint, variant.name, name)
    content = json.dumps(line).encode() + b"\n"
    try:
        objects.write(site.account_id, site.partition, uri, content, "application/x-jsonlines")
    except LookupError as error:
        variant.note(f"A request could not be captured: {error}")


def _data(config: Mapping[str, Any], call: Call, reply: Reply) -> dict[str, Any]:
    wanted = set().union(*(SIDES[option["CaptureMode"]] for option in config["CaptureOptions"]))
    answered = {name.lower(): value for name, value in reply.headers.items()}
    sides = {
        INPUT: (call.body, call.headers.get("Content-Type", "application/octet-stream")),
        OUTPUT: (reply.body, answered.get("content-type", "application/octet-stream")),
    }
    return {
        f"endpoint{side}": _side(config, side, *sides[side]) for side in (INPUT, OUTPUT) if side in wanted
    }


def _side(config: Mapping[str, Any], side: str, body: bytes, content_type: str) -> dict[str, str]:
    header = config.get("CaptureContentTypeHeader", {})
    plain = content_type.partition(";")[0].strip().lower()
    encoding = next(
        (one for one, key in ENCODINGS.items() if plain in map(str.lower, header.get(key, []))), "BASE64"
    )
    text = _text(body) if encoding != "BASE64" else None
    return {
        "observedContentType": content_type,
        "mode": side.upper(),
        "data": base64.b64encode(body).decode() if text is None else text,
        "encoding": "BASE64" if text is None else encoding,
    }


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _metadata(call: Call) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in call.headers.items()}
    found: dict[str, Any] = {}
    if "x-amzn-sagemaker-custom-attributes" in headers:
        found["customAttributes"] = [headers["x-amzn-sagemaker-custom-attributes"]]
    if "x-amzn-sagemaker-inference-id" in headers:
        found["inferenceId"] = headers["x-amzn-sagemaker-inference-id"]
    return found
