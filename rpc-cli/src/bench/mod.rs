//! `rpc bench`.

mod caller;
mod plan;
mod request;
mod results;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::Client;

use crate::call::asked::Asked;
use crate::call::shape::{Accept, Streams};
use crate::failure::{Code, Failure, code_of};
use crate::interrupt;
use crate::output::print;
use crate::target::{Target, duration};

use caller::Caller;
use plan::Plan;
use request::{Nowhere, Problem, Request};
use results::Results;

/// Call a method again and again, and print how fast it is.
///
/// Each caller has a connection of its own and makes a call when its last one has ended. So a
/// server that is slow for a moment gets fewer calls meanwhile, and that moment counts once for
/// each caller, however many calls it has delayed: the percentiles are those of N polite callers,
/// not of users who come whenever they like. With --rate calls begin at fixed times, and each is
/// measured from when it should have begun.
///
/// What is measured is this program, the network and the server together, from the begin of the
/// request to the end of the reply. Connecting is not, nor the calls of the first second. A stream
/// that comes is thrown away; a file that is sent is read again by each call. Ctrl-C ends it early
/// and prints what there is. If calls have failed, the exit code is that of most of them. If the
/// first is refused because of a mistake of the caller, no other follows.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Bench {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    asked: Asked,
    /// How many callers there are.
    #[arg(short = 'c', long, default_value_t = 1, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    callers: u32,
    /// How long they call, after a second that does not count.
    #[arg(short, long = "duration", value_parser = duration, default_value = "10s", value_name = "TIME")]
    duration: Duration,
    /// How many calls all callers begin in a second, whether or not the last ones have ended. If
    /// all callers are busy, calls begin late, which counts.
    #[arg(long, value_parser = rate, value_name = "R")]
    rate: Option<f64>,
    /// A file that each call sends as its stream, as it is: of values, it has one on each line.
    #[arg(long = "in", value_name = "FILE")]
    input: Option<PathBuf>,
    /// What the method returns. The server is not asked for its description then; it is json if
    /// there is none.
    #[arg(long, value_enum, value_name = "KIND")]
    accept: Option<Accept>,
}

const EXAMPLES: &str = "\
Examples:
  $ rpc bench tcp://127.0.0.1:7411 stat name=notes.txt -c 4 -d 1s
  $ head -c 1000000 /dev/zero > big
  $ rpc bench tcp://127.0.0.1:7411 store name=big --in big -d 1s > figures.txt
  $ rpc bench tcp://127.0.0.1:7411 list --rate 100 -d 1s | grep latency";

/// The longest time, so that instants can be computed.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

impl Bench {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if self.duration.is_zero() || self.duration > LONGEST {
            return Err(Failure::caller("-d: expected more than nothing, and a week at most"));
        }
        let arguments = self.asked.arguments()?;
        let clients: Vec<Client> = (0..self.callers).map(|_| self.target.connect()).collect::<Result<_, _>>()?;
        let given = Streams { octets: self.input.is_some(), values: false };
        let (shape, argument) = self.asked.resolve(arguments, &clients[0], &self.target, self.accept, given)?;
        let request =
            Request { method: self.asked.method.clone(), argument, input: self.input.clone(), accept: shape.returns };
        // what is refused once is refused thousands of times
        if let Err(Problem::Call(error)) = request.make(&clients[0], &mut nowhere()?)
            && code_of(&error) == Code::Caller
        {
            return Err(self.target.failed(&error));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        interrupt::on_signal(move || stopped.store(true, Ordering::SeqCst))
            .map_err(|error| Failure::here(format!("signals: {error}")))?;
        let plan = Plan::new(Instant::now(), self.duration, self.rate, self.callers);
        let results = measure(clients, &request, plan, &stop)?;
        let late = plan.planned(Instant::now()).map(|planned| planned - results.attempts() as f64);
        print(&results.report())?;
        if let Some(late) = late.filter(|late| *late > f64::from(self.callers)) {
            print(&format!("late      {late:.0} planned calls never began: more callers (-c) or a lower --rate\n"))?;
        }
        match results.failures() {
            Some((count, code)) => Err(Failure::new(code, format!("{count} of {} calls failed", results.attempts()))),
            None if results.attempts() == 0 && !stop.load(Ordering::SeqCst) => {
                Err(Failure::new(Code::Time, "no call began in the measured time: give it longer by -d"))
            }
            None => Ok(()),
        }
    }
}

fn nowhere() -> Result<Nowhere, Failure> {
    Nowhere::open().map_err(|error| Failure::here(format!("/dev/null: {error}")))
}

/// Has each client call on a thread of its own.
fn measure(clients: Vec<Client>, request: &Request, plan: Plan, stop: &AtomicBool) -> Result<Results, Failure> {
    let callers = clients
        .into_iter()
        .zip(0..)
        .map(|(client, number)| Ok(Caller { number, client, nowhere: nowhere()?, request, plan, stop }));
    let callers: Vec<Caller<'_>> = callers.collect::<Result<_, Failure>>()?;
    thread::scope(|scope| {
        let running: Vec<_> = callers.into_iter().map(|caller| scope.spawn(|| caller.run())).collect();
        let mut all = Results::new();
        for caller in running {
            all.add(caller.join().expect("it does not panic")?);
        }
        Ok(all)
    })
}

fn rate(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e9 => Ok(rate),
        _ => Err("expected calls per second, more than 0"),
    }
}
