//! Frames and messages written and read by hand, independently of the library, so that both cannot
//! be wrong in the same way.
//!
//! Numbers are those of `PROTOCOL.md`. Data types: 1 nothing, 3 JSON, 4 octets, 5 JSON and then
//! octets. Statuses: 1 OK, 2 the request is refused, 3 the server is at fault, 4 a handler's or a
//! source's error.

/// The type of a Header frame.
pub const HEADER: u8 = 0x01;
/// The type of a Data frame.
pub const DATA: u8 = 0x02;
/// The type of a Trailer frame.
pub const TRAILER: u8 = 0x03;
/// The type of a Reset frame.
pub const RESET: u8 = 0xff;

/// Returns the bytes of one frame.
///
/// # Panics
/// If the payload has 4 GiB or more.
pub fn frame(kind: u8, last: bool, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("a test's payload is small");
    [&[kind, u8::from(last)][..], &len.to_le_bytes(), payload].concat()
}

/// Returns a header message in one frame.
pub fn header(json: &str) -> Vec<u8> {
    frame(HEADER, true, json.as_bytes())
}

/// Returns a body in one frame.
pub fn data(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(DATA, true, payload.as_ref())
}

/// Returns a frame of a body that continues.
pub fn more(payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(DATA, false, payload.as_ref())
}

/// Returns a Reset frame.
pub fn reset() -> Vec<u8> {
    frame(RESET, true, &[])
}

/// Returns a request with a JSON body.
pub fn request(endpoint: &str, accept: u32, json: &str) -> Vec<u8> {
    [header(&format!(r#"{{"Endpoint":"{endpoint}","DataType":3,"Accept":{accept}}}"#)), data(json)].concat()
}

/// Returns an OK reply with a JSON body.
pub fn ok_json(json: &str) -> Vec<u8> {
    [header(r#"{"DataType":3,"Error":1}"#), data(json)].concat()
}

/// Returns a refusal.
pub fn refusal(status: u32, message: &str) -> Vec<u8> {
    header(&format!(r#"{{"Error":{status},"ErrorMessage":"{message}"}}"#))
}

/// Returns the header of a request of revision 1.
pub fn opening(endpoint: &str, data_type: u32, accept: u32) -> Vec<u8> {
    header(&format!(r#"{{"Endpoint":"{endpoint}","DataType":{data_type},"Accept":{accept},"Revision":1}}"#))
}

/// Returns the header of an OK reply of revision 1.
pub fn ok(data_type: u32) -> Vec<u8> {
    header(&format!(r#"{{"DataType":{data_type},"Error":1,"Revision":1}}"#))
}

/// Returns a refusal of revision 1.
pub fn no(status: u32, message: &str) -> Vec<u8> {
    header(&format!(r#"{{"Error":{status},"ErrorMessage":"{message}","Revision":1}}"#))
}

/// Returns a refusal of the whole connection, of revision 1.
pub fn not_run(message: &str) -> Vec<u8> {
    header(&format!(r#"{{"Error":2,"ErrorMessage":"{message}","NotRun":true,"Revision":1}}"#))
}

/// Returns a Trailer frame.
pub fn trailer(status: u32, message: &str) -> Vec<u8> {
    frame(TRAILER, true, format!(r#"{{"Error":{status},"ErrorMessage":"{message}"}}"#).as_bytes())
}

/// Returns the client's half of the Close handshake.
pub fn close_request() -> Vec<u8> {
    header(r#"{"Endpoint":"Close","DataType":2,"Accept":2}"#)
}

/// Returns the server's half of the Close handshake.
pub fn close_reply() -> Vec<u8> {
    [header(r#"{"DataType":2,"Error":1}"#), reset()].concat()
}

/// A frame of a byte stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its type number.
    pub kind: u8,
    /// Its final flag.
    pub last: bool,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Where it ends in the byte stream.
    pub end: usize,
}

/// Returns the whole frames at the start of a byte stream.
pub fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 6) {
        let len = u32::from_le_bytes([head[2], head[3], head[4], head[5]]) as usize;
        let len = if head[0] == RESET { 0 } else { len };
        let Some(payload) = bytes.get(at + 6..at + 6 + len) else { break };
        at += 6 + len;
        frames.push(Frame { kind: head[0], last: head[1] != 0, payload: payload.to_vec(), end: at });
    }
    frames
}

/// A message, with its frames joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The type number of its frames.
    pub kind: u8,
    /// Its content.
    pub payload: Vec<u8>,
    /// Where it ends in the byte stream.
    pub end: usize,
}

/// Returns the whole messages at the start of a byte stream.
///
/// # Panics
/// If a message has frames of two types.
pub fn messages(bytes: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut open: Option<Message> = None;
    for frame in frames(bytes) {
        if frame.kind == RESET {
            open = None;
            messages.push(Message { kind: RESET, payload: Vec::new(), end: frame.end });
            continue;
        }
        let mut message = open.take().unwrap_or(Message { kind: frame.kind, payload: Vec::new(), end: 0 });
        assert_eq!(message.kind, frame.kind, "a message of two types");
        message.payload.extend(frame.payload);
        message.end = frame.end;
        if frame.last {
            messages.push(message);
        } else {
            open = Some(message);
        }
    }
    messages
}

/// Returns whether a message is the header of a request with a body.
pub fn announces_body(message: &Message) -> bool {
    let header: serde_json::Value = serde_json::from_slice(&message.payload).unwrap_or_default();
    message.kind == HEADER && matches!(header["DataType"].as_u64(), Some(3 | 4))
}

/// Returns where each whole request at the start of a client's bytes ends.
pub fn request_ends(bytes: &[u8]) -> Vec<usize> {
    let messages = messages(bytes);
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(message) = messages.get(at) {
        at += 1;
        let end = match (message.kind, messages.get(at)) {
            (HEADER, body) if announces_body(message) => {
                at += 1;
                body.map(|body| body.end)
            }
            (HEADER, _) => Some(message.end),
            _ => None,
        };
        ends.extend(end);
    }
    ends
}
