//! Literals of Python: single and triple quotes with the prefixes `r`, `b`, `u`, `f` and `t`.

use super::lexer::{Escapes, Fill, Lexer, Quoting, Token, is_word};

/// The tokens of a file.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(text);
    while lexer.at < lexer.bytes.len() {
        let start = lexer.at;
        let first = lexer.bytes[start];
        match first {
            byte if byte.is_ascii_whitespace() => lexer.at += 1,
            b'#' => lexer.skip_line(),
            // A line that goes on.
            b'\\' => lexer.at += 1,
            b'\'' | b'"' => literal(&mut lexer, start, &[]),
            byte if is_word(byte) => {
                let rest = &lexer.bytes[start..];
                let prefix = rest
                    .iter()
                    .take(3)
                    .take_while(|it| b"rRbBuUfFtT".contains(it))
                    .count();
                match rest.get(prefix) {
                    Some(b'\'' | b'"') => {
                        lexer.at += prefix;
                        let letters = &lexer.bytes[start..start + prefix];
                        literal(&mut lexer, start, letters);
                    }
                    _ => lexer.word_or_mark(),
                }
            }
            _ => lexer.word_or_mark(),
        }
    }
    lexer.tokens
}

/// The literal whose quotes stand at the lexer.
fn literal(lexer: &mut Lexer<'_>, start: usize, prefix: &[u8]) {
    let is = |letter: u8| prefix.iter().any(|it| it.eq_ignore_ascii_case(&letter));
    let close = match () {
        () if lexer.starts_with("\"\"\"") => "\"\"\"",
        () if lexer.starts_with("'''") => "'''",
        () if lexer.starts_with("\"") => "\"",
        () => "'",
    };
    lexer.at += close.len();
    let quoting = Quoting {
        close,
        escapes: if is(b'r') {
            Escapes::Kept
        } else {
            Escapes::Read
        },
        lines: close.len() == 3,
        fill: if is(b'f') || is(b't') {
            Fill::Brace
        } else {
            Fill::None
        },
    };
    lexer.literal(start, quoting);
}
