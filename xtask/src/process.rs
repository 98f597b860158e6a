//! Runs other programs: shown as they run, read line by line, ended by id when they hang.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How a program ended.
pub struct Ended {
    pub success: bool,
    pub took: Duration,
    /// It was ended because it ran past its limit.
    pub hung: bool,
}

/// What the reader of a program's lines wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Go {
    On,
    /// End the program: what was waited for has been seen.
    Stop,
}

/// A command at a folder, from words.
///
/// It does not inherit what Cargo told this program about its package: build scripts (that of
/// `ring`) ask for the same names, and all that stands on them would be compiled anew.
pub fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(words.first().copied().unwrap_or("true"));
    command.args(words.iter().skip(1)).current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a program to its end, shows its output and hands each line to `each`.
pub fn watch(
    mut command: Command,
    limit: Duration,
    mut each: impl FnMut(&str) -> Go,
) -> Result<Ended, String> {
    let start = Instant::now();
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    let (send, lines) = channel();
    if let Some(out) = child.stdout.take() {
        forward(out, send.clone());
    }
    if let Some(err) = child.stderr.take() {
        forward(err, send);
    }
    let (mut hung, mut stopped) = (false, false);
    loop {
        let left = limit.saturating_sub(start.elapsed());
        match lines.recv_timeout(left) {
            Ok(line) => {
                println!("{line}");
                stopped = each(&line) == Go::Stop;
            }
            Err(RecvTimeoutError::Timeout) => hung = true,
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if hung || stopped {
            end_tree(&mut child);
            break;
        }
    }
    let status = child.wait().map_err(|error| format!("{program}: {error}"))?;
    let success = (status.success() || stopped) && !hung;
    Ok(Ended { success, took: start.elapsed(), hung })
}

/// Runs a program quietly; its output, or its complaint.
pub fn output(mut command: Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(format!("{program} ended with {}: {complaint}", output.status))
    }
}

/// Runs a program with the terminal as its own; whether it succeeded.
pub fn show(folder: &Path, words: &[&str]) -> Result<bool, String> {
    println!("$ {}", words.join(" "));
    let status = command(folder, words).status();
    status.map(|status| status.success()).map_err(|error| format!("{}: {error}", words[0]))
}

/// Whether a program of this name can be found.
pub fn available(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn forward(stream: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if lines.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
}

/// Ends a child and what it started. A process group would be simpler, but then Ctrl-C at the
/// terminal would not reach the child.
fn end_tree(child: &mut Child) {
    let table = output(command(Path::new("/"), &["ps", "-e", "-o", "pid=,ppid="]));
    let table = table.unwrap_or_default();
    let pairs: Vec<(&str, &str)> =
        table.lines().filter_map(|line| line.trim().split_once(char::is_whitespace)).collect();
    let mut tree = vec![child.id().to_string()];
    let mut at = 0;
    while at < tree.len() {
        let children = pairs.iter().filter(|(_, parent)| parent.trim() == tree[at]);
        let children: Vec<String> = children.map(|(pid, _)| (*pid).to_owned()).collect();
        tree.extend(children);
        at += 1;
    }
    for pid in tree.iter().skip(1) {
        // A process that ended by itself meanwhile is no failure.
        let _ = output(command(Path::new("/"), &["kill", "-KILL", pid]));
    }
    let _ = child.kill();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        command(Path::new("/"), &["sh", "-c", script])
    }

    #[test]
    fn lines_of_both_streams_are_read() {
        let mut lines = Vec::new();
        let ended = watch(sh("echo a; echo b >&2; exit 3"), Duration::from_secs(60), |line| {
            lines.push(line.to_owned());
            Go::On
        });
        lines.sort();
        assert_eq!(lines, ["a", "b"]);
        assert!(!ended.unwrap().success);
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let script = "sh -c 'echo $$; while :; do read -t 1 x < /dev/zero; done'; true";
        let mut pid = String::new();
        let ended = watch(sh(script), Duration::from_secs(2), |line| {
            pid = line.to_owned();
            Go::On
        });
        assert!(ended.unwrap().hung);
        // The zombie may stay until its new parent reaps it; what counts is that it runs no more.
        let state = output(command(Path::new("/"), &["ps", "-o", "stat=", "-p", &pid]));
        assert!(state.is_err() || state.unwrap().starts_with('Z'));
    }

    #[test]
    fn a_reader_that_has_seen_enough_ends_the_program() {
        let ended =
            watch(sh("echo go; exec tail -f /dev/null"), Duration::from_secs(60), |_| Go::Stop);
        assert!(ended.unwrap().success);
    }
}
