//! The six bytes before each payload. Pure.

use byteorder::{ByteOrder, LittleEndian};

use super::{FRAME_HEADER_LEN, FrameKind, FrameViolation, MAX_PAYLOAD_LEN};

/// The first six bytes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the frame carries.
    pub kind: FrameKind,
    /// Whether this is the last frame of its message.
    pub last: bool,
    /// Bytes of payload that follow; 0 for a Reset, whatever its length field says.
    pub len: u32,
}

impl FrameHeader {
    /// Returns the header of a frame with a payload of `len` bytes.
    ///
    /// # Errors
    /// [`FrameViolation::TooLong`] if `len` is over [`MAX_PAYLOAD_LEN`].
    pub fn new(kind: FrameKind, last: bool, len: usize) -> Result<FrameHeader, FrameViolation> {
        match u32::try_from(len) {
            Ok(len) if len <= MAX_PAYLOAD_LEN => Ok(FrameHeader { kind, last, len }),
            _ => Err(FrameViolation::TooLong { kind, found: len as u64, limit: MAX_PAYLOAD_LEN }),
        }
    }

    /// Returns the bytes on the wire.
    pub fn encode(self) -> [u8; FRAME_HEADER_LEN] {
        let mut bytes = [self.kind.to_wire(), u8::from(self.last), 0, 0, 0, 0];
        LittleEndian::write_u32(&mut bytes[2..], self.len);
        bytes
    }

    /// Reads a header and checks its limits.
    ///
    /// # Errors
    /// [`FrameViolation::UnknownKind`] and [`FrameViolation::TooLong`].
    pub fn decode(bytes: [u8; FRAME_HEADER_LEN]) -> Result<FrameHeader, FrameViolation> {
        let kind = FrameKind::from_wire(bytes[0]).ok_or(FrameViolation::UnknownKind { found: bytes[0] })?;
        let len = match kind {
            FrameKind::Reset => 0,
            _ => LittleEndian::read_u32(&bytes[2..]),
        };
        if len > MAX_PAYLOAD_LEN {
            return Err(FrameViolation::TooLong { kind, found: u64::from(len), limit: MAX_PAYLOAD_LEN });
        }
        Ok(FrameHeader { kind, last: bytes[1] != 0, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_little_endian() {
        let header = FrameHeader::new(FrameKind::Data, false, 0x01_02_03).unwrap();
        assert_eq!(header.encode(), [0x02, 0x00, 0x03, 0x02, 0x01, 0x00]);
        assert_eq!(FrameHeader::decode(header.encode()), Ok(header));
    }

    #[test]
    fn any_nonzero_final_byte_is_final() {
        assert!(FrameHeader::decode([1, 0x80, 0, 0, 0, 0]).unwrap().last);
        assert!(!FrameHeader::decode([1, 0, 0, 0, 0, 0]).unwrap().last);
    }

    #[test]
    fn the_limit_is_inclusive() {
        let at = FrameHeader::new(FrameKind::Data, true, MAX_PAYLOAD_LEN as usize).unwrap();
        assert_eq!(FrameHeader::decode(at.encode()), Ok(at));
        let over = [2, 1, 1, 0, 0x40, 0];
        let violation = FrameViolation::TooLong { kind: FrameKind::Data, found: 4_194_305, limit: MAX_PAYLOAD_LEN };
        assert_eq!(FrameHeader::decode(over), Err(violation));
        assert_eq!(FrameHeader::new(FrameKind::Data, true, 4_194_305), Err(violation));
    }

    #[test]
    fn the_length_of_a_reset_is_ignored() {
        let reset = FrameHeader::decode([0xff, 1, 0xff, 0xff, 0xff, 0xff]).unwrap();
        assert_eq!(reset, FrameHeader { kind: FrameKind::Reset, last: true, len: 0 });
    }

    #[test]
    fn unknown_types_are_named() {
        assert_eq!(FrameHeader::decode([4, 1, 0, 0, 0, 0]), Err(FrameViolation::UnknownKind { found: 4 }));
    }
}
