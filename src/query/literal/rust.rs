//! Literals of Rust: `"…"`, `r#"…"#`, and what is a byte string or a character besides.

use super::lexer::{Escapes, Fill, Kind, Lexer, Quoting, Token};

/// The tokens of a file, and apart from them those of modules that are compiled for tests only.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Vec<Token>) {
    let mut lexer = Lexer::new(text);
    while lexer.at < lexer.bytes.len() {
        if lexer.skip_blank_or_comment(true) {
            continue;
        }
        let start = lexer.at;
        let first = lexer.bytes[start];
        match first {
            b'"' => {
                lexer.at += 1;
                lexer.literal(start, PLAIN);
            }
            b'\'' => {
                // A lifetime is a mark and a word.
                if !lexer.skip_character() {
                    lexer.word_or_mark();
                }
            }
            b'r' | b'b' | b'c' => prefixed(&mut lexer),
            _ => lexer.word_or_mark(),
        }
    }
    without_tests(text, lexer.tokens)
}

const PLAIN: Quoting<'static> = Quoting {
    close: "\"",
    escapes: Escapes::ReadAndTrim,
    lines: true,
    fill: Fill::None,
};

/// `r"…"`, `r##"…"##`, `br"…"`, `b"…"`, or a word that begins with such a letter.
fn prefixed(lexer: &mut Lexer<'_>) {
    let start = lexer.at;
    let rest = &lexer.bytes[start..];
    let letters = rest
        .iter()
        .take(2)
        .take_while(|byte| matches!(byte, b'r' | b'b' | b'c'))
        .count();
    let is_raw = rest[letters - 1] == b'r';
    let hashes = match is_raw {
        true => rest[letters..].iter().take_while(|it| **it == b'#').count(),
        false => 0,
    };
    match rest.get(letters + hashes) {
        Some(b'"') => {
            lexer.at += letters + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            let quoting = Quoting {
                close: &close,
                escapes: if is_raw {
                    Escapes::None
                } else {
                    Escapes::ReadAndTrim
                },
                ..PLAIN
            };
            lexer.literal(start, quoting);
        }
        Some(b'\'') if !is_raw && letters == 1 => {
            lexer.at += 1;
            if !lexer.skip_character() {
                lexer.word_or_mark();
            }
        }
        _ => lexer.word_or_mark(),
    }
}

/// The tokens outside and inside of `#[cfg(test)] mod x { … }`.
fn without_tests(text: &str, tokens: Vec<Token>) -> (Vec<Token>, Vec<Token>) {
    let is_word = |at: usize, word: &str| {
        let token: Option<&Token> = tokens.get(at);
        token.and_then(|token| token.word(text)) == Some(word)
    };
    let is_mark = |at: usize, mark: u8| {
        let token: Option<&Token> = tokens.get(at);
        token.and_then(Token::mark) == Some(mark)
    };
    let mut is_test = vec![false; tokens.len()];
    let mut at = 0;
    while at < tokens.len() {
        let begins = is_word(at, "cfg")
            && is_mark(at + 1, b'(')
            && is_word(at + 2, "test")
            && is_mark(at + 3, b')')
            && is_mark(at + 4, b']');
        let module = (at + 5..at + 9).find(|place| is_word(*place, "mod"));
        let Some(module) = module.filter(|it| begins && is_mark(it + 2, b'{')) else {
            at += 1;
            continue;
        };
        let mut depth = 0usize;
        let mut end = module + 2;
        while end < tokens.len() {
            match tokens[end].kind {
                Kind::Mark(b'{') => depth += 1,
                Kind::Mark(b'}') => depth -= 1,
                Kind::Word | Kind::Literal(_) | Kind::Mark(_) => {}
            }
            is_test[end] = true;
            end += 1;
            if depth == 0 {
                break;
            }
        }
        at = end;
    }
    let (tests, kept): (Vec<_>, Vec<_>) = tokens
        .into_iter()
        .zip(is_test)
        .partition(|(_, is_test)| *is_test);
    let plain = |list: Vec<(Token, bool)>| list.into_iter().map(|(token, _)| token).collect();
    (plain(kept), plain(tests))
}
