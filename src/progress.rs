//! What a long run is at, for those who wait.
//!
//! The library tells the [`Stage`] that it comes to; whoever called it decides what becomes of that.
//! Nothing here reads a clock or prints.

use std::fmt;
use std::sync::Arc;

/// What a run is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The migrations in this folder are replayed, as each release has them.
    Replaying(String),
    /// The queries of the release with this name are read.
    ReadingCode(String),
    /// The change of the migrations in this folder is judged.
    Judging(String),
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = |folder: &str| match folder {
            "" => ".".to_owned(),
            folder => format!("{folder}/"),
        };
        match self {
            Stage::Replaying(it) => write!(f, "replaying {}", folder(it)),
            Stage::ReadingCode(release) => write!(f, "reading the code of {release}"),
            Stage::Judging(it) => write!(f, "judging {}", folder(it)),
        }
    }
}

/// Somebody who is told.
type Listener = Arc<dyn Fn(Stage) + Send + Sync>;

/// Who is told what a run is at; nobody by default.
#[derive(Clone, Default)]
pub struct Progress(Option<Listener>);

impl Progress {
    /// Tells `listener`.
    pub fn to(listener: impl Fn(Stage) + Send + Sync + 'static) -> Progress {
        Progress(Some(Arc::new(listener)))
    }

    /// The run comes to a stage; its words are made only where somebody listens.
    pub(crate) fn at(&self, stage: impl FnOnce() -> Stage) {
        if let Some(listener) = &self.0 {
            listener(stage());
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = match &self.0 {
            Some(_) => "somebody",
            None => "nobody",
        };
        f.debug_tuple("Progress").field(&told).finish()
    }
}
