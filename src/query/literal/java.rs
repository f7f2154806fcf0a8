//! Literals of Java and Kotlin: `"…"` and `"""…"""`.

use super::lexer::{Escapes, Fill, Lexer, Quoting, Token};
use crate::query::Language;

/// The tokens of a file.
pub(super) fn tokens(text: &str, language: Language) -> Vec<Token> {
    let is_kotlin = language == Language::Kotlin;
    let mut lexer = Lexer::new(text);
    while lexer.at < lexer.bytes.len() {
        if lexer.skip_blank_or_comment(is_kotlin) {
            continue;
        }
        let start = lexer.at;
        let first = lexer.bytes[start];
        match first {
            b'"' => {
                let is_block = lexer.starts_with("\"\"\"");
                let close = if is_block { "\"\"\"" } else { "\"" };
                lexer.at += close.len();
                let quoting = Quoting {
                    close,
                    // The blocks of Kotlin are raw.
                    escapes: if is_block && is_kotlin {
                        Escapes::None
                    } else {
                        Escapes::Read
                    },
                    lines: is_block,
                    fill: if is_kotlin {
                        Fill::DollarName
                    } else {
                        Fill::None
                    },
                };
                lexer.literal(start, quoting);
            }
            b'\'' if lexer.skip_character() => {}
            _ => lexer.word_or_mark(),
        }
    }
    lexer.tokens
}
