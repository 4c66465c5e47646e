//! The output: tables, or one JSON object per line.

use std::fmt::Write;

use serde_json::json;

use crate::cases::Case;
use crate::compare::{Comparison, Figures};
use crate::costs::{Cost, Costs};
use crate::plan::Work;
use crate::roles;

/// Returns the first table: who is faster.
pub(crate) fn results(measured: &[(Case, Comparison)]) -> String {
    let head = ["case", "against", "ours", "theirs", "unit", "ratio", "spread", "target", ""];
    let rows =
        measured.iter().filter_map(|(case, comparison)| Some(result(case, comparison.figures(case)?, comparison)));
    table(&[head.map(str::to_owned).to_vec()].into_iter().chain(rows).collect::<Vec<_>>())
}

fn result(case: &Case, figures: Figures, comparison: &Comparison) -> Vec<String> {
    let ratio = figures.ratio;
    vec![
        case.name.to_owned(),
        against(case, comparison),
        number(figures.ours.median),
        number(figures.theirs.median),
        case.metric.unit().to_owned(),
        format!("{:.2}", ratio.median),
        format!("{:.2}..{:.2}", ratio.low, ratio.high),
        case.target.map_or("-".to_owned(), |target| format!("{target}")),
        verdict(ratio.median, case.target).to_owned(),
    ]
}

/// Returns the rival's name and tuning.
fn against(case: &Case, comparison: &Comparison) -> String {
    match &comparison.tuning {
        Some(tuning) => format!("{}, {tuning}", case.peer),
        None => case.peer.to_owned(),
    }
}

fn verdict(ratio: f64, target: Option<f64>) -> &'static str {
    match target {
        None => "-",
        Some(target) if ratio >= target => "met",
        Some(_) => "not met",
    }
}

/// Returns the second table: the costs.
pub(crate) fn costs(measured: &[(Case, Comparison)]) -> String {
    let head = ["case", "who", "CPU", "unit", "system calls", "per", "allocations/call", "peak KiB"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (case, comparison) in measured {
        if let Some((ours, theirs)) = &comparison.costs {
            rows.push(cost(case, "ours", ours));
            rows.push(cost(case, case.peer, theirs));
        }
    }
    let note = "
A dash means not measured. System calls are counted if strace is installed and permitted. Allocations are per item where
items are streamed.
";
    table(&rows) + note
}

/// Returns a row with the server's and the client's figures.
fn cost(case: &Case, who: &str, costs: &Costs) -> Vec<String> {
    let both = |of: fn(&Cost) -> Option<f64>| {
        [&costs.server, &costs.client].map(|cost| of(cost).map_or("-".to_owned(), number)).join(" / ")
    };
    let (unit, per) = match case.ours.work {
        Work::Calls { .. } => ("us/call", "call"),
        Work::ItemsDown(_) | Work::ItemsUp(_) => ("us/item", "item"),
        Work::Down(_) | Work::Up => ("s/GiB", "GiB"),
    };
    vec![
        case.name.to_owned(),
        who.to_owned(),
        both(|cost| Some(cost.cpu)),
        unit.to_owned(),
        both(|cost| cost.system_calls),
        per.to_owned(),
        both(|cost| Some(cost.allocations)),
        both(|cost| Some((cost.peak / 1024) as f64)),
    ]
}

/// Returns a case as a line of JSON.
pub(crate) fn line(case: &Case, comparison: &Comparison) -> Option<String> {
    let figures = comparison.figures(case)?;
    let line = json!({
        "case": case.name,
        "ours": figures.ours.median,
        "theirs": figures.theirs.median,
        "peer": against(case, comparison),
        "unit": case.metric.unit(),
        "ratio": figures.ratio.median,
        "rounds": comparison.ours.len(),
    });
    Some(line.to_string())
}

/// Returns the cases with their rivals and targets.
pub(crate) fn list(cases: &[Case]) -> String {
    let head = ["case", "against", "unit", "target"].map(str::to_owned).to_vec();
    let rows = cases.iter().map(|case| {
        let target = case.target.map_or("-".to_owned(), |target| format!("{target}"));
        vec![case.name.to_owned(), case.peer.to_owned(), case.metric.unit().to_owned(), target]
    });
    table(&[head].into_iter().chain(rows).collect::<Vec<_>>()) + &settings()
}

/// Returns the notes under the tables: the settings of each side.
pub(crate) fn settings() -> String {
    let all = "\
The ratio is the median of the rounds' ratios; over 1, ours is better. The middle half of the ratios lies within the spread.
The column \"against\" shows the best setting that was tried: the buffers of a plain loop (sender to receiver), from 64 KiB
  to 4 MiB, \"copy\" if it copies memory to its buffer first; read and write, sendfile or splice for files; messages and
  runtimes of other libraries. The best two run all rounds.
ours: defaults, except that a client keeps as many connections as it has callers or, in cases called \"shared\", that its
  callers share one; receivers of octets read into 512 KiB
bare: TCP_NODELAY on both ends of TCP
A child writes pieces of 128 KiB, for ours and for theirs.
Items: a number, a name and a size, 47 bytes as JSON, in streams of 200000 (against remoc 20000), made while they are sent; serde_json alone: one
  thread writes each into the same buffer and reads it back, without a socket
One caller, octets, files, items over a Unix socket: server and client are each pinned to their own processor, ours and
  theirs, or both to the same one in cases called \"together\". If a call goes from one processor to another, a thread on each
  that yields to all others keeps them from sleeping. Many callers, batches, items over TCP, a stream of tonic: each side
  pinned in that way or free, whichever is best for it. A child's output: free.
";
    format!("\n{all}{}\n", roles::settings())
}

/// Formats three significant digits, so that columns of any unit are readable.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if !value.is_finite() => "-".to_owned(),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}

/// Formats rows as an aligned Markdown table, which can be pasted into a document.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        text.push('|');
        for (cell, width) in row.iter().zip(&widths) {
            // writing to a string does not fail
            _ = write!(text, " {cell:<width$} |");
        }
        text.push('\n');
        if at == 0 {
            let line: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
            _ = writeln!(text, "|{}|", line.join("|"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{number, table, verdict};

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a".to_owned(), "case".to_owned()], vec!["long".to_owned(), "b".to_owned()]];
        assert_eq!(table(&rows), "| a    | case |\n|------|------|\n| long | b    |\n");
    }

    #[test]
    fn numbers_keep_three_digits_and_what_was_not_measured_is_a_dash() {
        assert_eq!([3.456, 34.56, 3456.7, 0.1234].map(number), ["3.46", "34.6", "3457", "0.123"]);
        assert_eq!(number(f64::NAN), "-");
    }

    #[test]
    fn a_target_is_met_from_its_very_value_on() {
        assert_eq!(verdict(0.95, Some(0.95)), "met");
        assert_eq!(verdict(0.949, Some(0.95)), "not met");
        assert_eq!(verdict(9.0, None), "-");
    }
}
