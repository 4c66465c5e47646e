//! What ran, as the handlers wrote it down, against what the callers know of it.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

/// A file of numbered marks. Each is appended by one write, so it survives the death of its
/// process, and several processes may write.
#[derive(Debug)]
pub(crate) struct Journal(File);

/// What a caller knows of a call that may run at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Known {
    Ran = 1,
    NeverRan = 2,
    MayHaveRun = 3,
}

impl Journal {
    pub(crate) fn open(path: &Path) -> io::Result<Journal> {
        Ok(Journal(OpenOptions::new().create(true).append(true).open(path)?))
    }

    pub(crate) fn note(&self, id: u64, mark: u8) -> io::Result<()> {
        let mut entry = [mark; 9];
        entry[..8].copy_from_slice(&id.to_le_bytes());
        (&self.0).write_all(&entry)
    }
}

/// Returns each mark with its number, in their order.
fn marks(path: &Path) -> io::Result<Vec<(u64, u8)>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut all = Vec::new();
    let mut entry = [0; 9];
    loop {
        match file.read_exact(&mut entry) {
            Ok(()) => {
                let (id, mark) = entry.split_at(8);
                all.push((u64::from_le_bytes(id.try_into().expect("it is split there")), mark[0]));
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(all),
            Err(error) => return Err(error),
        }
    }
}

/// The calls that may run at most once, and what is wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) ran: usize,
    pub(crate) never_ran: usize,
    pub(crate) unknown: usize,
    pub(crate) problems: Vec<String>,
}

/// Compares what the handlers and what the callers wrote down.
pub(crate) fn verdict(handlers: &Path, callers: &Path) -> io::Result<Verdict> {
    let mut runs: HashMap<u64, u32> = HashMap::new();
    marks(handlers)?.into_iter().for_each(|(id, _)| *runs.entry(id).or_default() += 1);
    let mut verdict = Verdict::default();
    for (id, known) in marks(callers)? {
        let times = runs.remove(&id).unwrap_or(0);
        let (count, is_right) = match known {
            1 => (&mut verdict.ran, times == 1),
            2 => (&mut verdict.never_ran, times == 0),
            _ => (&mut verdict.unknown, times <= 1),
        };
        *count += 1;
        if !is_right {
            let expected = ["once", "never", "at most once"][usize::from(known.clamp(1, 3)) - 1];
            verdict.problems.push(format!("call {id:x} ran {times} times, and its caller says {expected}"));
        }
    }
    verdict.problems.extend(runs.keys().map(|id| format!("call {id:x} ran, and nobody made it")));
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_is_compared_with_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let (ran, known) = (folder.path().join("ran"), folder.path().join("known"));
        let handlers = Journal::open(&ran).unwrap();
        let callers = Journal::open(&known).unwrap();
        // each number says how often its call runs
        for (id, known) in
            [(1, Known::Ran), (0, Known::NeverRan), (0x101, Known::MayHaveRun), (0x100, Known::MayHaveRun)]
        {
            callers.note(id, known as u8).unwrap();
            (0..id % 0x100).for_each(|_| handlers.note(id, 0).unwrap());
        }
        let right = verdict(&ran, &known).unwrap();
        assert_eq!((right.ran, right.never_ran, right.unknown, right.problems.len()), (1, 1, 2, 0), "{right:?}");

        for (id, known) in
            [(0x202, Known::Ran), (0x300, Known::Ran), (0x401, Known::NeverRan), (0x502, Known::MayHaveRun)]
        {
            callers.note(id, known as u8).unwrap();
            (0..id % 0x100).for_each(|_| handlers.note(id, 0).unwrap());
        }
        handlers.note(0x601, 0).unwrap();
        let wrong = verdict(&ran, &known).unwrap().problems;
        assert_eq!(
            wrong,
            [
                "call 202 ran 2 times, and its caller says once",
                "call 300 ran 0 times, and its caller says once",
                "call 401 ran 1 times, and its caller says never",
                "call 502 ran 2 times, and its caller says at most once",
                "call 601 ran, and nobody made it",
            ]
        );
    }
}
