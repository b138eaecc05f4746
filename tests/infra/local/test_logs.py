"""The lines of the server, and of one endpoint or function."""

import pytest
from typer.testing import CliRunner

from infra.cli.application import application
from infra.errors import EmbeddedAwsError
from infra.local.logs import lines, logs


def test_the_server_itself(shared_home, running):
    assert any(running.endpoint_url in line for line in logs(shared_home))


def test_an_endpoint_and_a_function(shared_home, make_endpoint, make_function, functions):
    endpoint = make_endpoint()
    assert [line.message for line in lines(shared_home, endpoint)] == ["loading ['weights.bin']"]
    assert logs(shared_home, endpoint)[0].endswith(" loading ['weights.bin']")
    function = make_function("def handler(event, context): print('hello')\n")
    functions.invoke(FunctionName=function, Payload="{}")
    assert [line.message.split()[0] for line in lines(shared_home, function)] == [
        "START",
        "hello",
        "END",
        "REPORT",
    ]


def test_of_nothing(shared_home, running, tmp_path):
    assert logs(shared_home, "nothing") == []
    assert logs(tmp_path / "local") == []
    with pytest.raises(EmbeddedAwsError, match="not running; start it with: modelyard local up"):
        logs(tmp_path / "local", "endpoint")


def test_the_command_says_that_there_is_no_such_log(shared_home, running, tmp_path, monkeypatch):
    (tmp_path / "stacks" / "environments").mkdir(parents=True)
    (tmp_path / ".modelyard").mkdir()
    (tmp_path / ".modelyard" / "local").symlink_to(shared_home)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(application, ["local", "logs", "classify"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith(
        "Nothing named classify has written a line; a log has the name on AWS, such as "
    )
