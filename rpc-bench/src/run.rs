//! The program: plays a role, or measures the requested cases.

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::awake;
use crate::cases;
use crate::compare::compare;
use crate::control;
use crate::meter;
use crate::place::Place;
use crate::plan::Outcome;
use crate::report;
use crate::roles;

pub(crate) fn run() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--role", "server", plan] => {
            serde_json::from_str(plan).map_err(Into::into).and_then(|plan| control::server(&plan))
        }
        ["--role", "client", plan, address] => {
            serde_json::from_str(plan).map_err(Into::into).and_then(|plan| control::client(&plan, address))
        }
        ["--role", "awake"] => awake::spin(),
        ["--role", "produce", bytes] => bytes.parse().map_err(Into::into).and_then(roles::produce),
        _ => return measure(&Args::parse()).unwrap_or_else(|error| fail(&error)),
    };
    outcome.map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("rpc-bench: {error}");
    ExitCode::FAILURE
}

fn measure(args: &Args) -> Outcome<ExitCode> {
    let cases = args.choose(cases::all())?;
    if args.list {
        print!("{}", report::list(&cases));
        return Ok(ExitCode::SUCCESS);
    }
    let effort = args.effort();
    let machine = meter::machine();
    let place = Place::new(&effort)?;
    let mut measured = Vec::new();
    let mut failed = false;
    for case in cases {
        eprintln!("{} ...", case.name);
        match compare(&case, &effort, &place) {
            Ok(comparison) => {
                if args.json {
                    println!("{}", report::line(&case, &comparison).ok_or("nothing was measured")?);
                }
                measured.push((case, comparison));
            }
            Err(error) => {
                eprintln!("{} could not be run: {error}", case.name);
                failed = true;
            }
        }
    }
    if !args.json {
        println!("{machine}\n\n{}", report::results(&measured));
        println!("Costs, server / client:\n\n{}", report::costs(&measured));
        print!("{}", report::settings());
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
