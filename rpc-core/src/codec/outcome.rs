//! Finds value and error of any alias of `Result`.

/// A `Result`, under any alias.
#[diagnostic::on_unimplemented(
    message = "a method of an RPC service returns a `Result`, but `{Self}` is not one",
    note = "an alias is fine if it stands for `std::result::Result`"
)]
pub trait Outcome {
    /// Its value.
    type Value;
    /// Its error.
    type Error;
}

impl<T, E> Outcome for Result<T, E> {
    type Value = T;
    type Error = E;
}
