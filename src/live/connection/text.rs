//! A connection text to the parameters in it, as libpq names them.
//!
//! Input: a URL or `keyword=value` pairs. Output: the values, or what is wrong and where. What is
//! wrong never repeats the text: any piece of it can be a piece of the password.

use std::collections::BTreeMap;

/// The values by libpq's keyword; a password need not be UTF-8.
pub(super) type Values = BTreeMap<&'static str, Vec<u8>>;

/// What is wrong with a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misread {
    /// Where, in characters from 1.
    pub(super) at: usize,
    /// What is wrong, without any of the text.
    pub(super) reason: String,
}

/// Every keyword of libpq up to 18, and the variable that stands in for it.
pub(super) const KEYWORDS: &[(&str, Option<&str>)] = &[
    ("application_name", Some("PGAPPNAME")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("client_encoding", None),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("dbname", Some("PGDATABASE")),
    ("fallback_application_name", None),
    ("gssdelegation", None),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("gsslib", None),
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("keepalives", None),
    ("keepalives_count", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("krbsrvname", None),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    ("max_protocol_version", None),
    ("min_protocol_version", None),
    ("oauth_client_id", None),
    ("oauth_client_secret", None),
    ("oauth_issuer", None),
    ("oauth_scope", None),
    ("options", Some("PGOPTIONS")),
    ("passfile", Some("PGPASSFILE")),
    ("password", Some("PGPASSWORD")),
    ("port", Some("PGPORT")),
    ("replication", None),
    ("require_auth", Some("PGREQUIREAUTH")),
    ("requirepeer", Some("PGREQUIREPEER")),
    ("scram_client_key", None),
    ("scram_server_key", None),
    ("service", Some("PGSERVICE")),
    ("servicefile", Some("PGSERVICEFILE")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslcertmode", Some("PGSSLCERTMODE")),
    ("sslcompression", None),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslcrldir", Some("PGSSLCRLDIR")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslkeylogfile", None),
    ("sslmode", Some("PGSSLMODE")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslpassword", None),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslsni", Some("PGSSLSNI")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    ("tcp_user_timeout", None),
    ("user", Some("PGUSER")),
];

/// How frameworks begin a URL of PostgreSQL, apart from a driver behind a `+`.
const SCHEMES: [&str; 6] = ["postgresql", "postgres", "postgis", "pgsql", "psql", "ecto"];

/// Reads a connection text.
pub(super) fn read(text: &str) -> Result<Values, Misread> {
    let reader = Reader { whole: text };
    let text = text.trim();
    // A quoted line of an environment file, taken over with its quotes.
    let unquoted = ["\"", "'"]
        .iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let text = unquoted.unwrap_or(text);
    if let Some(rest) = strip_ignoring_case(text, "jdbc:postgresql:") {
        return match rest.strip_prefix("//") {
            Some(rest) => reader.url(rest, Plus::IsSpace),
            None => reader.path_and_query(rest.trim_start_matches('/'), Plus::IsSpace),
        };
    }
    let text = strip_ignoring_case(text, "r2dbc:").unwrap_or(text);
    match scheme(text) {
        Some((name, rest)) => {
            let name = name.to_ascii_lowercase();
            let family = name.split('+').next().unwrap_or_default();
            match SCHEMES.contains(&family) {
                true => reader.url(rest, Plus::IsPlus),
                false => Err(reader.misread(
                    text,
                    format!(
                        "a URL that begins with `{name}://` does not name a server of PostgreSQL"
                    ),
                )),
            }
        }
        None if text.contains('=') => reader.pairs(text),
        None => Err(reader.misread(
            text,
            "neither a URL, such as postgres://user:password@host:5432/database, nor \
             keyword=value pairs"
                .to_owned(),
        )),
    }
}

/// The scheme of a URL, and what comes after its `://`.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once("://")?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || "+-.".contains(it));
    is_name.then_some((name, rest))
}

fn strip_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let begin = text.get(..prefix.len())?;
    begin
        .eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

/// What a `+` among the parameters of a URL means: JDBC reads them as a web form.
#[derive(Clone, Copy)]
enum Plus {
    IsPlus,
    IsSpace,
}

/// Knows the whole text, so that any piece of it has a place.
struct Reader<'a> {
    whole: &'a str,
}

impl<'a> Reader<'a> {
    /// `piece` is a slice of the whole text.
    fn misread(&self, piece: &str, reason: String) -> Misread {
        let offset = (piece.as_ptr() as usize).saturating_sub(self.whole.as_ptr() as usize);
        let before = self.whole.get(..offset).unwrap_or_default();
        Misread {
            at: before.chars().count() + 1,
            reason,
        }
    }

    /// What comes after the scheme.
    fn url(&self, rest: &'a str, plus: Plus) -> Result<Values, Misread> {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        // A host holds no `@`, so that an unescaped one belongs to the password.
        let (account, hosts) = match authority.rsplit_once('@') {
            Some((account, hosts)) => (Some(account), hosts),
            None => (None, authority),
        };
        let mut values = Values::new();
        if let Some(account) = account {
            let (user, password) = match account.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (account, None),
            };
            self.keep(&mut values, "user", user)?;
            if let Some(password) = password {
                self.keep(&mut values, "password", password)?;
            }
        }
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for host in hosts.split(',') {
            let (name, port) = self.host(host)?;
            names.push(self.decoded(name, "host")?);
            ports.push(port.as_bytes().to_vec());
        }
        for (keyword, list) in [("host", names), ("port", ports)] {
            if list.iter().any(|it| !it.is_empty()) {
                values.insert(keyword, list.join(&b','));
            }
        }
        values.extend(self.path_and_query(rest.strip_prefix('/').unwrap_or(rest), plus)?);
        Ok(values)
    }

    /// A host and its port, which is empty where there is none.
    fn host(&self, text: &'a str) -> Result<(&'a str, &'a str), Misread> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (name, rest) = rest.split_once(']').ok_or_else(|| {
                    self.misread(text, "the address in brackets has no end".to_owned())
                })?;
                match (rest, rest.strip_prefix(':')) {
                    ("", _) => (name, ""),
                    (_, Some(port)) => (name, port),
                    (_, None) => {
                        let reason = "only `:` and a port can follow an address in brackets";
                        return Err(self.misread(rest, reason.to_owned()));
                    }
                }
            }
            None => text.split_once(':').unwrap_or((text, "")),
        };
        if !port.is_empty() && !port.bytes().all(|it| it.is_ascii_digit()) {
            let reason = match port.contains(':') {
                true => "an IPv6 address is written in brackets",
                false => "the port is not a number; in a password, `/` is written %2F and `?` %3F",
            };
            return Err(self.misread(port, reason.to_owned()));
        }
        Ok((name, port))
    }

    /// What comes after the `/` of a URL.
    fn path_and_query(&self, rest: &'a str, plus: Plus) -> Result<Values, Misread> {
        let (database, query) = rest.split_once('?').unwrap_or((rest, ""));
        if let Some(place) = database.find('@') {
            let reason = "an `@` in the name of the database; in a password, `/` is written %2F \
                          and `@` %40";
            return Err(self.misread(&database[place..], reason.to_owned()));
        }
        let mut values = Values::new();
        self.keep(&mut values, "dbname", database)?;
        for pair in query.split('&').filter(|it| !it.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if name.contains('@') {
                let reason = "an `@` in the name of a parameter; in a password, `?` is written \
                              %3F and `@` %40";
                return Err(self.misread(pair, reason.to_owned()));
            }
            // What frameworks add for themselves (`schema`, `connection_limit`, `pool`) is theirs.
            let Some(keyword) = keyword_of_parameter(name) else {
                continue;
            };
            let spaced = value.replace('+', " ");
            let mut value = match plus {
                Plus::IsPlus => self.decoded(value, keyword)?,
                Plus::IsSpace => percent_decoded(&spaced)
                    .ok_or_else(|| self.misread(value, bad_escape(keyword)))?,
            };
            let as_mode = match name.eq_ignore_ascii_case("ssl") {
                true => ssl_as_mode(&value),
                false => None,
            };
            if let Some(mode) = as_mode {
                value = mode.to_vec();
            }
            values.insert(keyword, value);
        }
        values.retain(|_, value| !value.is_empty());
        Ok(values)
    }

    fn keep(&self, values: &mut Values, keyword: &'static str, text: &str) -> Result<(), Misread> {
        let value = self.decoded(text, keyword)?;
        if !value.is_empty() {
            values.insert(keyword, value);
        }
        Ok(())
    }

    fn decoded(&self, text: &str, keyword: &str) -> Result<Vec<u8>, Misread> {
        percent_decoded(text).ok_or_else(|| self.misread(text, bad_escape(keyword)))
    }

    /// `keyword = 'value'` pairs.
    fn pairs(&self, text: &'a str) -> Result<Values, Misread> {
        let mut values = Values::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let begin = rest;
            let end = rest
                .find(|it: char| it == '=' || it.is_whitespace())
                .unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let Some(after) = after.trim_start().strip_prefix('=') else {
                let reason = "a keyword without `=`; a value with spaces is written in '…'";
                return Err(self.misread(begin, reason.to_owned()));
            };
            let keyword = keyword(name).ok_or_else(|| {
                let known: Vec<&str> = KEYWORDS.iter().map(|(known, _)| *known).collect();
                let near = crate::nearest_name(name, &known);
                let hint = near.map_or(String::new(), |it| format!("; did you mean `{it}`?"));
                self.misread(begin, format!("an unknown keyword{hint}"))
            })?;
            let (value, after) = self.value(after.trim_start())?;
            if !value.is_empty() {
                values.insert(keyword, value.into_bytes());
            }
            rest = after.trim_start();
        }
        Ok(values)
    }

    /// One value, in quotes or up to the next space, and what comes after it.
    fn value(&self, text: &'a str) -> Result<(String, &'a str), Misread> {
        let (is_quoted, inner) = match text.strip_prefix('\'') {
            Some(inner) => (true, inner),
            None => (false, text),
        };
        let mut value = String::new();
        let mut characters = inner.char_indices();
        while let Some((place, character)) = characters.next() {
            match character {
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                '\'' if is_quoted => return Ok((value, &inner[place + 1..])),
                space if !is_quoted && space.is_whitespace() => {
                    return Ok((value, &inner[place..]));
                }
                other => value.push(other),
            }
        }
        match is_quoted {
            true => Err(self.misread(text, "a value in quotes has no end".to_owned())),
            false => Ok((value, "")),
        }
    }
}

fn keyword(name: &str) -> Option<&'static str> {
    let known = KEYWORDS.iter().find(|(known, _)| *known == name);
    known.map(|(known, _)| *known)
}

/// The keyword of a parameter in a URL. Frameworks spell those of encryption in their own ways;
/// one that was passed over would weaken what the project asks for.
fn keyword_of_parameter(name: &str) -> Option<&'static str> {
    if let Some(known) = keyword(name) {
        return Some(known);
    }
    let plain: String = name
        .chars()
        .filter(|it| !"_-".contains(*it))
        .map(|it| it.to_ascii_lowercase())
        .collect();
    match plain.as_str() {
        "ssl" | "sslmode" => Some("sslmode"),
        "sslrootcert" => Some("sslrootcert"),
        "sslcert" => Some("sslcert"),
        "sslkey" => Some("sslkey"),
        "sslnegotiation" => Some("sslnegotiation"),
        "channelbinding" => Some("channel_binding"),
        "username" => Some("user"),
        _ => None,
    }
}

/// What `ssl=…` means as a mode: libpq takes `ssl=true` for `sslmode=require`.
fn ssl_as_mode(value: &[u8]) -> Option<&'static [u8]> {
    match value {
        b"true" | b"1" | b"yes" | b"on" | b"" => Some(b"require"),
        b"false" | b"0" | b"no" | b"off" => Some(b"disable"),
        _ => None, // `ssl=require` of asyncpg is a mode already.
    }
}

fn bad_escape(keyword: &str) -> String {
    format!(
        "in the {keyword}, a `%` is not followed by two hexadecimal digits (a `%` itself is \
         written %25)"
    )
}

/// The bytes of a percent-encoded text; none where an escape is broken.
fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        out.push(u8::try_from(value).ok().filter(|it| *it != 0)?);
    }
    Some(out)
}
