//! An instant, and the decimal epoch seconds it is read from and written as.
//!
//! This file knows no date and no zone; those are in `calendar.rs`.
//! Source: Splunk's `_time` and a KV store's numbers, which are epoch seconds in decimal, with or without a fraction.

use std::fmt;

use thiserror::Error;

/// One second, in microseconds.
pub const SECOND: i64 = 1_000_000;
/// One minute, in microseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour, in microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// Twenty-four hours, in microseconds; a day of the calendar may be shorter or longer.
pub const DAY: i64 = 24 * HOUR;

/// An instant: microseconds since 1970-01-01 00:00:00 UTC, negative before it.
///
/// What is parsed or computed lies between [`Timestamp::MIN`] and [`Timestamp::MAX`]. `i64::MIN` and `i64::MAX` never
/// come out of this module, so a caller may use them as "before every time" and "after every time".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(pub i64);

/// The text was neither empty nor decimal epoch seconds.
///
/// It carries nothing, so that reading costs nothing: the caller has the text, and knows its field and row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("expected decimal epoch seconds such as `1699833600` or `1699833600.5`")]
pub struct NotATime;

impl Timestamp {
    /// The earliest time, in the year -290308.
    pub const MIN: Timestamp = Timestamp(i64::MIN + 1);
    /// The latest time, in the year 294247.
    pub const MAX: Timestamp = Timestamp(i64::MAX - 1);

    /// Reads `-?digits[.digits][e±digits]`, epoch seconds in decimal; empty is no time.
    ///
    /// Nothing else is a time: no blank, plus sign in front, `.5` or `5.`. An exponent is what a spreadsheet, or a database that keeps
    /// numbers as doubles, makes of a large number. Decimals after the sixth are cut off, towards zero. A number too large to hold becomes [`Timestamp::MAX`] or [`Timestamp::MIN`], which the rules
    /// then see as what it is, a broken clock.
    #[inline]
    pub fn parse(text: &[u8]) -> Result<Option<Timestamp>, NotATime> {
        let (negative, digits) = match text {
            [] => return Ok(None),
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let (seconds, rest) = number(digits);
        if rest.len() == digits.len() {
            return Err(NotATime);
        }
        let micros = match rest {
            [] => Some(0),
            [b'.', decimals @ ..] if !decimals.is_empty() => micros(decimals),
            _ => None,
        };
        let magnitude = match micros {
            Some(micros) => seconds.saturating_mul(SECOND as u64).saturating_add(micros),
            None => micros_with_exponent(digits).ok_or(NotATime)?,
        };
        let magnitude = magnitude.min(i64::MAX as u64) as i64;
        let time = Timestamp(if negative { -magnitude } else { magnitude });
        Ok(Some(time.clamp(Self::MIN, Self::MAX)))
    }

    /// The instant that many whole seconds after the epoch, or the nearest there is.
    pub fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_mul(SECOND)).clamp(Self::MIN, Self::MAX)
    }

    /// Whole seconds since the epoch; a fraction counts towards the second it lies in, also before the epoch.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// The instant `micros` microseconds later, or earlier if negative, and never beyond [`Timestamp::MIN`] or
    /// [`Timestamp::MAX`].
    pub fn saturating_add(self, micros: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(micros)).clamp(Self::MIN, Self::MAX)
    }

    /// Appends the time as [`Display`](fmt::Display) prints it.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let magnitude = self.0.unsigned_abs();
        let (seconds, micros) = (magnitude / SECOND as u64, magnitude % SECOND as u64);
        if self.0 < 0 {
            out.push(b'-');
        }
        out.extend_from_slice(itoa::Buffer::new().format(seconds).as_bytes());
        if micros != 0 {
            // A leading one, which becomes the point, keeps the zeros behind it.
            let point = out.len();
            out.extend_from_slice(
                itoa::Buffer::new()
                    .format(SECOND as u64 + micros)
                    .as_bytes(),
            );
            out[point] = b'.';
            while out.ends_with(b"0") {
                out.pop();
            }
        }
    }
}

/// Decimal epoch seconds as [`Timestamp::parse`] reads them, without trailing zeros: `1699833600`, `-0.25`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write_to(&mut text);
        f.pad(std::str::from_utf8(&text).expect("a minus, digits and a point are ASCII"))
    }
}

/// The number that leading digits stand for, or the greatest there is, and what follows them.
fn number(text: &[u8]) -> (u64, &[u8]) {
    let eight = text.split_first_chunk();
    let (mut number, mut rest) = eight
        .and_then(|(first, behind)| Some((eight_digits(*first)?, behind)))
        .unwrap_or((0, text));
    while let [byte @ b'0'..=b'9', behind @ ..] = rest {
        number = number
            .saturating_mul(10)
            .saturating_add(u64::from(byte - b'0'));
        rest = behind;
    }
    (number, rest)
}

/// The number that eight digits stand for, all at once: neighbours become pairs, pairs fours, fours eight; none if one is no digit.
///
/// Why: a row has four times or more, and digit by digit each multiplication waits for the one before. If it were wrong, so would be
/// every time and with it every verdict; a property below compares it with the digits one by one. What it is worth:
/// docs/performance.md, "What each trick is worth".
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let digits = u64::from_le_bytes(text) ^ each(b'0');
    // What is no digit has something in its upper half, at the latest when six are added.
    if (digits | digits.wrapping_add(each(6))) & each(0xf0) != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// The microseconds of `digits[.digits]e[+-]digits`, or the most there are; none if the text is anything else.
///
/// Worked out in whole numbers: through a double, the last of six decimals of today's times would be a guess.
#[cold]
#[inline(never)]
fn micros_with_exponent(text: &[u8]) -> Option<u64> {
    let (mantissa, exponent) = text.split_at(text.iter().position(|byte| b"eE".contains(byte))?);
    let exponent = std::str::from_utf8(&exponent[1..]).ok()?;
    let (whole, decimals) = match mantissa.iter().position(|&byte| byte == b'.') {
        Some(point) => (&mantissa[..point], &mantissa[point + 1..]),
        None => (mantissa, b"0".as_slice()),
    };
    let digits: Vec<u8> = [whole, decimals].concat();
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let is_exponent = is_number(exponent.trim_start_matches(['+', '-']).as_bytes());
    if !is_number(whole) || !is_number(decimals) || !is_exponent || digits.len() > 30 {
        return None;
    }
    let number: u128 = std::str::from_utf8(&digits).ok()?.parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    // The number counts units of the last decimal; a microsecond is the sixth.
    let shift = exponent
        .saturating_add(6)
        .saturating_sub(decimals.len() as i32);
    let power = 10u128.saturating_pow(shift.unsigned_abs());
    let micros = match shift {
        0.. => number.saturating_mul(power),
        _ => number / power,
    };
    Some(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// The microseconds that the decimals after the point stand for; none if one is no digit.
fn micros(decimals: &[u8]) -> Option<u64> {
    let mut micros = 0;
    // From the seventh decimal on the scale is zero: it must still be a digit, but adds nothing.
    let mut scale = SECOND as u64 / 10;
    for byte in decimals {
        if !byte.is_ascii_digit() {
            return None;
        }
        micros += u64::from(byte - b'0') * scale;
        scale /= 10;
    }
    Some(micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> Result<Option<i64>, NotATime> {
        Timestamp::parse(text.as_bytes()).map(|time| time.map(|time| time.0))
    }

    #[test]
    fn decimal_epoch_seconds_are_a_time() {
        for (text, micros) in [
            ("0", 0),
            ("-0", 0),
            ("1", 1_000_000),
            ("1699833600", 1_699_833_600_000_000),
            ("1699833600.5", 1_699_833_600_500_000),
            ("1699833600.000000", 1_699_833_600_000_000),
            ("0001.50", 1_500_000),
            ("-0.25", -250_000),
            ("-1.000001", -1_000_001),
            ("1.6935264e+09", 1_693_526_400_000_000),
            ("1.693526400123456789E9", 1_693_526_400_123_456),
            ("1e0", 1_000_000),
            ("0e+00", 0),
            ("-25e-2", -250_000),
            ("17E8", 1_700_000_000_000_000),
        ] {
            assert_eq!(time(text), Ok(Some(micros)), "{text}");
        }
    }

    #[test]
    fn empty_is_no_time_and_not_an_error() {
        assert_eq!(time(""), Ok(None));
    }

    #[test]
    fn decimals_after_the_sixth_are_cut_off_towards_zero() {
        for (text, micros) in [
            ("0.123456", 123_456),
            ("0.1234569", 123_456),
            ("-0.1234569", -123_456),
            ("0.0000009", 0),
            ("-0.0000009", 0),
            ("1.99999999999999999999999999999999", 1_999_999),
        ] {
            assert_eq!(time(text), Ok(Some(micros)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_a_time() {
        for text in [
            "-",
            ".",
            "-.",
            ".5",
            "-.5",
            "5.",
            "-5.",
            "+5",
            "--5",
            "1e",
            "e9",
            "1.e9",
            ".5e9",
            "1e9.5",
            "1e+-9",
            "1 e9",
            "1.2.3",
            "1..2",
            " 1",
            "1 ",
            "1\n",
            "1,5",
            "0x10",
            "nan",
            "inf",
            "now",
            "1.-5",
            "1.00000000x",
            "\u{663}",
            "1\0",
        ] {
            assert_eq!(time(text), Err(NotATime), "{text:?}");
        }
        assert_eq!(Timestamp::parse(b"\xff"), Err(NotATime));
    }

    #[test]
    fn a_number_too_large_becomes_the_nearest_time_and_leaves_the_extremes_of_i64_free() {
        let (least, most) = (i64::MIN + 1, i64::MAX - 1);
        for (text, micros) in [
            ("9223372036854.775805", most - 1),
            ("9223372036854.775806", most),
            ("9223372036854.775807", most),
            ("9223372036855", most),
            ("18446744073709551616", most),
            ("99999999999999999999999999999999999999999", most),
            ("-9223372036854.775806", least + 1),
            ("-9223372036854.775807", least),
            ("-9223372036854.775808", least),
            ("-99999999999999999999999999999999999999999", least),
        ] {
            assert_eq!(time(text), Ok(Some(micros)), "{text}");
        }
    }

    #[test]
    fn a_time_is_printed_without_trailing_zeros() {
        for (micros, text) in [
            (0, "0"),
            (1, "0.000001"),
            (-1, "-0.000001"),
            (100_000, "0.1"),
            (-250_000, "-0.25"),
            (1_699_833_600_000_000, "1699833600"),
            (1_699_833_600_500_000, "1699833600.5"),
            (10_000_000, "10"),
            (10_050_000, "10.05"),
            (i64::MAX, "9223372036854.775807"),
            (i64::MIN, "-9223372036854.775808"),
        ] {
            assert_eq!(Timestamp(micros).to_string(), text);
        }
    }

    #[test]
    fn a_second_before_the_epoch_holds_the_fractions_after_it() {
        for (micros, seconds) in [
            (-1_000_001, -2),
            (-1_000_000, -1),
            (-1, -1),
            (0, 0),
            (999_999, 0),
            (1_000_000, 1),
            (i64::MIN, -9_223_372_036_855),
        ] {
            assert_eq!(Timestamp(micros).seconds(), seconds, "{micros}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_earliest_and_latest_time() {
        assert_eq!(Timestamp(5).saturating_add(DAY), Timestamp(86_400_000_005));
        assert_eq!(Timestamp(5).saturating_add(-6), Timestamp(-1));
        assert_eq!(Timestamp::MAX.saturating_add(1), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.saturating_add(-1), Timestamp::MIN);
        assert_eq!(Timestamp::from_seconds(-2), Timestamp(-2_000_000));
        assert_eq!(Timestamp::from_seconds(i64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_seconds(i64::MIN), Timestamp::MIN);
    }

    /// What a time's text has to be, worked out slowly.
    fn spelled_out(time: Timestamp) -> String {
        let sign = if time.0 < 0 { "-" } else { "" };
        let magnitude = i128::from(time.0).abs();
        let text = format!(
            "{sign}{}.{:06}",
            magnitude / 1_000_000,
            magnitude % 1_000_000
        );
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let written = Timestamp(micros).to_string();
            prop_assert_eq!(Timestamp::parse(written.as_bytes()), Ok(Some(Timestamp(micros))));
        }

        #[test]
        fn what_is_read_is_written_back(text in "(0|-?[1-9][0-9]{0,11})(\\.[0-9]{0,5}[1-9])?") {
            let read = Timestamp::parse(text.as_bytes()).unwrap().unwrap();
            prop_assert_eq!(read.to_string(), text);
        }

        #[test]
        fn both_ways_of_writing_agree_with_the_slow_one(
            micros in prop_oneof![any::<i64>(), -20_000_000..20_000_000_i64],
        ) {
            let mut written = b"kept,".to_vec();
            Timestamp(micros).write_to(&mut written);
            let slow = spelled_out(Timestamp(micros));
            prop_assert_eq!(&written[5..], slow.as_bytes());
            prop_assert_eq!(Timestamp(micros).to_string(), slow);
        }

        /// Digits, and the bytes next to them or with their upper half changed.
        #[test]
        fn eight_digits_at_once_are_what_they_are_one_by_one(
            text in prop::collection::vec(prop::sample::select(b"0123456789/:?.-\x00\x10\x7f\x80\xb0\xb9\xff".to_vec()), 8),
            digits in "[0-9]{8}",
        ) {
            for text in [&text[..], digits.as_bytes()] {
                let one_by_one = text.iter().try_fold(0, |number, byte| {
                    byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
                });
                prop_assert_eq!(eight_digits(text.try_into().unwrap()), one_by_one);
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..64),
            digits in "[-.0-9]{0,40}",
        ) {
            let _ = Timestamp::parse(&bytes);
            let _ = Timestamp::parse(digits.as_bytes());
        }
    }
}
