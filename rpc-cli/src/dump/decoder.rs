//! What one direction of a connection says, as it is shown. It only observes: it accepts any bytes
//! and keeps a bounded number of them. Pure: bytes in, events out, and how the bytes are cut into
//! pieces changes nothing.

use rpc_core::unstable::{FrameHeader, MAX_HEADER_LEN};
use rpc_core::{DataType, FrameKind, FrameViolation, Status};
use serde::Deserialize;

use super::frames::{Frames, Piece};

/// What happened in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Shown(Shown),
    /// What follows is not a frame.
    NotAFrame(FrameViolation),
    /// The first bytes of what is not a frame.
    Unframed(Excerpt),
    /// The stream has ended inside a frame.
    Truncated(FrameViolation),
    /// The stream has ended after this many bytes that are not frames.
    NeverFramed {
        len: u64,
    },
}

/// A frame, a message, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) kind: FrameKind,
    pub(crate) content: Content,
    /// The message ends here.
    pub(crate) last: bool,
    /// Bytes of payload: of the frame if each is shown, otherwise of the message so far.
    pub(crate) len: u64,
    pub(crate) excerpt: Excerpt,
    /// The whole message, at its end, if that is more than one frame.
    pub(crate) whole: Option<Size>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) frames: u64,
    pub(crate) len: u64,
}

/// What payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// JSON of a header or a trailer.
    Fields,
    Json,
    Octets,
    /// A body that no header has announced.
    Unannounced,
}

/// The first bytes of something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) bytes: Vec<u8>,
    /// There are more.
    pub(crate) is_cut: bool,
}

impl Excerpt {
    fn extend(&mut self, bytes: &[u8], most: usize) {
        let count = bytes.len().min(most.saturating_sub(self.bytes.len()));
        self.bytes.extend_from_slice(&bytes[..count]);
        self.is_cut |= count < bytes.len();
    }
}

/// Which parts of a stream are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Detail {
    /// Each frame, and not each message.
    pub(crate) every_frame: bool,
    /// The most bytes of a body that are shown.
    pub(crate) bytes: usize,
}

/// The bytes that are shown of what is not a frame. Few, because they are shown when more come, and
/// the peer may wait by then.
const UNFRAMED: usize = 32;

/// Observes one direction.
#[derive(Debug)]
pub(crate) struct Decoder {
    frames: Frames,
    state: State,
}

#[derive(Debug)]
struct State {
    detail: Detail,
    /// The type of the message that has begun and not ended.
    open: Option<FrameKind>,
    /// That message, as far as it has come.
    message: Size,
    /// What of it has not been shown.
    unshown: Size,
    excerpt: Excerpt,
    /// The header that has begun, to know what it announces.
    header: Excerpt,
    /// The bodies that are announced and have not ended.
    announced: &'static [Content],
    unframed: Excerpt,
    unframed_len: u64,
    unframed_shown: bool,
}

impl Decoder {
    pub(crate) fn new(detail: Detail) -> Decoder {
        let state = State {
            detail,
            open: None,
            message: Size::default(),
            unshown: Size::default(),
            excerpt: Excerpt::default(),
            header: Excerpt::default(),
            announced: &[],
            unframed: Excerpt::default(),
            unframed_len: 0,
            unframed_shown: false,
        };
        Decoder { frames: Frames::default(), state }
    }

    /// Takes what came.
    pub(crate) fn push(&mut self, bytes: &[u8], mut events: impl FnMut(Event)) {
        let Decoder { frames, state } = self;
        frames.push(bytes, |piece| match piece {
            Piece::Payload(frame, bytes) => state.payload(frame, bytes, &mut events),
            Piece::Ends(frame) => state.frame_ends(frame, &mut events),
            Piece::Violation(violation) => {
                state.show_rest(&mut events);
                events(Event::NotAFrame(violation));
            }
            Piece::Unframed(bytes) => state.unframed(bytes, &mut events),
        });
    }

    /// Takes the end of the stream.
    pub(crate) fn finish(&mut self, mut events: impl FnMut(Event)) {
        self.state.show_rest(&mut events);
        if let Some(violation) = self.frames.finish() {
            events(Event::Truncated(violation));
        }
        if self.state.unframed_len > 0 {
            self.state.show_unframed(&mut events);
            events(Event::NeverFramed { len: self.state.unframed_len });
        }
    }
}

impl State {
    fn payload(&mut self, frame: FrameHeader, bytes: &[u8], events: &mut impl FnMut(Event)) {
        self.begin(frame.kind, events);
        let most = match self.content(frame.kind) {
            Content::Fields => MAX_HEADER_LEN,
            // after its first frame only the size of a stream is shown
            Content::Octets if self.message.frames > 0 && !self.detail.every_frame => 0,
            _ => self.detail.bytes,
        };
        self.excerpt.extend(bytes, most);
        if frame.kind == FrameKind::Header {
            self.header.extend(bytes, MAX_HEADER_LEN);
        }
        self.unshown.len += bytes.len() as u64;
    }

    fn frame_ends(&mut self, frame: FrameHeader, events: &mut impl FnMut(Event)) {
        self.begin(frame.kind, events);
        self.message.frames += 1;
        self.unshown.frames += 1;
        self.message.len += u64::from(frame.len);
        let is_first_octets = self.content(frame.kind) == Content::Octets && self.message.frames == 1;
        if frame.last || frame.kind == FrameKind::Reset {
            self.show(true, events);
            self.message_ends(frame.kind);
        } else if self.detail.every_frame || is_first_octets {
            self.show(false, events);
        }
    }

    /// A frame of this type begins, or goes on.
    fn begin(&mut self, kind: FrameKind, events: &mut impl FnMut(Event)) {
        if self.open != Some(kind) {
            self.show_rest(events);
            self.open = Some(kind);
        }
    }

    fn message_ends(&mut self, kind: FrameKind) {
        match kind {
            // an original sends an empty one after a header of exactly the limit
            FrameKind::Header if self.message.len == 0 => {}
            FrameKind::Header => self.announced = announced(&self.header.bytes),
            FrameKind::Data => self.announced = self.announced.get(1..).unwrap_or_default(),
            FrameKind::Trailer | FrameKind::Reset => self.announced = &[],
        }
        self.forget();
    }

    fn forget(&mut self) {
        (self.open, self.message, self.unshown) = (None, Size::default(), Size::default());
        (self.excerpt, self.header) = (Excerpt::default(), Excerpt::default());
    }

    fn content(&self, kind: FrameKind) -> Content {
        match kind {
            FrameKind::Data => self.announced.first().copied().unwrap_or(Content::Unannounced),
            _ => Content::Fields,
        }
    }

    /// Shows what has come of the message since it was shown last.
    fn show(&mut self, last: bool, events: &mut impl FnMut(Event)) {
        let Some(kind) = self.open else { return };
        let (message, unshown) = (self.message, std::mem::take(&mut self.unshown));
        let whole = (last && message.frames > 1).then_some(message);
        let excerpt = std::mem::take(&mut self.excerpt);
        let len = whole.filter(|_| !self.detail.every_frame).map_or(unshown.len, |whole| whole.len);
        events(Event::Shown(Shown { kind, content: self.content(kind), last, len, excerpt, whole }));
    }

    /// Shows what has come of a message that does not go on.
    fn show_rest(&mut self, events: &mut impl FnMut(Event)) {
        if self.unshown != Size::default() {
            self.show(false, events);
        }
        self.forget();
    }

    fn unframed(&mut self, bytes: &[u8], events: &mut impl FnMut(Event)) {
        self.unframed.extend(bytes, UNFRAMED);
        self.unframed_len += bytes.len() as u64;
        if self.unframed.is_cut {
            self.show_unframed(events);
        }
    }

    fn show_unframed(&mut self, events: &mut impl FnMut(Event)) {
        if !std::mem::replace(&mut self.unframed_shown, true) {
            events(Event::Unframed(self.unframed.clone()));
        }
    }
}

/// The fields of a header that say which bodies follow it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Fields {
    data_type: Option<u32>,
    error: Option<u32>,
}

/// Returns the bodies that a header announces; none if it cannot be read.
pub(crate) fn announced(header: &[u8]) -> &'static [Content] {
    let Ok(fields) = serde_json::from_slice::<Fields>(header) else { return &[] };
    if !matches!(fields.error, None | Some(0)) && fields.error != Some(Status::Ok.to_wire()) {
        return &[];
    }
    match fields.data_type.and_then(DataType::from_wire) {
        Some(DataType::MarshaledJson) => &[Content::Json],
        Some(DataType::Octets) => &[Content::Octets],
        Some(DataType::MarshaledJsonThenOctets) => &[Content::Json, Content::Octets],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::line::describe;
    use rpc_tests::wire;

    const DETAIL: Detail = Detail { every_frame: false, bytes: 20 };

    /// Returns the lines that are printed if the bytes come in pieces of these lengths.
    fn lines(bytes: &[u8], detail: Detail, pieces: impl IntoIterator<Item = usize>) -> Vec<String> {
        let (mut decoder, mut lines) = (Decoder::new(detail), Vec::new());
        let mut rest = bytes;
        for piece in pieces.into_iter().chain([usize::MAX]) {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            decoder.push(now, |event| lines.push(describe(&event)));
            assert!(decoder.kept() <= 2 * MAX_HEADER_LEN + detail.bytes + UNFRAMED, "{} bytes", decoder.kept());
            rest = later;
        }
        decoder.finish(|event| lines.push(describe(&event)));
        lines
    }

    fn shown(bytes: &[Vec<u8>]) -> Vec<String> {
        lines(&bytes.concat(), DETAIL, [])
    }

    impl Decoder {
        fn kept(&self) -> usize {
            let State { excerpt, header, unframed, .. } = &self.state;
            excerpt.bytes.len() + header.bytes.len() + unframed.bytes.len()
        }
    }

    #[test]
    fn a_call_is_a_line_for_each_message() {
        let lines = shown(&[wire::request("List", 3, r#"{"Prefix":"a"}"#), wire::data("1"), wire::reset()]);
        assert_eq!(
            lines,
            [
                r#"Header  final         43 {"Endpoint":"List","DataType":3,"Accept":3}"#,
                r#"Data    final         14 {"Prefix":"a"}"#,
                r#"Data    final          1 unannounced "1""#,
                "Reset",
            ]
        );
    }

    #[test]
    fn of_a_stream_the_first_frame_and_the_end_are_shown() {
        let frames = [wire::ok(4), wire::more([0, 7, 14]), wire::more([1; 500]), wire::more([1; 500]), wire::data("")];
        assert_eq!(
            shown(&frames)[1..],
            ["Data    more           3 octets 00 07 0e", "Data    final       1003 octets (4 frames, 1003 bytes)"]
        );
        let each = lines(&frames.concat(), Detail { every_frame: true, ..DETAIL }, []);
        assert_eq!(each.len(), 5, "{each:#?}");
        assert!(each[2].starts_with("Data    more         500 octets 01 01 01"), "{}", each[2]);
        assert_eq!(each[4], "Data    final          0 octets (4 frames, 1003 bytes)");
    }

    #[test]
    fn a_value_and_a_stream_are_told_apart() {
        let lines = shown(&[wire::opening("Store", 5, 3), wire::data("\"name\""), wire::data("some")]);
        assert_eq!(lines[1..], ["Data    final          6 \"name\"", "Data    final          4 octets \"some\""]);
    }

    #[test]
    fn an_error_announces_nothing_whatever_it_says() {
        let lines = shown(&[wire::header(r#"{"DataType":4,"Error":4}"#), wire::data("x")]);
        assert_eq!(lines[1], "Data    final          1 unannounced \"x\"");
    }

    /// An original sends one after a header of exactly the limit.
    #[test]
    fn an_empty_header_changes_nothing() {
        let lines = shown(&[wire::ok(4), wire::header(""), wire::data("x")]);
        assert_eq!(lines[1..], ["Header  final          0", "Data    final          1 octets \"x\""]);
    }

    #[test]
    fn a_trailer_ends_what_was_announced() {
        let lines = shown(&[wire::ok(4), wire::more("x"), wire::trailer(4, "broke"), wire::data("x")]);
        assert_eq!(
            lines[1..],
            [
                "Data    more           1 octets \"x\"",
                "Trailer final         34 {\"Error\":4,\"ErrorMessage\":\"broke\"}",
                "Data    final          1 unannounced \"x\"",
            ]
        );
    }

    #[test]
    fn a_long_body_is_cut_between_two_characters() {
        let text = format!("\"{}é\"", "x".repeat(18));
        let lines = shown(&[wire::request("f", 3, &text)]);
        assert_eq!(lines[1], format!("Data    final         22 \"{}…", "x".repeat(18)));
    }

    #[test]
    fn another_protocol_is_shown_at_once() {
        let mut decoder = Decoder::new(DETAIL);
        let mut lines = Vec::new();
        decoder.push(b"G", |event| lines.push(describe(&event)));
        assert!(lines[0].starts_with("not a frame: expected a frame of type"), "{lines:?}");
        decoder.push(b"ET / HTTP/1.1\r\nHost: example.org\r\n\r\n", |event| lines.push(describe(&event)));
        assert_eq!(lines[1], r#"not a frame: "GET / HTTP/1.1\r\nHost: example.or…""#);
        decoder.finish(|event| lines.push(describe(&event)));
        assert_eq!(lines[2], "not a frame: 37 bytes in all");
    }

    #[test]
    fn a_frame_that_is_too_long_is_not_one() {
        let lines = shown(&[wire::ok(4), vec![2, 0, 1, 0, 0x40, 0], vec![1; 3]]);
        assert_eq!(lines[1], "not a frame: expected a Data frame of at most 4194304 bytes, found 4194305");
        assert_eq!(lines[3], "not a frame: 9 bytes in all");
    }

    #[test]
    fn an_end_inside_a_frame_is_shown_with_what_has_come() {
        for (sent, expected) in [
            (&wire::data("four")[..8], "the peer hung up inside a frame: expected 4 bytes of payload, found 2"),
            (&wire::data("four")[..3], "the peer hung up inside a frame: expected 6 bytes of frame header, found 3"),
        ] {
            let lines = lines(sent, DETAIL, []);
            assert_eq!(lines.last().unwrap(), expected);
        }
        assert_eq!(lines(&wire::data("four")[..8], DETAIL, [])[0], "Data    more           2 unannounced \"fo\"");
    }

    /// A peer may send any number of empty frames, and names of any length.
    #[test]
    fn a_header_that_never_ends_is_not_kept() {
        let mut decoder = Decoder::new(DETAIL);
        for _ in 0..1000 {
            decoder.push(&wire::frame(wire::HEADER, false, &[b'{'; 100]), |event| panic!("{event:?}"));
            decoder.push(&wire::frame(wire::HEADER, false, b""), |event| panic!("{event:?}"));
        }
        assert!(decoder.kept() <= 2 * MAX_HEADER_LEN, "{}", decoder.kept());
        decoder.finish(|event| assert!(describe(&event).starts_with("Header  more      100000 {{{{")));
    }

    mod any {
        use super::*;
        use proptest::collection::vec;
        use proptest::prelude::*;

        /// Frames of all types, with headers that announce something, and now and then none.
        fn stream() -> impl Strategy<Value = Vec<u8>> {
            let header = prop_oneof![(0u32..7).prop_map(wire::ok), Just(wire::refusal(4, "x")), Just(wire::header(""))];
            let kind = prop_oneof![Just(wire::HEADER), Just(wire::DATA), Just(wire::DATA), Just(wire::TRAILER)];
            let frame = (kind, any::<bool>(), vec(any::<u8>(), 0..40))
                .prop_map(|(kind, last, payload)| wire::frame(kind, last, &payload));
            let piece = prop_oneof![
                4 => header,
                16 => frame,
                1 => Just(wire::reset()),
                1 => vec(any::<u8>(), 0..9),
            ];
            vec(piece, 0..12).prop_map(|pieces| pieces.concat())
        }

        proptest! {
            #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

            #[test]
            fn pieces_mean_nothing(bytes in stream(), pieces in vec(0..9usize, 0..60), every_frame: bool) {
                let detail = Detail { every_frame, ..DETAIL };
                prop_assert_eq!(lines(&bytes, detail, pieces), lines(&bytes, detail, []));
            }

            #[test]
            fn bytes_never_panic(bytes in vec(any::<u8>(), 0..200), every_frame: bool) {
                for line in lines(&bytes, Detail { every_frame, ..DETAIL }, [1, 2, 3]) {
                    prop_assert!(!line.chars().any(char::is_control), "{line}");
                }
            }
        }
    }
}
