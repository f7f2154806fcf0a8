//! Text from elsewhere, without what a terminal would obey.
//!
//! Names of files, of branches and in SQL are other people's. Written as they are they could
//! colour the terminal, set its title, or turn the text around so that it reads as something else.

/// The stand-in for a character that is not printed.
const REPLACEMENT: char = '\u{fffd}';

/// Text for one line: every control character and every mark of direction is replaced.
pub fn printable(text: &str) -> String {
    let visible = |c| if is_obeyed(c) { REPLACEMENT } else { c };
    text.chars().map(visible).collect()
}

/// Text for several lines: line breaks and tabs are kept.
pub fn printable_source(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if rest.peek() == Some(&'\n') => {}
            c if is_obeyed(c) => out.push(REPLACEMENT),
            c => out.push(c),
        }
    }
    out
}

fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}
