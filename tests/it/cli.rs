//! The command line from outside: the program itself, run in temporary folders.

mod bad_files;
mod bad_flags;
mod bad_scenarios;
mod baseline;
mod capacity;
mod checks;
mod folders;
mod gate;
mod hidden;
#[cfg(target_os = "linux")]
mod interrupted;
#[cfg(unix)]
mod odd_files;
mod optimize;
mod precision;
mod run;
mod shipped;
mod streams;
mod sweep;
mod trace;
mod words;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use tempfile::TempDir;

/// A scenario with every table of the format, and few enough recipients to run quickly.
fn scenario() -> String {
    include_str!("scenario/reference.toml").replacen("1_000_000", "2_000", 1)
}

/// The output of the program.
struct ProgramOutput {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl ProgramOutput {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8");
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Asserts the exit code.
    #[track_caller]
    fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts the exit code, and that standard error contains all of `parts`.
    #[track_caller]
    fn rejects(self, code: i32, parts: &[&str]) -> Self {
        let output = self.exits_with(code);
        assert_eq!(output.stdout, "", "nothing on standard output");
        has(&output.stderr, parts);
        output
    }
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

/// A folder to run the program in, with the scenario `pin.toml`.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self::of(&scenario())
    }

    /// Creates a folder with this text as `pin.toml`.
    fn of(text: &str) -> Self {
        let home = Self(tempfile::tempdir().expect("a temporary folder"));
        home.write("pin.toml", text);
        home
    }

    /// Replaces `old` by `new` in the scenario.
    #[track_caller]
    fn with(old: &str, new: &str) -> Self {
        let home = Self::new();
        home.change(old, new);
        home
    }

    #[track_caller]
    fn change(&self, old: &str, new: &str) {
        let text = self.read("pin.toml");
        assert!(text.contains(old), "the scenario has no {old}");
        self.write("pin.toml", text.replacen(old, new, 1));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("a file can be written");
    }

    #[track_caller]
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Returns the names of all files and folders, including nested ones.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder can be read").flatten() {
                let path = entry.path();
                names.push(path.strip_prefix(self.0.path()).expect("it is inside").display().to_string());
                folders.extend(path.is_dir().then_some(path));
            }
        }
        names.sort();
        names
    }

    fn command(&self, words: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_failsim"));
        command.args(words).current_dir(self.0.path()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    fn failsim(&self, words: &[impl AsRef<OsStr>]) -> ProgramOutput {
        ProgramOutput::of(&self.command(words).output().expect("the program can be run"))
    }

    /// Starts the program with the words of a command line; its output is captured.
    fn starts(&self, line: &str) -> Running {
        let mut command = self.command(&line.split_whitespace().collect::<Vec<_>>());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Running(Some(child.expect("the program can be run")))
    }

    /// Runs the program and returns its output; a program that hangs is killed.
    #[track_caller]
    fn run_soon(&self, line: &str) -> ProgramOutput {
        self.starts(line).within(SOON).unwrap_or_else(|| panic!("{line} hangs"))
    }

    /// Runs the program with the words of a command line.
    fn run(&self, line: &str) -> ProgramOutput {
        self.failsim(&line.split_whitespace().collect::<Vec<_>>())
    }
}

/// A time limit for everything that needs no simulation, long enough even when other programs keep all cores busy.
const SOON: Duration = Duration::from_secs(20);

/// The running program; it is killed when a test ends first.
struct Running(Option<Child>);

impl Running {
    fn id(&self) -> u32 {
        self.0.as_ref().expect("it has not been waited for").id()
    }

    /// Returns its exit code, once it has ended.
    fn ended(&mut self) -> Option<Option<i32>> {
        let child = self.0.as_mut().expect("it has not been waited for");
        child.try_wait().expect("it can be asked").map(|status| status.code())
    }

    /// Returns its output once it has ended; `None` when it exceeds the time limit and is killed.
    fn within(mut self, time: Duration) -> Option<ProgramOutput> {
        let child = self.0.take().expect("it has not been waited for");
        let id = child.id();
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let output = ProgramOutput::of(&child.wait_with_output().expect("it ends"));
            // The receiver is gone after the time limit.
            let _ = sender.send(output);
        });
        let output = receiver.recv_timeout(time).ok();
        if output.is_none() {
            let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        }
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended already.
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

/// Returns the scenarios that come with the program.
fn shipped_scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(folder).expect("the scenarios are there").flatten().map(|entry| entry.path());
    let mut scenarios: Vec<_> = entries.filter(|path| path.extension() == Some(OsStr::new("toml"))).collect();
    scenarios.sort();
    assert!(scenarios.len() >= 5, "{scenarios:?}");
    scenarios
}
