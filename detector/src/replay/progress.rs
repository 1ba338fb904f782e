use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How far a capture was read, shown on a terminal only.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// `size` is the length of the file in bytes, if it is known.
    pub(super) fn of(path: &Path, size: Option<u64>) -> Self {
        if !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = size.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = if size.is_some() {
            "{msg} {wide_bar} {percent}% {binary_bytes_per_sec} {eta} left"
        } else {
            "{msg} {binary_bytes} {binary_bytes_per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(path.display().to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    pub(super) fn at(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
