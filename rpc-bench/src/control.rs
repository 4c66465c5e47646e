//! The protocol between the coordinator and a role, one line of JSON per message, and the role's
//! end of it.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::counting;
use crate::meter::{self, Usage};
use crate::placement;
use crate::plan::{Outcome, Plan};
use crate::roles;

/// A command of the coordinator, on the role's standard input.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Perform this many units of work. Only for clients.
    Run { times: u64 },
    /// Report the resources used so far.
    Usage,
    /// Start or stop counting allocations.
    Count(bool),
}

/// A role's message on its standard output. The first line is `Ready`; then each command gets one
/// answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Answer {
    Ready {
        /// The address that a server listens on.
        address: Option<String>,
        /// The resident memory before the first connection, including the content to send.
        resident: u64,
    },
    Ran {
        seconds: f64,
    },
    Usage(Usage),
    Done,
    Failed(String),
}

/// Serves until the coordinator has exited.
pub(crate) fn server(plan: &Plan) -> Outcome<()> {
    placement::place_server(plan.placement);
    let content = roles::server_content(plan);
    let resident = meter::resident();
    let (address, _running) = roles::serve(plan, content)?;
    say(&Answer::Ready { address: Some(address), resident })?;
    answer_all(|_| Err("a server cannot run rounds".into()))
}

/// Makes calls when the coordinator asks for them, until it has exited.
pub(crate) fn client(plan: &Plan, address: &str) -> Outcome<()> {
    placement::place_client(plan.placement);
    let content = roles::client_content(plan);
    let resident = meter::resident();
    let mut client = roles::connect(plan, address, content)?;
    say(&Answer::Ready { address: None, resident })?;
    answer_all(|times| client.run(times))
}

/// Keeps the role alive until the coordinator has exited, and does no work.
pub(crate) fn idle() -> Outcome<()> {
    say(&Answer::Ready { address: None, resident: meter::resident() })?;
    answer_all(|_| Ok(()))
}

fn answer_all(mut run: impl FnMut(u64) -> Outcome<()>) -> Outcome<()> {
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?)? {
            Ask::Run { times } => {
                let started = Instant::now();
                match run(times) {
                    Ok(()) => Answer::Ran { seconds: started.elapsed().as_secs_f64() },
                    Err(error) => Answer::Failed(error.to_string()),
                }
            }
            Ask::Usage => Answer::Usage(Usage::now()),
            Ask::Count(on) => {
                counting::count(on);
                Answer::Done
            }
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &Answer) -> Outcome<()> {
    let mut line = serde_json::to_string(answer)?;
    line.push('\n');
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    Ok(out.flush()?)
}
