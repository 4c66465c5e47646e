//! A client that starts its server: as a child process here, or through `ssh` on another machine.
//!
//! ```text
//! cargo run --example child
//! ```

#[cfg(unix)]
mod example {
    use std::env;
    use std::io::{self, Read};
    use std::process::Command;

    use rpc_core::{Client, Error, Result, rpc_service, serve_stdio};

    #[rpc_service]
    trait Depot {
        fn fetch(&self, size: u64) -> Result<impl Read>;
        fn fail(&self) -> Result<()>;
    }

    struct Shelf;

    impl Depot for Shelf {
        fn fetch(&self, size: u64) -> Result<impl Read> {
            // standard output is not the wire any more, so this disturbs nobody
            println!("somebody fetches {size} bytes");
            Ok(io::repeat(7).take(size))
        }

        fn fail(&self) -> Result<()> {
            eprintln!("the disk is gone");
            std::process::exit(3)
        }
    }

    pub(super) fn run() -> Result<()> {
        if env::args().nth(1).as_deref() == Some("serve-stdio") {
            return serve_stdio(DepotServer::new(Shelf)).map(drop);
        }
        let program = env::current_exe()?;
        // Through ssh: the program "ssh", with "-T", "-o", "BatchMode=yes", "host" and the command.
        let command = move || {
            let mut command = Command::new("sh");
            command.args(["-c", "echo 'Welcome to this machine!'; exec \"$0\" serve-stdio"]).arg(&program);
            command
        };
        let depot = DepotClient::new(Client::from_command(command)?);
        let fetched = io::copy(&mut depot.fetch(10_000_000)?, &mut io::sink())?;
        println!("{fetched} bytes have come, and the shell's welcome was skipped");
        assert_eq!(fetched, 10_000_000);

        // A child that dies says why, and the next call starts another.
        let error = depot.fail().unwrap_err();
        println!("{error}");
        assert!(matches!(error, Error::Transport { .. }) && !error.never_ran());
        assert!(error.to_string().contains("exit status: 3") && error.to_string().contains("the disk is gone"));
        assert_eq!(io::copy(&mut depot.fetch(3)?, &mut io::sink())?, 3);
        DepotClient::close(depot)?;

        // So does a command that is no server.
        let error = Client::from_command(|| Command::new("false")).unwrap_err();
        println!("{error}");
        assert!(error.never_ran() && error.to_string().contains("exit status: 1"));
        Ok(())
    }
}

#[cfg(unix)]
fn main() -> rpc_core::Result<()> {
    example::run()
}

#[cfg(not(unix))]
fn main() {
    println!("children are started on Unix only");
}
