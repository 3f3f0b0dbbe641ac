#!/usr/bin/env python3
"""Writes calls.txt: names of AWS calls as CloudTrail words them, `service:Action`, from the service models in a botocore wheel.

    extract.py botocore-1.44.8-py3-none-any.whl > calls.txt

`service` is the signing name, else the endpoint prefix: CloudTrail's eventSource without `.amazonaws.com`, as far as one rule can say it
(CloudTrail knows exceptions, such as the dates behind the names of Lambda's calls). Only the services below, in order of how widely they are used by
our own guess; the order is the simulator's order of popularity. Origin and licence: README.md. Python 3.11, no packages.
"""

import gzip
import json
import re
import sys
import zipfile

SERVICES = """
sts s3 ec2 iam kms logs cloudwatch lambda secretsmanager ssm dynamodb sqs sns ecr ecs cloudformation rds elbv2 autoscaling events
cloudtrail stepfunctions route53 acm eks elasticache athena kinesis firehose config guardduty organizations wafv2 codebuild codepipeline
xray ses efs accessanalyzer servicediscovery health ce budgets support service-quotas detective rolesanywhere
""".split()
# Parts of EC2 that few use; without them EC2 would be a third of the list.
UNUSUAL = re.compile(
    "CapacityBlock|CapacityManager|CapacityReservation|CarrierGateway|ClientVpn|Coip|Declarative|Fpga|Host|Ipam|LocalGateway|MacS|NetworkInsights|Outpost|"
    "PublicIpv4|Reserved|RouteServer|Scheduled|TrafficMirror|TransitGateway|TrunkInterface|VerifiedAccess|VpcEncryption|Vpn"
)


def newest(wheel, service):
    """The path of the newest model of a service."""
    models = [name for name in wheel.namelist() if name.startswith(f"botocore/data/{service}/") and "/service-2.json" in name]
    return max(models)


def calls(wheel, service):
    text = wheel.read(newest(wheel, service))
    model = json.loads(gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text)
    prefix = model["metadata"].get("signingName", model["metadata"]["endpointPrefix"])
    names = [name for name, operation in sorted(model["operations"].items()) if not operation.get("deprecated")]
    return [f"{prefix}:{name}" for name in names if service != "ec2" or not UNUSUAL.search(name)]


def main():
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        for service in SERVICES:
            print("\n".join(calls(wheel, service)))


if __name__ == "__main__":
    main()
