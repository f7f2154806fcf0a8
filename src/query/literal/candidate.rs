//! Tokens of source code to texts: what stands side by side is joined, and what is built at run
//! time is known as such.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

use super::lexer::{Kind, Literal, Token};
use crate::query::Language;

/// A text in code that may be SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate<'a> {
    /// Its value, joined; where something is filled in, as it is written.
    pub(super) text: String,
    /// What is filled in, as bytes of the text.
    pub(super) holes: Vec<Range<usize>>,
    /// Where the first character that is not blank stands in the file, in bytes.
    pub(super) at: usize,
    /// Why it is not the whole text, when it is not.
    pub(super) built: Option<&'static str>,
    /// The function, macro or class in whose parentheses it stands.
    pub(super) callee: Option<&'a str>,
    /// Whether the callee is an annotation.
    pub(super) is_annotation: bool,
    /// The token with which it begins.
    begin: usize,
    /// The tag of a template.
    pub(super) tag: Option<&'a str>,
    /// Words and marks of the call behind it, up to the closing parenthesis.
    pub(super) rest: &'a [Token],
}

const CONCATENATED: &str = "concatenated with what is known at run time only";

/// Tokens that are looked at around a literal, so that no file takes more than linear time.
const NEAR: usize = 64;

/// The texts of a file, in order.
pub(super) fn candidates<'a>(
    text: &'a str,
    tokens: &'a [Token],
    language: Language,
) -> Vec<Candidate<'a>> {
    let mut cx = Cx {
        text,
        tokens,
        language,
        constants: HashMap::new(),
        budget: Cell::new(MOST_CONSTANTS),
    };
    let growth = cx.growth();
    cx.read_constants(&growth);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some(literal) = tokens[at].literal() else {
            at += 1;
            continue;
        };
        let (candidate, next) = cx.joined(at, literal, &growth);
        found.push(candidate);
        at = next;
    }
    found
}

struct Cx<'a> {
    text: &'a str,
    tokens: &'a [Token],
    language: Language,
    /// The texts of this file's constants, by name.
    constants: HashMap<&'a str, String>,
    /// The bytes of constants that may still be filled in.
    budget: Cell<usize>,
}

/// Bytes of constants that are filled into the texts of a file, so that constants made of
/// constants cannot fill the memory.
const MOST_CONSTANTS: usize = 4 << 20;

impl<'a> Cx<'a> {
    fn mark(&self, at: usize) -> Option<u8> {
        self.tokens.get(at)?.mark()
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        self.tokens.get(at)?.word(self.text)
    }

    /// The token `back` places before `at`.
    fn before(&self, at: usize, back: usize) -> Option<&'a Token> {
        self.tokens.get(at.checked_sub(back)?)
    }

    /// Where text is added to variables.
    fn growth(&self) -> Growth<'a> {
        let mut growth = Growth::default();
        for at in 0..self.tokens.len() {
            let Some(name) = self.word(at) else { continue };
            if self.begins_function(at, name) {
                growth.functions.push(at);
            }
            if let Some(name) = self.declared(at, name) {
                growth.declared.entry(name).or_default().push(at);
            }
            let marks = (self.mark(at + 1), self.mark(at + 2));
            let is_added = marks == (Some(b'+'), Some(b'='));
            let grows = match self.language {
                Language::Rust => {
                    is_added
                        || (marks.0 == Some(b'.')
                            && matches!(self.word(at + 2), Some("push_str" | "push")))
                }
                Language::Ruby => is_added || marks == (Some(b'<'), Some(b'<')),
                Language::Go
                | Language::Python
                | Language::JavaScript
                | Language::Java
                | Language::Kotlin => is_added,
            };
            // `x = x + "…"`.
            let again = marks.0 == Some(b'=')
                && self.word(at + 2) == Some(name)
                && self.mark(at + 3) == Some(b'+');
            if grows || again {
                growth.added.entry(name).or_default().push(at);
            }
        }
        growth
    }

    /// Whether the word `at` begins a function with a name: variables of another one end there.
    fn begins_function(&self, at: usize, word: &str) -> bool {
        let is_first_in_line = || {
            let before = self.tokens[at].range.start.checked_sub(1);
            before.is_none_or(|before| self.text.as_bytes()[before] == b'\n')
        };
        match self.language {
            Language::Rust => word == "fn",
            Language::Go => word == "func" && is_first_in_line(),
            Language::Python | Language::Ruby => word == "def",
            Language::JavaScript => word == "function",
            Language::Kotlin => word == "fun",
            // Functions of Java begin with no word of their own; declarations say enough.
            Language::Java => false,
        }
    }

    /// The variable that the word `at` declares anew.
    fn declared(&self, at: usize, word: &'a str) -> Option<&'a str> {
        let after = |place: usize| match self.word(place) {
            Some("mut") => self.word(place + 1),
            name => name,
        };
        match self.language {
            Language::Rust => (word == "let").then(|| after(at + 1)).flatten(),
            Language::Go if word == "var" => self.word(at + 1),
            Language::Go => {
                (self.mark(at + 1) == Some(b':') && self.mark(at + 2) == Some(b'=')).then_some(word)
            }
            Language::JavaScript => matches!(word, "let" | "const" | "var")
                .then(|| self.word(at + 1))
                .flatten(),
            Language::Kotlin => matches!(word, "val" | "var")
                .then(|| self.word(at + 1))
                .flatten(),
            Language::Java => {
                matches!(word, "String" | "var" | "StringBuilder").then(|| self.word(at + 1))?
            }
            Language::Python | Language::Ruby => None,
        }
    }

    /// Whether literals side by side are one.
    fn joins_neighbours(&self) -> bool {
        matches!(self.language, Language::Python | Language::Ruby)
    }

    /// The text that begins with the literal `at`, and the token behind it.
    fn joined(&self, start: usize, first: &Literal, growth: &Growth<'a>) -> (Candidate<'a>, usize) {
        let mut candidate = Candidate {
            text: String::new(),
            holes: Vec::new(),
            begin: start,
            at: first.at,
            built: None,
            callee: None,
            is_annotation: false,
            tag: None,
            rest: &[],
        };
        let mut at = start + 1;
        let begin = self.constants_before(start, &mut candidate);
        self.add(&mut candidate, first);
        self.context(begin, &mut candidate, growth);
        let is_list = matches!(candidate.callee, Some("concat" | "concatcp"))
            && self.language == Language::Rust;
        loop {
            let next = self.tokens.get(at);
            if let Some(literal) = next.and_then(Token::literal)
                && self.joins_neighbours()
            {
                self.add(&mut candidate, literal);
                at += 1;
                continue;
            }
            match next.and_then(Token::mark) {
                Some(b'+')
                    if self.mark(at + 1) != Some(b'=') && self.mark(at + 1) != Some(b'+') =>
                {
                    match self.tokens.get(at + 1).and_then(Token::literal) {
                        Some(literal) => {
                            self.add(&mut candidate, literal);
                            at += 2;
                        }
                        None => {
                            let end = self.behind_operand(at + 1);
                            match self.constant(at + 1).filter(|_| end == at + 2) {
                                Some(value) => candidate.text.push_str(value),
                                None => {
                                    candidate.built.get_or_insert(CONCATENATED);
                                    candidate.fill(self.written(at + 1, end));
                                }
                            }
                            at = end;
                        }
                    }
                }
                // `"…" \` of Ruby, and `<<`, which adds to a text.
                Some(b'<')
                    if self.language == Language::Ruby && self.mark(at + 1) == Some(b'<') =>
                {
                    candidate.built.get_or_insert("text is added to it");
                    break;
                }
                Some(b',') if is_list => match self.tokens.get(at + 1).and_then(Token::literal) {
                    Some(literal) => {
                        self.add(&mut candidate, literal);
                        at += 2;
                    }
                    None if self.mark(at + 1) == Some(b')') => break,
                    None if matches!(self.mark(at + 2), Some(b',' | b')'))
                        && self
                            .word(at + 1)
                            .is_some_and(|name| self.constants.contains_key(name)) =>
                    {
                        candidate
                            .text
                            .push_str(self.constant(at + 1).unwrap_or_default());
                        at += 2;
                    }
                    None => {
                        candidate.built.get_or_insert(CONCATENATED);
                        let end = self.behind_argument(at + 1);
                        candidate.fill(self.written(at + 1, end));
                        at = end;
                    }
                },
                Some(b'%') if matches!(self.language, Language::Python | Language::Ruby) => {
                    candidate.built.get_or_insert("formatted");
                    break;
                }
                Some(b'.') => match self.word(at + 1).map(method) {
                    Some(Method::Keeps) => at = self.behind_call(at + 2),
                    Some(Method::Builds) => {
                        candidate.built.get_or_insert("formatted");
                        break;
                    }
                    Some(Method::Other) | None => break,
                },
                _ => break,
            }
        }
        candidate.rest = self.rest(at);
        (candidate, at.max(start + 1))
    }

    /// Reads the constants that are declared once in the file and whose value is a text.
    fn read_constants(&mut self, growth: &Growth<'a>) {
        let mut names: HashMap<&'a str, usize> = HashMap::new();
        let mut declared: Vec<(&'a str, usize)> = Vec::new();
        let mut group = None;
        for at in 0..self.tokens.len() {
            let Some(word) = self.word(at) else {
                if group.is_some() && self.mark(at) == Some(b')') {
                    group = None;
                }
                continue;
            };
            // A parameter or a variable of the same name hides it.
            let is_parameter = self.language == Language::Go
                && self.word(at + 1) == Some("string")
                && self.mark(at + 2) != Some(b'=');
            if is_parameter {
                *names.entry(word).or_default() += 2;
            }
            let name = match self.language {
                Language::Go if word == "const" && self.mark(at + 1) == Some(b'(') => {
                    group = Some(at);
                    continue;
                }
                Language::Go if word == "const" => Some(at + 1),
                // `name = …` or `name string = …`; other words belong to values.
                Language::Go if group.is_some() => {
                    let is_typed = self.word(at + 1).is_some() && self.mark(at + 2) == Some(b'=');
                    let is_plain = self.mark(at + 1) == Some(b'=') && word != "string";
                    (is_typed || is_plain).then_some(at)
                }
                Language::JavaScript | Language::Rust if word == "const" => Some(at + 1),
                Language::Kotlin if word == "const" && self.word(at + 1) == Some("val") => {
                    Some(at + 2)
                }
                Language::Java if word == "String" && self.is_final(at) => Some(at + 1),
                _ => None,
            };
            let Some(place) = name else { continue };
            let Some(name) = self.word(place) else {
                continue;
            };
            // `name = "…"`, `name string = "…"`, `name: string = "…"`.
            // `name: &'static str = "…"` is the longest.
            let value = (place + 1..place + 7)
                .find(|at| self.mark(*at) == Some(b'='))
                .map(|equals| equals + 1);
            let begins = value.filter(|value| {
                self.tokens.get(*value).and_then(Token::literal).is_some()
                    || self.mark(value + 1) == Some(b'+')
            });
            *names.entry(name).or_default() += 1;
            declared.extend(begins.map(|value| (name, value)));
        }
        for (name, value) in declared {
            let others = match self.language {
                Language::Go | Language::Rust => growth.declared.get(name).map_or(0, Vec::len),
                // The constant itself is among them.
                _ => growth.declared.get(name).map_or(0, |it| it.len() - 1),
            };
            if names[name] > 1 || others > 0 {
                continue;
            }
            // The first literal of the value; a constant can stand before it.
            let Some(start) = (value..value + 6)
                .find(|at| self.tokens.get(*at).and_then(Token::literal).is_some())
            else {
                continue;
            };
            let Some(first) = self.tokens[start].literal() else {
                continue;
            };
            let (candidate, end) = self.joined(start, first, growth);
            let goes_on = matches!(self.mark(end), Some(b'.' | b'[' | b'?' | b'(' | b'+'));
            let is_whole = candidate.built.is_none() && candidate.holes.is_empty() && !goes_on;
            if is_whole && candidate.begin == value && candidate.tag.is_none() {
                self.constants.insert(name, candidate.text);
            }
        }
    }

    /// Whether `final` stands before the type `at`.
    fn is_final(&self, at: usize) -> bool {
        (1..4).any(|back| self.before(at, back).and_then(|it| it.word(self.text)) == Some("final"))
    }

    /// The value of the constant that the word `at` names.
    fn constant(&self, at: usize) -> Option<&str> {
        self.value_of(self.word(at)?)
    }

    fn value_of(&self, name: &str) -> Option<&str> {
        let value = self.constants.get(name)?;
        let rest = self.budget.get().checked_sub(value.len())?;
        self.budget.set(rest);
        Some(value)
    }

    /// Adds the constants before the literal `start`, in `A + B + "…"`; where the text begins.
    fn constants_before(&self, start: usize, candidate: &mut Candidate<'a>) -> usize {
        let mut begin = start;
        while let Some(plus) = begin
            .checked_sub(1)
            .filter(|at| self.mark(*at) == Some(b'+'))
            && let Some(name) = plus.checked_sub(1)
            && !matches!(self.before(name, 1).and_then(Token::mark), Some(b'.'))
            && let Some(value) = self.constant(name)
            && candidate.text.len() <= MOST_CONSTANTS
        {
            candidate.text.insert_str(0, value);
            begin = name;
        }
        candidate.begin = begin;
        begin
    }

    /// Adds a literal; what is filled in with a constant is no hole.
    fn add(&self, candidate: &mut Candidate<'a>, literal: &Literal) {
        if candidate.text.trim().is_empty() {
            candidate.at = literal.at;
        }
        let mut copied = 0;
        for hole in &literal.holes {
            let written = literal.value.get(hole.clone()).unwrap_or("");
            let name = written
                .trim_start_matches(['$', '{', '#'])
                .trim_end_matches('}');
            let text = &literal.value[copied..hole.start];
            candidate.text.push_str(text);
            copied = hole.end;
            match self.value_of(name.trim()) {
                Some(value) => candidate.text.push_str(value),
                None => {
                    let before = candidate.text.len();
                    candidate.text.push_str(written);
                    candidate.holes.push(before..candidate.text.len());
                }
            }
        }
        candidate.text.push_str(&literal.value[copied..]);
    }

    /// The tokens from `at` to the parenthesis that closes the call around them.
    fn rest(&self, at: usize) -> &'a [Token] {
        let end = self.tokens.len().min(at + NEAR);
        let near = &self.tokens[at.min(end)..end];
        let mut depth = 0usize;
        let close = near.iter().position(|token| match token.mark() {
            Some(b'(') => {
                depth += 1;
                false
            }
            Some(b')') if depth == 0 => true,
            Some(b')') => {
                depth -= 1;
                false
            }
            _ => false,
        });
        // The parenthesis itself shows that nothing follows.
        &near[..close.map_or(near.len(), |close| close + 1)]
    }

    /// The code of the tokens from `start` to before `end`.
    fn written(&self, start: usize, end: usize) -> &'a str {
        match (self.tokens.get(start), self.tokens.get(end.wrapping_sub(1))) {
            (Some(first), Some(last)) if start < end => self
                .text
                .get(first.range.start..last.range.end)
                .unwrap_or(""),
            _ => "",
        }
    }

    /// Fills in what stands before the literal `start`.
    fn context(&self, start: usize, candidate: &mut Candidate<'a>, growth: &Growth<'a>) {
        let first = &self.tokens[start];
        if let Some(before) = self.before(start, 1) {
            let is_joined = before.range.end == first.range.start;
            if let Some(word) = before.word(self.text)
                && is_joined
                && self.text.as_bytes().get(first.range.start) == Some(&b'`')
            {
                candidate.tag = Some(word);
            }
            // `sql<Row>`…``.
            if before.mark() == Some(b'>')
                && is_joined
                && self.text.as_bytes().get(first.range.start) == Some(&b'`')
            {
                candidate.tag = self.generic_tag(start - 1);
            }
            let two = self.before(start, 2).and_then(Token::mark);
            match before.mark() {
                Some(b'+') => {
                    candidate.built = Some(CONCATENATED);
                }
                Some(b'=') if two == Some(b'+') => candidate.built = Some("added to another text"),
                Some(b'=' | b':') => {
                    if let Some(name) = self.assigned(start - 1)
                        && growth.is_behind(name, start)
                    {
                        candidate.built = Some("text is added to it");
                    }
                }
                Some(b'<') if self.language == Language::Ruby && two == Some(b'<') => {
                    candidate.built = Some("added to another text");
                }
                // `let mut x = String::from("…")`, `x = text("…")`.
                Some(b'(') => {
                    if let Some(name) = self.assigned_call(start - 1)
                        && growth.is_behind(name, start)
                    {
                        candidate.built = Some("text is added to it");
                    }
                }
                _ => {}
            }
        }
        if let Some((place, callee)) = self.callee(start) {
            candidate.callee = Some(callee);
            candidate.is_annotation = self.before(place, 1).and_then(Token::mark) == Some(b'@');
        }
    }

    /// The name to which what follows the mark `at` is assigned: `x =`, `x :=`, `let x: T =`.
    fn assigned(&self, at: usize) -> Option<&'a str> {
        let mut back = at;
        if self.mark(back.checked_sub(1)?) == Some(b':') {
            back -= 1;
        }
        let name = self.word(back.checked_sub(1)?)?;
        // `name: String =` and `String name =`: the latter ends in the name already.
        match self.mark(back.checked_sub(2)?) {
            Some(b':') => self.word(back.checked_sub(3)?),
            _ => Some(name),
        }
    }

    /// The name to which the call with the parenthesis `at` is assigned, when it only makes a text
    /// of another type.
    fn assigned_call(&self, at: usize) -> Option<&'a str> {
        // `x = ("…" "…")`.
        if self.mark(at.checked_sub(1)?) == Some(b'=') {
            return self.assigned(at - 1);
        }
        let name = self.word(at.checked_sub(1)?)?;
        if !matches!(
            name,
            "from" | "text" | "String" | "new" | "SQL" | "StringBuilder"
        ) {
            return None;
        }
        let lowest = at.saturating_sub(8);
        let equals = (lowest..at).rev().find(|at| self.mark(*at) == Some(b'='))?;
        self.assigned(equals)
    }

    /// The word before `<…>` that ends with the mark `at`.
    fn generic_tag(&self, at: usize) -> Option<&'a str> {
        let mut depth = 0usize;
        for place in (at.saturating_sub(NEAR)..=at).rev() {
            match self.mark(place) {
                Some(b'>') => depth += 1,
                Some(b'<') => {
                    depth -= 1;
                    if depth == 0 {
                        return self.word(place.checked_sub(1)?);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// What is called with the token `start` within its parentheses, and where its name stands.
    fn callee(&self, start: usize) -> Option<(usize, &'a str)> {
        let mut depth = 0usize;
        for place in (start.saturating_sub(NEAR)..start).rev() {
            match self.mark(place) {
                Some(b')' | b']' | b'}') => depth += 1,
                Some(b'(') if depth == 0 => return self.name_before(place),
                // A statement begins here, or a list or an object: that is no argument.
                Some(b';') if depth == 0 => return None,
                Some(b'(' | b'[' | b'{') => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }

    /// The name before the parenthesis `at`: `name(`, `name!(`, `name::<T>(`, `name<T>(`.
    fn name_before(&self, at: usize) -> Option<(usize, &'a str)> {
        let mut place = at.checked_sub(1)?;
        if self.mark(place) == Some(b'!') {
            place = place.checked_sub(1)?;
        }
        if self.mark(place) == Some(b'>') {
            let mut depth = 0usize;
            let lowest = place.saturating_sub(NEAR);
            loop {
                match self.mark(place) {
                    Some(b'>') => depth += 1,
                    Some(b'<') => depth -= 1,
                    _ => {}
                }
                if place == lowest {
                    return None;
                }
                place -= 1;
                if depth == 0 {
                    break;
                }
            }
            while self.mark(place) == Some(b':') {
                place = place.checked_sub(1)?;
            }
        }
        Some((place, self.word(place)?))
    }

    /// The token behind the operand that begins with `at`: names, calls, indexes, members.
    fn behind_operand(&self, mut at: usize) -> usize {
        let limit = self.tokens.len().min(at.saturating_add(NEAR * 16));
        let mut was_operand = false;
        while at < limit {
            match &self.tokens[at].kind {
                Kind::Mark(b'(' | b'[') => {
                    at = self.behind_group(at);
                    was_operand = true;
                }
                Kind::Mark(b'.' | b'!' | b'&' | b'*' | b'?') => {
                    at += 1;
                    was_operand = false;
                }
                Kind::Word if !was_operand => {
                    at += 1;
                    was_operand = true;
                }
                Kind::Word | Kind::Literal(_) | Kind::Mark(_) => return at,
            }
        }
        at
    }

    /// The comma or parenthesis behind the argument that begins with `at`.
    fn behind_argument(&self, mut at: usize) -> usize {
        let limit = self.tokens.len().min(at + NEAR);
        while at < limit {
            match self.mark(at) {
                Some(b',' | b')') => return at,
                Some(b'(' | b'[' | b'{') => at = self.behind_group(at),
                _ => at += 1,
            }
        }
        at
    }

    /// The token behind the bracket that closes the one at `at`.
    fn behind_group(&self, at: usize) -> usize {
        let mut depth = 0usize;
        let limit = self.tokens.len().min(at.saturating_add(NEAR * 16));
        for place in at..limit {
            match self.mark(place) {
                Some(b'(' | b'[' | b'{') => depth += 1,
                Some(b')' | b']' | b'}') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return place + 1;
                    }
                }
                _ => {}
            }
        }
        limit
    }

    /// The token behind the parentheses at `at`, if there are any.
    fn behind_call(&self, at: usize) -> usize {
        match self.mark(at) {
            Some(b'(') => self.behind_group(at),
            _ => at,
        }
    }
}

/// Where text is added to variables, and where variables begin; places of tokens in order.
#[derive(Debug, Default)]
struct Growth<'a> {
    added: HashMap<&'a str, Vec<usize>>,
    declared: HashMap<&'a str, Vec<usize>>,
    functions: Vec<usize>,
}

impl Growth<'_> {
    /// Whether text is added to the variable `name` behind the token `at`, before another variable
    /// of this name.
    fn is_behind(&self, name: &str, at: usize) -> bool {
        let next = |places: &[usize]| {
            let place = places.partition_point(|place| *place <= at);
            places.get(place).copied().unwrap_or(usize::MAX)
        };
        let of = |map: &HashMap<&str, Vec<usize>>| map.get(name).map_or(usize::MAX, |it| next(it));
        let added = of(&self.added);
        added < of(&self.declared).min(next(&self.functions))
    }
}

/// What a method does to a literal.
enum Method {
    /// Blanks or the type change.
    Keeps,
    /// The text becomes another one.
    Builds,
    /// Not known; the literal itself stays a text.
    Other,
}

fn method(name: &str) -> Method {
    match name {
        "trimIndent" | "trimMargin" | "stripIndent" | "trim" | "strip" | "squish" | "freeze"
        | "chomp" | "to_string" | "to_owned" | "into" | "as_str" | "dedent" | "strip_heredoc"
        | "squeeze" => Method::Keeps,
        "format" | "formatted" | "format_map" | "replace" | "replaceAll" | "replaceFirst"
        | "concat" | "plus" | "join" | "gsub" | "sub" | "append" | "translate" => Method::Builds,
        _ => Method::Other,
    }
}

impl Candidate<'_> {
    /// Shows code whose value is not known, at most a line of it.
    fn fill(&mut self, code: &str) {
        let shown: String = code.chars().take(200).collect();
        let before = self.text.len();
        self.text.push_str("${");
        self.text.push_str(&shown);
        self.text.push('}');
        self.holes.push(before..self.text.len());
    }
}
