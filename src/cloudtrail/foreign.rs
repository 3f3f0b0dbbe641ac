//! What is no CloudTrail JSON, and known all the same: other text, other packing, other tools' tables. A file is known by how it begins.
//!
//! Sources: the formats' own specifications for their first bytes; the columns of CloudTrail's table in the Athena User Guide ("Querying AWS
//! CloudTrail logs"), which CloudTrail Lake's event data stores share.

use std::fmt;

/// A form in which CloudTrail records may come, and are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignForm {
    /// Text in two bytes a character.
    Utf16,
    /// An archive or a compressed file, by its name.
    Packed(&'static str),
    /// Gzip, within gzip.
    GzipTwice,
    /// Apache Parquet.
    Parquet,
    /// Rows of CloudTrail's table in Athena or CloudTrail Lake.
    TableRows,
}

/// How compressed files and archives begin.
const PACKED: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\0", "compressed with xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
];

impl ForeignForm {
    /// What a file is that begins so; gzip is inflated already.
    pub fn of_start(start: &[u8], was_gzip: bool) -> Option<Self> {
        let packed = PACKED.iter().find(|(magic, _)| start.starts_with(magic));
        match start {
            _ if packed.is_some() => packed.map(|(_, name)| Self::Packed(name)),
            _ if start.get(257..262) == Some(b"ustar") => Some(Self::Packed("a tar archive")),
            [0x1f, 0x8b, ..] if was_gzip => Some(Self::GzipTwice),
            [b'P', b'A', b'R', b'1', ..] => Some(Self::Parquet),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(Self::Utf16),
            [b'{' | b'[', 0, ..] | [0, b'{' | b'[', ..] => Some(Self::Utf16),
            _ => None,
        }
    }

    /// What rows are that have these columns.
    pub fn of_columns<'c>(names: impl Iterator<Item = &'c [u8]>) -> Option<Self> {
        const OF_TABLE: [&str; 3] = ["eventname", "eventsource", "useridentity"];
        let is_one = |name: &[u8]| {
            OF_TABLE
                .iter()
                .any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
        };
        (names.filter(|name| is_one(name)).count() == OF_TABLE.len()).then_some(Self::TableRows)
    }
}

/// What it is, and what to do about it, as the end of a sentence about a file.
impl fmt::Display for ForeignForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16 => f.write_str("is UTF-16 text; convert it to UTF-8, as `iconv -f UTF-16 -t UTF-8` does"),
            Self::Packed(what) => write!(f, "is {what}; unpack it first"),
            Self::GzipTwice => f.write_str("is compressed with gzip twice; unpack it once"),
            Self::Parquet => f.write_str("is Parquet, as Security Lake stores records; query it with SQL (`docs/performance.md`, \"Archives\")"),
            Self::TableRows => f.write_str(
                "has the columns of CloudTrail's table in Athena or CloudTrail Lake; export one row a role and call with the SQL in `docs/performance.md`, \"Archives\"",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_how_a_file_begins() {
        let tar = [&[b'x'; 257][..], b"ustar\x0000"].concat();
        for (start, was_gzip, expected) in [
            (&b"PK\x03\x04rest"[..], false, Some("is a zip archive; unpack it first")),
            (b"\x28\xb5\x2f\xfd\x04", false, Some("is compressed with zstd; unpack it first")),
            (b"BZh91AY", false, Some("is compressed with bzip2; unpack it first")),
            (b"\xfd7zXZ\0\0", false, Some("is compressed with xz; unpack it first")),
            (&tar, true, Some("is a tar archive; unpack it first")),
            (b"\x1f\x8b\x08", true, Some("is compressed with gzip twice; unpack it once")),
            (b"PAR1\x15", false, Some("is Parquet, as Security Lake stores records; query it with SQL (`docs/performance.md`, \"Archives\")")),
            (b"\xff\xfe{\0", false, Some("is UTF-16 text; convert it to UTF-8, as `iconv -f UTF-16 -t UTF-8` does")),
            (b"\0{", false, Some("is UTF-16 text; convert it to UTF-8, as `iconv -f UTF-16 -t UTF-8` does")),
            (b"{\"Records\":", false, None),
            (b"user,command", false, None),
            (b"", false, None),
        ] {
            let form = ForeignForm::of_start(start, was_gzip).map(|form| form.to_string());
            assert_eq!(form.as_deref(), expected, "{}", start.escape_ascii());
        }
    }

    #[test]
    fn rows_of_athena_and_lake_are_known_by_their_columns() {
        let of =
            |header: &'static str| ForeignForm::of_columns(header.split(',').map(str::as_bytes));
        let athena = "eventversion,useridentity,eventtime,eventsource,eventname,awsregion";
        assert_eq!(of(athena), Some(ForeignForm::TableRows));
        assert_eq!(
            of("eventID,userIdentity,eventSource,eventName"),
            Some(ForeignForm::TableRows)
        );
        assert_eq!(of("user,command,eventName"), None);
    }
}
