//! The command line.

use clap::Parser;

use crate::cases::Case;
use crate::place::Effort;

/// Measures the library against the bare socket and against other libraries, as ratios: over 1,
/// ours is better.
///
/// Measures all cases if no CASE is given. A missed target is not a failure: the exit code is 1
/// only if a case could not be run.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Names of cases or prefixes of names, such as `octets` or `call-tcp`.
    #[arg(value_name = "CASE")]
    pub(crate) cases: Vec<String>,
    /// Print the cases and stop.
    #[arg(long)]
    pub(crate) list: bool,
    /// Print one JSON object per line instead of the tables.
    #[arg(long)]
    pub(crate) json: bool,
    /// Run shorter rounds and fewer trials: all cases take less than 3 minutes.
    #[arg(long, conflicts_with = "tiny")]
    pub(crate) quick: bool,
    /// Run one very small round of each case, to check that they work. The figures mean nothing.
    #[arg(long)]
    pub(crate) tiny: bool,
    /// The number of rounds of each side.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: Option<u32>,
}

impl Args {
    pub(crate) fn effort(&self) -> Effort {
        let effort = match (self.quick, self.tiny) {
            (true, _) => Effort::QUICK,
            (_, true) => Effort::TINY,
            _ => Effort::FULL,
        };
        let rounds = self.rounds.and_then(|rounds| usize::try_from(rounds).ok());
        Effort { rounds: rounds.unwrap_or(effort.rounds), ..effort }
    }

    /// Returns the requested cases. Fails if a name matches none.
    pub(crate) fn choose(&self, cases: Vec<Case>) -> Result<Vec<Case>, String> {
        let fits = |case: &Case, wanted: &String| case.name.starts_with(wanted.as_str());
        if let Some(unknown) = self.cases.iter().find(|wanted| !cases.iter().any(|case| fits(case, wanted))) {
            return Err(format!("there is no case {unknown}; `rpc-bench --list` prints all cases"));
        }
        let exact = |wanted: &String| cases.iter().any(|case| case.name == wanted);
        let (exact, prefixes): (Vec<_>, Vec<_>) = self.cases.iter().partition(|wanted| exact(wanted));
        let wanted = |case: &Case| {
            let named = exact.iter().any(|name| case.name == name.as_str());
            named || prefixes.iter().any(|prefix| fits(case, prefix))
        };
        Ok(cases.into_iter().filter(|case| self.cases.is_empty() || wanted(case)).collect())
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Args;
    use crate::cases;

    fn chosen(args: &[&str]) -> Result<Vec<&'static str>, String> {
        let args = Args::parse_from(["rpc-bench"].iter().chain(args));
        Ok(args.choose(cases::all())?.iter().map(|case| case.name).collect())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_exact_name_chooses_one_case_also_where_others_begin_so() {
        assert_eq!(chosen(&["octets-down-tcp"]).unwrap(), ["octets-down-tcp"]);
        assert!(chosen(&["octets-down"]).unwrap().len() > 2);
    }

    #[test]
    fn without_names_all_are_chosen_and_a_wrong_name_is_told() {
        assert_eq!(chosen(&[]).unwrap().len(), cases::all().len());
        assert!(chosen(&["octets", "nothing"]).unwrap_err().contains("nothing"));
    }

    #[test]
    fn rounds_may_be_set_in_each_mode() {
        assert_eq!(Args::parse_from(["rpc-bench", "--tiny", "--rounds", "3"]).effort().rounds, 3);
        assert!(Args::parse_from(["rpc-bench", "--quick"]).effort().rounds >= 5);
    }
}
