//! What a call was made on: the first resource that the record lists, else the first thing that the request names.
//!
//! CloudTrail fills `resources` for few services. What a request names is then in `requestParameters`, whose fields are those of the
//! service's own API, with a small first letter. Knows no keys: none depends on it.
//!
//! Sources: AWS CloudTrail User Guide, "CloudTrail record contents" (`requestParameters`, `resources`); the records in
//! `tests/data/cloudtrail`. The rest of [`NAMES`] is from knowledge of the services' APIs and was not looked up call by call.

use super::fields::{read_any, skip, AnyType, Fields, ObjectField, TextField};
use serde::de::{MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// The request parameters that name what a call is made on, and a call that has each. Where a request has several, the first counts:
/// so `iam:AttachUserPolicy` is made on the user, and `s3:PutObject` on the bucket.
const NAMES: [(&str, &str); 49] = [
    ("userName", "iam:CreateUser"),
    ("roleName", "iam:CreateRole"),
    ("groupName", "iam:CreateGroup"),
    ("instanceProfileName", "iam:CreateInstanceProfile"),
    ("policyArn", "iam:CreatePolicyVersion"),
    ("policyName", "iam:CreatePolicy"),
    ("serialNumber", "iam:DeleteVirtualMFADevice"),
    ("roleArn", "sts:AssumeRole"),
    ("bucketName", "s3:PutBucketPolicy"),
    ("secretId", "secretsmanager:GetSecretValue"),
    ("keyId", "kms:Decrypt"),
    ("functionName", "lambda:UpdateFunctionCode20150331v2"),
    ("instanceId", "ec2:GetPasswordData"),
    ("instancesSet", "ec2:TerminateInstances"),
    ("snapshotId", "ec2:ModifySnapshotAttribute"),
    ("volumeId", "ec2:CreateSnapshot"),
    ("imageId", "ec2:ModifyImageAttribute"),
    ("groupId", "ec2:AuthorizeSecurityGroupIngress"),
    ("networkInterfaceId", "ec2:ModifyNetworkInterfaceAttribute"),
    ("routeTableId", "ec2:CreateRoute"),
    ("internetGatewayId", "ec2:AttachInternetGateway"),
    ("subnetId", "ec2:ModifySubnetAttribute"),
    ("vpcId", "ec2:DeleteVpc"),
    ("keyName", "ec2:CreateKeyPair"),
    ("target", "ssm:StartSession"),
    ("documentName", "ssm:SendCommand"),
    ("dBInstanceIdentifier", "rds:ModifyDBInstance"),
    ("dBClusterIdentifier", "rds:ModifyDBCluster"),
    ("dBSnapshotIdentifier", "rds:ModifyDBSnapshotAttribute"),
    ("tableName", "dynamodb:DescribeTable"),
    ("queueUrl", "sqs:SetQueueAttributes"),
    ("queueName", "sqs:CreateQueue"),
    ("topicArn", "sns:Subscribe"),
    ("stackName", "cloudformation:CreateStack"),
    ("repositoryName", "ecr:PutImage"),
    ("cluster", "ecs:UpdateService"),
    ("logGroupName", "logs:DeleteLogGroup"),
    ("trailName", "cloudtrail:PutEventSelectors"),
    ("detectorId", "guardduty:DeleteDetector"),
    (
        "configurationRecorderName",
        "config:StopConfigurationRecorder",
    ),
    ("webACLArn", "wafv2:AssociateWebACL"),
    ("projectName", "codebuild:StartBuild"),
    ("domainName", "es:UpdateElasticsearchDomainConfig"),
    ("workGroup", "athena:StartQueryExecution"),
    ("accountId", "organizations:RemoveAccountFromOrganization"),
    ("resourceArn", "secretsmanager:TagResource"),
    ("resourceId", "ssm:ListTagsForResource"),
    ("path", "ssm:GetParametersByPath"),
    ("name", "cloudtrail:StopLogging"),
];

/// The first ARN in `resources`.
#[derive(Debug, Default)]
pub(super) struct FirstResource<'a>(Option<Cow<'a, str>>);

impl FirstResource<'_> {
    pub(super) fn arn(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// One of the `resources`. Most records have its ARN under `ARN`, some under `arn`, as those in `tests/data/cloudtrail` show.
#[derive(Default)]
struct Arn<'a>(TextField<'a>);

impl<'a> AnyType<'a> for FirstResource<'a> {
    fn other() -> Self {
        Self(None)
    }
    fn null() -> Self {
        Self(None)
    }
    fn list<A: SeqAccess<'a>>(mut values: A) -> Result<Self, A::Error> {
        let mut first = None;
        while let Some(value) = values.next_element()? {
            match value {
                ObjectField::Is(Arn(TextField::Is(arn))) if !arn.is_empty() => {
                    first = first.or(Some(arn))
                }
                _ => {}
            }
        }
        Ok(Self(first))
    }
}

impl<'a> Fields<'a> for Arn<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        match name {
            b"ARN" | b"arn" => self.0 = fields.next_value()?,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for FirstResource<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_any(json)
    }
}

/// What `requestParameters` name: the value of the first of [`NAMES`] that they have.
#[derive(Debug, Default)]
pub(super) struct NamedByRequest<'a> {
    /// By its place among the names.
    named: Option<(usize, Cow<'a, str>)>,
}

impl NamedByRequest<'_> {
    pub(super) fn name(&self) -> Option<&str> {
        self.named.as_ref().map(|(_, name)| name.as_ref())
    }
}

impl<'a> Fields<'a> for NamedByRequest<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        let place = NAMES.iter().position(|(known, _)| known.as_bytes() == name);
        let is_wanted = |place: &usize| self.named.as_ref().is_none_or(|(best, _)| place <= best);
        let Some(place) = place.filter(is_wanted) else {
            return skip(fields);
        };
        let NameInRequest(text) = fields.next_value()?;
        let text = text.filter(|text| !text.is_empty());
        self.named = text.map(|text| (place, text)).or(self.named.take());
        Ok(())
    }
}

/// A name: a text, the first text in a list, or that of the first item in `{"items":[{"instanceId":…}]}`, as EC2 writes sets.
#[derive(Default)]
struct NameInRequest<'a>(Option<Cow<'a, str>>);

impl<'a> AnyType<'a> for NameInRequest<'a> {
    fn other() -> Self {
        Self(None)
    }
    fn null() -> Self {
        Self(None)
    }
    fn text(text: Cow<'a, str>) -> Self {
        Self(Some(text))
    }
    fn list<A: SeqAccess<'a>>(mut values: A) -> Result<Self, A::Error> {
        let mut first = None;
        while let Some(Self(name)) = values.next_element()? {
            first = first.or(name);
        }
        Ok(Self(first))
    }
    fn object<A: MapAccess<'a>>(fields: A) -> Result<Self, A::Error> {
        SetOfItems::object(fields).map(|set| set.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for NameInRequest<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        read_any(json)
    }
}

/// A set of EC2, or an item of one.
#[derive(Default)]
struct SetOfItems<'a>(NameInRequest<'a>);

impl<'a> Fields<'a> for SetOfItems<'a> {
    fn field<A: MapAccess<'a>>(&mut self, name: &[u8], fields: &mut A) -> Result<(), A::Error> {
        match name {
            b"items" | b"instanceId" => self.0 = fields.next_value()?,
            _ => skip(fields)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_support::record;
    use super::super::{Found, RecordDetail, RecordReader};
    use super::NAMES;

    /// What a record with these fields was made on.
    fn object(fields: &str) -> Option<String> {
        let text = record(r#"{"type":"AssumedRole","arn":"r"}"#);
        let text = text.replacen('{', &format!("{{{fields},\"awsRegion\":7,"), 1);
        let mut object = None;
        let mut reader = RecordReader::new(RecordDetail::Context);
        reader.read(text.as_bytes(), true, &mut |found| {
            let Found::Record { record, .. } = found else {
                panic!("{found:?}")
            };
            object = record.call().unwrap().context.object().map(str::to_owned);
        });
        object
    }

    #[test]
    fn the_object_is_the_first_resource_that_has_an_arn() {
        for (resources, expected) in [
            (r#"[{"type":"T"},{"ARN":"a"},{"ARN":"b"}]"#, Some("a")),
            (r#"[{"accountId":"1","arn":"c"}]"#, Some("c")),
            (r#"[{"arn":"a","ARN":"b"},{"ARN":"c"}]"#, Some("b")),
            ("null", None),
            ("[]", None),
            ("{}", None),
            ("\"x\"", None),
            ("[null,1,{\"ARN\":2}]", None),
        ] {
            let found = object(&format!("\"resources\":{resources}"));
            assert_eq!(found.as_deref(), expected, "{resources}");
        }
    }

    #[test]
    fn without_a_resource_it_is_what_the_request_names() {
        for (request, expected) in [
            (r#"{"userName":"u"}"#, Some("u")),
            (r#"{"policyArn":"p","userName":"u"}"#, Some("u")),
            (r#"{"userName":"u","policyArn":"p"}"#, Some("u")),
            (r#"{"userName":"","policyArn":"p"}"#, Some("p")),
            (r#"{"policyArn":"p","userName":""}"#, Some("p")),
            (r#"{"userName":null,"policyArn":7,"name":"n"}"#, Some("n")),
            (r#"{"userName":"a","userName":"b"}"#, Some("b")),
            (r#"{"bucketName":["b","c"]}"#, Some("b")),
            (
                r#"{"instancesSet":{"items":[{"imageId":"ami-1","instanceId":"i-1"},{"instanceId":"i-2"}]}}"#,
                Some("i-1"),
            ),
            (
                r#"{"instancesSet":{"items":[{"imageId":"ami-1"}]},"imageId":"ami-2"}"#,
                Some("ami-2"),
            ),
            (r#"{"encryptionContext":{"userName":"u"}}"#, None),
            ("{}", None),
            ("null", None),
            ("[]", None),
            ("\"userName\"", None),
        ] {
            let found = object(&format!("\"requestParameters\":{request}"));
            assert_eq!(found.as_deref(), expected, "{request}");
        }
        let both = r#""requestParameters":{"userName":"u"},"resources":[{"ARN":"a"}]"#;
        assert_eq!(object(both).as_deref(), Some("a"));
    }

    #[test]
    fn a_parameter_stands_in_the_table_once() {
        for (place, (name, _)) in NAMES.iter().enumerate() {
            let is_it = |(other, _): &(&str, &str)| other == name;
            assert_eq!(NAMES.iter().position(is_it), Some(place), "{name}");
        }
    }
}
