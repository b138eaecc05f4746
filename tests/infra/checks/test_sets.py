from model_packaging import Model
from tests.infra.checks.told import told
from tests.infra.conftest import MODEL, multi_model


def test_two_models_of_one_name(make_stack, base):
    other = base / "others" / "tiny"
    other.mkdir(parents=True)
    (other / "inference.py").write_text("def predict_fn(data, model):\n    return data\n")
    pair = [MODEL, Model("others/tiny", framework="sklearn")]
    assert told(make_stack(multi_model(models=pair))) == [
        "many: 2 of its models lie in folders named 'tiny', and TargetModel='tiny.tar.gz' can be one of them; rename a "
        "folder."
    ]
