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
    let columns = std::env::var("COLUMNS").ok();
    let said = columns.and_then(|columns| columns.parse().ok());
    let seen = || match std::io::stdout().is_terminal() {
        true => terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        false => None,
    };
    said.or_else(seen).filter(|width| *width > 0)
}

/// Colours and width of what is printed.
pub(super) fn styling(colour: Colour, width: Option<usize>) -> Styling {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let colour = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if is_set("NO_COLOR") => false,
        Colour::Auto if is_set("CLICOLOR_FORCE") => true,
        Colour::Auto => std::io::stdout().is_terminal(),
    };
    Styling { colour, width }
}
