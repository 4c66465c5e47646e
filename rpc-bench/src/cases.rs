//! The cases: what is compared with what, and the targets.

use crate::pair::Sample;
use crate::placement::Placement;
use crate::plan::{Flavour, Network, Rival, Source, Subject, Tuning, Way, Work};

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The rival's name in the table.
    pub(crate) peer: &'static str,
    pub(crate) network: Network,
    /// Where the processes may run. Each side uses whichever placement is best for it.
    pub(crate) placements: &'static [Placement],
    pub(crate) ours: Side,
    /// The rival with each of its tunings; the best one counts.
    pub(crate) theirs: Vec<Side>,
    pub(crate) metric: Metric,
    /// The target ratio.
    pub(crate) target: Option<f64>,
    /// Whether the second table shows its costs.
    pub(crate) costs: bool,
}

impl Case {
    /// Returns whether waking processors would dominate the measurement.
    pub(crate) fn sleepless(&self) -> bool {
        self.ours.work == ONE_CALLER && self.placements == [Placement::Apart]
    }
}

/// What one pair of processes does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side {
    pub(crate) server: Subject,
    pub(crate) client: Subject,
    pub(crate) work: Work,
    pub(crate) tuning: Tuning,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    Throughput,
    /// The time of a call.
    Latency,
    /// Calls per second.
    Calls,
    /// Items of streams per second.
    Items,
    /// The server's CPU time for the bytes that it sends.
    SenderCpu,
    /// The client's CPU time for a call.
    ClientCpu,
}

impl Metric {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Metric::Throughput => "GiB/s",
            Metric::Latency => "us/call",
            Metric::Calls => "calls/s",
            Metric::Items => "items/s",
            Metric::SenderCpu => "CPU s/GiB",
            Metric::ClientCpu => "CPU us/call",
        }
    }

    pub(crate) fn higher_is_better(self) -> bool {
        matches!(self, Metric::Throughput | Metric::Calls | Metric::Items)
    }

    pub(crate) fn of(self, sample: &Sample) -> f64 {
        match self {
            Metric::Throughput => sample.bytes / GIB / sample.seconds,
            Metric::Latency => sample.seconds / sample.calls * 1e6,
            Metric::Calls | Metric::Items => sample.calls / sample.seconds,
            Metric::SenderCpu => sample.server_cpu / (sample.bytes / GIB),
            Metric::ClientCpu => sample.client_cpu / sample.calls * 1e6,
        }
    }
}

pub(crate) const GIB: f64 = (1u64 << 30) as f64;

/// The buffer sizes that are tried for a plain loop, in KiB.
const SIZES: [usize; 7] = [64, 128, 256, 512, 1024, 2048, 4096];

/// The buffer of our own receivers.
const RECEIVER: Way = Way::Loop(512 << 10);

const ONE_CALLER: Work = Work::Calls { callers: 1, batch: 1 };

const MANY_CALLERS: Work = Work::Calls { callers: 64, batch: 1 };

const BATCHES: Work = Work::Calls { callers: 1, batch: 100 };

/// The number of items in a stream, so many that starting it does not show.
const ITEMS: u32 = 200_000;

/// The number of items in a stream against a library that takes some forty times as long.
const FEW_ITEMS: u32 = 20_000;

/// The runtimes of server and client.
const RUNTIMES: [(Flavour, Flavour); 4] = [
    (Flavour::OneThread, Flavour::OneThread),
    (Flavour::OneThread, Flavour::TwoThreads),
    (Flavour::TwoThreads, Flavour::OneThread),
    (Flavour::TwoThreads, Flavour::TwoThreads),
];

fn side(subject: Subject, work: Work, tuning: Tuning) -> Side {
    Side { server: subject, client: subject, work, tuning }
}

fn ours(work: Work) -> Side {
    side(Subject::Ours, work, Tuning::None)
}

/// Returns plain loops with each buffer size, the same on both sides.
fn loops(work: Work) -> Vec<Side> {
    SIZES.iter().map(|size| side(Subject::Bare, work, Tuning::loops(size << 10))).collect()
}

/// Returns plain loops with each buffer size, with our receiver's buffer, and with copies to a
/// buffer that stays in the processor's cache, as tonic makes them.
fn loops_in_memory(work: Work) -> Vec<Side> {
    let mut found = loops(work);
    let others = SIZES.iter().map(|size| Way::Loop(size << 10)).filter(|sender| *sender != RECEIVER);
    let copies = [256, 512].map(|size| Way::Copy(size << 10));
    let senders = others.chain(copies);
    found.extend(senders.map(|sender| side(Subject::Bare, work, Tuning::Copies { sender, receiver: RECEIVER })));
    found
}

/// Returns every way to send a file combined with every way to receive one.
fn file_copies(work: Work) -> Vec<Side> {
    let mut found = loops(work);
    let receivers = [Way::Loop(128 << 10), RECEIVER, Way::Loop(1 << 20), Way::Splice];
    for receiver in receivers {
        let loops = [Way::Loop(128 << 10), RECEIVER, Way::Loop(1 << 20)];
        for sender in [Way::Sendfile, Way::Splice].into_iter().chain(loops) {
            if sender != receiver || sender == Way::Splice {
                found.push(side(Subject::Bare, work, Tuning::Copies { sender, receiver }));
            }
        }
    }
    found
}

/// Returns another library with each choice of runtimes.
fn runtimes(rival: Rival, work: Work) -> Vec<Side> {
    let tunings = RUNTIMES.iter().map(|&(server, client)| Tuning::Runtimes { server, client });
    tunings.map(|tuning| side(Subject::Rival(rival), work, tuning)).collect()
}

/// Returns tonic's stream with each message size, each window and each runtime.
fn streams(work: Work) -> Vec<Side> {
    let mut found = Vec::new();
    for chunk in [64, 128, 256, 512, 1024].map(|size| size << 10) {
        for window in [1 << 20, 16 << 20] {
            let same = [Flavour::OneThread, Flavour::TwoThreads];
            found.extend(same.map(|flavour| Tuning::Stream { chunk, window, server: flavour, client: flavour }));
        }
    }
    found.into_iter().map(|tuning| side(Subject::Rival(Rival::Tonic), work, tuning)).collect()
}

/// Returns tonic's stream of items with each number of bytes that leave together, each window and
/// each runtime.
fn item_streams(work: Work) -> Vec<Side> {
    let mut found = Vec::new();
    for chunk in [32, 128, 512].map(|size| size << 10) {
        for window in [1 << 20, 16 << 20] {
            let tunings = RUNTIMES.iter().map(|&(server, client)| Tuning::Stream { chunk, window, server, client });
            found.extend(tunings.map(|tuning| side(Subject::Rival(Rival::Tonic), work, tuning)));
        }
    }
    found
}

/// Returns all cases in the order of the table.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = octets();
    cases.extend(files());
    cases.extend(calls());
    cases.extend(over_tls());
    cases.extend(items());
    cases.extend(observed());
    cases.extend(rivals());
    cases
}

fn octets() -> Vec<Case> {
    use Network::{Tcp, Unix};
    let down = Work::Down(Source::Memory);
    let case = |name, network, work, target| Case {
        name,
        peer: "bare loop",
        network,
        placements: &[Placement::Apart],
        ours: ours(work),
        theirs: loops_in_memory(work),
        metric: Metric::Throughput,
        target,
        costs: true,
    };
    vec![
        case("octets-down-tcp", Tcp, down, Some(0.95)),
        case("octets-down-unix", Unix, down, Some(0.95)),
        case("octets-up-tcp", Tcp, Work::Up, Some(0.95)),
        case("octets-up-unix", Unix, Work::Up, Some(0.95)),
        case("octets-down-tcp-unknown", Tcp, Work::Down(Source::Unknown), None),
    ]
}

fn files() -> Vec<Case> {
    use Network::{Tcp, Unix};
    let file = Work::Down(Source::File);
    let child = Work::Down(Source::Child);
    let case = |name, peer, network, work, theirs, metric, target| Case {
        name,
        peer,
        network,
        // a child is a third process
        placements: if work == file { &[Placement::Apart] } else { &[Placement::Free] },
        ours: ours(work),
        theirs,
        metric,
        target: Some(target),
        costs: metric == Metric::Throughput,
    };
    let copies = || file_copies(file);
    let plain = || loops(file);
    vec![
        case("file-tcp", "best copy", Tcp, file, copies(), Metric::Throughput, 0.95),
        case("file-unix", "best copy", Unix, file, copies(), Metric::Throughput, 0.95),
        case("file-sender-cpu-tcp", "bare loop", Tcp, file, plain(), Metric::SenderCpu, 1.6),
        case("file-sender-cpu-unix", "bare loop", Unix, file, plain(), Metric::SenderCpu, 1.6),
        case("child-unix", "bare loop", Unix, child, loops(child), Metric::Throughput, 1.3),
    ]
}

fn calls() -> Vec<Case> {
    use Network::{Tcp, Unix};
    let apart: &[Placement] = &[Placement::Apart];
    let together: &[Placement] = &[Placement::Together];
    let case = |name, network, placements, target| Case {
        name,
        peer: "bare ping-pong",
        network,
        placements,
        ours: ours(ONE_CALLER),
        theirs: vec![side(Subject::Bare, ONE_CALLER, Tuning::None)],
        metric: Metric::Latency,
        target,
        costs: true,
    };
    let by_hand = vec![Side { client: Subject::ByHand, ..ours(ONE_CALLER) }];
    vec![
        case("call-tcp", Tcp, apart, Some(0.92)),
        case("call-unix", Unix, apart, Some(0.92)),
        case("call-tcp-together", Tcp, together, None),
        case("call-unix-together", Unix, together, None),
        Case {
            ours: ours(MANY_CALLERS),
            theirs: vec![side(Subject::Bare, MANY_CALLERS, Tuning::None)],
            metric: Metric::Calls,
            ..case("callers-tcp", Tcp, &[Placement::Apart, Placement::Free], None)
        },
        Case {
            peer: "client by hand",
            theirs: by_hand,
            metric: Metric::ClientCpu,
            ..case("call-by-hand", Tcp, apart, Some(0.9))
        },
    ]
}

/// Returns what is compared with plain loops over the same rustls, as its own `StreamOwned` makes
/// them.
fn over_tls() -> Vec<Case> {
    let case = |name, work, theirs, metric, target| Case {
        name,
        peer: "rustls loop",
        network: Network::Tls,
        placements: &[Placement::Apart],
        ours: ours(work),
        theirs,
        metric,
        target: Some(target),
        costs: true,
    };
    let down = Work::Down(Source::Memory);
    let ping = vec![side(Subject::Bare, ONE_CALLER, Tuning::None)];
    vec![
        case("octets-down-tls", down, loops(down), Metric::Throughput, 0.95),
        case("octets-up-tls", Work::Up, loops(Work::Up), Metric::Throughput, 0.95),
        Case { peer: "rustls ping-pong", ..case("call-tls", ONE_CALLER, ping, Metric::Latency, 0.9) },
    ]
}

/// Returns the streams of small items, compared with their JSON alone, and with other libraries.
fn items() -> Vec<Case> {
    use Network::{Tcp, Unix};
    let case = |name, network, work| Case {
        name,
        peer: "serde_json alone, one thread",
        network,
        placements: &[Placement::Apart],
        ours: ours(work),
        theirs: vec![side(Subject::JsonAlone, work, Tuning::None)],
        metric: Metric::Items,
        target: Some(0.7),
        costs: true,
    };
    let (down, few_down) = (Work::ItemsDown(ITEMS), Work::ItemsDown(FEW_ITEMS));
    let rival = |name, rival, work, theirs| Case {
        peer: peer(rival),
        placements: &[Placement::Apart, Placement::Free],
        theirs,
        target: Some(1.0),
        ..case(name, Tcp, work)
    };
    vec![
        case("items-unix", Unix, down),
        case("items-up-unix", Unix, Work::ItemsUp(ITEMS)),
        rival("items-tcp-tonic", Rival::Tonic, down, item_streams(down)),
        // what would be left of ours if it did nothing but read JSON
        Case {
            ours: side(Subject::JsonRead, down, Tuning::None),
            target: None,
            ..rival("items-json-tonic", Rival::Tonic, down, item_streams(down))
        },
        rival("items-tcp-remoc", Rival::Remoc, few_down, runtimes(Rival::Remoc, few_down)),
    ]
}

/// Returns what an observer costs: the same with one and without.
fn observed() -> Vec<Case> {
    use Network::{Tcp, Unix};
    let case = |name, network, work, metric| Case {
        name,
        peer: "without an observer",
        network,
        placements: &[Placement::Apart],
        ours: side(Subject::Ours, work, Tuning::Observed),
        theirs: vec![ours(work)],
        metric,
        target: None,
        costs: true,
    };
    vec![
        case("observed-call-tcp", Tcp, ONE_CALLER, Metric::Latency),
        case("observed-call-unix", Unix, ONE_CALLER, Metric::Latency),
        case("observed-file-unix", Unix, Work::Down(Source::File), Metric::Throughput),
    ]
}

fn rivals() -> Vec<Case> {
    let apart: &[Placement] = &[Placement::Apart];
    let together: &[Placement] = &[Placement::Together];
    let either: &[Placement] = &[Placement::Apart, Placement::Free];
    use Rival::{Jsonrpsee, TarpcBincode, TarpcJson, Tonic};
    let case = |name, rival, placements, own, theirs, target| Case {
        name,
        peer: peer(rival),
        network: Network::Tcp,
        placements,
        ours: ours(own),
        theirs,
        metric: if own == ONE_CALLER { Metric::Latency } else { Metric::Calls },
        target,
        costs: true,
    };
    let one = |name, rival, placements, target| {
        case(name, rival, placements, ONE_CALLER, runtimes(rival, ONE_CALLER), target)
    };
    let many = |name, rival, target| case(name, rival, either, MANY_CALLERS, runtimes(rival, MANY_CALLERS), target);
    let down = Work::Down(Source::Memory);
    let stream = case("octets-tcp-tonic", Tonic, either, down, streams(down), Some(2.5));
    vec![
        Case { peer: "tonic stream", metric: Metric::Throughput, ..stream },
        one("call-tarpc-bincode", TarpcBincode, apart, Some(1.2)),
        one("call-tarpc-json", TarpcJson, apart, Some(1.2)),
        one("call-tonic", Tonic, apart, Some(1.2)),
        one("call-jsonrpsee", Jsonrpsee, apart, Some(1.2)),
        one("call-tarpc-bincode-together", TarpcBincode, together, None),
        one("call-tarpc-json-together", TarpcJson, together, None),
        one("call-tonic-together", Tonic, together, None),
        one("call-jsonrpsee-together", Jsonrpsee, together, None),
        many("callers-tarpc-bincode", TarpcBincode, Some(1.1)),
        Case {
            ours: side(Subject::Ours, MANY_CALLERS, Tuning::Shared(1)),
            ..many("callers-shared-tarpc-bincode", TarpcBincode, Some(1.1))
        },
        many("callers-tarpc-json", TarpcJson, None),
        many("callers-tonic", Tonic, None),
        many("callers-jsonrpsee", Jsonrpsee, None),
        case("pipeline-tarpc-bincode", TarpcBincode, either, BATCHES, runtimes(TarpcBincode, MANY_CALLERS), Some(3.0)),
    ]
}

fn peer(rival: Rival) -> &'static str {
    match rival {
        Rival::TarpcBincode => "tarpc, bincode",
        Rival::TarpcJson => "tarpc, JSON",
        Rival::Tonic => "tonic",
        Rival::Jsonrpsee => "jsonrpsee",
        Rival::Remoc => "remoc",
    }
}

#[cfg(test)]
mod tests {
    use super::{Metric, all};
    use crate::pair::Sample;

    #[test]
    fn each_case_has_a_name_of_its_own_and_a_rival() {
        let cases = all();
        for (at, case) in cases.iter().enumerate() {
            assert!(!case.theirs.is_empty(), "{}", case.name);
            assert!(cases[..at].iter().all(|other| other.name != case.name), "{}", case.name);
        }
    }

    #[test]
    fn a_sample_becomes_what_the_metric_says() {
        let sample = Sample { calls: 4.0, bytes: super::GIB, seconds: 2.0, server_cpu: 1.0, client_cpu: 8e-6 };
        assert_eq!(Metric::Throughput.of(&sample), 0.5);
        assert_eq!(Metric::Latency.of(&sample), 500_000.0);
        assert_eq!(Metric::Calls.of(&sample), 2.0);
        assert_eq!(Metric::Items.of(&sample), 2.0);
        assert_eq!(Metric::SenderCpu.of(&sample), 1.0);
        assert_eq!(Metric::ClientCpu.of(&sample), 2.0);
    }
}
