//! Literals of JavaScript and TypeScript: single and double quotes, and templates.

use super::lexer::{Escapes, Fill, Kind, Lexer, Quoting, Token};

/// The tokens of a file.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(text);
    while lexer.at < lexer.bytes.len() {
        if lexer.skip_blank_or_comment(false) {
            continue;
        }
        let start = lexer.at;
        let first = lexer.bytes[start];
        let (close, lines, fill) = match first {
            b'"' => ("\"", false, Fill::None),
            b'\'' => ("'", false, Fill::None),
            b'`' => ("`", true, Fill::Dollar),
            b'/' if begins_expression(text, lexer.tokens.last()) && skip_pattern(&mut lexer) => {
                continue;
            }
            b'$' => {
                // A name such as `$queryRaw`.
                lexer.at += 1;
                lexer.skip_while(|byte| super::lexer::is_word(byte) || byte == b'$');
                lexer.push(Kind::Word, start);
                continue;
            }
            _ => {
                lexer.word_or_mark();
                continue;
            }
        };
        lexer.at += 1;
        let quoting = Quoting {
            close,
            escapes: Escapes::Read,
            lines,
            fill,
        };
        lexer.literal(start, quoting);
    }
    lexer.tokens
}

/// Whether what follows `before` is a value, so that a slash begins a regular expression.
fn begins_expression(text: &str, before: Option<&Token>) -> bool {
    let Some(before) = before else { return true };
    match &before.kind {
        Kind::Mark(byte) => !matches!(byte, b')' | b']' | b'}' | b'<'),
        Kind::Literal(_) => false,
        Kind::Word => matches!(
            before.word(text),
            Some("return" | "typeof" | "case" | "in" | "of")
        ),
    }
}

/// Over a regular expression; false when its line holds no end of one.
fn skip_pattern(lexer: &mut Lexer<'_>) -> bool {
    let mut at = lexer.at + 1;
    let mut in_class = false;
    while let Some(byte) = lexer.bytes.get(at) {
        match byte {
            b'\n' => return false,
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => {
                lexer.at = at + 1;
                return true;
            }
            _ => {}
        }
        at += 1;
    }
    false
}
