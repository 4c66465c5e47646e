//! The examples of `PROTOCOL.md`.

const PROTOCOL: &str = include_str!("../../PROTOCOL.md");

/// One example: what both sides send, in turn.
#[derive(Debug)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Who sends, `C` or `S`, and which bytes.
    pub turns: Vec<(char, Vec<u8>)>,
}

impl Example {
    /// Returns all that a side sends.
    pub fn side(&self, side: char) -> Vec<u8> {
        self.turns.iter().filter(|(of, _)| *of == side).flat_map(|(_, bytes)| bytes.clone()).collect()
    }
}

/// Returns the examples of a kind, which is written before their names.
///
/// # Panics
/// If one is not written as the others are.
pub fn examples(kind: &str) -> Vec<Example> {
    let begin = format!("```hex {kind}=");
    let blocks = PROTOCOL.split(&begin).skip(1);
    blocks
        .map(|block| {
            let block = block.split("```").next().expect("a block ends");
            let (name, lines) = block.split_once('\n').expect("a block has lines");
            let turns = lines.lines().map(|line| (line.chars().next().expect("a side"), bytes(&line[1..]))).collect();
            Example { name: name.to_owned(), turns }
        })
        .collect()
}

/// Two digits are a byte, text between quotes stands for its bytes.
fn bytes(text: &str) -> Vec<u8> {
    text.split('\'')
        .enumerate()
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("two digits")).collect(),
            _ => part.as_bytes().to_vec(),
        })
        .collect()
}
