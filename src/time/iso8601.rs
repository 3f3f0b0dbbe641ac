//! ISO-8601 times to instants: a date, a time of day, and how far the clock was from UTC.
//!
//! Read are the extended form (`2023-07-10T11:42:18Z`), the basic form (`20230710T114218Z`), and what tools make of them: a blank in place of the
//! `T`, slashes in the date, no seconds, a fraction behind a point or a comma, `UTC`, and an offset with or without a colon, a blank before it.
//! A time without an offset is UTC. Which day exists is chrono's to say; this file knows no zone but a fixed offset, and no epoch seconds.
//!
//! The text is taken apart by hand, since a time is read from every CloudTrail record: chrono's own parser of a format string needs
//! several times as long (`benches/parts.rs`, `iso8601`: 130 ns against 20), has to be asked once for each form, and skips blanks between any two digits.
//!
//! Sources: ISO 8601-1:2019; the forms in `tests/data/cloudtrail` and `tests/data/cases`.

use chrono::{NaiveDate, NaiveTime};

use super::timestamp::{Timestamp, SECOND};

/// What was read, and the text behind it; nothing if the text does not begin with such a thing.
type Parsed<'t, T> = Option<(T, &'t [u8])>;

impl Timestamp {
    /// Reads a date and a time of day in an ISO-8601 form; none if the text is anything else.
    ///
    /// Decimals after the sixth are cut off. A leap second (`:60`) is no time, since epoch seconds have none, and neither is `24:00`.
    ///
    /// ```
    /// use unseen::time::Timestamp;
    /// let time = Timestamp::from_iso8601(b"2023-07-10T13:42:18.5+02:00");
    /// assert_eq!(time.unwrap().to_string(), "1688989338.5");
    /// ```
    pub fn from_iso8601(text: &[u8]) -> Option<Timestamp> {
        let (date, rest) = date(text)?;
        let [b'T' | b't' | b' ', rest @ ..] = rest else {
            return None;
        };
        let (time, rest) = time_of_day(rest)?;
        let (micros, rest) = fraction(rest)?;
        let seconds = date.and_time(time).and_utc().timestamp() - offset(rest)?;
        Some(Timestamp::from_seconds(seconds).saturating_add(micros))
    }

    /// Reads a date alone, `2023-07-10` or `20230710`: its midnight in UTC.
    pub fn from_iso8601_date(text: &[u8]) -> Option<Timestamp> {
        let (date, rest) = date(text)?;
        let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp();
        rest.is_empty().then(|| Timestamp::from_seconds(midnight))
    }
}

/// `2023-07-10`, `2023/07/10` or `20230710`.
fn date(text: &[u8]) -> Parsed<'_, NaiveDate> {
    let (year, rest) = digits::<4>(text)?;
    let separator = rest.first().filter(|byte| matches!(byte, b'-' | b'/'));
    let skip = |rest| behind(separator, rest);
    let (month, rest) = digits::<2>(skip(rest)?)?;
    let (day, rest) = digits::<2>(skip(rest)?)?;
    Some((NaiveDate::from_ymd_opt(year as i32, month, day)?, rest))
}

/// `11:42:18`, `11:42`, `114218` or `1142`.
fn time_of_day(text: &[u8]) -> Parsed<'_, NaiveTime> {
    let (hour, rest) = digits::<2>(text)?;
    let separator = rest.first().filter(|byte| **byte == b':');
    let (minute, rest) = digits::<2>(behind(separator, rest)?)?;
    let seconds = behind(separator, rest).and_then(digits::<2>);
    let (second, rest) = seconds.unwrap_or((0, rest));
    Some((NaiveTime::from_hms_opt(hour, minute, second)?, rest))
}

/// What stands behind the separator, if there is to be one.
fn behind<'t>(separator: Option<&u8>, text: &'t [u8]) -> Option<&'t [u8]> {
    match separator {
        None => Some(text),
        Some(byte) => text.strip_prefix(std::slice::from_ref(byte)),
    }
}

/// The microseconds of a fraction of a second; none at all is zero.
fn fraction(text: &[u8]) -> Parsed<'_, i64> {
    let [b'.' | b',', decimals @ ..] = text else {
        return Some((0, text));
    };
    let count = decimals.iter().take_while(|byte| byte.is_ascii_digit());
    let (decimals, rest) = decimals.split_at(count.count());
    // From the seventh decimal on there is no scale left to count it by.
    let scales = std::iter::successors(Some(SECOND / 10), |scale| Some(scale / 10)).take(6);
    let micros = decimals.iter().zip(scales);
    let micros = micros.map(|(digit, scale)| i64::from(digit - b'0') * scale);
    (!decimals.is_empty()).then(|| (micros.sum(), rest))
}

/// Seconds east of UTC: `Z`, `UTC`, `+02:00`, `-0930`, `+02`, with a blank before it or not; nothing is UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, text) = match text.strip_prefix(b" ").unwrap_or(text) {
        [] | b"Z" | b"z" | b"UTC" | b"GMT" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits::<2>(text).or_else(|| digits::<1>(text))?;
    let (minutes, rest) = match rest {
        [] if text.len() == 2 => (0, rest),
        [b':', rest @ ..] => digits::<2>(rest)?,
        _ if text.len() == 4 => digits::<2>(rest)?,
        _ => return None,
    };
    let is_offset = rest.is_empty() && hours <= 23 && minutes <= 59;
    is_offset.then(|| sign * i64::from((hours * 60 + minutes) * 60))
}

/// The number that exactly so many digits stand for.
fn digits<const COUNT: usize>(text: &[u8]) -> Parsed<'_, u32> {
    let (digits, rest) = text.split_first_chunk::<COUNT>()?;
    let number = digits.iter().try_fold(0, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| number * 10 + u32::from(digit))
    });
    Some((number?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2023-07-10 11:42:18 UTC.
    const AT: i64 = 1_688_989_338_000_000;

    #[test]
    fn every_form_names_the_instant() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2023-07-10T11:42:18Z", AT),
            ("2023-07-10t11:42:18z", AT),
            ("2023-07-10T11:42:18", AT),
            ("2023-07-10 11:42:18", AT),
            ("2023/07/10 11:42:18", AT),
            ("20230710T114218Z", AT),
            ("20230710T114218", AT),
            ("2023-07-10T11:42Z", AT - 18_000_000),
            ("20230710T1142Z", AT - 18_000_000),
            ("2023-07-10T11:42:18.25Z", AT + 250_000),
            ("2023-07-10T11:42:18,25Z", AT + 250_000),
            ("2023-07-10T11:42:18.1234567Z", AT + 123_456),
            ("2023-07-10 11:42:18.000000000", AT),
            ("2023-07-10 11:42:18.000 UTC", AT),
            ("2023-07-10 11:42:18 GMT", AT),
            ("2023-07-10T13:42:18+02:00", AT),
            ("2023-07-10T13:42:18+2:00", AT),
            ("2023-07-10T13:42:18+02", AT),
            ("2023-07-10T13:42:18 +0200", AT),
            ("2023-07-10T02:12:18.5-0930", AT + 500_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ] {
            let time = Timestamp::from_iso8601(text.as_bytes());
            assert_eq!(time, Some(Timestamp(micros)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2023-04-31T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-07-10T24:00:00Z",
            "2023-07-10T11:60:00Z",
            "2023-07-10T11:42:60Z",
            "2023-07-10T11:42:18.Z",
            "2023-07-10T11:42:1Z",
            "2023-07-10T11:4218Z",
            "2023-07/10T11:42:18Z",
            "2023-7-10T11:42:18Z",
            "2023-07-10T 1:42:18Z",
            "2023-07-10T11:42:18+2",
            "2023-07-10T11:42:18+200",
            "2023-07-10T11:42:18+:00",
            "2023-07-10T11:42:18+24:00",
            "2023-07-10T11:42:18+02:60",
            "2023-07-10T11:42:18+02:000",
            "2023-07-10T11:42:18  Z",
            "2023-07-10T11:42:18Zulu",
            "2023-07-10T11:42:18Z ",
            "2023-07-10T11",
            "2023-07-10T",
            "2023-07-10",
            "1688989338",
            "redacted",
            "...",
            "",
        ] {
            assert_eq!(Timestamp::from_iso8601(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_date_alone_is_its_midnight() {
        let midnight = Some(Timestamp(1_688_947_200_000_000));
        for (text, expected) in [
            ("2023-07-10", midnight),
            ("2023/07/10", midnight),
            ("20230710", midnight),
            ("2023-07-10T", None),
            ("2023-07", None),
            ("2023-02-29", None),
            ("2023-07-10x", None),
            ("", None),
        ] {
            let time = Timestamp::from_iso8601_date(text.as_bytes());
            assert_eq!(time, expected, "{text}");
        }
    }

    proptest! {
        /// chrono writes what is read here.
        #[test]
        fn times_are_read_as_chrono_writes_them(
            seconds in -62_000_000_000_i64..250_000_000_000,
            micros in 0..1_000_000_u32,
            east in -1_439..1_440,
        ) {
            let utc = chrono::DateTime::from_timestamp(seconds, micros * 1_000).unwrap();
            let there = utc.with_timezone(&chrono::FixedOffset::east_opt(east * 60).unwrap());
            let read = |text: String| Timestamp::from_iso8601(text.as_bytes());
            let exact = Some(Timestamp(utc.timestamp_micros()));
            for form in ["%Y-%m-%dT%H:%M:%S%.6f%:z", "%Y%m%dT%H%M%S%.6f%z", "%Y/%m/%d %H:%M:%S%.9f %z"] {
                prop_assert_eq!(read(there.format(form).to_string()), exact);
            }
            let whole = read(utc.format("%Y-%m-%dT%H:%M:%SZ").to_string());
            prop_assert_eq!(whole, Some(Timestamp::from_seconds(seconds)));
        }

        #[test]
        fn any_text_is_a_time_or_not_without_panic(
            text in "[-+.:/TZ 0-9]{0,32}",
            bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            for text in [text.as_bytes(), &bytes] {
                let _ = Timestamp::from_iso8601(text);
                let _ = Timestamp::from_iso8601_date(text);
            }
        }
    }
}
