//! The names: roles, calls and sessions, as long as they are in the field.

use super::dice::Dice;
use std::fmt::Write;

/// How many calls a role makes.
const CALLS_A_ROLE: u64 = 200;

/// How many calls there are. A prime, so that any stride visits all of them.
const CALLS: u64 = 1_601;

const SERVICES: [&str; 24] = [
    "ec2",
    "s3",
    "iam",
    "sts",
    "kms",
    "lambda",
    "dynamodb",
    "cloudformation",
    "rds",
    "sns",
    "sqs",
    "ecs",
    "eks",
    "ssm",
    "secretsmanager",
    "logs",
    "monitoring",
    "cloudtrail",
    "guardduty",
    "organizations",
    "elasticloadbalancing",
    "autoscaling",
    "route53",
    "apigateway",
];

const VERBS: [&str; 9] = [
    "Describe",
    "List",
    "Get",
    "Create",
    "Put",
    "Update",
    "Delete",
    "Associate",
    "BatchGet",
];

const NOUNS: [&str; 10] = [
    "Instances",
    "SecurityGroupRules",
    "VpcEndpointServiceConfigurations",
    "BucketPublicAccessBlock",
    "RolePolicy",
    "FunctionEventInvokeConfig",
    "ParametersByPath",
    "LoadBalancerAttributes",
    "ReservedInstancesListings",
    "KeyRotationStatus",
];

const TEAMS: [&str; 12] = [
    "platform",
    "payments",
    "data-lake",
    "checkout",
    "identity",
    "observability",
    "warehouse-prod",
    "fraud",
    "mobile-backend",
    "billing",
    "search",
    "partner-integration",
];

const DUTIES: [&str; 10] = [
    "deployment-pipeline",
    "lambda-execution",
    "eks-node-group",
    "read-only-auditor",
    "AWSReservedSSO_AdministratorAccess",
    "terraform-plan",
    "glue-crawler",
    "batch-worker",
    "backup-restore",
    "incident-response",
];

/// Who made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A role with some two hundred calls: names repeat from key to key.
    Roles,
    /// `AROA…:session`, another one in every key: no name comes twice.
    Sessions,
}

/// The user and the command of the `nth` of `baseline` keys; keys from `baseline` on are those the baseline does not have.
pub(crate) fn key(shape: Shape, nth: u64, baseline: u64) -> (String, String) {
    match shape {
        Shape::Roles => {
            let roles = baseline.div_ceil(CALLS_A_ROLE);
            let (role, call) = match nth.checked_sub(baseline) {
                None => (nth / CALLS_A_ROLE, nth % CALLS_A_ROLE),
                Some(new) => (new % roles, CALLS_A_ROLE + new / roles),
            };
            let mut dice = Dice::of("calls", role);
            let (start, stride) = (dice.below(CALLS), 1 + dice.below(CALLS - 1));
            (role_name(role), call_name((start + call * stride) % CALLS))
        }
        Shape::Sessions => {
            let mut dice = Dice::of("session", nth);
            (session_name(&mut dice), call_name(dice.below(CALLS)))
        }
    }
}

/// `123456789012:role/payments-terraform-plan-4f2a`.
pub(crate) fn role_name(role: u64) -> String {
    let mut dice = Dice::of("role", role);
    let account = account(dice.below(60));
    let team = TEAMS[dice.below(12) as usize];
    let duty = DUTIES[dice.below(10) as usize];
    format!("{account}:role/{team}-{duty}-{role:04x}")
}

/// One of an organisation's accounts.
pub(crate) fn account(nth: u64) -> u64 {
    100_000_000_000 + Dice::of("account", nth).below(900_000_000_000)
}

/// `ec2:DescribeVpcEndpointServiceConfigurations`: every number below [`CALLS`] another one.
pub(crate) fn call_name(call: u64) -> String {
    let (service, rest) = (SERVICES[(call % 24) as usize], call / 24);
    let (verb, noun) = (VERBS[(rest % 9) as usize], NOUNS[(rest / 9 % 10) as usize]);
    format!("{service}:{verb}{noun}")
}

/// `AROAQ3EXAMPLE7HBTRSKZ:i-0a1b2c3d4e5f60718`.
fn session_name(dice: &mut Dice) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut name = String::from("AROA");
    let mut bits = u128::from(dice.roll()) << 64 | u128::from(dice.roll());
    for _ in 0..17 {
        name.push(char::from(LETTERS[(bits & 31) as usize]));
        bits >>= 5;
    }
    let _ = write!(name, ":i-0{:016x}", dice.roll());
    name
}
