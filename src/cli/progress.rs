//! What a long run is at, on a terminal.
//!
//! Nothing is shown in the first second, and nothing at all where stderr is no terminal or one that
//! only prints lines: a run that is quick, a log and a pipe get the report alone. The line is gone
//! before anything else is printed.

use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use migcheck::{Options, Progress, Stage, printable};

use super::terminal::is_dumb;

/// A run that takes longer shows what it is at.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(120);

/// The line is there until this is dropped, and so goes even where the work ends with a panic.
struct Line(Option<(Sender<Message>, JoinHandle<()>)>);

enum Message {
    Stage(Stage),
    End,
}

/// Runs the work with these options, and shows what it is at where somebody waits for it.
pub(super) fn while_shown<T>(options: &Options, work: impl FnOnce(&Options) -> T) -> T {
    if !std::io::stderr().is_terminal() || is_dumb() {
        return work(options);
    }
    let (sender, receiver) = channel();
    let Ok(thread) = Builder::new().spawn(move || show(&receiver)) else {
        return work(options);
    };
    let line = Line(Some((sender.clone(), thread)));
    let listener = move |stage| {
        // The line may be gone already.
        let _ = sender.send(Message::Stage(stage));
    };
    let options = Options {
        progress: Progress::to(listener),
        ..options.clone()
    };
    let done = work(&options);
    drop(line);
    done
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.0.take() {
            let _ = sender.send(Message::End);
            let _ = thread.join();
        }
    }
}

fn show(messages: &Receiver<Message>) {
    let begin = Instant::now();
    let mut said = String::new();
    loop {
        let rest = PATIENCE.saturating_sub(begin.elapsed());
        match messages.recv_timeout(rest) {
            Ok(Message::Stage(next)) => said = words(&next),
            Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_elapsed(begin.elapsed())
        .with_message(said);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    while let Ok(Message::Stage(stage)) = messages.recv() {
        bar.set_message(words(&stage));
    }
    bar.finish_and_clear();
}

/// Names in it come from the repository.
fn words(stage: &Stage) -> String {
    printable(&stage.to_string())
}
