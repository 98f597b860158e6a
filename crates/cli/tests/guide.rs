//! Runs the shell examples of the README and the guide that call `grevy`, in an empty folder that
//! has the guide beside it. `sh fails=N` names another exit code than 0.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// Code blocks marked `sh`, with the exit code that each must have.
fn blocks(text: &str) -> Vec<(String, i32)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("```sh") {
        let (head, body) = rest[at + 5..].split_once('\n').expect("a block has a body");
        let end = body.find("```").expect("a block has an end");
        let code = head.trim().strip_prefix("fails=").map_or(0, |n| n.parse().expect("a code"));
        found.push((body[..end].to_owned(), code));
        rest = &body[end + 3..];
    }
    found
}

fn run_page(page: &str) {
    let text = std::fs::read_to_string(root().join(page)).expect("the page is there");
    let folder = tempfile::tempdir().expect("a folder");
    for part in ["docs", "demos"] {
        let link = folder.path().join(part);
        std::os::unix::fs::symlink(root().join(part), link).expect("a link");
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_grevy"));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", binary.parent().expect("a folder").display());
    let mut ran = 0;
    for (block, code) in blocks(&text) {
        if !block.lines().any(|line| line.starts_with("grevy ")) {
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &block])
            .env("PATH", &path)
            .current_dir(folder.path())
            .output()
            .expect("a shell");
        let told = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{page}:\n{block}\n{told}\n{errors}");
        ran += 1;
    }
    assert!(ran > 0, "{page} has no example that runs");
}

#[test]
fn the_readme_tells_the_truth() {
    run_page("README.md");
}

#[test]
fn the_first_process_runs_as_the_guide_says() {
    run_page("docs/guide/first-process.md");
}

#[test]
fn expressions_are_tried_as_the_guide_says() {
    run_page("docs/guide/feel.md");
}

#[test]
#[cfg(feature = "track")]
fn events_become_a_picture_as_the_guide_says() {
    run_page("docs/guide/tracking.md");
}

#[test]
fn hello_stands_in_the_readme_as_it_is() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a readme");
    let hello = root().join("crates/grevy/examples/hello.rs");
    let hello = std::fs::read_to_string(hello).expect("an example");
    assert!(readme.contains(&hello), "README.md shows another hello.rs");
    assert!(hello.lines().count() <= 15, "hello.rs has grown");
}

#[test]
fn completions_are_what_each_shell_reads_and_know_every_command() {
    let grevy = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_grevy")).args(words).output().expect("grevy");
        assert!(output.status.success(), "{words:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let help = grevy(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    // What is indented further goes on with the words of a command.
    let named = |line: &'_ str| line.starts_with("  ") && !line.starts_with("   ");
    let commands: Vec<&str> = commands
        .filter(|line| named(line))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 10, "{help}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = grevy(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command), "{shell} does not complete {command}");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("grevy.bash");
    std::fs::write(&file, grevy(&["completions", "bash"])).expect("a file");
    // What bash offers for the first word, asked as its line editor asks.
    let ask = "source \"$1\" && COMP_WORDS=(grevy \"\") COMP_CWORD=1 && _grevy grevy '' grevy \
               && printf '%s\\n' \"${COMPREPLY[@]}\"";
    let bash = Command::new("bash").args(["-euc", ask, "bash"]).arg(&file).output();
    let Ok(bash) = bash else { return println!("not run: completions: no bash") };
    let offered = String::from_utf8_lossy(&bash.stdout);
    let told = String::from_utf8_lossy(&bash.stderr);
    assert!(bash.status.success(), "{told}");
    for command in commands {
        assert!(offered.lines().any(|line| line == command), "{command} is not in {offered}");
    }
}
