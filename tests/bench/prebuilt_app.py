"""The peer of `modelyard synth`: the same resources as stack `triage`, in a cdktn app with the prebuilt AWS bindings.

python tests/bench/prebuilt_app.py OUTDIR
"""

import json
import sys
from pathlib import Path

from cdktn import App, TerraformOutput, TerraformStack
from cdktn_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
)
from cdktn_provider_aws.appautoscaling_target import AppautoscalingTarget
from cdktn_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktn_provider_aws.iam_role import IamRole
from cdktn_provider_aws.iam_role_policy import IamRolePolicy
from cdktn_provider_aws.lambda_alias import LambdaAlias
from cdktn_provider_aws.lambda_function import LambdaFunction
from cdktn_provider_aws.lambda_function_url import LambdaFunctionUrl
from cdktn_provider_aws.provider import AwsProvider
from cdktn_provider_aws.sagemaker_endpoint import SagemakerEndpoint
from cdktn_provider_aws.sagemaker_endpoint_configuration import (
    SagemakerEndpointConfiguration,
    SagemakerEndpointConfigurationProductionVariants,
)
from cdktn_provider_aws.sagemaker_model import SagemakerModel, SagemakerModelPrimaryContainer

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "triage-dev.tf.json").read_text())["resource"]
ENDPOINT, FUNCTION = "classify", "classify-small"
POLICY = "classify-invocations"


def role(stack: TerraformStack, name: str) -> tuple[IamRole, IamRolePolicy]:
    golden, policy = GOLDEN["aws_iam_role"][name], GOLDEN["aws_iam_role_policy"][name]
    made = IamRole(
        stack,
        f"role-{name}",
        name=golden["name"],
        description=golden["description"],
        assume_role_policy=golden["assume_role_policy"],
    )
    return made, IamRolePolicy(
        stack, f"policy-{name}", name="execution", role=made.id, policy=policy["policy"]
    )


def endpoint(stack: TerraformStack) -> None:
    logs = GOLDEN["aws_cloudwatch_log_group"][ENDPOINT]
    group = CloudwatchLogGroup(stack, "logs", name=logs["name"], retention_in_days=logs["retention_in_days"])
    execution, policy = role(stack, ENDPOINT)
    container = GOLDEN["aws_sagemaker_model"][ENDPOINT]["primary_container"]
    model = SagemakerModel(
        stack,
        "model",
        name=GOLDEN["aws_sagemaker_model"][ENDPOINT]["name"],
        execution_role_arn=execution.arn,
        primary_container=SagemakerModelPrimaryContainer(
            image=container["image"],
            model_data_url=container["model_data_url"],
            environment=container["environment"],
        ),
        depends_on=[policy],
        lifecycle={"create_before_destroy": True},
    )
    golden = GOLDEN["aws_sagemaker_endpoint_configuration"][ENDPOINT]
    (variant,) = golden["production_variants"]
    configuration = SagemakerEndpointConfiguration(
        stack,
        "configuration",
        name=golden["name"],
        production_variants=[
            SagemakerEndpointConfigurationProductionVariants(**{**variant, "model_name": model.name})
        ],
        lifecycle={"create_before_destroy": True},
    )
    served = SagemakerEndpoint(
        stack,
        "endpoint",
        name=GOLDEN["aws_sagemaker_endpoint"][ENDPOINT]["name"],
        endpoint_config_name=configuration.name,
        depends_on=[group],
    )
    served.add_override("lifecycle", GOLDEN["aws_sagemaker_endpoint"][ENDPOINT]["lifecycle"])
    scaled = GOLDEN["aws_appautoscaling_target"][ENDPOINT]
    target = AppautoscalingTarget(
        stack,
        "target",
        min_capacity=scaled["min_capacity"],
        max_capacity=scaled["max_capacity"],
        service_namespace="sagemaker",
        scalable_dimension=scaled["scalable_dimension"],
        resource_id=f"endpoint/{served.name}/variant/AllTraffic",
    )
    tracking = GOLDEN["aws_appautoscaling_policy"][POLICY]["target_tracking_scaling_policy_configuration"]
    AppautoscalingPolicy(
        stack,
        "policy",
        name=GOLDEN["aws_appautoscaling_policy"][POLICY]["name"],
        policy_type="TargetTrackingScaling",
        service_namespace=target.service_namespace,
        scalable_dimension=target.scalable_dimension,
        resource_id=target.resource_id,
        target_tracking_scaling_policy_configuration=AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
            target_value=tracking["target_value"],
            scale_in_cooldown=tracking["scale_in_cooldown"],
            scale_out_cooldown=tracking["scale_out_cooldown"],
            predefined_metric_specification=AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                predefined_metric_type="SageMakerVariantInvocationsPerInstance"
            ),
        ),
    )
    TerraformOutput(stack, "endpoint-name", value=served.name)


def function(stack: TerraformStack) -> None:
    logs = GOLDEN["aws_cloudwatch_log_group"][FUNCTION]
    group = CloudwatchLogGroup(
        stack, "function-logs", name=logs["name"], retention_in_days=logs["retention_in_days"]
    )
    execution, policy = role(stack, FUNCTION)
    golden = GOLDEN["aws_lambda_function"][FUNCTION]
    plain = {key: value for key, value in golden.items() if key not in ("role", "depends_on")}
    made = LambdaFunction(stack, "function", role=execution.arn, depends_on=[policy, group], **plain)
    alias = LambdaAlias(
        stack, "alias", name="live", function_name=made.function_name, function_version=made.version
    )
    url = LambdaFunctionUrl(
        stack, "url", function_name=made.function_name, qualifier=alias.name, authorization_type="AWS_IAM"
    )
    TerraformOutput(stack, "function-url", value=url.function_url)


def main() -> None:
    app = App(outdir=sys.argv[1], stack_traces=False)
    stack = TerraformStack(app, "triage")
    AwsProvider(stack, "aws", region="us-east-1", allowed_account_ids=["111122223333"])
    endpoint(stack)
    function(stack)
    app.synth()


if __name__ == "__main__":
    main()
