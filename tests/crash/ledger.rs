//! What a process was told, on disk before it goes on.

use std::fs::File;
use std::io::Write;
use std::path::Path;

/// One file for each process.
pub struct Ledger(File);

impl Ledger {
    /// # Panics
    /// Without a file there is no test.
    pub fn open(folder: &Path, name: &str) -> Ledger {
        let path = folder.join(format!("ledger-{name}"));
        let file = File::options().create(true).append(true).open(path);
        Ledger(file.expect("the folder of the test is writable"))
    }

    /// Writes a line and syncs it.
    pub fn write(&mut self, line: &str) {
        let written = writeln!(self.0, "{line}").and_then(|()| self.0.sync_data());
        written.expect("the folder of the test is writable");
    }
}

/// Every line of every ledger.
pub fn read_all(folder: &Path) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    for file in std::fs::read_dir(folder).map_err(|e| e.to_string())? {
        let path = file.map_err(|e| e.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("ledger-") {
            let text = std::fs::read_to_string(&path).map_err(|e| e.to_string())?;
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    Ok(lines)
}
