//! The files of the web console, as `cargo xtask console` left them before this was built.

use std::borrow::Cow;

use rust_embed::RustEmbed;

/// Empty in a build without Node.
#[derive(RustEmbed)]
#[folder = "console/dist"]
#[allow_missing = true]
struct Dist;

/// A file by its path below the folder.
pub fn file(path: &str) -> Option<Cow<'static, [u8]>> {
    Dist::get(path).map(|file| file.data)
}
