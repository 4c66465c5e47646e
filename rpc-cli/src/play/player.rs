//! Plays the server of a recording: sends its bytes when the client has come as far as the one that
//! was recorded had.

use std::fs::File;
use std::io::{self, IoSlice, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rpc_core::transport::{Parts, ReadHalf, WriteHalf};

use crate::dump::recording::Side;

use super::comparison::Comparison;
use super::meaning::Position;
use super::session::Session;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// The client that is there now, as its two threads know it.
#[derive(Default)]
struct Client {
    known: Mutex<Known>,
    moved: Condvar,
}

#[derive(Default)]
struct Known {
    comparison: Comparison,
    position: Position,
    /// It has ended, well or not.
    ended: bool,
}

/// Plays a session to a client until that ends. Calls `differs` with the first difference at once.
/// Returns what the client had in common with the recorded one, or the first difference.
pub(super) fn play(
    session: &mut Session,
    client: Parts,
    differs: impl Fn(&str) + Send,
) -> io::Result<Result<String, String>> {
    let state = Client::default();
    let Parts { reader, mut writer, control, .. } = client;
    let played = thread::scope(|scope| {
        scope.spawn(|| state.listen(reader, differs));
        let played = state.take_turns(session, &mut *writer);
        if played.is_err() {
            control.iter().for_each(|control| control.cut());
        }
        played
    });
    played.map(|()| state.known.into_inner().unwrap_or_else(PoisonError::into_inner).comparison.finish())
}

impl Client {
    /// Reads what the client sends, until its end.
    fn listen(&self, mut reader: Box<dyn ReadHalf>, differs: impl Fn(&str)) {
        let (mut piece, mut told) = (vec![0; PIECE], false);
        loop {
            let read = reader.read(&mut piece, None);
            let mut known = self.lock();
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => known.ended = true,
                Ok(count) => known.position = known.comparison.played(&piece[..count]),
            }
            self.moved.notify_all();
            if let Some(difference) = known.comparison.difference().filter(|_| !told) {
                differs(difference);
                told = true;
            }
            if known.ended {
                return;
            }
        }
    }

    /// Fails if a file cannot be read.
    fn take_turns(&self, session: &mut Session, writer: &mut dyn WriteHalf) -> io::Result<()> {
        let mut takes = true;
        for (side, len) in &session.turns {
            match side {
                Side::Client => {
                    let until = self.recorded(&mut session.client, *len)?;
                    takes = self.wait(until) && takes;
                }
                Side::Server => takes = takes && send(&mut session.server, *len, writer)?,
            }
        }
        // it fails only if the client has gone
        _ = writer.finish(None);
        Ok(())
    }

    /// Takes what the client of the recording sent in a turn, and returns how far it was then.
    fn recorded(&self, file: &mut File, len: u64) -> io::Result<Position> {
        let mut position = Position::default();
        pieces(file, len, |piece| {
            position = self.lock().comparison.recorded(piece);
            Ok(())
        })?;
        Ok(position)
    }

    /// Waits until the client is there, too. Returns `false` if it has ended before.
    fn wait(&self, until: Position) -> bool {
        let mut known = self.lock();
        while known.position < until && !known.ended {
            known = self.moved.wait(known).unwrap_or_else(PoisonError::into_inner);
        }
        known.position >= until
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a part of a file. Returns whether the client took it; it may have gone on purpose.
fn send(file: &mut File, len: u64, writer: &mut dyn WriteHalf) -> io::Result<bool> {
    let mut takes = true;
    pieces(file, len, |mut piece| {
        while takes && !piece.is_empty() {
            match writer.write(&[IoSlice::new(piece)], None) {
                Ok(count) => piece = &piece[count..],
                Err(_) => takes = false,
            }
        }
        Ok(())
    })?;
    Ok(takes)
}

fn pieces(file: &mut File, mut len: u64, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    while len > 0 {
        let most = usize::try_from(len).unwrap_or(PIECE).min(PIECE);
        file.read_exact(&mut piece[..most])?;
        each(&piece[..most])?;
        len -= most as u64;
    }
    Ok(())
}
