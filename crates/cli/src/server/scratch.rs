//! A folder that lives as long as the server.

use std::path::PathBuf;

/// Removed when it is dropped. What a killed server left behind is removed by the next one.
#[derive(Debug)]
pub struct Scratch(PathBuf);

const PREFIX: &str = "grevy-memory-";

impl Scratch {
    /// # Errors
    /// No folder can be made where the system keeps temporary files.
    pub fn new() -> Result<Scratch, String> {
        sweep();
        let path = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        match private(&path) {
            Ok(()) => Ok(Scratch(path)),
            Err(error) => Err(format!(
                "expected a folder for history at {}, but {error}; --history false does without",
                path.display()
            )),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is removed by the next server.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Nobody else reads what processes hold.
fn private(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

/// Removes folders of servers that are gone, where that can be told.
fn sweep() {
    if !std::path::Path::new("/proc/self").exists() {
        return;
    }
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok());
        let gone = |process: u32| !std::path::Path::new(&format!("/proc/{process}")).exists();
        if process.is_some_and(|process| gone(process) || process == std::process::id()) {
            // Another server may do the same at this moment.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
