//! The family of a role's name: the name without its generated part.
//!
//! Knows names and nothing of who is known. Source: docs/families.md, section 1, whose table this is; the sources of each row stand there.

/// The name without its generated part; none if no row of the table fits the whole name. The first that fits counts.
pub(super) fn family_of(name: &[u8]) -> Option<&[u8]> {
    let patterns = [
        without_uuid,
        without_identity_center_suffix,
        without_terraform_suffix,
        without_cloudformation_suffix,
    ];
    patterns.iter().find_map(|pattern| pattern(name))
}

/// Something, then a UUID.
fn without_uuid(name: &[u8]) -> Option<&[u8]> {
    let (family, uuid) = name.split_at_checked(name.len().checked_sub(36)?)?;
    let groups: Vec<&[u8]> = uuid.split(|&byte| byte == b'-').collect();
    let are_hex = groups.iter().all(|group| is_hex(group));
    let fits = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && are_hex;
    (fits && !family.is_empty()).then_some(family)
}

/// `AWSReservedSSO_`, the permission set, `_` and 16 hexadecimal digits; behind a path or not.
fn without_identity_center_suffix(name: &[u8]) -> Option<&[u8]> {
    let (family, suffix) = name.split_at_checked(name.len().checked_sub(16)?)?;
    let set = behind_path(family).strip_prefix(b"AWSReservedSSO_")?;
    let set = set.strip_suffix(b"_")?;
    (!set.is_empty() && is_hex(suffix)).then_some(family)
}

/// Something that does not end in a digit, 18 digits and 8 hexadecimal ones. What has no name but Terraform's own has no family.
fn without_terraform_suffix(name: &[u8]) -> Option<&[u8]> {
    let (family, suffix) = name.split_at_checked(name.len().checked_sub(26)?)?;
    let (time, counter) = suffix.split_at(18);
    let is_named = !family.last()?.is_ascii_digit() && behind_path(family) != b"terraform-";
    (is_named && time.iter().all(u8::is_ascii_digit) && is_hex(counter)).then_some(family)
}

/// Something, then `-` and 12 or 13 letters and digits, a digit and a capital among them.
fn without_cloudformation_suffix(name: &[u8]) -> Option<&[u8]> {
    let dash = name.iter().rposition(|&byte| byte == b'-')?;
    let (family, suffix) = name.split_at(dash + 1);
    let is_generated = (12..=13).contains(&suffix.len())
        && suffix.iter().all(u8::is_ascii_alphanumeric)
        && suffix.iter().any(u8::is_ascii_digit)
        && suffix.iter().any(u8::is_ascii_uppercase);
    (is_generated && family.len() > 1).then_some(family)
}

/// Lower-case hexadecimal digits and nothing else.
fn is_hex(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What follows the last `/`.
fn behind_path(name: &[u8]) -> &[u8] {
    name.rsplit(|&byte| byte == b'/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(cases: &[(&str, Option<&str>)]) {
        for (name, family) in cases {
            let found = family_of(name.as_bytes()).map(|found| std::str::from_utf8(found).unwrap());
            assert_eq!(found, *family, "{name}");
        }
    }

    #[test]
    fn a_cloudformation_suffix_is_removed_and_the_hash_of_cdk_stays() {
        check(&[
            (
                "shop-ApiRole1A2B3C4D-1NV7OHQ5MPX0W",
                Some("shop-ApiRole1A2B3C4D-"),
            ),
            ("shop-ApiRole-1NV7OHQ5MPX0", Some("shop-ApiRole-")),
            (
                "eksctl-a-nodegroup-NodeInstanceRole-hT4kUz9sQb1C",
                Some("eksctl-a-nodegroup-NodeInstanceRole-"),
            ),
            (
                "arn:aws:iam::111122223333:role/api-1NV7OHQ5MPX0",
                Some("arn:aws:iam::111122223333:role/api-"),
            ),
            ("api-1NV7OHQ5MPX", None),
            ("api-1NV7OHQ5MPX0WX", None),
            ("api1NV7OHQ5MPX0", None),
            ("-1NV7OHQ5MPX0", None),
        ]);
    }

    #[test]
    fn words_dates_and_short_parts_are_no_generated_part() {
        check(&[
            ("shop-Administrator", None),
            ("shop-orchestrator", None),
            ("shop-ORCHESTRATOR", None),
            ("shop-202501061200", None),
            ("shop-prod-eu-west-1", None),
            ("shop-ab158dc", None),
            ("", None),
        ]);
    }

    #[test]
    fn the_suffix_of_a_permission_set_is_removed() {
        check(&[
            (
                "AWSReservedSSO_Audit_1234567890abcdef",
                Some("AWSReservedSSO_Audit_"),
            ),
            (
                "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Audit_1234567890abcdef",
                Some("aws-reserved/sso.amazonaws.com/AWSReservedSSO_Audit_"),
            ),
            ("AWSReservedSSO_Audit_1234567890abcde", None),
            ("AWSReservedSSO_Audit_1234567890ABCDEF", None),
            ("AWSReservedSSO__1234567890abcdef", None),
            ("AWSReservedSSO_1234567890abcdef", None),
            ("Audit_1234567890abcdef", None),
        ]);
    }

    #[test]
    fn the_time_and_counter_of_terraform_are_removed_and_a_role_without_a_name_has_no_family() {
        check(&[
            ("node-20210101123456789000000001", Some("node-")),
            ("node-20210101123456789a0000000f", None),
            ("node-202101011234567890000000af", Some("node-")),
            ("node20210101123456789000000001f", None),
            ("20210101123456789000000001", None),
            ("terraform-20210101123456789000000001", None),
            ("role/terraform-20210101123456789000000001", None),
            (
                "my-terraform-20210101123456789000000001",
                Some("my-terraform-"),
            ),
        ]);
    }

    #[test]
    fn a_uuid_is_removed() {
        check(&[
            ("job-f81d4fae-7dec-11d0-a765-00a0c91e6bf6", Some("job-")),
            ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", None),
            ("job-f81d4fae-7dec-11d0-a765-00a0c91e6bfg", None),
            ("job-f81d4fae7-dec-11d0-a765-00a0c91e6bf6", None),
        ]);
    }

    proptest! {
        #[test]
        fn a_family_is_a_true_beginning_of_the_name(name in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(family) = family_of(&name) {
                prop_assert!(!family.is_empty() && family.len() < name.len() && name.starts_with(family));
            }
        }
    }
}
