::core::compile_error! {
    "unknown option `compress`: the options are `prefix`, `rename_all` and `crate`"
}
::core::compile_error! {
    "expected a method: write `fn name(&self) -> Result<()>;` without `pub`"
}
::core::compile_error! {
    "values travel under the name of their parameter: write one name, and take the value apart in the handler"
}
::core::compile_error! {
    "a call cannot happen at compile time: remove `const`"
}
::core::compile_error! {
    "any call can fail: write `Result<u64>`, or a name that ends in `Result`"
}
::core::compile_error! {
    "there already is a method `count`: remove one, or rename it"
}
pub trait Vault {
    fn list(&self, _: (String, u32)) -> Result<Vec<Entry>>;
    fn count(&self) -> u64;
    fn rename(&self, from: &str, _: String) -> Result<()>;
}
