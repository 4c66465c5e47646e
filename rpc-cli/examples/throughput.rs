//! How fast `rpc call` moves a file through a pipe, compared with a program that calls
//! `rpc_core::copy` itself: `scripts/rpc-call-throughput.sh`.

#[cfg(unix)]
mod unix {
    use std::env;
    use std::fs::{self, File};
    use std::io::{self, IsTerminal, Read, Write};
    use std::os::fd::AsFd;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use rpc_core::{Client, Result, Server, copy, rpc_service};

    #[rpc_service]
    trait Store {
        /// Drops the bytes of the caller.
        fn drop_all(&self, content: impl Read) -> Result<u64>;
        /// Returns the file of this name.
        fn fetch(&self, path: String) -> Result<impl Read>;
    }

    struct Disk;

    impl Store for Disk {
        fn drop_all(&self, mut content: impl Read) -> Result<u64> {
            Ok(copy(&mut content, &mut File::options().write(true).open("/dev/null")?)?)
        }

        fn fetch(&self, path: String) -> Result<impl Read> {
            Ok(File::open(path)?)
        }
    }

    type Outcome<T> = std::result::Result<T, Box<dyn std::error::Error>>;

    pub(crate) fn main() -> Outcome<()> {
        let words: Vec<String> = env::args().skip(1).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["serve", address] => {
                let server = Server::bind(address)?.spawn(StoreServer::new(Disk))?;
                println!("{}", server.address());
                // until the other end is gone
                io::copy(&mut io::stdin(), &mut io::sink())?;
                Ok(())
            }
            ["up", address] => {
                let stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
                let size: u64 = Client::connect(address)?.call("drop_all").with_octets(stdin).json()?;
                println!("{size}");
                Ok(())
            }
            ["down", address, path] => {
                let mut octets = Client::connect(address)?.call("fetch").with(path).octets()?;
                copy(&mut octets, &mut File::from(io::stdout().as_fd().try_clone_to_owned()?))?;
                Ok(())
            }
            [rpc, folder, rounds] => compare(Path::new(rpc), Path::new(folder), rounds.parse()?),
            _ => Err("usage: throughput RPC FOLDER ROUNDS".into()),
        }
    }

    /// How large the file is.
    const SIZE: usize = 1 << 30;

    fn compare(rpc: &Path, folder: &Path, rounds: usize) -> Outcome<()> {
        let (file, socket) = (folder.join("file"), format!("unix://{}", folder.join("socket").display()));
        write_file(&file)?;
        let (this, file) = (env::current_exe()?, file.to_str().ok_or("the path is no text")?);
        for bind in ["tcp://127.0.0.1:0", &socket] {
            let mut serve = Command::new(&this);
            let mut server = serve.args(["serve", bind]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let mut address = String::new();
            io::BufRead::read_line(&mut io::BufReader::new(server.stdout.take().ok_or("no output")?), &mut address)?;
            let address = address.trim();
            let kind = &address[..address.find(':').unwrap_or(address.len())];

            let ours = |words: &[&str]| command(rpc, &[&["call", address], words].concat());
            let bare = |words: &[&str]| command(&this, words);
            let up = || upload(&mut ours(&["drop_all", "--in", "-", "--accept", "json"]), file);
            report(kind, "up", rounds, up, || upload(&mut bare(&["up", address]), file))?;
            let json = serde_json::to_string(file)?;
            let down = || download(&mut ours(&["fetch", &json, "--accept", "octets"]));
            report(kind, "down", rounds, down, || download(&mut bare(&["down", address, file])))?;
            drop(server.stdin.take());
            server.wait()?;
        }
        Ok(())
    }

    fn write_file(path: &Path) -> Outcome<()> {
        let (mut file, mut piece) = (File::create(path)?, vec![0; 1 << 20]);
        for number in 0..SIZE / piece.len() {
            piece.fill(u8::try_from(number % 251)?);
            file.write_all(&piece)?;
        }
        Ok(fs::metadata(path).map(drop)?)
    }

    fn command(program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words);
        // a progress bar is part of what is measured, if there is a terminal
        command.stderr(if io::stderr().is_terminal() { Stdio::inherit() } else { Stdio::piped() });
        command
    }

    /// `cat FILE | COMMAND`, in seconds.
    fn upload(command: &mut Command, file: &str) -> Outcome<f64> {
        let began = Instant::now();
        let mut cat = Command::new("cat").arg(file).stdout(Stdio::piped()).spawn()?;
        let output = command.stdin(cat.stdout.take().ok_or("no output")?).stdout(Stdio::piped()).spawn()?;
        let output = output.wait_with_output()?;
        let seconds = began.elapsed().as_secs_f64();
        cat.wait()?;
        match output.stdout == format!("{SIZE}\n").into_bytes() {
            true => Ok(seconds),
            false => Err(format!("{output:?}").into()),
        }
    }

    /// `COMMAND | cat > /dev/null`, in seconds.
    fn download(command: &mut Command) -> Outcome<f64> {
        let began = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let cat = Command::new("cat").stdin(output).stdout(Stdio::null()).status()?;
        let status = child.wait()?;
        let seconds = began.elapsed().as_secs_f64();
        if cat.success() && status.success() { Ok(seconds) } else { Err(format!("{status}").into()) }
    }

    /// Runs both in turn, and prints the best of each.
    fn report(
        kind: &str,
        direction: &str,
        rounds: usize,
        ours: impl Fn() -> Outcome<f64>,
        bare: impl Fn() -> Outcome<f64>,
    ) -> Outcome<()> {
        let mut best = [f64::INFINITY; 2];
        for _ in 0..rounds {
            best = [best[0].min(ours()?), best[1].min(bare()?)];
        }
        let [ours, bare] = best.map(|seconds| 1.0 / seconds);
        println!(
            "{kind:4} {direction:4} rpc call {ours:.2} GiB/s, rpc_core::copy {bare:.2} GiB/s, ratio {:.2}",
            ours / bare
        );
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(unix)]
    unix::main()?;
    Ok(())
}
