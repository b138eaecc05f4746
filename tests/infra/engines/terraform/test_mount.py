import json

import pytest

from infra.blueprint import blueprint
from infra.engines.terraform import expression, mount, synth
from tests.infra.conftest import function, realtime

KEYS = {"rank": "models/tiny/1/model.tar.gz", "rank-small": "models/tiny/2/function.zip"}


@pytest.mark.node
def test_a_stack_is_placed_into_an_app_of_ones_own(make_stack, tmp_path):
    cdktn = synth._cdktn()
    app = cdktn.App(outdir=str(tmp_path), stack_traces=False)
    own = cdktn.TerraformStack(app, "own")
    cdktn.TerraformProvider(own, "aws", terraform_resource_type="aws")
    stack = make_stack(realtime(), function())
    mount(stack, own, KEYS)
    app.synth()
    written = json.loads((tmp_path / "stacks" / "own" / "cdk.tf.json").read_text())["resource"]
    for resources in written.values():
        for body in resources.values():
            del body["//"]
    assert written == json.loads(json.dumps(expression.resources(blueprint(stack, KEYS))))
