//! Shows progress bars for bytes and files on a terminal, and notices everywhere.

use std::io::{IsTerminal, Write, stderr, stdout};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::notice::{Notice, Watch};

/// Shows the progress of a copy on standard error: bars if it is a terminal, and each [`Notice`] as
/// a line. Prints what a dry run would do on standard output.
#[derive(Debug)]
pub struct Progress {
    bars: Option<Bars>,
}

#[derive(Debug)]
struct Bars {
    both: MultiProgress,
    bytes: ProgressBar,
    files: ProgressBar,
}

impl Progress {
    /// Creates bars that start at zero. Their length grows with each file that is listed, shortly
    /// before it is copied.
    pub fn new() -> Progress {
        Progress { bars: stderr().is_terminal().then(Bars::new) }
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}

impl Bars {
    fn new() -> Bars {
        let both = MultiProgress::new();
        let add = |template: &str| {
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            both.add(ProgressBar::new(0).with_style(style.progress_chars("=> ")))
        };
        let bytes = add("bytes [{bar:40}] {binary_bytes} of {binary_total_bytes} listed, {binary_bytes_per_sec}");
        let files = add("files [{bar:40}] {pos} of {len} listed");
        Bars { both, bytes, files }
    }
}

impl Watch for Progress {
    fn expect(&mut self, bytes: u64) {
        if let Some(bars) = &self.bars {
            bars.files.inc_length(1);
            bars.bytes.inc_length(bytes);
        }
    }

    fn bytes(&mut self, count: u64) {
        if let Some(bars) = &self.bars {
            bars.bytes.inc(count);
        }
    }

    fn file_done(&mut self) {
        if let Some(bars) = &self.bars {
            bars.files.inc(1);
        }
    }

    fn notice(&mut self, notice: &Notice) {
        match &self.bars {
            Some(bars) => bars.both.suspend(|| say(notice)),
            None => say(notice),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bars) = &self.bars {
            bars.bytes.finish_and_clear();
            bars.files.finish_and_clear();
        }
    }
}

/// What would be done is the output of a dry run; everything else goes to standard error.
fn say(notice: &Notice) {
    match notice {
        Notice::Would { .. } => _ = writeln!(stdout(), "{notice}"),
        _ => eprintln!("mirror: {notice}"),
    }
}
