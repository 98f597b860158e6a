//! The client's half of the protocol that crate `api` owns: load comes from bare stubs, so that
//! what is measured is the server.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../crates/api/proto/gateway.proto");
    let descriptors = protox::compile(["gateway.proto"], ["../crates/api/proto"])?;
    tonic_prost_build::configure().build_server(false).compile_fds(descriptors)?;
    Ok(())
}
