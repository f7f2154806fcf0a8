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
    fn counts_are_in_english() {
        assert_eq!(counted(1, "query"), "1 query");
        assert_eq!(counted(2, "query"), "2 queries");
        assert_eq!(counted(2, "index"), "2 indexes");
        assert_eq!(counted(0, "key"), "0 keys");
    }
}
