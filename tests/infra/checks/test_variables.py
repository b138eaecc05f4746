import pytest

from infra.blueprint import blueprint
from infra.checks import variables
from tests.infra.checks.told import told
from tests.infra.conftest import asynchronous, function, multi_model, realtime, serverless
from tests.infra.test_blueprint import keys

INSTEAD = "keep what is large in a file of the model's folder."


@pytest.mark.parametrize("make", [realtime, asynchronous, serverless, multi_model])
def test_more_variables_than_sagemaker_takes(make_stack, make):
    workload = make(environment={f"K{number}": "" for number in range(98)})
    assert told(make_stack(workload)) == [
        f"{workload.name}: environment has 98 variables; SageMaker takes 94 beside ours: {INSTEAD}"
    ]


def test_a_value_that_is_too_long(make_stack):
    assert told(make_stack(realtime(environment={"TEXT": "ä" * 513}))) == [
        f"rank: variable 'TEXT' has 1026 bytes; SageMaker takes 1024 for a name and for a value: {INSTEAD}"
    ]


def test_more_in_all_than_sagemaker_takes(make_stack):
    many = {f"K{number:02}": "x" * 1000 for number in range(33)}
    assert told(make_stack(realtime(environment=many))) == [
        f"rank: environment has 33099 bytes; SageMaker takes 32559 beside ours: {INSTEAD}"
    ]


def test_a_function_has_limits_of_its_own(make_stack):
    assert not any(
        "SageMaker" in line for line in told(make_stack(function(environment={"A_B": "x" * 1025})))
    )


def test_a_function_s_variable_has_a_longer_name_than_one_letter(make_stack):
    assert told(make_stack(realtime(environment={"A": "x"}))) == []
    assert told(make_stack(function(environment={"A": "x"}))) == [
        "rank-small: AWS takes no variable named 'A'; write letters, digits and underscores, a letter first, and two "
        "of them or more."
    ]


@pytest.mark.parametrize("make", [realtime, asynchronous, serverless, multi_model])
@pytest.mark.parametrize("image", [None, "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/ranker:3"])
def test_with_ours_it_is_what_sagemaker_takes(make_stack, make, image):
    most = variables.ENTRIES
    value = "x" * ((variables.ALL_BYTES - most * 4) // most)
    given = {} if image is None else {"image": image}
    stack = make_stack(make(**given, environment={f"K{number:03}": value for number in range(most)}))
    assert told(stack) == []
    (model,) = blueprint(stack, keys(stack)).of_type("aws_sagemaker_model")
    made = model.arguments["primary_container"]["environment"]
    assert len(made) <= 100
    assert sum(len(key) + len(value) for key, value in made.items()) <= 32 * 1024
