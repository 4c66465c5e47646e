//! Serves [`Worker`](rpc_tests::worker::Worker) on standard input and output, for tests that start
//! it. With the argument `bare` without banners.

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use rpc_core::{ServerConfig, serve_stdio_with};
    use rpc_tests::worker::{Diligent, WorkerServer};

    let bare = std::env::args().any(|argument| argument == "bare");
    let config = ServerConfig::default().stdio_banner(!bare);
    match serve_stdio_with(WorkerServer::new(Diligent), config) {
        Ok(_) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("worker: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() {}
