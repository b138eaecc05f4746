"""Alarms of the embedded AWS, through boto3, on a clock that the test drives."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name

NAMESPACE = "Yard"


@pytest.fixture
def cloudwatch(by_hand):
    by_hand.clock.advance(
        -by_hand.clock.now().timestamp() % 3600
    )  # a whole hour, and nothing of before in sight
    return by_hand.client("cloudwatch")


@pytest.fixture
def put(by_hand, cloudwatch):
    """Puts one datum now."""

    def one(metric: str, value: float, **dimensions: str) -> None:
        named = [{"Name": name, "Value": wanted} for name, wanted in dimensions.items()]
        datum = {"MetricName": metric, "Value": value, "Dimensions": named}
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])

    return one


def make(cloudwatch, metric: str = "load", **settings) -> str:
    name = new_name("alarm")
    common = {
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    if "ExtendedStatistic" in settings:
        del common["Statistic"]
    if "Metrics" in settings:
        for key in ("Namespace", "MetricName", "Statistic", "Period"):
            del common[key]
    cloudwatch.put_metric_alarm(AlarmName=name, **{**common, **settings})
    return name


def described(cloudwatch, name: str) -> dict:
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def state(cloudwatch, name: str) -> str:
    return described(cloudwatch, name)["StateValue"]


def test_an_alarm_goes_off_and_back_and_its_history_says_so(by_hand, cloudwatch, put):
    metric = new_name("metric")
    name = make(cloudwatch, metric)
    assert described(cloudwatch, name)["StateReason"] == "Unchecked: Initial alarm creation"
    seen = [state(cloudwatch, name)]
    for value in (9, 9, 1):
        put(metric, value)
        by_hand.clock.advance(60)
        seen.append(state(cloudwatch, name))
    by_hand.clock.advance(300)
    seen.append(state(cloudwatch, name))
    assert seen == ["INSUFFICIENT_DATA", "ALARM", "ALARM", "OK", "INSUFFICIENT_DATA"]
    items = cloudwatch.describe_alarm_history(AlarmName=name, ScanBy="TimestampAscending")[
        "AlarmHistoryItems"
    ]
    assert [item["HistorySummary"] for item in items] == [
        f'Alarm "{name}" created',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to INSUFFICIENT_DATA",
    ]
    data = json.loads(items[1]["HistoryData"])["newState"]["stateReasonData"]
    assert data["recentDatapoints"] == [9.0] and data["threshold"] == 5.0
    only = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="ConfigurationUpdate")
    assert len(only["AlarmHistoryItems"]) == 1


def test_dimensions_match_exactly(by_hand, cloudwatch, put):
    metric = new_name("metric")
    dimension = {"Name": "Endpoint", "Value": "e"}
    names = [
        make(cloudwatch, metric),
        make(cloudwatch, metric, Dimensions=[dimension]),
        make(cloudwatch, metric, Dimensions=[dimension, {"Name": "Variant", "Value": "v"}]),
    ]
    put(metric, 9, Endpoint="e")
    by_hand.clock.advance(60)
    assert [state(cloudwatch, name) for name in names] == ["INSUFFICIENT_DATA", "ALARM", "INSUFFICIENT_DATA"]
    key = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": [dimension]}
    found = cloudwatch.describe_alarms_for_metric(**key)["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in found] == [names[1]]


def test_a_percentile(by_hand, cloudwatch, put):
    metric = new_name("metric")
    name = make(cloudwatch, metric, ExtendedStatistic="p90", Threshold=50)
    careful = make(
        cloudwatch, metric, ExtendedStatistic="p90", Threshold=50, EvaluateLowSampleCountPercentile="ignore"
    )
    for value in (*[1] * 8, 100, 100):
        put(metric, value)
    by_hand.clock.advance(60)
    assert state(cloudwatch, name) == "ALARM"
    assert state(cloudwatch, careful) == "INSUFFICIENT_DATA"  # 10 samples are too few for it


def test_metric_math(by_hand, cloudwatch, put):
    errors, requests = new_name("errors"), new_name("requests")

    def total(id: str, metric: str) -> dict:
        stat = {"Metric": {"Namespace": NAMESPACE, "MetricName": metric}, "Period": 60, "Stat": "Sum"}
        return {"Id": id, "MetricStat": stat, "ReturnData": False}

    rate = {"Id": "rate", "Expression": "errors / requests", "Label": "rate", "ReturnData": True}
    queries = [rate, total("errors", errors), total("requests", requests)]
    name = make(cloudwatch, Metrics=queries, Threshold=0.5, TreatMissingData="notBreaching")
    assert described(cloudwatch, name)["Metrics"] == queries
    by_hand.clock.advance(60)
    assert state(cloudwatch, name) == "OK"
    for _ in range(4):
        put(requests, 1)
    for _ in range(3):
        put(errors, 1)
    by_hand.clock.advance(60)
    assert state(cloudwatch, name) == "ALARM"
    assert "[0.75 (" in described(cloudwatch, name)["StateReason"]


def test_a_short_period_is_seen_at_once(by_hand, cloudwatch, put):
    metric = new_name("metric")
    name = make(cloudwatch, metric, Period=10, EvaluationPeriods=3)
    for _ in range(2):
        put(metric, 9)
        by_hand.clock.advance(10)
    assert state(cloudwatch, name) == "OK"
    put(metric, 9)
    by_hand.clock.advance(10)
    assert state(cloudwatch, name) == "ALARM"


def test_a_long_period_rolls_on_with_each_minute(by_hand, cloudwatch, put):
    metric = new_name("metric")
    name = make(cloudwatch, metric, Period=300, Statistic="Sum", TreatMissingData="notBreaching")
    by_hand.clock.advance(120)
    put(metric, 9)
    by_hand.clock.advance(60)
    assert state(cloudwatch, name) == "ALARM"
    # real datapoints of the evaluation range, which is longer than the period, count before missing ones
    by_hand.clock.advance(300)
    assert state(cloudwatch, name) == "ALARM"
    by_hand.clock.advance(600)
    assert state(cloudwatch, name) == "OK"


def test_a_topic_is_told_once_of_each_change(by_hand, cloudwatch, put):
    sns, sqs = by_hand.client("sns"), by_hand.client("sqs")
    topic = sns.create_topic(Name=new_name("topic"))["TopicArn"]
    queue = sqs.create_queue(QueueName=new_name("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    metric = new_name("metric")
    name = make(
        cloudwatch, metric, AlarmActions=[topic], OKActions=[topic], AlarmDescription="too much", Period=10
    )
    for value in (9, 9, 9, 1, 1):
        put(metric, value)
        by_hand.clock.advance(10)
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    told = [json.loads(one["Body"]) for one in answer["Messages"]]
    bodies = [json.loads(one["Message"]) for one in told]
    assert [(body["OldStateValue"], body["NewStateValue"]) for body in bodies] == [
        ("INSUFFICIENT_DATA", "ALARM"),
        ("ALARM", "OK"),
    ]
    assert told[0]["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    assert bodies[0]["Trigger"]["MetricName"] == metric and bodies[0]["AlarmDescription"] == "too much"
    done = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in done] == [f"Successfully executed action {topic}"] * 2
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    put(metric, 9)
    by_hand.clock.advance(10)
    assert state(cloudwatch, name) == "ALARM"
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    # a topic that is gone is told in the history
    cloudwatch.enable_alarm_actions(AlarmNames=[name])
    sns.delete_topic(TopicArn=topic)
    put(metric, 1)
    by_hand.clock.advance(10)
    (last, *_) = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")[
        "AlarmHistoryItems"
    ]
    assert last["HistorySummary"].startswith(f"Failed to execute action {topic}")


def test_a_state_that_is_set_holds_until_the_next_evaluation(by_hand, cloudwatch, put):
    metric = new_name("metric")
    name = make(cloudwatch, metric)
    put(metric, 1)
    by_hand.clock.advance(60)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a drill")
    assert described(cloudwatch, name)["StateReason"] == "a drill"
    put(metric, 1)
    by_hand.clock.advance(60)
    assert state(cloudwatch, name) == "OK"


def test_an_update_keeps_the_state(by_hand, cloudwatch, put):
    metric = new_name("metric")
    name = make(cloudwatch, metric)
    put(metric, 9)
    by_hand.clock.advance(60)
    old = described(cloudwatch, name)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=NAMESPACE,
        MetricName=metric,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=2,
        DatapointsToAlarm=1,
        Threshold=6,
        ComparisonOperator="GreaterThanThreshold",
    )
    new = described(cloudwatch, name)
    assert (new["StateValue"], new["StateUpdatedTimestamp"]) == ("ALARM", old["StateUpdatedTimestamp"])
    assert (new["Statistic"], new["DatapointsToAlarm"], new["Threshold"]) == ("Maximum", 1, 6.0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Period": 45}, "ValidationError"),
        ({"EvaluationPeriods": 2000}, "ValidationError"),
        ({"ExtendedStatistic": "tm99"}, "NotImplemented"),
        ({"DatapointsToAlarm": 2}, "ValidationError"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "NotImplemented"),
        ({"AlarmActions": ["arn:aws:lambda:us-east-1:123456789012:function:f"]}, "NotImplemented"),
        ({"Metrics": [{"Id": "e", "Expression": "a / b"}]}, "ValidationError"),
        ({"Metrics": [{"Id": "e", "Expression": "RATE(e)"}]}, "NotImplemented"),
        ({"TreatMissingData": "forget"}, "InvalidParameterValue"),
    ],
)
def test_what_is_refused(cloudwatch, changes, code):
    with pytest.raises(ClientError) as caught:
        make(cloudwatch, **changes)
    assert caught.value.response["Error"]["Code"] == code


def test_alarms_are_listed_by_page_prefix_state_and_action(cloudwatch):
    prefix = new_name("listed")
    for number in range(3):
        cloudwatch.put_metric_alarm(
            AlarmName=f"{prefix}-{number}",
            Namespace=NAMESPACE,
            MetricName="load",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="LessThanThreshold",
            AlarmActions=["arn:aws:sns:us-east-1:123456789012:" + prefix] if number else [],
        )
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, PaginationConfig={"PageSize": 2}
    )
    assert [len(page["MetricAlarms"]) for page in pages] == [2, 1]
    action = "arn:aws:sns:us-east-1:123456789012:" + prefix
    assert len(cloudwatch.describe_alarms(ActionPrefix=action)["MetricAlarms"]) == 2
    cloudwatch.delete_alarms(AlarmNames=[f"{prefix}-0"])
    assert len(cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]) == 2


def test_metrics_are_read_by_period_with_percentiles_and_math(by_hand, cloudwatch, put):
    metric, start = new_name("metric"), by_hand.clock.now()
    for minute, values in enumerate([(1, 2, 3), (), (10,)]):
        for value in values:
            put(metric, value)
        if minute < 2:
            by_hand.clock.advance(60)
    span = {"StartTime": start, "EndTime": start + timedelta(minutes=5)}
    answer = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric,
        Period=60,
        Statistics=["Sum", "SampleCount"],
        ExtendedStatistics=["p50"],
        **span,
    )
    found = [
        (
            (one["Timestamp"] - start).total_seconds(),
            one["Sum"],
            one["SampleCount"],
            one["ExtendedStatistics"],
        )
        for one in answer["Datapoints"]
    ]
    assert found == [(0, 6, 3, {"p50": 2.0}), (120, 10, 1, {"p50": 10.0})]
    wanted = {"Metric": {"Namespace": NAMESPACE, "MetricName": metric}, "Period": 60, "Stat": "Sum"}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "m", "MetricStat": wanted, "ReturnData": False},
            {"Id": "e", "Expression": "FILL(m, 0) * 2"},
        ],
        ScanBy="TimestampAscending",
        **span,
    )
    (result,) = answer["MetricDataResults"]
    assert result["Values"] == [12, 0, 20, 0, 0]
