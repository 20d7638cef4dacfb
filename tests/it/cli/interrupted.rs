//! Ctrl-C in the middle of a run.

use super::{Home, Said, ending, has};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Longer than it may take even where other programs keep all cores busy.
const AT_MOST: Duration = Duration::from_secs(5);

/// Waits a moment.
fn moment() {
    let (_sender, receiver) = channel::<()>();
    // Nothing is ever sent: it times out.
    let _ = receiver.recv_timeout(Duration::from_millis(20));
}

/// Whether the process catches SIGINT: its run has begun.
fn catches_interrupts(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 0b10 != 0))
}

fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill can be run").success());
}

#[test]
fn an_interrupted_run_stops_at_once_and_writes_nothing() {
    let home = Home::new();
    for line in [
        "run pin.toml --recipients 4000000000",
        "run pin.toml --recipients 4000000000 --threads 2 --out there --format json",
        "run pin.toml --recipients 100 --replications 100000 --no-report",
        "check pin.toml --recipients 4000000000",
        "capacity pin.toml --recipients 4000000000 --provider sms --rate --goal delivered>=0.5",
    ] {
        let said = interrupted(&home, line, |_| true);
        assert_eq!(said.refuses(130, &[]).err, "error: interrupted; nothing was written\n", "{line}");
        assert_eq!(home.names(), ["pin.toml"], "{line}");
    }
}

/// What the program says when it is interrupted once it plays and `ready` says so.
fn interrupted(home: &Home, line: &str, ready: impl Fn(&Home) -> bool) -> Said {
    let mut command = home.command(&line.split(' ').collect::<Vec<_>>());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    while !catches_interrupts(&child) || !ready(home) {
        moment();
    }
    moment();
    interrupt(&child);
    ending(child).recv_timeout(AT_MOST).unwrap_or_else(|_| panic!("{line} goes on"))
}

#[test]
fn worlds_in_which_recipients_meet_stop_as_soon() {
    let home = Home::of(include_str!("../scenario/queue.toml"));
    for flags in ["--recipients 10000000", "--recipients 10000000 --plan sms --threads 2", "--replications 100000"] {
        let said = interrupted(&home, &format!("run pin.toml {flags}"), |_| true);
        assert!(said.refuses(130, &[]).err.ends_with("error: interrupted; nothing was written\n"), "{flags}");
        assert_eq!(home.names(), ["pin.toml"], "{flags}");
    }
}

#[test]
fn an_interrupted_sweep_goes_on_from_there() {
    let home = Home::new();
    let points = |home: &Home| home.names().iter().filter(|name| name.ends_with(".json")).count();
    let vary = "sweep pin.toml --vary seed=1,2 --vary traffic.recipients=5,4000000000 --out out --quiet";
    let said = interrupted(&home, vary, |home| points(home) == 1)
        .refuses(130, &["interrupted; 1 of 4 points are in out/points"]);
    has(&said.err, &["the same command goes on from there"]);
    assert_eq!(points(&home), 1);
    let said = home.says("sweep pin.toml --vary traffic.recipients=5,6 --seed 1 --out out").ends(0);
    has(&said.err, &["note: 1 of 2 points are there already"]);
}
