//! A shutdown while many callers are at work.

use std::collections::HashSet;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::{Error, Result, ShutdownReport};
use rpc_tests::watchdog;

use crate::service::{Running, Work, WorkClient, start};

const CALLERS: usize = 12;

/// How the calls of a round ended.
#[derive(Default)]
struct Outcomes {
    whole: HashSet<u64>,
    failed: Vec<(u64, Error)>,
}

/// Makes calls until one fails: values and streams in turn. Each has its own id, which the handler
/// records.
fn call_until_it_fails(client: &WorkClient, ids: &AtomicU64, whole: &mpsc::Sender<u64>) -> (u64, Error) {
    loop {
        let id = ids.fetch_add(1, Ordering::Relaxed);
        let outcome = match id % 3 {
            0 => client.run(id).map(|reply| assert_eq!(reply, id)),
            1 => read_whole(client, id),
            _ => client.receive(io::repeat(1).take(id * 100)).map(|count| assert_eq!(count, id * 100)),
        };
        match outcome {
            Ok(()) => whole.send(id).unwrap(),
            Err(error) => return (id, error),
        }
    }
}

/// Checks that a stream that ends without an error is complete.
fn read_whole(client: &WorkClient, id: u64) -> Result<()> {
    let length = (id % 50) * 20_000;
    let count = io::copy(&mut client.send(id, length)?, &mut io::sink())?;
    assert_eq!(count, length, "a cut stream looks whole");
    Ok(())
}

/// Shuts a server down while it is busy; returns what the callers saw.
fn shut_down_under_load(grace: Duration, shared: bool) -> (Outcomes, ShutdownReport, Running) {
    let (server, running) = start();
    let ids = AtomicU64::new(0);
    let begin = Barrier::new(CALLERS);
    let (whole, finished) = mpsc::channel();
    let client = running.client();
    let mut outcomes = Outcomes::default();
    let report = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let client = if shared { client.clone() } else { running.client() };
                let (ids, begin, whole) = (&ids, &begin, whole.clone());
                scope.spawn(move || {
                    begin.wait();
                    call_until_it_fails(&client, ids, &whole)
                })
            })
            .collect();
        drop(whole);
        outcomes.whole.extend(finished.iter().take(300));
        let report = server.shutdown(grace);
        outcomes.whole.extend(finished.iter());
        outcomes.failed.extend(callers.into_iter().map(|caller| caller.join().unwrap()));
        report
    });
    (outcomes, report, running)
}

/// Checks what holds for every shutdown.
fn check(outcomes: &Outcomes, running: &Running) {
    let Outcomes { whole, failed } = outcomes;
    assert!(whole.len() >= 300 && failed.len() == CALLERS);
    let ran = running.handler.ran.lock().unwrap();
    for (id, error) in failed {
        assert!(
            matches!(error, Error::Transport { .. } | Error::Remote(_) | Error::Misuse(_)),
            "{id} failed in another way: {error:?}"
        );
        assert!(!(error.never_ran() && ran.contains(id)), "{id} ran, but {error:?} says it never did");
    }
    assert!(whole.iter().filter(|id| *id % 3 != 2).all(|id| ran.contains(id)));
}

#[test]
fn with_a_grace_every_call_that_ran_gets_its_reply() {
    watchdog(|| {
        for shared in [true, false] {
            let (outcomes, report, running) = shut_down_under_load(Duration::from_secs(30), shared);
            check(&outcomes, &running);
            assert_eq!(report.cut, 0);
            let ran = running.handler.ran.lock().unwrap();
            let lost: Vec<_> = outcomes.failed.iter().filter(|(id, _)| ran.contains(id)).collect();
            assert!(lost.is_empty(), "they ran within the grace period but got no reply: {lost:?}");
            assert_eq!(ran.len(), outcomes.whole.iter().filter(|id| *id % 3 != 2).count());
        }
    });
}

#[test]
fn without_a_grace_every_reply_is_whole_or_an_error() {
    watchdog(|| {
        for shared in [true, false] {
            let (outcomes, _, running) = shut_down_under_load(Duration::ZERO, shared);
            check(&outcomes, &running);
        }
    });
}
