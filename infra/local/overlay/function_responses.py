"""Lambda's requests that moto answers almost right: AWS's refusals, and processes that end with a change."""

import base64
import io
from typing import Any
from urllib.parse import unquote

from moto.awslambda.responses import LambdaResponse
from moto.core.common_types import TYPE_RESPONSE
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends

from infra.local.overlay import (
    constraints,
    function_urls,
    functions,
    invocations,
    permissions,
    provisioned,
    registry,
    streams,
)
from infra.local.overlay.faults import Fault, NotModelled
from infra.local.overlay.packages import UNZIPPED
from model_packaging.errors import ArchiveTooLarge, UnsafeArchive
from model_packaging.unpack import check_zip

moto_create_function = LambdaResponse.create_function
moto_update_function_code = LambdaResponse.update_function_code
moto_update_function_configuration = LambdaResponse.update_function_configuration
moto_publish_version = LambdaResponse.publish_version
moto_create_alias = LambdaResponse.create_alias
moto_update_alias = LambdaResponse.update_alias
moto_delete_alias = LambdaResponse.delete_alias
moto_delete_function = LambdaResponse.delete_function


def create_function(self: LambdaResponse) -> TYPE_RESPONSE:
    _check("CreateFunction", self.json_body)
    _check_code(self, self.json_body["Code"])
    return _worded(moto_create_function, self)


def update_function_code(self: LambdaResponse) -> TYPE_RESPONSE:
    _check_code(self, self.json_body)
    answer = _worded(moto_update_function_code, self)
    _close(self, _name(self))
    return answer


def update_function_configuration(self: LambdaResponse) -> TYPE_RESPONSE:
    _check("UpdateFunctionConfiguration", {**self.json_body, "FunctionName": _name(self)})
    answer: TYPE_RESPONSE = moto_update_function_configuration(self)
    _close(self, _name(self))
    return answer


def publish_version(self: LambdaResponse) -> TYPE_RESPONSE:
    answer: TYPE_RESPONSE = moto_publish_version(self)
    _close(self, _name(self))
    return answer


def create_alias(self: LambdaResponse) -> TYPE_RESPONSE:
    _refuse_weights(self, "CreateAlias")
    answer: TYPE_RESPONSE = moto_create_alias(self)
    return answer


def update_alias(self: LambdaResponse) -> TYPE_RESPONSE:
    _refuse_weights(self, "UpdateAlias")
    _, headers, body = moto_update_alias(self)
    _close(self, unquote(self.path.split("/")[-3]))
    return 200, {**headers, "status": "200"}, body


def delete_alias(self: LambdaResponse) -> TYPE_RESPONSE:
    """And with it the alias's URL, which otherwise stays without an owner."""
    moto_delete_alias(self)
    name, alias = unquote(self.path.split("/")[-3]), unquote(self.path.split("/")[-1])
    function_urls.urls_of(self.backend).pop((functions.bare_name(name), alias), None)
    provisioned.settings_of(self.backend).pop((functions.bare_name(name), alias), None)
    permissions.forget(self.backend, functions.bare_name(name), alias)
    return 204, {"status": "204"}, ""


def delete_function(self: LambdaResponse) -> TYPE_RESPONSE:
    answer: TYPE_RESPONSE = moto_delete_function(self)
    name = functions.bare_name(unquote(self.path.rstrip("/").rsplit("/", 1)[-1]))
    _close(self, name)
    permissions.forget(self.backend, name, self.querystring.get("Qualifier", [None])[0])
    if "Qualifier" not in self.querystring:
        urls = function_urls.urls_of(self.backend)
        for key in [key for key in urls if key[0] == name]:
            del urls[key]
    return answer


def _refuse_weights(self: LambdaResponse, operation: str) -> None:
    """moto keeps the weights; all invocations would still go to the alias's own version."""
    if (self.json_body.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        raise NotModelled("lambda", operation, "with weights of further versions (RoutingConfig)")


def _name(self: LambdaResponse) -> str:
    return functions.bare_name(unquote(self.path.rstrip("/").rsplit("/", 2)[-2]))


def _close(self: LambdaResponse, name: str) -> None:
    """The processes of what was end; those that are provisioned start again as it is now."""
    name = functions.bare_name(name)
    functions.close(self.current_account, self.region, name)
    provisioned.renew(self.current_account, self.region, name)


def _check(operation: str, request: dict[str, Any]) -> None:
    """AWS's validation of names, enums and bounds. The code is not JSON in the model, so it is left out."""
    findings = constraints.violations(
        "lambda", operation, {**request, "Code": {}} if "Code" in request else request
    )
    if findings:
        raise Fault(400, "ValidationException", constraints.message(findings))


def _worded(change: Any, self: LambdaResponse) -> TYPE_RESPONSE:
    """moto raises AWS's code and words as a plain ValueError where the zip is not in S3."""
    try:
        answer: TYPE_RESPONSE = change(self)
    except ValueError as error:
        if len(error.args) != 2:
            raise
        raise Fault(400, error.args[0], error.args[1]) from error
    return answer


def _check_code(self: LambdaResponse, code: dict[str, Any]) -> None:
    """AWS refuses an image that is not there, a zip that is none, or one that is too large, before anything changes."""
    if "ImageUri" in code:
        try:
            registry.find(self.current_account, self.region, code["ImageUri"])
        except registry.ImageNotFound:
            message = f"Source image {code['ImageUri']} does not exist. Provide a valid source image."
            raise Fault(400, "InvalidParameterValueException", message) from None
    content = _zip_of(self, code)
    if content is None:
        return  # an object that is not there, of which moto speaks
    try:
        check_zip(io.BytesIO(content), UNZIPPED)
    except ArchiveTooLarge:
        message = f"Unzipped size must be smaller than {UNZIPPED.max_bytes} bytes"
        raise Fault(400, "InvalidParameterValueException", message) from None
    except UnsafeArchive as error:
        # AWS says no more than the first two sentences.
        message = f"Could not unzip uploaded file. Please check your file, then try to upload again. {error}"
        raise Fault(400, "InvalidParameterValueException", message) from None


def _zip_of(self: LambdaResponse, code: dict[str, Any]) -> bytes | None:
    if "ZipFile" in code:
        return base64.b64decode(code["ZipFile"])
    if "S3Key" not in code:
        return None
    try:
        backend = s3_backends[self.current_account][self.partition]
        found = backend.get_object(code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion"))
    except S3ClientError:
        return None
    return None if found is None else bytes(found.value)


OPERATIONS = {
    function.__name__: function
    for function in (
        create_function,
        update_function_code,
        update_function_configuration,
        publish_version,
        create_alias,
        update_alias,
        delete_alias,
        delete_function,
        invocations.invoke,
        function_urls.create_function_url_config,
        function_urls.get_function_url_config,
        function_urls.update_function_url_config,
        function_urls.delete_function_url_config,
    )
}
OPERATIONS |= permissions.OPERATIONS | provisioned.OPERATIONS | streams.OPERATIONS
