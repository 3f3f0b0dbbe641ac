//! The `__mv_` encoding: each value between `$` signs, `$` inside doubled, values joined by `;`.
//!
//! `a$b` and `c` become `$a$$b$;$c$`. One value needs no encoding: its twin is empty. Knows nothing of rows.
//!
//! Source: a session recorded from splunkd 8.2.1 (`$FIREFLY-WIN$;$beatles$`) and the decoder of the Splunk SDK for
//! Python. A scanner, because splitting on `$;$` breaks on values that hold it.

use std::borrow::Cow;

/// The values of a non-empty twin cell, or none if it is not of this encoding.
///
/// Values may be empty. They borrow from a borrowed cell, unless a doubled `$` forces a copy.
pub fn decode(twin: Cow<'_, [u8]>) -> Option<Vec<Cow<'_, [u8]>>> {
    match twin {
        Cow::Borrowed(text) => decode_text(text),
        Cow::Owned(text) => Some(
            decode_text(&text)?
                .into_iter()
                .map(|value| Cow::Owned(value.into_owned()))
                .collect(),
        ),
    }
}

fn decode_text(mut rest: &[u8]) -> Option<Vec<Cow<'_, [u8]>>> {
    let mut values = Vec::new();
    loop {
        let (value, after) = decode_one(rest.strip_prefix(b"$")?)?;
        values.push(value);
        match after {
            [] => return Some(values),
            [b';', more @ ..] => rest = more,
            _ => return None,
        }
    }
}

/// One value and what follows its closing `$`. The opening one is gone already.
fn decode_one(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut copied: Option<Vec<u8>> = None;
    let mut from = 0;
    loop {
        let dollar = from + memchr::memchr(b'$', &text[from..])?;
        if text.get(dollar + 1) != Some(&b'$') {
            let value = match copied {
                None => Cow::Borrowed(&text[..dollar]),
                Some(mut value) => {
                    value.extend_from_slice(&text[from..dollar]);
                    Cow::Owned(value)
                }
            };
            return Some((value, &text[dollar + 1..]));
        }
        copied
            .get_or_insert_default()
            .extend_from_slice(&text[from..=dollar]);
        from = dollar + 2;
    }
}

/// Appends the twin cell of `values` to `out`, unquoted; nothing for fewer than two values, as splunkd does it.
pub fn encode<V: AsRef<[u8]>>(values: &[V], out: &mut Vec<u8>) {
    if values.len() < 2 {
        return;
    }
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b';');
        }
        out.push(b'$');
        for &byte in value.as_ref() {
            if byte == b'$' {
                out.push(b'$');
            }
            out.push(byte);
        }
        out.push(b'$');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(twin: &str) -> Option<Vec<String>> {
        let values = decode(Cow::Borrowed(twin.as_bytes()))?;
        Some(
            values
                .into_iter()
                .map(|value| String::from_utf8(value.into_owned()).unwrap())
                .collect(),
        )
    }

    #[test]
    fn each_value_stands_between_dollars() {
        let cases: &[(&str, Option<&[&str]>)] = &[
            ("$FIREFLY-WIN$;$beatles$", Some(&["FIREFLY-WIN", "beatles"])),
            ("$a$$;$$b$", Some(&["a$;$b"])),
            ("$$;$b$", Some(&["", "b"])),
            ("$$", Some(&[""])),
            ("$a$;$$;$b$", Some(&["a", "", "b"])),
            ("$$$$", Some(&["$"])),
            ("$a$;", None),
            ("$a$b$", None),
            ("a", None),
            ("", None),
        ];
        for (twin, expected) in cases {
            let expected =
                expected.map(|values| values.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(decoded(twin), expected, "{twin}");
        }
    }

    #[test]
    fn fewer_than_two_values_have_no_twin() {
        let mut out = Vec::new();
        encode(&["one"], &mut out);
        encode::<&str>(&[], &mut out);
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(values in proptest::collection::vec("[a$;]{0,4}", 2..5)) {
            let mut twin = Vec::new();
            encode(&values, &mut twin);
            prop_assert_eq!(decoded(std::str::from_utf8(&twin).unwrap()), Some(values));
        }
    }
}
