//! What tonic generates for the service, told by hand.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let hello = Method::builder()
        .name("hello")
        .route_name("Hello")
        .input_type("crate::Text")
        .output_type("crate::Text")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let world = Service::builder().name("World").package("hello").method(hello).build();
    Builder::new().compile(&[world]);
}
