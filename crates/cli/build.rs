//! The console is embedded: a new build of it means a new build of the binary.

fn main() {
    println!("cargo::rerun-if-changed=console");
}
