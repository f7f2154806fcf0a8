//! Literals of Go: `"…"` and `` `…` ``.

use super::lexer::{Escapes, Fill, Lexer, Quoting, Token};

/// The tokens of a file.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(text);
    while lexer.at < lexer.bytes.len() {
        if lexer.skip_blank_or_comment(false) {
            continue;
        }
        let start = lexer.at;
        let first = lexer.bytes[start];
        let (close, escapes, lines) = match first {
            b'"' => ("\"", Escapes::Read, false),
            b'`' => ("`", Escapes::None, true),
            b'\'' if lexer.skip_character() => continue,
            _ => {
                lexer.word_or_mark();
                continue;
            }
        };
        lexer.at += 1;
        let quoting = Quoting {
            close,
            escapes,
            lines,
            fill: Fill::None,
        };
        lexer.literal(start, quoting);
    }
    lexer.tokens
}
