//! What a command is doing while it takes long: one line on standard error that is gone when it is
//! done. Only where somebody looks: not into a pipe or a file, and not when JSON was asked for.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nothing is shown of what is done by then.
const AFTER: Duration = Duration::from_millis(300);

/// The line; it goes when this is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Something of unknown length, with the time that it has taken.
    pub fn waiting(what: &str, quiet: bool) -> Progress {
        Progress::with("{spinner} {msg} ({elapsed})", what, quiet)
    }

    /// Something that is counted by [`Progress::add`].
    pub fn counting(what: &str, quiet: bool) -> Progress {
        Progress::with("{spinner} {msg}: {human_pos} ({per_sec}, {elapsed})", what, quiet)
    }

    fn with(template: &str, what: &str, quiet: bool) -> Progress {
        // Whether standard error is a terminal, the target finds out itself.
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        let bar = bar.with_message(what.to_owned());
        if !bar.is_hidden() {
            bar.enable_steady_tick(AFTER);
        }
        Progress(bar)
    }

    pub fn add(&self, more: u64) {
        self.0.inc(more);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
