"""What can be bought: frozen values that know their quantity and unit, and nothing of prices.

Each says with `charge` which dimension of which service it is billed under. Quantities are exact
(`Decimal` or `int`) and per month; `free` is what a free tier takes off, 0 unless said.
"""

from cost.purchases.charge import Charge, Discounted, Purchase
from cost.purchases.ec2 import EbsIops, EbsStorage, EbsThroughput, Ec2InstanceHours, Ec2SpotHours
from cost.purchases.elsewhere import GpuSeconds, HuggingFaceHours, Tokens
from cost.purchases.fargate import FargateMemory, FargateStorage, FargateVcpu
from cost.purchases.functions import (
    Architecture,
    LambdaDuration,
    LambdaEphemeralStorage,
    LambdaProvisionedConcurrency,
    LambdaProvisionedDuration,
    LambdaRequests,
    LambdaRestores,
    LambdaSnapshots,
    LambdaStreaming,
)
from cost.purchases.hosting import AsyncData, EndpointData, EndpointStorage, InstanceHours
from cost.purchases.messaging import SnsDeliveries, SnsRequests, SqsRequests
from cost.purchases.network import (
    ApiRequests,
    DataTransfer,
    Destination,
    NatData,
    NatHours,
    PublicAddressHours,
    ZoneTransfer,
)
from cost.purchases.observability import Alarms, Dashboards, LogsIngested, LogsScanned, LogsStored
from cost.purchases.serverless import (
    ServerlessData,
    ServerlessInference,
    ServerlessProvisionedConcurrency,
    ServerlessProvisionedInference,
)
from cost.purchases.storage import EcrStorage, S3Requests, S3Retrieval, S3Storage

__all__ = [
    "Alarms",
    "ApiRequests",
    "Architecture",
    "AsyncData",
    "Charge",
    "Dashboards",
    "DataTransfer",
    "Destination",
    "Discounted",
    "EbsIops",
    "EbsStorage",
    "EbsThroughput",
    "Ec2InstanceHours",
    "Ec2SpotHours",
    "EcrStorage",
    "EndpointData",
    "EndpointStorage",
    "FargateMemory",
    "FargateStorage",
    "FargateVcpu",
    "GpuSeconds",
    "HuggingFaceHours",
    "InstanceHours",
    "LambdaDuration",
    "LambdaEphemeralStorage",
    "LambdaProvisionedConcurrency",
    "LambdaProvisionedDuration",
    "LambdaRequests",
    "LambdaRestores",
    "LambdaSnapshots",
    "LambdaStreaming",
    "LogsIngested",
    "LogsScanned",
    "LogsStored",
    "NatData",
    "NatHours",
    "PublicAddressHours",
    "Purchase",
    "S3Requests",
    "S3Retrieval",
    "S3Storage",
    "ServerlessData",
    "ServerlessInference",
    "ServerlessProvisionedConcurrency",
    "ServerlessProvisionedInference",
    "SnsDeliveries",
    "SnsRequests",
    "SqsRequests",
    "Tokens",
    "ZoneTransfer",
]
