//! The password file of libpq: lines of `host:port:database:user:password`.

use crate::live::PrivateFile;

/// What a password is sought for.
pub(super) struct Sought<'a> {
    /// The host, or the folder of a socket.
    pub(super) host: &'a str,
    pub(super) is_socket: bool,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password of the first line that fits.
///
/// A field is `*` or the value, in which `\:` is a colon and `\\` a backslash. A socket is found
/// as `localhost` as well as under its folder.
pub(super) fn password(file: &PrivateFile, sought: &Sought<'_>) -> Option<Vec<u8>> {
    file.bytes.split(|byte| *byte == b'\n').find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"#") {
            return None;
        }
        let mut rest = line;
        let mut field = || {
            let (field, after) = split_field(rest)?;
            rest = after;
            Some(field)
        };
        let (host, port, database, user) = (field()?, field()?, field()?, field()?);
        let fits =
            |field: &Field, value: &str| field.is_wildcard || field.value == value.as_bytes();
        let fits_host = fits(&host, sought.host) || (sought.is_socket && fits(&host, "localhost"));
        let fits = fits_host
            && fits(&port, &sought.port.to_string())
            && fits(&database, sought.database)
            && fits(&user, sought.user);
        let (password, _) = read_field(rest);
        (fits && !password.is_empty()).then_some(password)
    })
}

struct Field {
    is_wildcard: bool,
    value: Vec<u8>,
}

/// The field before the next colon, and what comes after it; none without a colon.
fn split_field(text: &[u8]) -> Option<(Field, &[u8])> {
    let (value, end) = read_field(text);
    let after = text.get(end..)?.strip_prefix(b":")?;
    let field = Field {
        is_wildcard: &text[..end] == b"*",
        value,
    };
    Some((field, after))
}

/// What stands before the next colon or the end, and how many bytes that is with its escapes.
fn read_field(text: &[u8]) -> (Vec<u8>, usize) {
    let mut value = Vec::new();
    let mut place = 0;
    while let Some(byte) = text.get(place) {
        match (byte, text.get(place + 1)) {
            (b':', _) => break,
            (b'\\', Some(escaped)) => {
                value.push(*escaped);
                place += 2;
            }
            (byte, _) => {
                value.push(*byte);
                place += 1;
            }
        }
    }
    (value, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, host: &str, is_socket: bool) -> Option<String> {
        let file = PrivateFile {
            bytes: file.as_bytes().to_vec(),
            is_private: true,
        };
        let sought = Sought {
            host,
            is_socket,
            port: 5432,
            database: "a:b",
            user: "app",
        };
        password(&file, &sought).map(|it| String::from_utf8(it).unwrap())
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let file = "# db:*:*:*:no\ndb:5433:*:app:no\r\ndb:5432:*:app:one\r\n*:*:*:*:two\n";
        assert_eq!(found(file, "db", false).as_deref(), Some("one"));
        assert_eq!(found(file, "other", false).as_deref(), Some("two"));
    }

    #[test]
    fn escapes_are_taken_off() {
        let file = r"db:*:a\:b:*:p\:\\q:more";
        assert_eq!(found(file, "db", false).as_deref(), Some(r"p:\q"));
        assert_eq!(found(r"\*:*:*:*:no", "db", false), None);
    }

    #[test]
    fn a_socket_is_found_as_localhost_or_by_its_folder() {
        assert_eq!(
            found("localhost:*:*:*:x", "/run", true).as_deref(),
            Some("x")
        );
        assert_eq!(found("/run:*:*:*:x", "/run", true).as_deref(), Some("x"));
        assert_eq!(found("localhost:*:*:*:x", "db", false), None);
    }

    #[test]
    fn broken_lines_are_passed_over() {
        assert_eq!(
            found("db\ndb:5432\n\n:::::\ndb:*:*:*:\n\\", "db", false),
            None
        );
    }
}
