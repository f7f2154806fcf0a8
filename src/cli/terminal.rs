//! How wide the terminal is, and whether it takes colours.

use std::io::IsTerminal;

use clap::ValueEnum;
use migcheck::Styling;

/// When colours are printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

/// The columns of a text that is piped or whose terminal does not say.
const USUAL_WIDTH: usize = 80;

/// The columns that a text for people may take: `COLUMNS`, those of the terminal, or 80.
pub(super) fn width() -> usize {
    known_width().unwrap_or(USUAL_WIDTH)
}

/// `COLUMNS`, or the columns of the terminal; `None` where the text is piped.
pub(super) fn known_width() -> Option<usize> {
    let seen = || match std::io::stdout().is_terminal() {
        true => terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        false => None,
    };
    said_width().or_else(seen).filter(|width| *width > 0)
}

/// `COLUMNS`, or the columns of the terminal that standard error is; `None` where nobody watches.
pub(super) fn error_width() -> Option<usize> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let seen = || terminal_size::terminal_size_of(std::io::stderr());
    said_width()
        .or_else(|| seen().map(|(width, _)| usize::from(width.0)))
        .filter(|width| *width > 0)
}

/// What `COLUMNS` says.
fn said_width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok();
    columns.and_then(|columns| columns.parse().ok())
}

/// Whether the terminal says that it only prints lines, as that of an editor does.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|it| it == "dumb")
}

/// Colours and width of what is printed.
pub(super) fn styling(colour: Colour, width: Option<usize>) -> Styling {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is = |name, value: &str| std::env::var_os(name).is_some_and(|it| it == value);
    let colour = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if is_set("NO_COLOR") => false,
        Colour::Auto if is_set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") => true,
        Colour::Auto if is("CLICOLOR", "0") || is_dumb() => false,
        Colour::Auto => std::io::stdout().is_terminal(),
    };
    Styling { colour, width }
}
