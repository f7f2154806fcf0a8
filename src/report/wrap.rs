//! Words on lines of a width.

/// The text on lines of at most `width` characters where its words allow: the first begins with
/// `first`, the others with `rest`. White space is folded, and a word is never broken.
pub(super) fn wrap(text: &str, width: usize, first: &str, rest: &str) -> String {
    let mut out = first.to_owned();
    let mut column = first.chars().count();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !is_empty && column + 1 + length > width {
            out.push('\n');
            out.push_str(rest);
            column = rest.chars().count();
            is_empty = true;
        }
        if !is_empty {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        is_empty = false;
    }
    out.push('\n');
    out
}

/// The same, where a command between backquotes stays on one line, so that it can be copied; and so
/// does anything else between them that fits on one.
pub(super) fn wrap_sentence(text: &str, width: usize, first: &str, rest: &str) -> String {
    let room = width.saturating_sub(rest.chars().count());
    wrap(&commands_kept(text, room), width, first, rest).replace(KEPT, " ")
}

/// A sentence on lines of at most `width` columns, those after the first set in by `indent`: for what
/// is said beside the report. The last line has no line break.
pub fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut out = wrap_sentence(text, width, "", &" ".repeat(indent));
    out.truncate(out.trim_end().len());
    out
}

/// A blank at which no line ends.
const KEPT: char = '\u{1}';

/// Whether a shell is to run it. A terminal breaks what is longer than its lines by itself, and such
/// a break is not copied.
fn is_command(text: &str) -> bool {
    text.starts_with("migcheck ") || text.starts_with("git ")
}

/// The text with the blanks between backquotes kept: those of commands, and of what fits on a line.
fn commands_kept(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (place, piece) in text.split('`').enumerate() {
        if place > 0 {
            out.push('`');
        }
        let is_inside = place % 2 == 1;
        let is_short = || piece.chars().count() + 2 <= width;
        match is_inside && (is_command(piece) || is_short()) {
            true => out.extend(piece.chars().map(|c| if c == ' ' { KEPT } else { c })),
            false => out.push_str(piece),
        }
    }
    out
}

/// `1 table`, `2 tables`, `2 entries`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) if !what.ends_with("ey") => format!("{count} {stem}ies"),
        (_, None) if what.ends_with("x") => format!("{count} {what}es"),
        (_, _) => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_never_broken() {
        assert_eq!(wrap("a bb ccc", 6, "- ", "  "), "- a bb\n  ccc\n");
        assert_eq!(wrap("aaaaaaaaaa b", 4, "", ""), "aaaaaaaaaa\nb\n");
        assert_eq!(wrap("", 4, "- ", ""), "- \n");
    }

    #[test]
    fn commands_stay_on_one_line() {
        let text = "see `migcheck check --all`, or not";
        assert_eq!(
            wrapped(text, 26, 2),
            "see\n  `migcheck check --all`,\n  or not"
        );
        assert_eq!(wrapped(text, 12, 0), "see\n`migcheck check --all`,\nor not");
        assert_eq!(
            wrapped("run `DROP TABLE a.b`", 12, 0),
            "run `DROP\nTABLE a.b`"
        );
        assert_eq!(wrapped("", 12, 2), "");
    }

    #[test]
    fn counts_are_in_english() {
        assert_eq!(counted(1, "query"), "1 query");
        assert_eq!(counted(2, "query"), "2 queries");
        assert_eq!(counted(2, "index"), "2 indexes");
        assert_eq!(counted(0, "key"), "0 keys");
    }
}
