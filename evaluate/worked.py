"""The twelve worked examples of the ranking's definition (docs/surprise.md): what the second implementation must give, to six digits.

Day N is N days after 2022-01-08 00:00 UTC; the activity window opens on day 99. Forgotten rows are left out here, as the definition does first.
"""

from scoring import formula

DAY = 86_400
DAY_0 = 19_000 * DAY
OPENS = DAY_0 + 99 * DAY
FLEET = [f"f{number:02}" for number in range(1, 35)]

KNOWN = {
    "ann": {"s3:ListBuckets": 20, "s3:GetObject": 20, "ec2:DescribeInstances": 20},
    "bob": {"s3:ListBuckets": 20, "s3:GetObject": 20, "ec2:DescribeInstances": 20, "iam:ListRoles": 40},
    "cat": {"s3:ListBuckets": 20, "kms:Decrypt": 20, "kms:Encrypt": 75, "kms:ListKeys": 85, "kms:ListAliases": 90, "kms:CreateKey": 96},
    "dan": {"kms:Decrypt": 95},
    "eve": {"Decrypt": 30, "Encrypt": 30},
    **{role: {"sqs:SendMessage": 20} for role in FLEET},
}
LEARNED = {("dan", "s3:ListBuckets")}  # first seen within the window, and not observed
EXPECTED = {
    ("f01", "sqs:ReceiveMessage"): 23.738575, ("f02", "sqs:ReceiveMessage"): 23.738575, ("ann", "s3:PutBucketPolicy"): 15.455504,
    ("ann", "iam:CreateUser"): 11.923960, ("bob", "kms:Decrypt"): 8.719670, ("eve", "Verify"): 7.320390, ("eve", "kms:Sign"): 7.320390,
    ("dan", "iam:CreateUser"): 1.620488, ("fay", "iam:CreateUser"): 0.105361, ("ann", "iam:ListRoles"): 0.0, ("cat", "s3:GetObject"): 0.0,
    ("gus", "s3:ListBuckets"): 0.0,
}  # fmt: skip


def difference():
    """The greatest difference between what is expected and what the second implementation gives."""
    known = {(role, call): DAY_0 + day * DAY for role, calls in KNOWN.items() for call, day in calls.items()}
    terms = formula.explain(known, LEARNED | set(EXPECTED), OPENS, formula.service)
    return max(abs(terms[pair].surprise - surprise) for pair, surprise in EXPECTED.items())
