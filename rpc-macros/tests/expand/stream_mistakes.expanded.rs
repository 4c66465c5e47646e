::core::compile_error! {
    "both sides must know what a stream carries: write `impl Iterator<Item = Result<T>>` with the type that travels for `T`"
}
::core::compile_error! {
    "both sides must know what a stream carries: write `impl Iterator<Item = Result<T>>` with the type that travels for `T`"
}
::core::compile_error! {
    "a stream can break before its end, and its reader has to see that: write `Item = Result<String>`, or a name that ends in `Result`"
}
::core::compile_error! {
    "the type of the result must appear here: write `Result<T>` with that type for `T`, or `Result<()>`"
}
::core::compile_error! {
    "an item owns what it holds, because the buffer that it came in is used again: write `String`"
}
::core::compile_error! {
    "an item owns what it holds, because the buffer that it came in is used again: write `(u64, Vec<u8>)`"
}
::core::compile_error! {
    "an item owns what it holds, because the buffer that it came in is used again: write an owned type, or `'static`"
}
::core::compile_error! {
    "an item owns what it holds, because the buffer that it came in is used again: write an owned type, or `'static`"
}
::core::compile_error! {
    "a reference inside a type has nothing to point at on the other side: write `String`"
}
::core::compile_error! {
    "`Self` is the handler on one side and the client on the other: write the type that travels"
}
::core::compile_error! {
    "an item is a value, not a stream: write `Vec<u8>`"
}
::core::compile_error! {
    "an item is a value, not a stream: write `Vec<Row>`"
}
::core::compile_error! {
    "an item is a value, not a stream: write `Vec<u8>`"
}
::core::compile_error! {
    "an item is a value, not a stream: write `Vec<u8>`"
}
::core::compile_error! {
    "a trait object cannot travel: write the concrete type, or an enum of the types it may be"
}
::core::compile_error! {
    "the other side must know every type: write the type that travels in place of `impl Debug`"
}
::core::compile_error! {
    "a trait object cannot travel: write the concrete type of the error, or `rpc_core::Error`"
}
::core::compile_error! {
    "a stream of values is an iterator, as `.into_iter()` returns it: write `impl Iterator<Item = Result<Row>>`"
}
::core::compile_error! {
    "values come one after the other: write `impl Iterator<Item = Result<Row>>`"
}
::core::compile_error! {
    "nobody knows how many values will come: write `impl Iterator<Item = Result<T>> + Send`"
}
::core::compile_error! {
    "nobody knows how many values will come: write `impl Iterator<Item = Result<Row>>`"
}
::core::compile_error! {
    "nobody asks a stream for more after its end, so there is nothing to promise: write `impl Iterator<Item = Result<Row>>`"
}
::core::compile_error! {
    "a stream carries either bytes or values: keep `Read` or `Iterator`"
}
::core::compile_error! {
    "a stream is `impl Iterator<Item = Result<Row>>`: write that; callers may still pass a `Box<dyn Iterator<..>>`"
}
::core::compile_error! {
    "a stream is `impl Iterator<Item = Result<Row>>`: write that; callers may still pass a `Box<dyn Iterator<..>>`"
}
::core::compile_error! {
    "a stream is `impl Iterator<Item = Result<Row>> + Send`: write that; a handler may still return a `Box<dyn Iterator<..>>`"
}
::core::compile_error! {
    "a method takes the iterator itself: write `impl Iterator<Item = Result<Row>>`; callers may still pass a `&mut` to their own"
}
::core::compile_error! {
    "a stream is a separate parameter, the last one: write `name: impl Iterator<Item = Result<Row>>`"
}
::core::compile_error! {
    "a stream stands alone or after one value: write `Result<impl Iterator<Item = Result<Row>>>` or `Result<(T, impl Iterator<Item = Result<Row>>)>`"
}
::core::compile_error! {
    "a request carries one stream: send `rows` in a separate call, or as a value such as `Vec<Row>`"
}
::core::compile_error! {
    "a request carries one stream: send `content` in a separate call, or as a value such as `Vec<u8>`"
}
::core::compile_error! {
    "a reply carries one stream: return the other from a separate method"
}
::core::compile_error! {
    "the stream is the last thing on the wire: move this parameter after `name` and all other values"
}
::core::compile_error! {
    "the stream is the last thing on the wire: write `(u64, impl Iterator<Item = Result<Row>>)`"
}
::core::compile_error! {
    "one value goes before the stream: write `((u64, String), impl Iterator<Item = Result<Row>>)`, or a struct of them"
}
::core::compile_error! {
    "a stream alone needs no tuple: write `impl Iterator<Item = Result<Row>>`"
}
::core::compile_error! {
    "any call can fail: write `Result<impl Iterator<Item = Result<Row>>>`, or a name that ends in `Result`"
}
::core::compile_error! {
    "name the lifetime: write `fn method<'a>(&'a self, ..)` and `impl Iterator<Item = Result<Row>> + 'a`"
}
::core::compile_error! {
    "a stream already captures what it borrows: remove `use<..>`, or write `+ 'static` if it borrows nothing"
}
::core::compile_error! {
    "a stream has no name on the wire: remove the alias, and rename the parameter as you like"
}
::core::compile_error! {
    "the other side must know every type: write a concrete type in place of `T`, or `impl Read` or `impl Iterator<..>` for a stream"
}
::core::compile_error! {
    "the returned stream owns the one that is sent: write `rows: impl Iterator<Item = Result<Row>> + Send`, too"
}
::core::compile_error! {
    "the returned stream owns the one that is sent, and may borrow from here: write `&'a self`"
}
pub trait Depot {
    fn no_item(&self, rows: impl Iterator) -> Result<()>;
    fn bound_on_item(&self) -> Result<impl Iterator<Item: Send>>;
    fn no_result(&self, rows: impl Iterator<Item = &'static str>) -> Result<()>;
    fn hidden_value(&self) -> Result<impl Iterator<Item = RowResult>>;
    fn reference(&self, rows: impl Iterator<Item = Result<&'static str>>) -> Result<()>;
    fn inner_reference(&self) -> Result<impl Iterator<Item = Result<(u64, &[u8])>>>;
    fn anonymous_lifetime(
        &self,
        rows: impl Iterator<Item = Result<Cow<'static, str>>>,
    ) -> Result<()>;
    fn lifetime<'a>(&'a self) -> Result<impl Iterator<Item = Result<Cow<'a, str>>>>;
    fn reference_in_error(&self) -> Result<impl Iterator<Item = Result<Row, &str>>>;
    fn self_type(&self) -> Result<impl Iterator<Item = Result<Self>>>;
    fn stream_of_streams(&self) -> Result<impl Iterator<Item = Result<impl Read>>>;
    fn stream_of_streams_of_values(
        &self,
    ) -> Result<impl Iterator<Item = Result<impl Iterator<Item = Result<Row>>>>>;
    fn streams_without_result(&self) -> Result<impl Iterator<Item = impl Read>>;
    fn stream_of_readers(&self) -> Result<impl Iterator<Item = Result<Box<dyn Read>>>>;
    fn stream_of_objects(&self) -> Result<impl Iterator<Item = Result<Box<dyn Debug>>>>;
    fn opaque_items(&self) -> Result<impl Iterator<Item = Result<impl Debug>>>;
    fn opaque_error(&self) -> Result<impl Iterator<Item = Result<Row, Box<dyn Error>>>>;
    fn into_iterator(&self, rows: impl IntoIterator<Item = Result<Row>>) -> Result<()>;
    fn double_ended(&self) -> Result<impl DoubleEndedIterator<Item = Row>>;
    fn exact_size(&self, rows: impl ExactSizeIterator + Send) -> Result<()>;
    fn exact_size_too(
        &self,
        rows: impl Iterator<Item = Result<Row>> + ExactSizeIterator,
    ) -> Result<()>;
    fn fused(&self) -> Result<(u64, impl std::iter::FusedIterator<Item = Result<Row>>)>;
    fn both(&self, content: impl Read + Iterator<Item = Result<Row>>) -> Result<()>;
    fn boxed(&self, rows: Box<dyn Iterator<Item = Result<Row>>>) -> Result<()>;
    fn object(&self, rows: &mut dyn Iterator<Item = Row>) -> Result<()>;
    fn returned_box(&self) -> Result<Box<dyn Iterator<Item = Result<Row>> + Send>>;
    fn reference_to_stream(
        &self,
        rows: &mut impl Iterator<Item = Result<Row>>,
    ) -> Result<()>;
    fn several(&self, rows: Vec<impl Iterator<Item = Result<Row>>>) -> Result<()>;
    fn optional(&self) -> Result<Option<impl Iterator<Item = Row>>>;
    fn two_sent(
        &self,
        content: impl Read,
        rows: impl Iterator<Item = Result<Row>>,
    ) -> Result<()>;
    fn two_sent_too(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
        content: impl Read,
    ) -> Result<()>;
    fn two_returned(&self) -> Result<(impl Iterator<Item = Result<Row>>, impl Read)>;
    fn not_last(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
        name: &str,
    ) -> Result<()>;
    fn before_the_value(&self) -> Result<(impl Iterator<Item = Result<Row>>, u64)>;
    fn after_several_values(
        &self,
    ) -> Result<(u64, &str, impl Iterator<Item = Result<Row>>)>;
    fn alone_in_a_tuple(&self) -> Result<(impl Iterator<Item = Result<Row>>,)>;
    fn without_result(&self) -> impl Iterator<Item = Row>;
    fn anonymous_bound(&self, rows: impl Iterator<Item = Result<Row>>) -> Result<()>;
    fn precise_capture(&self) -> Result<impl Iterator<Item = Result<Row>> + use<Self>>;
    fn promises_more(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
    ) -> Result<impl Read + Send>;
    fn lives_longer<'a>(
        &self,
        rows: impl Iterator<Item = Result<Row>> + 'a,
    ) -> Result<impl Read>;
    fn alias(&self, rows: impl Iterator<Item = Result<Row>>) -> Result<()>;
    fn type_parameter<T>(&self) -> Result<()>;
}
