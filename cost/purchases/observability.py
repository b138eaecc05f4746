"""CloudWatch: logs, alarms and dashboards. Source: https://aws.amazon.com/cloudwatch/pricing/."""

from dataclasses import dataclass
from typing import Literal

from cost.amount import Amount
from cost.purchases.charge import Meter, Metered


@dataclass(frozen=True, kw_only=True)
class LogsIngested(Metered):
    """`gb` of lines written to CloudWatch Logs."""

    meter = Meter("cloudwatch", "logs ingested", "GB", ("gb",), "CloudWatch Logs ingested")

    gb: Amount


@dataclass(frozen=True, kw_only=True)
class LogsStored(Metered):
    """`gb_months` of lines kept in CloudWatch Logs."""

    meter = Meter("cloudwatch", "logs stored", "GB-month", ("gb_months",), "CloudWatch Logs stored")

    gb_months: Amount


@dataclass(frozen=True, kw_only=True)
class LogsScanned(Metered):
    """`gb` of logs that Logs Insights queries read."""

    meter = Meter("cloudwatch", "logs insights scanned", "GB", ("gb",), "CloudWatch Logs Insights scanned")

    gb: Amount


@dataclass(frozen=True, kw_only=True)
class Alarms(Metered):
    """`count` metrics that CloudWatch alarms watch for a month; an alarm on a formula has one for each metric in it.

    `resolution` is `high` for an alarm that looks every 10 or 30 s.
    """

    meter = Meter(
        "cloudwatch",
        "alarm {resolution} resolution",
        "alarm-month",
        ("count",),
        "CloudWatch alarms, {resolution} resolution",
    )

    count: Amount
    resolution: Literal["standard", "high"] = "standard"


@dataclass(frozen=True, kw_only=True)
class Dashboards(Metered):
    """`count` CloudWatch dashboards for a month."""

    meter = Meter("cloudwatch", "dashboard", "dashboard-month", ("count",), "CloudWatch dashboards")

    count: Amount
