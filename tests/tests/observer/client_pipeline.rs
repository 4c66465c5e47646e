//! Each item of a pipeline is a call.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::transport::memory_pair_with_capacity;
use rpc_core::{Client, ErrorKind, Status};
use rpc_tests::{TransportKind, watchdog, wire};
use serde::{Serialize, Serializer};

use crate::depot::{DepotServer, Shed};
use crate::recorder::Recorder;
use crate::scripted::{Scripted, answer, request, seven};

#[test]
fn each_item_has_the_bytes_of_its_own_request_and_reply() {
    watchdog(|| {
        let (recorder, config) = Recorder::with_config();
        let config = config.reply_timeout(None);
        let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
        let texts = (0..1_000).map(|length| "x".repeat(length));
        let replies = client.pipeline::<_, String>("echo", texts.clone()).unwrap();
        assert!(replies.map(Result::unwrap).eq(texts.clone()));
        let calls = recorder.calls();
        assert_eq!(calls.len(), 1_000);
        for (call, text) in calls.iter().zip(texts) {
            let json = format!("{text:?}");
            let received = [wire::ok(3), wire::data(&json)].concat();
            assert_eq!(call.bytes(), (request("echo", 3, &json).len() as u64, received.len() as u64));
            assert_eq!((call.end(), &*call.endpoint), ((Some(Status::Ok), None, None), "echo"));
        }
    });
}

#[test]
fn each_item_has_its_own_error() {
    watchdog(|| {
        let scripted = Scripted::new(vec![Box::new(|peer| {
            peer.await_requests(3);
            peer.send(&[wire::no(4, "no"), wire::ok(3), wire::data("\"text\""), seven()].concat());
            peer.await_end();
        })]);
        let replies = scripted.client.pipeline::<_, u8>("x", 0..3).unwrap();
        assert_eq!(replies.filter(Result::is_ok).count(), 1);
        let ends: Vec<_> = scripted.recorder.calls().iter().map(crate::recorder::Report::end).collect();
        let remote = (Some(Status::Error), Some(ErrorKind::Remote), None);
        let protocol = (Some(Status::Ok), Some(ErrorKind::Protocol), None);
        assert_eq!(ends, [remote, protocol, (Some(Status::Ok), None, None)]);
    });
}

/// A value that cannot be sent if it is odd.
struct Even(u8);

impl Serialize for Even {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(2) {
            self.0.serialize(serializer)
        } else {
            Err(serde::ser::Error::custom("it is odd"))
        }
    }
}

#[test]
fn an_item_that_cannot_be_encoded_was_not_sent() {
    watchdog(|| {
        let scripted = Scripted::new(vec![Box::new(|peer| answer(peer, 2))]);
        let replies = scripted.client.pipeline::<_, u8>("x", [Even(0), Even(1), Even(2)]).unwrap();
        assert_eq!(replies.filter(Result::is_ok).count(), 2);
        let calls = scripted.recorder.calls();
        assert_eq!((calls.len(), calls[1].bytes()), (3, (0, 0)));
        assert_eq!(calls[1].end(), (None, Some(ErrorKind::Misuse), None));
    });
}

#[test]
fn all_that_was_sent_is_reported_if_the_connection_breaks() {
    watchdog(|| {
        let scripted = Scripted::new(vec![Box::new(|peer| {
            peer.await_requests(3);
            peer.send(&seven());
        })]);
        let replies = scripted.client.pipeline::<_, u8>("x", 0..3).unwrap();
        assert_eq!(replies.filter(Result::is_ok).count(), 1);
        let calls = scripted.recorder.calls();
        let lost = (None, Some(ErrorKind::Transport), None);
        assert_eq!(calls.iter().map(crate::recorder::Report::end).skip(1).collect::<Vec<_>>(), [lost, lost]);
        assert_eq!(calls.iter().map(|call| call.sent).sum::<u64>(), scripted.await_close().len() as u64);
        drop(scripted.client);
        assert_eq!(scripted.recorder.closed(), [Err(ErrorKind::Transport)]);
    });
}

#[test]
fn an_item_that_cannot_be_sent_has_nothing_of_the_reply_before() {
    watchdog(|| {
        let (mut server, near) = memory_pair_with_capacity(16 * 1024);
        let (recorder, config) = Recorder::with_config();
        let client = Client::from_transport_with(near, config.reply_timeout(Some(Duration::from_secs(1)))).unwrap();
        let (done, gate) = mpsc::channel::<()>();
        let server = thread::spawn(move || {
            let mut received = Vec::new();
            while wire::request_ends(&received).is_empty() {
                let mut piece = [0; 1024];
                let count = server.read(&mut piece).unwrap();
                received.extend_from_slice(&piece[..count]);
            }
            server.write_all(&seven()).unwrap();
            // it reads no more
            _ = gate.recv();
        });
        // after a small request it is known that the transport can write without blocking
        let texts = [0, 10_000, 10_000].map(|length| "x".repeat(length));
        let mut replies = client.pipeline::<_, u8>("x", texts).unwrap();
        assert_eq!(replies.next().unwrap().unwrap(), 7);
        replies.next().unwrap().unwrap_err();
        let call = recorder.calls().remove(1);
        assert_eq!((call.end(), call.received), ((None, Some(ErrorKind::Deadline), None), 0));
        drop((replies, done));
        server.join().unwrap();
    });
}

#[test]
fn items_that_nobody_reads_are_reported() {
    watchdog(|| {
        let scripted = Scripted::new(vec![Box::new(|peer| {
            peer.await_requests(3);
            peer.send(&[seven(), wire::no(4, "no"), seven()].concat());
            peer.await_end();
        })]);
        let mut replies = scripted.client.pipeline::<_, u8>("x", [Even(0), Even(2), Even(4), Even(5)]).unwrap();
        assert_eq!(replies.next().unwrap().unwrap(), 7);
        drop(replies);
        let calls = scripted.recorder.calls();
        let ends: Vec<_> = calls.iter().map(crate::recorder::Report::end).collect();
        let ok = (Some(Status::Ok), None, None);
        let unsent = (None, Some(ErrorKind::Misuse), None);
        assert_eq!(ends, [ok, (Some(Status::Error), None, None), ok, unsent]);
        assert_eq!(calls[1].received, wire::no(4, "no").len() as u64);
    });
}
