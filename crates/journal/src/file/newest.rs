//! Which segment was in use last, noted beside the log: a log whose end is gone altogether reads
//! like a shorter one, and an empty folder like a new one.

use std::path::{Path, PathBuf};

use crate::folder::{self, Place};
use crate::fs::Fs;
use crate::{Error, Lsn};

const PREFIX: &str = "newest-";

/// Notes that a segment is in use. It is evidence beside the log and not part of it: a disk that is
/// too full for it stops nothing.
pub(crate) fn tell(place: &Place, number: u64) {
    if let Some((name, _)) = names(&place.dir) {
        drop(place.folder.set_note(&name, &format!("segment {number}\n")));
    }
}

/// The number that was noted of the log in `dir`.
pub(crate) fn told(fs: &dyn Fs, dir: &Path) -> Result<Option<u64>, Error> {
    let Some((name, parent)) = names(dir) else { return Ok(None) };
    let Some(text) = folder::note(fs, &parent, &name)? else { return Ok(None) };
    let number = text.trim().strip_prefix("segment ").and_then(|number| number.parse().ok());
    match number {
        Some(number) => Ok(Some(number)),
        // It is replaced whole, so no crash leaves another text.
        None => Err(Error::Corrupt {
            file: parent.join(name),
            offset: 0,
            lsn: 0,
            what: format!("expected 'segment' and a number, but it says {text:?}"),
        }),
    }
}

/// Refuses a log whose newest segment is gone.
///
/// # Errors
/// [`Error::Corrupt`] with the name of the segment.
pub(crate) fn check(fs: &dyn Fs, dir: &Path, found: Option<u64>, lsn: Lsn) -> Result<(), Error> {
    let Some(told) = told(fs, dir)? else { return Ok(()) };
    if found.is_some_and(|found| found >= told) {
        return Ok(());
    }
    let rest = match found {
        Some(found) => format!("the newest is segment {found}"),
        None => "there is none".to_owned(),
    };
    Err(Error::Corrupt {
        file: dir.join(super::segment::file_name(told)),
        offset: 0,
        lsn: lsn + 1,
        what: format!(
            "expected segment {told}, which was in use, but {rest}: restore it from a copy; who \
             gives up what it held removes the file {PREFIX}{}",
            dir.file_name().unwrap_or_default().to_string_lossy()
        ),
    })
}

/// The folders of all logs that were noted in a data folder.
pub(crate) fn dirs(fs: &dyn Fs, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs.list(folder).map_err(|e| Error::io("reading the folder", folder, e))?;
    let names = entries.iter().filter(|entry| !entry.is_dir);
    let names = names.filter_map(|entry| entry.name.strip_prefix(PREFIX));
    Ok(names.filter(|name| !name.ends_with(".new")).map(|name| folder.join(name)).collect())
}

/// Name of the note, and the data folder that it is in.
fn names(dir: &Path) -> Option<(String, PathBuf)> {
    Some((format!("{PREFIX}{}", dir.file_name()?.to_str()?), dir.parent()?.to_owned()))
}
