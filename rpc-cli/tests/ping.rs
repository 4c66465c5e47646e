//! `rpc ping`.

mod common;

use common::{rpc, run, script, serve};
use rpc_core::testing::wire;
use rpc_core::{Server, ServerConfig};
use rpc_tests::watchdog;

#[test]
fn each_answer_has_a_line_and_all_have_statistics() {
    watchdog(|| {
        let shelf = serve();
        let ran = run(&mut rpc(["ping", &shelf.address(), "-c", "3", "-i", "1ms"]));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        let lines: Vec<&str> = ran.out.lines().collect();
        assert_eq!(lines.len(), 5, "{ran:?}");
        assert!(lines[0].starts_with("connected in ") && lines[1].starts_with("revision 1, "), "{ran:?}");
        assert!(lines[4].starts_with("round trips: 3, min/avg/median/max/stddev = "), "{ran:?}");
    });
}

#[test]
fn an_original_answers_as_well() {
    watchdog(|| {
        let ran = run(&mut rpc(["ping", &script(vec![wire::refusal(2, "endpoint unknown")]), "-c", "1"]));
        assert!(ran.code == Some(0) && ran.out.contains("revision 0, "), "{ran:?}");
    });
}

/// It is the check of a balancer or of Kubernetes.
#[test]
fn a_server_that_does_not_answer_is_not_ready() {
    watchdog(|| {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", silent.local_addr().unwrap());
        let ran = run(&mut rpc(["ping", &address, "-c", "1", "--timeout", "50ms"]));
        assert_eq!((ran.code, ran.err.lines().count()), (Some(5), 1), "{ran:?}");
        assert!(ran.err.contains(&address), "{ran:?}");

        drop(silent);
        let ran = run(&mut rpc(["ping", &address, "-c", "1", "--timeout", "2s"]));
        assert_eq!((ran.code, ran.err.lines().count()), (Some(4), 1), "{ran:?}");

        // one that refuses connections
        let (handler, _controls) = common::shapes::Handler::new();
        let service = common::shapes::ShapesServer::new(handler);
        let server = Server::bind_with("tcp://127.0.0.1:0", ServerConfig::default()).unwrap();
        let refuse = move |_: &rpc_core::Peer| -> Result<_, rpc_core::Refused> {
            if true { Err(rpc_core::Refused::new("members only")) } else { Ok(service.clone()) }
        };
        let server = server.spawn_with(refuse).unwrap();
        let ran = run(&mut rpc(["ping", &server.address().to_string(), "-c", "1"]));
        assert!(ran.code == Some(4) && ran.err.contains("members only"), "{ran:?}");
    });
}

#[test]
fn answers_before_a_failure_are_counted() {
    watchdog(|| {
        let pong = || wire::header(r#"{"DataType":2,"Error":1,"Revision":1}"#);
        let address = script(vec![pong(), pong(), b"nonsense that is no frame".to_vec()]);
        let ran = run(&mut rpc(["ping", &address, "-i", "0"]));
        assert_eq!((ran.code, ran.err.lines().count()), (Some(3), 1), "{ran:?}");
        assert!(ran.out.contains("round trips: 2, "), "{ran:?}");
    });
}
