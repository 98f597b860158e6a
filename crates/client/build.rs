//! Compiles the protocol that crate `api` owns, without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../api/proto/gateway.proto");
    let descriptors = protox::compile(["gateway.proto"], ["../api/proto"])?;
    tonic_prost_build::configure().build_server(false).compile_fds(descriptors)?;
    Ok(())
}
