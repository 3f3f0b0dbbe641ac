// A made-up company's CloudTrail events: who works there, what their roles call, and what happened this week.
//
// Nothing here is from a real account; account numbers are those of AWS's own examples. A role is a service, a pipeline or
// a person's single sign-on role, as sites have them. Most calls begin long ago and are made again and again; some roles
// pick up a new one now and then, at a moment chosen by a hash, so that the events are the same on every machine. The
// week's story is written out below: it is what the dashboard's picture shows.
import { createHash } from 'node:crypto';

export const AS_OF = Date.parse('2025-06-12T09:30:00Z') / 1000;
const HOUR = 3600;
const DAY = 86400;
const DAYS = 40;

const ACCOUNTS = { prod: '444455556666', shared: '111122223333', dev: '777788889999' };

// role: account, address, agent, calls.
const ROLES = {
    'orders-service': ['prod', '10.20.4.17', 'aws-sdk-go-v2/1.30', 'dynamodb:GetItem dynamodb:PutItem dynamodb:Query sqs:SendMessage sqs:ReceiveMessage kms:Decrypt secretsmanager:GetSecretValue s3:GetObject s3:PutObject'],
    'payments-service': ['prod', '10.20.4.31', 'aws-sdk-java/2.25', 'dynamodb:GetItem dynamodb:PutItem kms:Decrypt kms:GenerateDataKey secretsmanager:GetSecretValue sns:Publish sqs:SendMessage'],
    'catalog-api': ['prod', '10.20.6.8', 'aws-sdk-js/3.5', 's3:GetObject s3:ListBucket dynamodb:Query dynamodb:Scan kms:Decrypt cloudfront:CreateInvalidation'],
    'nightly-etl': ['prod', '10.20.9.44', 'Boto3/1.34 Python/3.11', 's3:GetObject s3:PutObject s3:ListBucket glue:StartJobRun glue:GetJobRun athena:StartQueryExecution athena:GetQueryResults kms:Decrypt'],
    'db-backup': ['prod', '10.20.9.12', 'Boto3/1.34 Python/3.11', 'rds:CreateDBSnapshot rds:DescribeDBSnapshots rds:DeleteDBSnapshot s3:PutObject kms:CreateGrant'],
    'eks-node': ['prod', '10.20.7.101', 'kubelet/v1.29', 'ecr:GetAuthorizationToken ecr:BatchGetImage ecr:GetDownloadUrlForLayer ec2:DescribeInstances ec2:CreateNetworkInterface ec2:AttachNetworkInterface ec2:DescribeVolumes'],
    'github-actions-deploy': ['shared', '140.82.112.4', 'aws-cli/2.15', 'sts:AssumeRole ecr:PutImage ecr:InitiateLayerUpload ecs:UpdateService ecs:RegisterTaskDefinition cloudformation:DescribeStacks cloudformation:CreateChangeSet cloudformation:ExecuteChangeSet lambda:UpdateFunctionCode lambda:PublishVersion s3:PutObject'],
    terraform: ['shared', '203.0.113.20', 'Terraform/1.8 aws-sdk-go-v2', 'ec2:DescribeVpcs ec2:CreateSecurityGroup ec2:AuthorizeSecurityGroupIngress ec2:CreateTags iam:GetRole iam:CreateRole iam:PutRolePolicy iam:AttachRolePolicy route53:ChangeResourceRecordSets s3:CreateBucket s3:PutBucketPolicy rds:DescribeDBInstances elasticloadbalancing:CreateListener'],
    SecurityAudit: ['shared', '203.0.113.60', 'Prowler/4.2', 'iam:ListUsers iam:ListRoles iam:GetAccountSummary iam:GenerateCredentialReport s3:ListAllMyBuckets s3:GetBucketAcl ec2:DescribeSecurityGroups cloudtrail:DescribeTrails guardduty:ListDetectors config:DescribeConfigRules'],
    'datadog-integration': ['shared', '52.192.63.77', 'Datadog', 'cloudwatch:GetMetricData cloudwatch:ListMetrics tagging:GetResources ec2:DescribeInstances rds:DescribeDBInstances lambda:ListFunctions elasticache:DescribeCacheClusters'],
    'AWSReservedSSO_PlatformAdmin_5a1c': ['shared', '198.51.100.14', 'Mozilla/5.0', 'signin:ConsoleLogin ec2:DescribeInstances ec2:StopInstances ec2:StartInstances rds:ModifyDBInstance iam:ListRoles iam:UpdateAssumeRolePolicy cloudwatch:PutMetricAlarm s3:ListAllMyBuckets support:DescribeCases'],
    'AWSReservedSSO_ReadOnly_9e77': ['prod', '198.51.100.23', 'Mozilla/5.0', 'signin:ConsoleLogin ec2:DescribeInstances s3:ListBucket cloudwatch:GetMetricData logs:FilterLogEvents logs:StartQuery rds:DescribeDBInstances'],
    'dev-sandbox': ['dev', '198.51.100.31', 'aws-cli/2.15', 'lambda:CreateFunction lambda:Invoke lambda:UpdateFunctionCode dynamodb:CreateTable dynamodb:PutItem s3:CreateBucket s3:PutObject ec2:RunInstances ec2:TerminateInstances iam:PassRole bedrock:InvokeModel'],
    'data-science': ['dev', '198.51.100.35', 'Boto3/1.34 Python/3.11', 'sagemaker:CreateTrainingJob sagemaker:DescribeTrainingJob s3:GetObject s3:PutObject athena:StartQueryExecution glue:GetTable'],
};

// What happened this week: role, hours before AS_OF, call, objects, and where from if not from where the role lives.
const STORY = [
    ['terraform', 118, 'rds:ModifyDBCluster', ['arn:aws:rds:eu-west-1:111122223333:cluster:orders'], {}],
    ['github-actions-deploy', 95, 'lambda:AddPermission', ['arn:aws:lambda:eu-west-1:111122223333:function:invoice-mailer'], {}],
    ['data-science', 71, 'sagemaker:CreateEndpoint', [], {}],
    ['AWSReservedSSO_ReadOnly_9e77', 50.4, 'logs:StartLiveTail', [], {}],
    ['invoice-exporter', 46.2, 's3:GetObject', ['arn:aws:s3:::invoices-2025'], { account: 'prod', src: '10.20.4.90', agent: 'aws-sdk-go-v2/1.30' }],
    ['invoice-exporter', 46.1, 'ses:SendRawEmail', [], { account: 'prod', src: '10.20.4.90', agent: 'aws-sdk-go-v2/1.30' }],
    ['invoice-exporter', 46, 'kms:Decrypt', [], { account: 'prod', src: '10.20.4.90', agent: 'aws-sdk-go-v2/1.30' }],
    ['nightly-etl', 5.3, 'sts:GetCallerIdentity', [], { src: '185.220.101.7', agent: 'aws-cli/2.11 Linux' }],
    ['nightly-etl', 5.2, 'iam:ListUsers', [], { src: '185.220.101.7', agent: 'aws-cli/2.11 Linux' }],
    ['nightly-etl', 5.1, 'iam:CreateAccessKey', ['arn:aws:iam::444455556666:user/svc-reporting'], { src: '185.220.101.7', agent: 'aws-cli/2.11 Linux' }],
    ['nightly-etl', 3.4, 's3:PutBucketPolicy', ['arn:aws:s3:::customer-exports', 'arn:aws:s3:::invoices-2025', 'arn:aws:s3:::orders-archive'], { src: '185.220.101.7', agent: 'aws-cli/2.11 Linux' }],
    ['nightly-etl', 1.2, 'iam:CreateAccessKey', ['arn:aws:iam::444455556666:user/svc-reporting'], { src: '185.220.101.7', agent: 'aws-cli/2.11 Linux' }],
    ['terraform', 2.6, 'elasticache:CreateReplicationGroup', ['arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:sessions'], {}],
];

/** What people decided about this week's detections: role, call, mark. */
export const DECISIONS = [
    ['nightly-etl', 'iam:CreateAccessKey', 'attack'],
    ['terraform', 'rds:ModifyDBCluster', 'expected'],
    ['github-actions-deploy', 'lambda:AddPermission', 'expected'],
];

// A number in [0, 1) that depends on the text alone. The `u` is one of many that would do.
const chance = (text) => createHash('sha256').update(`u${text}`).digest().readUInt32BE(0) / 2 ** 32;

export const userOf = (role, account) => `${ACCOUNTS[account ?? ROLES[role]?.[0] ?? 'prod']}:role/${role}`;

/** All events in order of time, with their fields as Splunk's JSON extraction names them. */
export function events() {
    const out = [];
    for (const [role, about] of Object.entries(ROLES)) for (const call of about[3].split(' ')) out.push(...habit(role, call));
    for (const [role, hours, call, objects, from] of STORY) for (const object of objects.length ? objects : [undefined]) out.push(event(role, AS_OF - hours * HOUR, call, object, from));
    return out.sort((a, b) => a._time - b._time);
}

// Two calls in three are as old as the role; the others begin somewhere in the 40 days, but not in this week.
function habit(role, call) {
    const begins = chance(`old ${role} ${call}`) < 0.66 ? chance(`jitter ${role} ${call}`) * 0.05 : chance(`begins ${role} ${call}`) * 0.8;
    const every = (0.5 + chance(`every ${role} ${call}`) * 3) * DAY;
    const out = [];
    for (let at = AS_OF - DAYS * DAY * (1 - begins); at < AS_OF; at += every) out.push(event(role, at, call));
    return out;
}

function event(role, at, call, object, { account, src, agent } = {}) {
    const [home, address, software] = ROLES[role] ?? [account, src, agent];
    const number = ACCOUNTS[account ?? home];
    const [service, name] = call.split(':');
    const _time = Math.floor(at);
    return {
        _time, sourcetype: 'aws:cloudtrail', index: 'aws', eventID: createHash('sha256').update(`${role} ${call} ${object} ${_time}`).digest('hex').slice(0, 32),
        eventSource: `${service}.amazonaws.com`, eventName: name, awsRegion: 'eu-west-1', sourceIPAddress: src ?? address, userAgent: agent ?? software,
        'userIdentity.type': 'AssumedRole', 'userIdentity.arn': `arn:aws:sts::${number}:assumed-role/${role}/session`, 'userIdentity.principalId': `AROA${createHash('sha256').update(role).digest('hex').slice(0, 16).toUpperCase()}:session`,
        'userIdentity.accountId': number, 'userIdentity.sessionContext.sessionIssuer.accountId': number, 'userIdentity.sessionContext.sessionIssuer.userName': role,
        ...(object && { 'resources{}.ARN': object }),
    };
}
