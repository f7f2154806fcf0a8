//! Placeholders of every style to `$1`, `$2`, ….
//!
//! Input: a text as the source writes it, and the styles in which that source writes values.
//! Output: the text as PostgreSQL would get it, or why there is none: something that is not a
//! value is filled in.
//!
//! `::` is a cast and never a placeholder. `?`, `?|` and `?&` are operators between two operands.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::token::{Kind, Token, is_name_start, tokens};

/// A way in which values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `?`, `?1`; `??` is the operator `?`.
    Question,
    /// `:name`.
    Colon,
    /// `@name`.
    At,
    /// `%s`, `%(name)s`; `%%` is the operator `%`.
    Percent,
    /// `#{name}`; `${name}` is a hole.
    MyBatis,
    /// `sqlc.arg(name)`, `sqlc.narg(name)`, `sqlc.slice(name)`, `sqlc.embed(table)`.
    Sqlc,
    /// `:name`, `:v:name`, `:v*:names`, `:t:tuple`; `:i:name` and others are holes.
    HugSql,
    /// `$name`, `$name!`.
    DollarName,
    /// `:name`, `:name!`, and the expansions that the header declares.
    PgTyped,
}

/// What a parameter of pgtyped stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Expansion {
    /// The fields of an object; empty for a list of values.
    pub(super) fields: Vec<String>,
}

/// `text` with `$n` for every placeholder of `styles`.
///
/// # Errors
///
/// Why the text is not known: what is filled in is not a value.
pub(super) fn numbered(
    text: &str,
    styles: &[Style],
    expansions: &BTreeMap<String, Expansion>,
) -> Result<String, String> {
    let tokens = tokens(text);
    let used = tokens
        .iter()
        .filter(|token| token.kind == Kind::Parameter)
        .filter_map(|token| token.of(text)[1..].parse::<u32>().ok())
        .max();
    let mut out = Out {
        text,
        done: String::with_capacity(text.len() + 16),
        copied: 0,
        // A number beyond the server's own limit is no number to count from.
        last: used.filter(|it| *it <= 65_535).unwrap_or(0),
        names: HashMap::new(),
    };
    let cx = Cx {
        text,
        tokens: &tokens,
        // `$1` and `?` are never mixed: then `?` is an operator.
        question: styles.contains(&Style::Question) && used.is_none(),
        styles,
        expansions,
    };
    let mut at = 0;
    while at < tokens.len() {
        at = match cx.placeholder(at)? {
            Some((found, next)) => {
                let range = tokens[at].range.start..tokens[next - 1].range.end;
                // `a IN %s`: the driver writes the parentheses of a list.
                let is_list = at > 0 && tokens[at - 1].is(text, "in");
                match found {
                    Found::Next | Found::Number(_) | Found::Named(_) if is_list => {
                        out.put_in(range, &found, "(", ")");
                    }
                    _ => out.put(range, &found),
                }
                next
            }
            None => at + 1,
        };
    }
    out.done.push_str(&text[out.copied..]);
    Ok(out.done)
}

/// What stands in the place of a placeholder.
enum Found<'a> {
    /// A value without a name.
    Next,
    /// A value with a number of its own.
    Number(u32),
    /// A value that may come again.
    Named(&'a str),
    /// An object or a list.
    Expanded(&'a str, &'a Expansion),
    /// SQL.
    Text(String),
}

struct Out<'a> {
    text: &'a str,
    done: String,
    copied: usize,
    last: u32,
    names: HashMap<String, u32>,
}

impl Out<'_> {
    /// As [`Self::put`], between `open` and `close`.
    fn put_in(&mut self, range: Range<usize>, found: &Found<'_>, open: &str, close: &str) {
        self.done.push_str(&self.text[self.copied..range.start]);
        self.copied = range.start;
        self.done.push_str(open);
        self.put(range, found);
        self.done.push_str(close);
    }

    fn put(&mut self, range: Range<usize>, found: &Found<'_>) {
        self.done.push_str(&self.text[self.copied..range.start]);
        self.copied = range.end;
        match found {
            Found::Next => {
                self.last += 1;
                let number = self.last;
                self.number(number);
            }
            Found::Number(number) => self.number(*number),
            Found::Named(name) => self.named(name),
            Found::Expanded(name, expansion) => {
                let whole = expansion.fields.is_empty();
                self.done.push('(');
                for (place, field) in expansion.fields.iter().enumerate() {
                    if place > 0 {
                        self.done.push_str(", ");
                    }
                    self.named(&format!("{name}.{field}"));
                }
                if whole {
                    self.named(name);
                }
                self.done.push(')');
            }
            Found::Text(text) => self.done.push_str(text),
        }
    }

    fn named(&mut self, name: &str) {
        let number = match self.names.get(name) {
            Some(number) => *number,
            None => {
                self.last += 1;
                self.names.insert(name.to_owned(), self.last);
                self.last
            }
        };
        self.number(number);
    }

    fn number(&mut self, number: u32) {
        // `a=:b` and `5:b` must not run together with what stands before.
        if self
            .done
            .bytes()
            .next_back()
            .is_some_and(|it| it.is_ascii_alphanumeric() || it == b'_')
        {
            self.done.push(' ');
        }
        self.done.push('$');
        self.done.push_str(&number.to_string());
        let next = self.text.as_bytes().get(self.copied);
        if next.is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_') {
            self.done.push(' ');
        }
    }
}

struct Cx<'a> {
    text: &'a str,
    tokens: &'a [Token],
    question: bool,
    styles: &'a [Style],
    expansions: &'a BTreeMap<String, Expansion>,
}

impl<'a> Cx<'a> {
    fn has(&self, style: Style) -> bool {
        self.styles.contains(&style)
    }

    fn mark(&self, at: usize) -> Option<u8> {
        match self.tokens.get(at)?.kind {
            Kind::Mark(byte) => Some(byte),
            _ => None,
        }
    }

    /// Whether the token `at` begins where the one before it ends.
    fn is_joined(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.tokens.get(at));
        match (before, self.tokens.get(at)) {
            (Some(before), Some(token)) => before.range.end == token.range.start,
            _ => false,
        }
    }

    /// The mark `mark`, directly after the token before it.
    fn joined_mark(&self, at: usize, mark: u8) -> bool {
        self.mark(at) == Some(mark) && self.is_joined(at)
    }

    /// A word directly after the token before it.
    fn joined_word(&self, at: usize) -> Option<&'a str> {
        let token = self.tokens.get(at)?;
        (token.kind == Kind::Word && self.is_joined(at)).then(|| token.of(self.text))
    }

    /// The placeholder that begins with the token `at`, and the token after it.
    fn placeholder(&self, at: usize) -> Result<Option<(Found<'a>, usize)>, String> {
        match self.tokens[at].kind {
            Kind::Mark(b'?') if self.question => Ok(self.question(at)),
            Kind::Mark(b':') => self.colon(at),
            Kind::Mark(b'@') if self.has(Style::At) || self.has(Style::Sqlc) => {
                Ok(self.at_sign(at))
            }
            Kind::Mark(b'%') if self.has(Style::Percent) => Ok(self.percent(at)),
            Kind::Mark(b'#') if self.has(Style::MyBatis) && self.joined_mark(at + 1, b'{') => {
                Ok(self.braces(at))
            }
            Kind::Mark(b'$') if self.has(Style::MyBatis) && self.joined_mark(at + 1, b'{') => {
                Err("text is filled in with `${…}`".to_owned())
            }
            Kind::Mark(b'$') if self.has(Style::DollarName) => self.dollar(at),
            Kind::Word if self.has(Style::Sqlc) && self.tokens[at].is(self.text, "sqlc") => {
                Ok(self.sqlc(at))
            }
            _ => Ok(None),
        }
    }

    fn question(&self, at: usize) -> Option<(Found<'a>, usize)> {
        if self.joined_mark(at + 1, b'?') {
            return Some((Found::Text("?".to_owned()), at + 2));
        }
        let is_other_operator = self.joined_mark(at + 1, b'&')
            || (self.joined_mark(at + 1, b'|') && !self.joined_mark(at + 2, b'|'));
        if is_other_operator || (self.is_operand_before(at) && self.is_operand_after(at + 1)) {
            return None;
        }
        if let Some(next) = self.tokens.get(at + 1)
            && next.kind == Kind::Number
            && self.is_joined(at + 1)
            && let Ok(number) = next.of(self.text).parse()
        {
            return Some((Found::Number(number), at + 2));
        }
        Some((Found::Next, at + 1))
    }

    /// Whether what stands before the token `at` is a value.
    fn is_operand_before(&self, at: usize) -> bool {
        let Some(token) = at.checked_sub(1).and_then(|at| self.tokens.get(at)) else {
            return false;
        };
        match token.kind {
            Kind::Word => !is_keyword(token.of(self.text)),
            Kind::Number | Kind::Parameter | Kind::Quoted => true,
            Kind::Mark(byte) => matches!(byte, b')' | b']'),
        }
    }

    /// Whether a value begins with the token `at`.
    fn is_operand_after(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else {
            return false;
        };
        match token.kind {
            Kind::Word => {
                let word = token.of(self.text);
                !is_keyword(word) || word.eq_ignore_ascii_case("array")
            }
            Kind::Number | Kind::Parameter | Kind::Quoted => true,
            Kind::Mark(byte) => matches!(byte, b'(' | b'?' | b':'),
        }
    }

    fn colon(&self, at: usize) -> Result<Option<(Found<'a>, usize)>, String> {
        let plain = self.has(Style::Colon);
        let (hugsql, pgtyped) = (self.has(Style::HugSql), self.has(Style::PgTyped));
        // A cast, or what follows a value: `a[1:n]`, `'x':name`.
        let follows =
            self.is_joined(at) && (self.mark(at - 1) == Some(b':') || self.is_operand_before(at));
        let Some(name) = self.joined_word(at + 1) else {
            return Ok(None);
        };
        if follows || !(plain || hugsql || pgtyped) {
            return Ok(None);
        }
        if hugsql {
            let is_many = self.joined_mark(at + 2, b'*');
            let colon = at + 2 + usize::from(is_many);
            if self.joined_mark(colon, b':') && self.joined_word(colon + 1).is_some() {
                let (inner, next) = self.long_name(colon + 1);
                return match name {
                    "v" | "value" => Ok(Some((Found::Named(inner), next))),
                    _ => Err(format!("`:{name}` is filled in with SQL, not with a value")),
                };
            }
        }
        let (name, mut next) = self.long_name(at + 1);
        if pgtyped {
            if self.joined_mark(next, b'!') && !self.joined_mark(next + 1, b'=') {
                next += 1;
            }
            if let Some(expansion) = self.expansions.get(name) {
                return Ok(Some((Found::Expanded(name, expansion), next)));
            }
        }
        Ok(Some((Found::Named(name), next)))
    }

    /// The name that begins with the word `at`, and the token after it. Names of objects and of
    /// Clojure have several parts: `user.name`, `user-id`.
    fn long_name(&self, at: usize) -> (&'a str, usize) {
        let is_clojure = self.has(Style::HugSql);
        let mut next = at + 1;
        while ((is_clojure && self.joined_mark(next, b'-')) || self.joined_mark(next, b'.'))
            && self.joined_word(next + 1).is_some()
        {
            next += 2;
        }
        let range = self.tokens[at].range.start..self.tokens[next - 1].range.end;
        (self.text.get(range).unwrap_or(""), next)
    }

    fn at_sign(&self, at: usize) -> Option<(Found<'a>, usize)> {
        let name = self.joined_word(at + 1)?;
        // `a <@b`, `a @@b` are operators.
        let is_operator = self.is_joined(at)
            && at
                .checked_sub(1)
                .and_then(|before| self.mark(before))
                .is_some_and(|byte| b"<@&|#~!^".contains(&byte));
        (!is_operator).then_some((Found::Named(name), at + 2))
    }

    fn dollar(&self, at: usize) -> Result<Option<(Found<'a>, usize)>, String> {
        let Some(name) = self.joined_word(at + 1) else {
            return Ok(None);
        };
        let mut next = at + 2;
        if self.joined_mark(next, b'!') && !self.joined_mark(next + 1, b'=') {
            next += 1;
        }
        if self.joined_mark(next, b'(') {
            return Err("an object or a list is filled in".to_owned());
        }
        Ok(Some((Found::Named(name), next)))
    }

    fn percent(&self, at: usize) -> Option<(Found<'a>, usize)> {
        if self.joined_mark(at + 1, b'%') {
            return Some((Found::Text("%".to_owned()), at + 2));
        }
        if let Some("s" | "b" | "t") = self.joined_word(at + 1) {
            return Some((Found::Next, at + 2));
        }
        if !self.joined_mark(at + 1, b'(') {
            return None;
        }
        let close = (at + 2..self.tokens.len().min(at + 12))
            .find(|place| self.mark(*place) == Some(b')'))?;
        let name = &self.text[self.tokens[at + 1].range.end..self.tokens[close].range.start];
        matches!(self.joined_word(close + 1)?, "s" | "b" | "t")
            .then_some((Found::Named(name), close + 2))
    }

    /// `#{name}`, `#{name,jdbcType=X}`.
    fn braces(&self, at: usize) -> Option<(Found<'a>, usize)> {
        let close = (at + 2..self.tokens.len().min(at + 40))
            .find(|place| self.mark(*place) == Some(b'}'))?;
        let inner = &self.text[self.tokens[at + 1].range.end..self.tokens[close].range.start];
        let name = inner.split(',').next().unwrap_or(inner).trim();
        Some((Found::Named(name), close + 1))
    }

    /// `sqlc.arg(name)` and its relatives.
    fn sqlc(&self, at: usize) -> Option<(Found<'a>, usize)> {
        if self.mark(at + 1) != Some(b'.') || self.mark(at + 3) != Some(b'(') {
            return None;
        }
        let function = self.tokens.get(at + 2)?.of(self.text).to_ascii_lowercase();
        let close = (at + 4..self.tokens.len().min(at + 16))
            .find(|place| self.mark(*place) == Some(b')'))?;
        let inner = &self.text[self.tokens[at + 3].range.end..self.tokens[close].range.start];
        let inner = inner.trim();
        let found = match function.as_str() {
            "arg" | "narg" | "slice" => Found::Named(inner.trim_matches('\'')),
            "embed" => Found::Text(format!("{inner}.*")),
            _ => return None,
        };
        Some((found, close + 1))
    }
}

fn is_keyword(word: &str) -> bool {
    // No keyword is longer than `current_timestamp`.
    word.len() <= 17
        && word.bytes().next().is_some_and(is_name_start)
        && crate::sql::is_keyword(&word.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, styles: &[Style]) -> String {
        numbered(text, styles, &BTreeMap::new()).unwrap_or_else(|reason| format!("[{reason}]"))
    }

    #[test]
    fn question_marks_between_operands_are_operators() {
        let styles = [Style::Question];
        for (text, expected) in [
            ("a = ? AND b = ?", "a = $1 AND b = $2"),
            ("a=? LIMIT ? OFFSET ?", "a=$1 LIMIT $2 OFFSET $3"),
            ("VALUES (?, ?)", "VALUES ($1, $2)"),
            ("SELECT ? FROM t", "SELECT $1 FROM t"),
            ("data ? 'key'", "data ? 'key'"),
            ("data ? key AND b = ?", "data ? key AND b = $1"),
            ("data ?| array['a']", "data ?| array['a']"),
            ("data ?& ?", "data ?& $1"),
            ("data ?? ?", "data ? $1"),
            ("'a' || ?||'b'", "'a' || $1||'b'"),
            ("a = $1 AND data ? $2", "a = $1 AND data ? $2"),
            ("a = ?2 AND b = ?1", "a = $2 AND b = $1"),
            ("a = '?' AND b = ? -- why?", "a = '?' AND b = $1 -- why?"),
            ("a = ?::int", "a = $1::int"),
            ("b IN (?)", "b IN ($1)"),
            ("a = ?and b = 1", "a = $1 and b = 1"),
        ] {
            assert_eq!(read(text, &styles), expected);
        }
    }

    #[test]
    fn colons_of_casts_and_slices_are_no_placeholders() {
        let styles = [Style::Colon];
        for (text, expected) in [
            ("a = :name AND b = :name", "a = $1 AND b = $1"),
            ("a = :a::text", "a = $1::text"),
            ("a::text = :b", "a::text = $1"),
            ("a[1:n] = :n", "a[1:n] = $1"),
            ("ARRAY[:a, :b]", "ARRAY[$1, $2]"),
            ("a = ':a' -- :b", "a = ':a' -- :b"),
            ("a=:user.name", "a=$1"),
            ("x := 1", "x := 1"),
            ("LIMIT:n", "LIMIT $1"),
        ] {
            assert_eq!(read(text, &styles), expected);
        }
    }

    #[test]
    fn percent_signs_follow_the_drivers_of_python() {
        let styles = [Style::Percent, Style::Colon];
        for (text, expected) in [
            ("a = %s AND b = %s", "a = $1 AND b = $2"),
            ("a = %(id)s OR b = %(id)s", "a = $1 OR b = $1"),
            ("a %% 2 = %s", "a % 2 = $1"),
            ("a %size", "a %size"),
            ("a LIKE 'x%s'", "a LIKE 'x%s'"),
            ("a = ANY(%s)", "a = ANY($1)"),
            ("a IN %s AND b NOT IN %(b)s", "a IN ($1) AND b NOT IN ($2)"),
        ] {
            assert_eq!(read(text, &styles), expected);
        }
    }

    #[test]
    fn at_signs_of_operators_stay() {
        let styles = [Style::At];
        for (text, expected) in [
            ("a = @name AND b=@name", "a = $1 AND b=$1"),
            ("a @> b AND c <@ d", "a @> b AND c <@ d"),
            ("a <@b", "a <@b"),
            ("ts @@ to_tsquery(@q::text)", "ts @@ to_tsquery($1::text)"),
        ] {
            assert_eq!(read(text, &styles), expected);
        }
    }

    #[test]
    fn names_of_sqlc_are_numbered_after_the_numbers() {
        let styles = [Style::Sqlc];
        for (text, expected) in [
            ("a = sqlc.arg(x) AND b = sqlc.arg('x')", "a = $1 AND b = $1"),
            ("a = sqlc.narg( 'x' )::int", "a = $1::int"),
            (
                "a = $2 AND b = @x AND c = @x::text",
                "a = $2 AND b = $3 AND c = $3::text",
            ),
            ("SELECT sqlc.embed(t), u.a FROM t", "SELECT t.*, u.a FROM t"),
            ("a IN (sqlc.slice(ids))", "a IN ($1)"),
        ] {
            assert_eq!(read(text, &styles), expected);
        }
    }

    #[test]
    fn what_is_no_value_is_a_hole() {
        for (text, style, expected) in [
            (
                "a = #{id} AND b = #{n,jdbcType=INTEGER}",
                Style::MyBatis,
                "a = $1 AND b = $2",
            ),
            (
                "ORDER BY ${by}",
                Style::MyBatis,
                "[text is filled in with `${…}`]",
            ),
            (
                "a = :v:id AND b IN (:v*:user-ids)",
                Style::HugSql,
                "a = $1 AND b IN ($2)",
            ),
            (
                "SELECT :i*:cols",
                Style::HugSql,
                "[`:i` is filled in with SQL, not with a value]",
            ),
            ("a = :user-id::int", Style::HugSql, "a = $1::int"),
        ] {
            assert_eq!(read(text, &[style]), expected);
        }
    }

    #[test]
    fn expansions_of_pgtyped_are_written_out() {
        let expansions = BTreeMap::from([
            ("ids".to_owned(), Expansion { fields: Vec::new() }),
            (
                "user".to_owned(),
                Expansion {
                    fields: vec!["name".to_owned(), "age".to_owned()],
                },
            ),
        ]);
        let read = |text| numbered(text, &[Style::PgTyped], &expansions).unwrap();
        assert_eq!(
            read("INSERT INTO t (a, b) VALUES :user RETURNING id"),
            "INSERT INTO t (a, b) VALUES ($1, $2) RETURNING id"
        );
        assert_eq!(
            read("a IN :ids AND b = :b! AND c != :b"),
            "a IN ($1) AND b = $2 AND c != $2"
        );
    }
}
