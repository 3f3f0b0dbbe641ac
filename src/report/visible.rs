//! Text from logs, made safe to show on a terminal.

/// A text on which every character can be seen: no controls, nothing that turns the direction of reading, no bytes that are not UTF-8.
pub(crate) fn visible(text: &[u8]) -> String {
    let mut shown = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match is_hidden(c) {
                true => shown.extend(c.escape_unicode()),
                false => shown.push(c),
            }
        }
        let invalid = chunk.invalid().iter();
        invalid.for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
    }
    shown
}

/// Controls, and what is not drawn or turns the direction of reading. Source: Unicode's categories Cc and Cf.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(
            visible("a\x1b[31m\n\u{202e}b\u{e9}".as_bytes()),
            "a\\u{1b}[31m\\u{a}\\u{202e}b\u{e9}"
        );
        assert_eq!(visible(b"a\xffb"), "a\\xffb");
    }
}
