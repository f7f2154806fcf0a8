//! Records of comma-separated values, as PostgreSQL's `COPY … CSV` and its csvlog write them.

/// A record and the line on which it begins, from 1; a field without quotes and text is `None`, as
/// NULL is written.
pub(super) type Record = (usize, Vec<Option<String>>);

/// The records of `text`. A quote without end holds the rest.
pub(super) fn records(text: &str, separator: char) -> impl Iterator<Item = Record> {
    let mut rest = text.chars().peekable();
    let mut line = 1;
    std::iter::from_fn(move || {
        // Empty lines are none.
        while let Some(character) = rest.next_if(|it| matches!(it, '\n' | '\r')) {
            line += usize::from(character == '\n');
        }
        rest.peek()?;
        let begin = line;
        let mut fields = Vec::new();
        let mut field = String::new();
        let mut is_quoted = false;
        let mut in_quotes = false;
        while let Some(character) = rest.next() {
            line += usize::from(character == '\n');
            match character {
                '"' if in_quotes => {
                    if rest.next_if_eq(&'"').is_some() {
                        field.push('"');
                    } else {
                        in_quotes = false;
                    }
                }
                _ if in_quotes => field.push(character),
                '"' => {
                    in_quotes = true;
                    is_quoted = true;
                }
                '\n' => break,
                '\r' if rest.peek() == Some(&'\n') => {}
                _ if character == separator => {
                    fields.push(value(&mut field, &mut is_quoted));
                }
                _ => field.push(character),
            }
        }
        fields.push(value(&mut field, &mut is_quoted));
        Some((begin, fields))
    })
}

fn value(field: &mut String, is_quoted: &mut bool) -> Option<String> {
    let text = std::mem::take(field);
    let is_null = text.is_empty() && !*is_quoted;
    *is_quoted = false;
    (!is_null).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_separators_and_lines() {
        let read: Vec<_> = records("a,\"b,\"\"c\"\"\nd\",,\"\"\r\n\nx\n", ',').collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read,
            [
                (1, vec![some("a"), some("b,\"c\"\nd"), None, some("")]),
                (4, vec![some("x")]),
            ]
        );
        assert_eq!(records("\"open\n\n", ',').count(), 1);
        assert_eq!(records("", ',').count(), 0);
    }
}
