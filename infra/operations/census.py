"""What there is in an account, by list calls that ask AWS and no state file."""

from infra.connection import Connection

_LISTS = {
    "endpoint": ("sagemaker", "list_endpoints", "Endpoints", "EndpointName"),
    "endpoint configuration": ("sagemaker", "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
    "model": ("sagemaker", "list_models", "Models", "ModelName"),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "bucket": ("s3", "list_buckets", "Buckets", "Name"),
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "repository": ("ecr", "describe_repositories", "repositories", "repositoryName"),
    "compute environment": (
        "batch",
        "describe_compute_environments",
        "computeEnvironments",
        "computeEnvironmentName",
    ),
    "job queue": ("batch", "describe_job_queues", "jobQueues", "jobQueueName"),
    "schedule": ("scheduler", "list_schedules", "Schedules", "Name"),
    "rule": ("events", "list_rules", "Rules", "Name"),
    "instance profile": ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    "launch template": ("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
    "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
}


def census(connection: Connection) -> list[str]:
    """Everything of the kinds that a stack makes, as `kind name`, whoever made it; the first page of each."""
    # Batch forgets a definition half a year after it was deregistered, and shows it until then.
    definitions = connection.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    # Without the scope AWS lists its own, too.
    policies = connection.client("iam").list_policies(Scope="Local")["Policies"]
    budgets = connection.client("budgets").describe_budgets(AccountId=connection.environment.account_id)
    return [
        *(
            f"{kind} {item[name]}"
            for kind, (service, call, key, name) in _LISTS.items()
            for item in getattr(connection.client(service), call)().get(key, [])
        ),
        *(f"budget {one['BudgetName']}" for one in budgets.get("Budgets", [])),
        *(f"policy {one['PolicyName']}" for one in policies),
        *(f"job definition {one['jobDefinitionName']}:{one['revision']}" for one in definitions),
    ]
