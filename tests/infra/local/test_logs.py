"""The lines of the server, and of one endpoint or function."""

import pytest
from typer.testing import CliRunner

from infra import environment, project
from infra.cli.application import application
from infra.connection import connect
from infra.errors import EmbeddedAwsError, Misuse
from infra.ledger import Deployed, Ledger
from infra.local.logs import lines, logs
from tests.infra.local.conftest import REGION


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


@pytest.fixture
def embedded(shared_home, running, tmp_path, monkeypatch):
    """A project with two environments on this embedded AWS, in which the verb is run; gives what each records."""
    folder = tmp_path / environment.DIRECTORY
    folder.mkdir(parents=True)
    (tmp_path / ".modelyard").mkdir()
    (tmp_path / ".modelyard" / "local").symlink_to(shared_home)
    monkeypatch.chdir(tmp_path)
    values = f'region = "{REGION}"\naccount_id = "123456789012"\nembedded_aws = true\n'
    for name in ("one", "two"):
        (folder / f"{name}.toml").write_text(values)
    (folder / "away.toml").write_text(values.replace("true", "false"))
    (folder / "broken.toml").write_text("region = 1")

    def record(name: str, *deployed: Deployed) -> None:
        ledger = Ledger.on(connect(environment.load(name, tmp_path), project.find(tmp_path)))
        if not ledger.exists():
            ledger.client.create_bucket(Bucket=ledger.bucket)
        ledger.write("shop", list(deployed))

    yield record
    record("one")
    record("two")


def shown(name: str):
    return CliRunner().invoke(application, ["local", "logs", name])


def endpoint(name: str, workload: str) -> Deployed:
    return Deployed("shop", workload, "RealtimeEndpoint", name, "any")


@pytest.mark.parametrize("name", ["rank", "shop/rank"])
def test_the_command_finds_a_workload_by_the_names_that_invoke_takes(embedded, make_endpoint, name):
    embedded("one", endpoint(made := make_endpoint(), "rank"))
    done = shown(name)
    assert done.exit_code == 0 and done.stdout.endswith(" loading ['weights.bin']\n")
    assert shown(made).stdout == done.stdout


def test_the_command_says_that_nothing_was_written_yet(embedded):
    embedded("one", endpoint("one-shop-rank", "rank"))
    done = shown("rank")
    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        "",
        "one-shop-rank has not written a line yet.\n",
    )


def test_the_command_names_what_there_is_where_a_name_is_unknown(embedded):
    told = "Nothing named 'classify' is deployed to the embedded AWS; "
    assert str(shown("classify").exception) == f"{told}deploy a stack first."
    embedded("one", endpoint("one-shop-rank", "rank"), endpoint("one-shop-sort", "sort"))
    assert isinstance(shown("classify").exception, Misuse)
    assert str(shown("classify").exception) == f"{told}write one of shop/rank, shop/sort, or a name on AWS."


def test_the_command_does_not_choose_among_environments(embedded):
    embedded("one", endpoint("one-shop-rank", "rank"))
    embedded("two", endpoint("two-shop-rank", "rank"))
    assert str(shown("rank").exception) == (
        "'rank' is deployed more than once to the embedded AWS; write one of one-shop-rank, two-shop-rank."
    )
    assert shown("two-shop-rank").stderr == "two-shop-rank has not written a line yet.\n"
