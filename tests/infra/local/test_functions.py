"""Lambda's Invoke: the deployed zip in a warm process, with Lambda's limits, errors, logs and metrics."""

import base64
import io
import json
import re
import stat
import textwrap
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import RUNTIME, is_gone, new_name, packed_zip, until

CODE = """
import os, pathlib, sys, threading, time

count = 0

def wait(file):
    pathlib.Path(f"{file}.{os.getpid()}").touch()
    while not os.path.exists(file):
        time.sleep(0.01)
    import late

def handler(event, context):
    global count
    count += 1
    print("got", event.get("do"))
    match event.get("do"):
        case "sleep": time.sleep(event["seconds"])
        case "raise": raise ValueError("no good")
        case "exit": sys.exit(3)
        case "grow":
            block = bytearray(event["megabytes"] * 1024 * 1024)
            block[::4096] = b"1" * len(block[::4096])
            time.sleep(2)
        case "large": return "x" * event["characters"]
        case "object": return object()
        case "half": return "\\ud800"
        case "deep":
            deep = []
            for _ in range(100_000):
                deep = [deep]
            return deep
        case "wait": wait(event["file"])
        case "die soon": threading.Timer(0.05, os._exit, [0]).start()
    return {
        "count": count, "pid": os.getpid(), "version": context.function_version,
        "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id, "memory": context.memory_limit_in_mb,
        "cwd": os.getcwd(), "path": sys.path, "variables": dict(os.environ),
    }
"""


@pytest.fixture(scope="module")
def function(make_function) -> str:
    return make_function(CODE, MemorySize=128, Timeout=1, Environment={"Variables": {"COLOUR": "blue"}})


@pytest.fixture
def invoke(functions):
    """Invokes; gives the answer and its payload."""

    def call(name: str, event: dict | None = None, **settings):
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(event or {}), **settings)
        payload = answer["Payload"].read()
        return answer, json.loads(payload) if payload else None

    return call


def tail_of(answer) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def test_the_second_call_finds_the_process_warm(make_function, invoke):
    name = make_function(CODE)
    answer, first = invoke(name, LogType="Tail")
    assert "Init Duration" in tail_of(answer)
    answer, second = invoke(name, LogType="Tail")
    assert "Init Duration" not in tail_of(answer)
    assert (first["pid"], first["count"], second["count"]) == (second["pid"], 1, 2)


def test_what_the_handler_sees(function, invoke):
    answer, seen = invoke(function)
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer
    assert seen["arn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    assert 0 < seen["left"] <= 1000
    assert seen["memory"] == "128"
    variables = seen["variables"]
    assert variables["COLOUR"] == "blue"
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == function
    assert variables["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert variables["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{RUNTIME}"
    assert variables["LAMBDA_TASK_ROOT"] == seen["cwd"] == seen["path"][0]


def test_only_the_zip_the_standard_library_and_what_the_runtime_brings_can_be_imported(make_function, invoke):
    name = make_function("import pydantic\ndef handler(event, context): pass\n")
    answer, error = invoke(name)
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert error["errorMessage"] == "Unable to import module 'app': No module named 'pydantic'"


def test_boto3_is_there_as_in_lambdas_runtime_and_asks_the_embedded_aws(make_function, invoke):
    code = """
        import boto3

        def handler(event, context):
            return boto3.client("sts").get_caller_identity()["Account"]
    """
    assert invoke(make_function(textwrap.dedent(code), Timeout=30))[1] == "123456789012"


def test_a_function_may_bring_another_boto3(make_function, invoke):
    files = {"boto3.py": "version = 'its own'\n"}
    code = "import boto3\ndef handler(event, context): return boto3.version\n"
    assert invoke(make_function(code, files))[1] == "its own"


def test_a_handler_in_a_package(functions, function_role, invoke):
    name = new_name("function")
    files = {"pack/__init__.py": "", "pack/inner.py": "def run(event, context): return event['x'] + 1\n"}
    functions.create_function(
        FunctionName=name,
        Role=function_role,
        Runtime=RUNTIME,
        Handler="pack.inner.run",
        Code={"ZipFile": packed_zip(files)},
    )
    assert invoke(name, {"x": 1})[1] == 2


def test_an_error_of_the_handler(function, invoke):
    answer, error = invoke(function, {"do": "raise"}, LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no good")
    (frame,) = error["stackTrace"]
    assert re.search(r'File ".*/app.py", line \d+, in handler', frame)
    assert re.search(
        r"START .*\ngot raise\n\[ERROR\] ValueError: no good\nTraceback .*END RequestId.*REPORT",
        tail_of(answer),
        re.DOTALL,
    )
    assert "FunctionError" not in invoke(function)[0]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("def other(event, context): pass\n", "Runtime.HandlerNotFound"),
        ("x = (\n", "Runtime.UserCodeSyntaxError"),
        ("import nowhere\n", "Runtime.ImportModuleError"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("raise SystemExit(4)\n", "Runtime.ExitError"),
    ],
)
def test_a_handler_that_does_not_load(make_function, invoke, code, kind):
    answer, error = invoke(make_function(code))
    assert (answer["FunctionError"], error["errorType"]) == ("Unhandled", kind)


@pytest.mark.parametrize("what", ["object", "half", "deep"])
def test_a_result_that_is_not_json(function, invoke, what):
    answer, error = invoke(function, {"do": what})
    assert (answer["FunctionError"], error["errorType"]) == ("Unhandled", "Runtime.MarshalError")


def test_what_loads_for_longer_than_ten_seconds_and_its_timeout_never_answers(make_function, functions):
    name = make_function("import time\ntime.sleep(20)\n\ndef handler(event, context): return 1\n", Timeout=2)
    answer = functions.invoke(FunctionName=name, Payload=b"{}", LogType="Tail")
    error = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorMessage"].endswith("Task timed out after 2.00 seconds")


def test_the_timeout_ends_the_process(function, invoke):
    pid = invoke(function)[1]["pid"]
    started = time.monotonic()
    answer, error = invoke(function, {"do": "sleep", "seconds": 30}, LogType="Tail")
    assert time.monotonic() - started < 3
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert "Task timed out after 1.00 seconds" in tail_of(answer)
    assert not psutil.pid_exists(pid)
    assert invoke(function)[1]["count"] == 1


def test_the_memory_limit_ends_the_process(function, invoke):
    answer, error = invoke(function, {"do": "grow", "megabytes": 300}, LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    used = int(re.search(r"Max Memory Used: (\d+) MB", tail_of(answer))[1])
    assert used > 128


def test_a_handler_that_exits(function, invoke):
    answer, error = invoke(function, {"do": "exit"})
    assert (answer["FunctionError"], error["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert error["errorMessage"].endswith("Runtime exited with error: exit status 3")


def test_concurrent_calls_run_in_processes_of_their_own(make_function, invoke):
    name = make_function(CODE, Timeout=10)
    with ThreadPoolExecutor(3) as pool:
        calls = pool.map(lambda _: invoke(name, {"do": "sleep", "seconds": 0.7})[1], range(3))
        assert len({answer["pid"] for answer in calls}) == 3


def test_reserved_concurrency_throttles(make_function, client, functions):
    name = make_function(CODE)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    impatient = client("lambda", retries={"total_max_attempts": 1})
    with pytest.raises(ClientError) as caught:
        impatient.invoke(FunctionName=name, Payload="{}")
    assert caught.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_large_payloads(function, functions, invoke):
    limit = 6_291_456
    body = json.dumps({"x": "y" * (limit - 9)})
    assert len(body) == limit
    assert "FunctionError" not in functions.invoke(FunctionName=function, Payload=body)
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName=function, Payload=body + " ")
    assert caught.value.response["Error"]["Code"] == "RequestTooLargeException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    answer, error = invoke(function, {"do": "large", "characters": limit + 200})
    assert (answer["FunctionError"], error["errorType"]) == ("Unhandled", "Function.ResponseSizeTooLarge")


def test_a_payload_that_is_not_json(function, functions):
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName=function, Payload="{not json")
    assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_a_payload_in_another_encoding(function, functions):
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName=function, Payload='{"do": "raise"}'.encode("utf-16"))
    assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_a_kind_of_invocation_that_does_not_exist(make_function, functions, client):
    name = make_function(CODE)
    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName=name, InvocationType="Nope", Payload="{}")
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert caught.value.response["Error"]["Message"] == (
        "1 validation error detected: Value 'Nope' at 'invocationType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
    )
    assert log_of(client, name) == []


def test_what_no_invocation_takes_notice_of_is_refused(make_function, functions):
    name = make_function(CODE, Publish=True)
    alias = {"FunctionName": name, "Name": "live"}
    weights = {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}
    functions.create_alias(**alias, FunctionVersion="1", RoutingConfig={})
    for call, request in (
        (functions.create_alias, {**alias, "Name": "other", "FunctionVersion": "1", **weights}),
        (functions.update_alias, {**alias, **weights}),
        (functions.put_function_event_invoke_config, {"FunctionName": name, "MaximumRetryAttempts": 0}),
        (functions.update_function_event_invoke_config, {"FunctionName": name, "MaximumRetryAttempts": 0}),
    ):
        with pytest.raises(ClientError) as caught:
            call(**request)
        assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert [one["Name"] for one in functions.list_aliases(FunctionName=name)["Aliases"]] == ["live"]


def test_events_run_in_the_background_and_dry_runs_do_not_run(make_function, functions, client):
    name = make_function(CODE)
    answer = functions.invoke(FunctionName=name, InvocationType="DryRun", Payload="{}")
    assert answer["StatusCode"] == 204
    answer = functions.invoke(FunctionName=name, InvocationType="Event", Payload='{"do": "later"}')
    assert answer["StatusCode"] == 202
    deadline, messages = time.monotonic() + 10, []
    while "got later" not in messages and time.monotonic() < deadline:
        time.sleep(0.1)
        messages = log_of(client, name)
    assert messages.count("got later") == 1


def log_of(client, name: str) -> list[str]:
    logs = client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in events]


def test_versions_and_aliases(make_function, functions, invoke):
    name = make_function(CODE, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    answer, seen = invoke(name, Qualifier="live")
    assert (answer["ExecutedVersion"], seen["version"]) == ("1", "1")
    assert seen["arn"].endswith(f":function:{name}:live")
    changed = CODE.replace('"count": count', '"count": "changed"')
    code = packed_zip({"app.py": changed})
    functions.update_function_code(FunctionName=name, ZipFile=code, Publish=True)
    assert not psutil.pid_exists(seen["pid"])
    assert invoke(name, Qualifier="live")[1]["count"] == 1  # the old version's code
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert invoke(name, Qualifier="live")[1]["count"] == "changed"
    with pytest.raises(ClientError, match="Function not found"):
        invoke(name, Qualifier="dead")


def test_a_changed_configuration_is_what_runs_next(make_function, functions, invoke):
    name = make_function(CODE)
    pid = invoke(name)[1]["pid"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOUR": "red"}})
    seen = invoke(name)[1]
    assert seen["variables"]["COLOUR"] == "red" and seen["pid"] != pid
    assert not psutil.pid_exists(pid)


def test_a_deleted_function_leaves_no_process(make_function, functions, invoke):
    name = make_function(CODE)
    pid = invoke(name)[1]["pid"]
    functions.delete_function(FunctionName=name)
    assert not psutil.pid_exists(pid)


@pytest.fixture
def crowd(make_function, invoke, tmp_path):
    """Six invocations of a function, of which four run: its name, their processes, how they go on and end."""
    name = make_function(
        CODE, files={"late.py": ""}, Timeout=30, Environment={"Variables": {"COLOUR": "blue"}}
    )
    event = {"do": "wait", "file": str(tmp_path / "go")}
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(invoke, name, event) for _ in range(6)]
        until(lambda: len(list(tmp_path.glob("go.*"))) == 4)
        pids = [int(path.suffix[1:]) for path in tmp_path.glob("go.*")]
        try:
            yield name, pids, (tmp_path / "go").touch, answers
        finally:
            (tmp_path / "go").touch()


def test_a_function_deleted_while_it_runs_ends_what_it_began_and_no_more(crowd, functions):
    name, pids, go, answers = crowd
    folders = {Path(psutil.Process(pid).cwd()) for pid in pids}
    functions.delete_function(FunctionName=name)
    until(lambda: sum(one.done() for one in answers) == 2)
    for waited in (one for one in answers if one.done()):
        assert isinstance(waited.exception(), functions.exceptions.ResourceNotFoundException)
    go()
    assert sorted(one.result()[1]["pid"] for one in answers if one.exception() is None) == sorted(pids)
    until(lambda: all(is_gone(pid) for pid in pids))
    until(lambda: not any(folder.exists() for folder in folders))


def test_a_function_changed_while_it_runs_goes_on_as_it_was(crowd, functions, invoke, tmp_path):
    name, pids, go, answers = crowd
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOUR": "red"}})
    until(lambda: len(list(tmp_path.glob("go.*"))) == 6)  # what waited for its turn runs as it is now
    go()
    seen = [one.result()[1] for one in answers]
    assert {one["pid"] for one in seen if one["variables"]["COLOUR"] == "blue"} == set(pids)
    assert [one["variables"]["COLOUR"] for one in seen].count("red") == 2
    until(lambda: all(is_gone(pid) for pid in pids))
    assert invoke(name)[1]["variables"]["COLOUR"] == "red"


def test_a_process_that_dies_while_idle_leaves_nothing_in_the_server(make_function, invoke, running):
    name, server = make_function(CODE), psutil.Process(running.pid)

    def died() -> None:
        pid = invoke(name, {"do": "die soon"})[1]["pid"]
        until(lambda: is_gone(pid))

    def used() -> tuple[int, int]:
        return server.num_fds(), server.num_threads()

    died()
    before = used()
    for _ in range(3):
        died()
    until(lambda: all(now <= then for now, then in zip(used(), before, strict=True)))


def test_what_moto_forgets_is_kept(make_function, functions):
    sent = {
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/elsewhere"},
        "EphemeralStorage": {"Size": 2048},
        "TracingConfig": {"Mode": "Active"},
    }
    name = make_function(CODE, **sent)
    found = functions.get_function_configuration(FunctionName=name)
    assert {key: found[key] for key in sent} == sent
    functions.update_function_configuration(FunctionName=name, EphemeralStorage={"Size": 512})
    assert functions.get_function_configuration(FunctionName=name)["EphemeralStorage"] == {"Size": 512}
    plain = functions.get_function_configuration(FunctionName=make_function(CODE))
    assert "DeadLetterConfig" not in plain and "Environment" not in plain
    assert plain["LoggingConfig"]["LogFormat"] == "Text"


def test_the_log_is_named_as_on_aws(make_function, invoke, client):
    name = make_function(CODE)
    invoke(name)
    (stream,) = client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream["logStreamName"])
    lines = log_of(client, name)
    assert [line.split()[0] for line in lines] == ["START", "got", "END", "REPORT"]


def test_invocations_are_counted_as_on_aws(make_function, functions, invoke, client):
    name = make_function(CODE, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    invoke(name, {"do": "sleep", "seconds": 0.2})
    invoke(name, {"do": "raise"}, Qualifier="live")

    def total(metric: str, statistic: str = "Sum", **dimensions: str) -> float:
        now = datetime.now(UTC)
        # moto matches a subset of the dimensions: without the alias it counts each invocation twice
        points = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=7200,
            Statistics=[statistic],
        )["Datapoints"]
        return points[0][statistic]

    alias = {"FunctionName": name, "Resource": f"{name}:live"}
    assert (total("Invocations", **alias), total("Errors", **alias)) == (1, 1)
    assert 200 <= total("Duration", "Maximum", FunctionName=name) < 3000  # milliseconds
    assert total("Throttles", FunctionName=name) == 0


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ({"S3Bucket": "no-such-bucket", "S3Key": "x"}, "S3 Error Code: NoSuchBucket"),
        ({"ZipFile": b"no zip"}, "Could not unzip uploaded file"),
        ({"ZipFile": packed_zip({"app.py": "whole"}).replace(b"whole", b"whale")}, "Could not unzip"),
    ],
)
def test_code_that_is_not_there(functions, function_role, code, message):
    with pytest.raises(ClientError) as caught:
        functions.create_function(
            FunctionName="broken", Role=function_role, Runtime=RUNTIME, Handler="a.b", Code=code
        )
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert message in caught.value.response["Error"]["Message"]
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName="broken")


def test_a_function_outlives_an_update_with_no_zip(make_function, functions, invoke):
    name = make_function(CODE)
    with pytest.raises(functions.exceptions.InvalidParameterValueException, match="Could not unzip"):
        functions.update_function_code(FunctionName=name, ZipFile=b"no zip")
    assert invoke(name)[1]["count"] == 1


def test_a_zip_with_a_link_is_refused(functions, function_role):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/hostname")
    with pytest.raises(ClientError, match=r"Could not unzip .* 'link' is neither a plain file nor a folder"):
        functions.create_function(
            FunctionName=new_name("function"),
            Role=function_role,
            Runtime=RUNTIME,
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
        )


def test_a_runtime_that_is_not_here(make_function, invoke):
    name = make_function("def handler(event, context): pass\n", Runtime="python3.6")
    with pytest.raises(ClientError) as caught:
        invoke(name)
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert f"python3.6 is not on the PATH; install it, or deploy with runtime {RUNTIME}" in str(caught.value)


FILES = """
import tempfile
def handler(event, context):
    with tempfile.TemporaryFile() as file:
        file.truncate(event["megabytes"] * 1024 * 1024)
    return "written"
"""


def test_no_file_is_larger_than_tmp(make_function, invoke):
    name = make_function(FILES, EphemeralStorage={"Size": 600})
    assert invoke(name, {"megabytes": 600})[1] == "written"
    answer, error = invoke(name, {"megabytes": 601})
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "OSError"
