//! Text from elsewhere between the tags of HTML and SVG.
//!
//! What is written is both HTML and well-formed XML, so that any reader takes it for the same thing:
//! whatever either of them gives a meaning, in text or between quotes, is written by its number or
//! name, and what XML cannot hold is replaced.

use super::printable::{printable, printable_source};

/// The longest text of others that is shown whole, in characters, where nothing else is said.
const LONGEST: usize = 1000;

/// Text for one line, between two tags or two quotes.
pub(super) fn escaped(text: &str) -> String {
    without_marks(&printable(text))
}

/// Text for several lines between two tags.
pub(super) fn escaped_source(text: &str) -> String {
    without_marks(&printable_source(text))
}

/// A text of ours in which names of others stand between backticks.
pub(super) fn inline(text: &str) -> String {
    let text = cut(text, LONGEST);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(&text);
    }
    let parts = parts.iter().enumerate().map(|(at, part)| match at % 2 {
        1 => code(part),
        _ => escaped(part),
    });
    parts.collect()
}

/// A name or a text of a program.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// The beginning of a text that is too long, in characters.
pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn without_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_a_mark() {
        let hostile = "<b a=\"1\" b='2'>&amp;\u{1b}\u{202e}\u{ffff}\n";
        let said = "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;���";
        assert_eq!(escaped(hostile), format!("{said}\u{fffd}"));
        assert_eq!(escaped_source(hostile), format!("{said}\n"));
    }

    #[test]
    fn names_between_backticks_are_code() {
        assert_eq!(inline("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
        // A name that holds one itself.
        assert_eq!(inline("a `b`` c"), "a `b`` c");
    }
}
