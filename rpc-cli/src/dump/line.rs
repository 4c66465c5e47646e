//! How an event is printed: one line, in columns.

use std::fmt::Write as _;
use std::time::Duration;

use rpc_core::FrameKind;

use super::decoder::{Content, Event, Shown};
use super::excerpt;

/// Which way bytes go, or what concerns the connection as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    FromClient,
    FromServer,
    Connection,
}

impl Way {
    fn sign(self) -> char {
        match self {
            Way::FromClient => '>',
            Way::FromServer => '<',
            Way::Connection => '=',
        }
    }
}

/// Returns a line with its line break. `text` has no control characters.
pub(crate) fn line(connection: u64, way: Way, time: Duration, text: &str) -> String {
    format!("{connection} {} {:.6} {text}\n", way.sign(), time.as_secs_f64())
}

/// Returns an event as text.
pub(crate) fn describe(event: &Event) -> String {
    match event {
        Event::Shown(shown) => describe_shown(shown),
        Event::NotAFrame(violation) => format!("not a frame: {}", excerpt::text(violation.to_string().as_bytes())),
        Event::Unframed(found) => format!("not a frame: {}", excerpt::octets(&found.bytes, found.is_cut)),
        Event::Truncated(violation) => violation.to_string(),
        Event::NeverFramed { len } => format!("not a frame: {len} bytes in all"),
    }
}

fn describe_shown(shown: &Shown) -> String {
    let Shown { kind, content, last, len, excerpt, whole } = shown;
    if *kind == FrameKind::Reset {
        return kind.to_string();
    }
    let mut text = format!("{:<7} {:<5} {len:>10}", kind.to_string(), if *last { "final" } else { "more" });
    let what = match content {
        Content::Fields | Content::Json => "",
        Content::Octets => " octets",
        Content::Unannounced => " unannounced",
    };
    text.push_str(what);
    let found = match content {
        Content::Octets | Content::Unannounced => excerpt::octets(&excerpt.bytes, excerpt.is_cut),
        Content::Fields | Content::Json if excerpt.is_cut => {
            excerpt::text(excerpt::whole_characters(&excerpt.bytes)) + "…"
        }
        Content::Fields | Content::Json => excerpt::text(&excerpt.bytes),
    };
    // of the later frames of a stream nothing is shown
    if !found.is_empty() && found != "…" {
        write!(text, " {found}").expect("a string takes all");
    }
    if let Some(whole) = whole {
        write!(text, " ({} frames, {} bytes)", whole.frames, whole.len).expect("a string takes all");
    }
    text
}
