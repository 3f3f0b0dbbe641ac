//! How a score or a part of one is written.

/// A number with six decimals, trailing zeros not printed, and never `-0`: `23.738575`, `-1.386294`, `0.5`, `0`.
pub fn six_decimals(number: f64) -> String {
    let written = format!("{number:.6}");
    let short = written.trim_end_matches('0').trim_end_matches('.');
    match short {
        "-0" => "0".to_owned(),
        short => short.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn six_decimals_without_trailing_zeros_and_never_minus_zero() {
        for (number, written) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.000_000_4, "0"),
            (-0.000_000_4, "0"),
            (0.000_000_6, "0.000001"),
            (-0.000_000_6, "-0.000001"),
            (0.5, "0.5"),
            (1.0, "1"),
            (10.0, "10"),
            (100.1, "100.1"),
            (23.738_574_9, "23.738575"),
            (0.999_999_7, "1"),
            (-1.386_294_361_119_9, "-1.386294"),
        ] {
            assert_eq!(six_decimals(number), written, "{number:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_the_number_to_half_a_millionth(number in -1e3..1e3f64) {
            let written = six_decimals(number);
            prop_assert!((written.parse::<f64>().unwrap() - number).abs() <= 0.501e-6);
            prop_assert!(written == "0" || !written.ends_with('0') || !written.contains('.'));
            prop_assert!(!written.ends_with('.') && written != "-0");
        }
    }
}
