//! What the coordinator and a role say to each other, a line of JSON each, and the role's end of it.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::counting;
use crate::meter::{self, Usage};
use crate::placement;
use crate::plan::{Outcome, Plan};
use crate::roles;

/// What the coordinator asks a role on its standard input.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Do so many units of work. Only a client can.
    Run { times: u64 },
    /// Say what was used so far.
    Usage,
    /// Count allocations from now on, or do not.
    Count(bool),
}

/// What a role says on its standard output. The first line is `Ready`; then one answers each question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Answer {
    Ready {
        /// Where a server listens.
        address: Option<String>,
        /// Memory that was resident before the first connection, with what is to be sent.
        resident: u64,
    },
    Ran {
        seconds: f64,
    },
    Usage(Usage),
    Done,
    Failed(String),
}

/// Serves until the coordinator has gone.
pub(crate) fn server(plan: &Plan) -> Outcome<()> {
    placement::place_server(plan.placement);
    let content = roles::server_content(plan);
    let resident = meter::resident();
    let (address, _running) = roles::serve(plan, content)?;
    say(&Answer::Ready { address: Some(address), resident })?;
    answer_all(|_| Err("a server runs no rounds".into()))
}

/// Calls whenever the coordinator says so, until it has gone.
pub(crate) fn client(plan: &Plan, address: &str) -> Outcome<()> {
    placement::place_client(plan.placement);
    let content = roles::client_content(plan);
    let resident = meter::resident();
    let mut client = roles::connect(plan, address, content)?;
    say(&Answer::Ready { address: None, resident })?;
    answer_all(|times| client.run(times))
}

/// Is there, and does nothing that it is told, until the coordinator has gone.
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
