//! Hashes of contents.

use std::fmt;
use std::io::{self, Read};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The BLAKE3 hash of a file's bytes. On the wire it is 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ContentHash(blake3::Hash);

impl ContentHash {
    /// Parses 64 lowercase hex digits.
    pub(super) fn from_hex(digits: &str) -> Option<ContentHash> {
        let hash = blake3::Hash::from_hex(digits).map(ContentHash).ok()?;
        (format!("{hash:?}") == digits).then_some(hash)
    }
}

/// Hashes bytes incrementally.
#[derive(Debug, Default)]
pub(super) struct Hashing(blake3::Hasher);

impl Hashing {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds all bytes of a reader.
    pub(super) fn update_all(&mut self, reader: impl Read) -> io::Result<()> {
        self.0.update_reader(reader)?;
        Ok(())
    }

    /// Returns the number of bytes hashed so far.
    pub(super) fn count(&self) -> u64 {
        self.0.count()
    }

    pub(super) fn finish(&self) -> ContentHash {
        ContentHash(self.0.finalize())
    }
}

/// Returns the hash and the number of all bytes of `reader`.
pub(super) fn hash_all(reader: impl Read) -> io::Result<(ContentHash, u64)> {
    let mut hashing = Hashing::default();
    hashing.update_all(reader)?;
    Ok((hashing.finish(), hashing.count()))
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_hex())
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ContentHash, D::Error> {
        let digits = String::deserialize(deserializer)?;
        blake3::Hash::from_hex(digits).map(ContentHash).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_blake3() {
        let (hash, count) = hash_all(&b""[..]).unwrap();
        assert_eq!(format!("{hash:?}"), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
        assert_eq!(count, 0);
    }

    #[test]
    fn travels() {
        let (hash, _) = hash_all(&b"some bytes"[..]).unwrap();
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<ContentHash>(&json).unwrap(), hash);
        assert!(serde_json::from_str::<ContentHash>("\"12\"").is_err());
    }
}
