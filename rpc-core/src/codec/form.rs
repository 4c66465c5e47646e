//! How the JSON of a request carries the values of its parameters.

/// How the JSON of a request carries the values of its parameters. The request's header says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(unnameable_types, reason = "a hidden method of a sealed trait takes it")]
pub enum Form {
    /// There is no JSON: each value counts as `null`.
    Absent,
    /// The header does not say it, because its sender speaks revision 0: one value is bare, several
    /// are named.
    BySignature,
    /// It is the value of the first parameter, and each other counts as `null`.
    Bare,
    /// It is an object of the values by their parameters' names.
    Named,
}
