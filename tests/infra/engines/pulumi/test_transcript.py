"""What the engine's events come to: as the SDK itself reads them."""

import pytest
from pulumi.automation.events import EngineEvent, OpType

from infra.engines.diagnostics import Diagnostic
from infra.engines.pulumi.transcript import ACTIONS, Transcript

ENDPOINT = "urn:pulumi:dev::shop::aws:sagemaker/endpoint:Endpoint::rank"


def step(
    operation: str, kind: str = "resourcePreEvent", at: int = 0, urn: str = ENDPOINT, **more
) -> EngineEvent:
    """One step on a resource."""
    metadata = {"op": operation, "urn": urn, "type": urn.split("::")[2].split("$")[-1], **more}
    return EngineEvent.from_json({"sequence": 1, "timestamp": at, kind: {"metadata": metadata}})


def said(message: str, severity: str = "error", **more) -> EngineEvent:
    """One line of Pulumi's."""
    told = {"message": message, "severity": severity, "color": "never", **more}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 0, "diagnosticEvent": told})


def heard(*events: EngineEvent) -> Transcript:
    transcript = Transcript()
    for event in events:
        transcript.add(event)
    return transcript


def test_every_step_of_pulumi_has_its_action():
    assert set(ACTIONS) == {operation.value for operation in OpType}


@pytest.mark.parametrize("operation", ["create", "update", "delete", "import"])
def test_a_change_is_told_by_the_blueprint_s_address(operation):
    plan = heard(step(operation)).plan()
    (change,) = plan.changes
    assert (change.address, change.type, change.name) == (
        "aws_sagemaker_endpoint.rank",
        "aws_sagemaker_endpoint",
        "rank",
    )
    assert change.action == operation
    assert not plan.empty


def test_what_is_taken_over_shows_in_the_line():
    assert heard(step("import")).plan().line == "1 to import, 0 to add, 0 to change, 0 to destroy"
    assert heard(step("create")).plan().line == "1 to add, 0 to change, 0 to destroy"


@pytest.mark.parametrize("operation", ["same", "read", "refresh"])
def test_a_look_is_no_change(operation):
    assert heard(step(operation)).plan().empty


def test_a_replacement_is_one_change_with_what_forces_it():
    plan = heard(
        step("replace", keys=["endpointName", "tags"]), step("create-replacement"), step("delete-replaced")
    ).plan()
    (change,) = plan.changes
    assert (change.action, change.reason) == ("replace", "endpointName, tags")
    assert plan.line == "1 to add, 0 to change, 1 to destroy (1 replaced)"


def test_the_stack_and_its_provider_are_not_counted():
    stack = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
    provider = "urn:pulumi:dev::shop::pulumi:providers:aws::aws"
    assert heard(step("create", urn=stack), step("create", urn=provider)).plan().empty


def test_a_child_of_a_component_is_told_by_its_own_type():
    child = "urn:pulumi:dev::shop::modelyard:index:Stack$aws:sns/topic:Topic::mine-told"
    (change,) = heard(step("create", urn=child)).plan().changes
    assert change.address == "aws_sns_topic.mine-told"


def test_an_event_has_the_seconds_since_its_step_began():
    transcript = Transcript()
    begun = transcript.add(step("create", at=100))
    ended = transcript.add(step("create", "resOutputsEvent", at=107, new={"id": "e"}))
    assert (begun.kind, begun.elapsed_seconds) == ("start", 0)
    assert (ended.kind, ended.action, ended.elapsed_seconds, ended.id) == ("complete", "create", 7, "e")
    failed = transcript.add(step("create", "resOpFailedEvent", at=109))
    assert (failed.kind, failed.elapsed_seconds) == ("errored", 9)


def test_an_error_of_a_resource_has_its_address_once():
    transcript = heard(said("AWS said no", urn=ENDPOINT), said("AWS said no", urn=ENDPOINT))
    assert transcript.errors == [Diagnostic("error", "AWS said no", address="aws_sagemaker_endpoint.rank")]


def test_an_error_of_the_program_that_names_a_resource_is_that_resource_s():
    (error,) = heard(said("aws_sagemaker_endpoint.rank: it was rolled back\n")).errors
    assert (error.address, error.summary) == ("aws_sagemaker_endpoint.rank", "it was rolled back")


def test_what_is_only_shown_while_it_lasts_is_not_kept():
    assert heard(said("still at it", ephemeral=True), said("by the way", "info")).errors == []
    (warning,) = heard(said("look out", "warning")).plan().warnings
    assert warning.line == "look out"
