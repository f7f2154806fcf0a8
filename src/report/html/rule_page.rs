//! A rule's page as HTML: what it says to people, without the block of facts and the examples.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::report::markup::escaped_source;
use crate::report::page::{advice, summary};
use crate::rules::Rule;

/// The page: what happened, why it hurts, what to do instead, and the sources.
pub(super) fn to_html(rule: &Rule) -> String {
    let sources = rule
        .page
        .find("\n## Sources\n")
        .map_or("", |at| &rule.page[at..]);
    let text = format!("{}\n\n{}\n{sources}", summary(rule), advice(rule));
    let mut page = Page::default();
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        page.event(event);
    }
    page.out
}

#[derive(Default)]
struct Page {
    out: String,
    /// Whether the row of a table is that of its names.
    in_head: bool,
    /// Whether each of the links that are open leads somewhere.
    links: Vec<bool>,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                self.out.push_str(&escaped_source(&text));
            }
            Event::Code(text) => {
                let text = escaped_source(&text);
                self.out.push_str(&format!("<code>{text}</code>"));
            }
            Event::SoftBreak | Event::HardBreak => self.out.push('\n'),
            Event::Rule
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let text = match tag {
            Tag::Heading { .. } => "<h4>".to_owned(),
            Tag::Paragraph => "<p>".to_owned(),
            Tag::List(None) => "<ul>".to_owned(),
            Tag::List(Some(first)) => format!("<ol start=\"{first}\">"),
            Tag::Item => "<li>".to_owned(),
            Tag::Strong => "<strong>".to_owned(),
            Tag::Emphasis => "<em>".to_owned(),
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                "<pre><code>".to_owned()
            }
            Tag::Table(_) => "<table>".to_owned(),
            Tag::TableHead => {
                self.in_head = true;
                "<tr>".to_owned()
            }
            Tag::TableRow => "<tr>".to_owned(),
            Tag::TableCell if self.in_head => "<th>".to_owned(),
            Tag::TableCell => "<td>".to_owned(),
            Tag::Link { dest_url, .. } => {
                // A link to another file of the project leads nowhere from here.
                let leads = dest_url.starts_with("https://");
                self.links.push(leads);
                match leads {
                    true => format!("<a href=\"{}\">", escaped_source(&dest_url)),
                    false => String::new(),
                }
            }
            _ => String::new(), // Nothing else stands on a page.
        };
        self.out.push_str(&text);
    }

    fn end(&mut self, tag: TagEnd) {
        let text = match tag {
            TagEnd::Heading(_) => "</h4>\n",
            TagEnd::Paragraph => "</p>\n",
            TagEnd::List(false) => "</ul>\n",
            TagEnd::List(true) => "</ol>\n",
            TagEnd::Item => "</li>\n",
            TagEnd::Strong => "</strong>",
            TagEnd::Emphasis => "</em>",
            TagEnd::CodeBlock => "</code></pre>\n",
            TagEnd::Table => "</table>\n",
            TagEnd::TableHead => {
                self.in_head = false;
                "</tr>\n"
            }
            TagEnd::TableRow => "</tr>\n",
            TagEnd::TableCell if self.in_head => "</th>",
            TagEnd::TableCell => "</td>",
            TagEnd::Link if self.links.pop() == Some(true) => "</a>",
            _ => "", // Nothing else stands on a page.
        };
        self.out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn every_page_is_well_formed_and_has_its_parts() {
        for rule in RULES {
            let page = format!("<div>{}</div>", to_html(rule));
            let tree = roxmltree::Document::parse(&page);
            let tree = tree.unwrap_or_else(|error| panic!("{}: {error}", rule.name));
            let headings = tree.descendants().filter(|it| it.has_tag_name("h4"));
            let headings: Vec<&str> = headings.filter_map(|it| it.text()).collect();
            assert!(headings.contains(&"Why it hurts"), "{}", rule.name);
            assert!(!headings.contains(&"Examples"), "{}", rule.name);
            assert!(!page.contains("breaks ="), "{}", rule.name);
        }
    }
}
