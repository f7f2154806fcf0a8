//! Literals of Ruby: quotes, `%q(…)` and its relatives, and heredocs.

use super::lexer::{Escapes, Fill, Kind, Lexer, Literal, Quoting, Token, is_word};

/// The tokens of a file.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(text);
    // Heredocs whose text begins on the next line: the token, the close, whether it is raw.
    let mut waiting: Vec<(usize, String, bool)> = Vec::new();
    while lexer.at < lexer.bytes.len() {
        let start = lexer.at;
        let first = lexer.bytes[start];
        match first {
            b'\n' => {
                lexer.at += 1;
                for (token, close, is_raw) in std::mem::take(&mut waiting) {
                    let body = heredoc(&mut lexer, &close, is_raw);
                    if let Some(token) = lexer.tokens.get_mut(token) {
                        token.kind = Kind::Literal(body);
                    }
                }
                if lexer.starts_with("=begin") {
                    skip_document(&mut lexer);
                } else if lexer.starts_with("__END__") {
                    lexer.at = lexer.bytes.len();
                }
            }
            byte if byte.is_ascii_whitespace() => lexer.at += 1,
            b'#' => lexer.skip_line(),
            // A line that goes on.
            b'\\' => lexer.at += 1,
            b'"' => {
                lexer.at += 1;
                lexer.literal(start, interpolated("\""));
            }
            b'\'' => {
                lexer.at += 1;
                lexer.literal(start, raw("'"));
            }
            b'<' if lexer.byte(1) == Some(b'<') => match heredoc_name(&lexer) {
                Some((length, close, is_raw)) => {
                    lexer.at += length;
                    lexer.push(Kind::Literal(Literal::default()), start);
                    waiting.push((lexer.tokens.len() - 1, close, is_raw));
                }
                None => lexer.word_or_mark(),
            },
            b'%' => match percent(&lexer) {
                Some((length, close, is_raw)) => {
                    lexer.at += length;
                    let quoting = if is_raw {
                        raw(close)
                    } else {
                        interpolated(close)
                    };
                    lexer.literal(start, quoting);
                }
                None => lexer.word_or_mark(),
            },
            // `?'` is a character.
            b'?' if matches!(lexer.byte(1), Some(b'\'' | b'"')) => lexer.at += 2,
            _ => lexer.word_or_mark(),
        }
    }
    lexer.tokens
}

fn interpolated(close: &str) -> Quoting<'_> {
    Quoting {
        close,
        escapes: Escapes::Read,
        lines: true,
        fill: Fill::Hash,
    }
}

fn raw(close: &str) -> Quoting<'_> {
    Quoting {
        close,
        escapes: Escapes::Quotes,
        lines: true,
        fill: Fill::None,
    }
}

/// `%q(`, `%Q{`, `%(`: the bytes up to the content, what closes it, whether it is raw.
fn percent(lexer: &Lexer<'_>) -> Option<(usize, &'static str, bool)> {
    let (length, is_raw) = match lexer.byte(1)? {
        b'q' => (3, true),
        b'Q' => (3, false),
        b'(' => (2, false),
        _ => return None,
    };
    let close = match lexer.byte(length - 1)? {
        b'(' => ")",
        b'{' => "}",
        b'[' => "]",
        b'<' => ">",
        b'|' => "|",
        b'!' => "!",
        _ => return None,
    };
    Some((length, close, is_raw))
}

/// `<<~SQL`, `<<-'SQL'`, `<<SQL`: the bytes of it, the name, whether it is raw.
fn heredoc_name(lexer: &Lexer<'_>) -> Option<(usize, String, bool)> {
    let rest = &lexer.text[lexer.at + 2..];
    let name = rest.strip_prefix(['~', '-']).unwrap_or(rest);
    let sign = rest.len() - name.len();
    let quote = name.chars().next().filter(|it| matches!(it, '\'' | '"'));
    let name = match quote {
        Some(_) => &name[1..],
        None => name,
    };
    let length = name.bytes().take_while(|byte| is_word(*byte)).count();
    // `list <<name` appends; without a sign only names in capitals are taken for a heredoc.
    let is_capital = name.starts_with(|it: char| it.is_ascii_uppercase());
    if length == 0 || (sign == 0 && quote.is_none() && !is_capital) {
        return None;
    }
    let quotes = match quote {
        Some(quote) if name[length..].starts_with(quote) => 2,
        Some(_) => return None,
        None => 0,
    };
    let bytes = 2 + sign + quotes + length;
    Some((bytes, name[..length].to_owned(), quote == Some('\'')))
}

/// The text up to the line that holds only `close`; the lexer then stands behind that line.
fn heredoc(lexer: &mut Lexer<'_>, close: &str, is_raw: bool) -> Literal {
    let start = lexer.at;
    let mut end = start;
    let mut after = lexer.bytes.len();
    for line in lexer.text[start..].split_inclusive('\n') {
        if line.trim() == close {
            after = end + line.trim_end_matches('\n').len();
            break;
        }
        end += line.len();
    }
    let mut inner = Lexer::new(&lexer.text[..end]);
    inner.at = start;
    // Nothing closes it before the end of this text.
    let quoting = if is_raw {
        Quoting {
            escapes: Escapes::None,
            ..raw("\0")
        }
    } else {
        interpolated("\0")
    };
    let literal = inner.content(quoting);
    lexer.at = after.min(lexer.bytes.len());
    literal
}

fn skip_document(lexer: &mut Lexer<'_>) {
    let rest = &lexer.text[lexer.at..];
    lexer.at += rest.find("\n=end").map_or(rest.len(), |at| at + 5);
}
