from tests.infra.blueprint.conftest import names, only, statements
from tests.infra.conftest import multi_model

BUCKET = "modelyard-dev-111122223333-us-east-1"


def test_the_container_gets_the_prefix_of_the_set(render):
    container = only(render(multi_model()), "aws_sagemaker_model").arguments["primary_container"]
    assert container["mode"] == "MultiModel"
    assert container["model_data_url"] == f"s3://{BUCKET}/sets/many/1/"
    # Each model has its own code folder; the one of a single model would be that of none.
    assert "SAGEMAKER_SUBMIT_DIRECTORY" not in container["environment"]


def test_another_set_is_another_model_another_configuration_and_the_same_endpoint(render):
    before, after = names(render(multi_model())), names(render(multi_model(), key="sets/many/2/"))
    same = {type for type in before if before[type] == after[type]}
    assert same == {"aws_sagemaker_endpoint"}


def test_the_role_reads_and_lists_its_own_sets_only(render):
    allowed = statements(render(multi_model()))
    assert allowed["ReadTheModels"]["Resource"] == [f"arn:aws:s3:::{BUCKET}/sets/many/*"]
    assert allowed["ListTheModels"]["Condition"] == {"StringLike": {"s3:prefix": ["sets/many/*"]}}
