//! How each refusal arrives, and what becomes of the connection.

use std::time::Duration;

use rpc_core::Status;
use rpc_tests::watchdog;

use crate::fixture::{Refusal, Shapes, shapes};

#[test]
fn a_handlers_error_arrives_as_its_text() {
    watchdog(|| {
        let (served, client) = shapes();
        for why in ["", "not today", "\"quoted\" \u{1f980}\n"] {
            let error = client.no(why).unwrap_err();
            let remote = error.remote().unwrap();
            assert_eq!((remote.status, remote.message.as_str()), (Status::Error, why));
            assert!(error.connection_usable() && !error.never_ran());
        }
        client.nothing().unwrap();
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_text_that_does_not_fit_is_cut() {
    watchdog(|| {
        let (_served, client) = shapes();
        let why = "ä".repeat(5000);
        let message = client.no(&why).unwrap_err().to_string();
        let kept = message.strip_suffix('…').unwrap();
        assert!(why.starts_with(kept) && kept.len() > 3500, "{} bytes are left", kept.len());
        client.nothing().unwrap();
    });
}

#[test]
fn a_services_own_error_arrives_as_itself() {
    watchdog(|| {
        let (served, client) = shapes();
        assert_eq!(client.refuse(0), Ok(7));
        assert_eq!(client.refuse(3), Err(Refusal::Poor { missing: 3 }), "as itself, not as its text");
        // with a grace period, because without one the last call is cut if the server has not
        // finished with it
        served.running.shutdown(Duration::from_secs(30));
        assert_eq!(client.refuse(0), Err(Refusal::Failed { never_ran: true }));
    });
}

#[test]
fn an_io_error_of_a_handler_is_not_taken_for_the_transports() {
    watchdog(|| {
        let (served, client) = shapes();
        let error = client.input_output("disk full").unwrap_err();
        assert_eq!(error.remote().unwrap().message, "disk full");
        assert!(error.connection_usable());
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn an_unknown_endpoint_gets_a_suggestion_and_a_list() {
    watchdog(|| {
        let (served, _client) = shapes();
        let client = served.client();
        for (name, answer) in [
            ("texts", "unknown endpoint texts, did you mean text? there are: "),
            ("NOTHING", "unknown endpoint NOTHING, did you mean nothing? there are: "),
            ("stamp.check", "unknown endpoint stamp.check, did you mean Stamp.Check? there are: "),
            ("reboot", "unknown endpoint reboot, there are: "),
            ("", "unknown endpoint , there are: "),
        ] {
            let error = client.call(name).with(&()).json::<()>().unwrap_err();
            let text = error.to_string();
            assert_eq!(error.remote().unwrap().status, Status::RequestError);
            assert!(text.starts_with(answer) && text.ends_with(" more"), "{text}");
            assert!(error.connection_usable());
        }
    });
}

#[test]
fn a_wrong_kind_of_body_is_refused_before_the_handler_runs() {
    watchdog(|| {
        let (served, _client) = shapes();
        let client = served.client();
        let refusals = [
            client.call("pattern").with(&5).json::<u32>().map(drop),
            client.call("receive").with(&5).json::<u32>().map(drop),
            client.call("text").with_octets(&b"\"five\""[..]).json::<String>().map(drop),
            client.call("text").with("five").octets().map(drop),
            client.call("text").with(&5).json::<String>().map(drop),
        ];
        for refused in refusals {
            let error = refused.unwrap_err();
            assert_eq!(error.remote().unwrap_or_else(|| panic!("{error}")).status, Status::RequestError);
        }
        assert_eq!(client.call("text").with("five").json::<String>().unwrap(), "five");
    });
}
