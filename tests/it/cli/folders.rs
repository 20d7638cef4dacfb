//! Report folders that several runs write into, one after the other or at the same time.

use super::{Home, Running, SOON, has};
use serde_json::Value;
use std::sync::mpsc::channel;
use std::time::Duration;

/// A home with the scenario `pin.toml`, and with `streams.toml`, whose report has more figures.
fn home() -> Home {
    let home = Home::new();
    let first = "[[traffic]]\nname = \"pins\"\nrecipients = 500\narrivals = { blast = {} }\n\n";
    let streams = super::scenario().replacen("[traffic]\n", &format!("{first}[[traffic]]\nname = \"rest\"\n"), 1);
    home.write("streams.toml", streams);
    home
}

fn json(home: &Home, name: &str) -> Value {
    serde_json::from_str(&home.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All files of the folder are of one run, and it has no others; that run's seed.
#[track_caller]
fn seed_of_all(home: &Home, folder: &str) -> u64 {
    let run = json(home, &format!("{folder}/run.json"));
    let listed = run["files"].as_array().expect("a list").iter().map(|name| name.as_str().expect("a name").to_owned());
    let mut listed: Vec<_> = listed.collect();
    listed.sort();
    let names = home.names();
    let there: Vec<_> = names.iter().filter_map(|name| name.strip_prefix(&format!("{folder}/"))).collect();
    assert_eq!(there, listed, "{}", run["command"]);
    let seed = json(home, &format!("{folder}/results.json"))["scenario"]["seed"].as_u64().expect("a number");
    let command = format!("--seed {seed} ");
    has(run["command"].as_str().expect("a text"), &[&command]);
    for file in ["report.html", "README.md"] {
        has(&home.read(&format!("{folder}/{file}")), &[&command]);
    }
    let has_streams = there.contains(&"latency-1.svg");
    assert_eq!(has_streams, run["command"].as_str().is_some_and(|command| command.contains("streams.toml")));
    seed
}

/// Waits for longer than a run takes.
fn a_while() {
    let (_sender, receiver) = channel::<()>();
    // Nothing is ever sent: it times out.
    let _ = receiver.recv_timeout(Duration::from_millis(1500));
}

#[track_caller]
fn ends_well(child: Running) {
    child.within(SOON).expect("it ends").exits_with(0);
}

#[cfg(unix)]
#[test]
fn a_second_run_waits_for_the_first() {
    let home = home();
    home.run("run pin.toml --seed 1 --out out -q").exits_with(0);
    let lock = |name: &str| {
        let folder = std::fs::File::open(home.path(name)).expect("it is there");
        folder.lock().expect("it can be locked");
        folder
    };
    // This test holds the lock on the folder: a run that writes into it has to wait.
    let turn = lock("out");
    let mut child = home.starts("run streams.toml --seed 2 --out out -q");
    a_while();
    assert!(child.ended().is_none(), "it does not wait");
    assert_eq!(seed_of_all(&home, "out"), 1);
    drop(turn);
    ends_well(child);
    assert_eq!(seed_of_all(&home, "out"), 2);
    // Of two that make a folder the second finds it made.
    let turn = lock(".");
    let mut children = [1, 2].map(|seed| home.starts(&format!("run pin.toml --seed {seed} --out new -q")));
    a_while();
    assert!(children.iter_mut().all(|child| child.ended().is_none()), "they do not wait");
    assert!(!home.path("new").exists());
    drop(turn);
    children.into_iter().for_each(ends_well);
    seed_of_all(&home, "new");
    assert_eq!(home.names().iter().filter(|name| !name.contains('/')).count(), 4, "{:?}", home.names());
}

#[test]
fn runs_at_the_same_time_do_not_mix() {
    let home = home();
    for round in 0..6 {
        // Each second round makes the folder anew.
        let out = format!("out{}", round / 2);
        let lines = ["run pin.toml --seed 1", "run streams.toml --seed 2", "run pin.toml --seed 3"];
        let children = lines.map(|line| home.starts(&format!("{line} --out {out} -q")));
        children.into_iter().for_each(ends_well);
        seed_of_all(&home, &out);
    }
}

#[test]
fn what_only_the_earlier_report_had_is_removed() {
    let home = home();
    home.run("run streams.toml --seed 1 --out out -q").exits_with(0);
    seed_of_all(&home, "out");
    let mine = ["mine.txt", "figure.svg", "latency.png", "notes/latency-1.svg"];
    std::fs::create_dir(home.path("out/notes")).expect("a folder");
    mine.iter().for_each(|name| home.write(&format!("out/{name}"), "mine"));
    home.run("run pin.toml --seed 2 --out out -q").exits_with(0);
    mine.iter().for_each(|name| assert_eq!(home.read(&format!("out/{name}")), "mine"));
    std::fs::remove_dir_all(home.path("out/notes")).expect("ours");
    mine[..3].iter().for_each(|name| std::fs::remove_file(home.path(&format!("out/{name}"))).expect("ours"));
    assert_eq!(seed_of_all(&home, "out"), 2);
}

#[test]
fn a_list_that_somebody_changed_reaches_no_other_file() {
    let home = home();
    home.run("run pin.toml --seed 1 --out out -q").exits_with(0);
    home.write("mine.txt", "mine");
    let run =
        home.read("out/run.json").replace("\"README.md\"", "\"../mine.txt\", \"../pin.toml\", \".\", \"README.md\"");
    home.write("out/run.json", run);
    home.run("run pin.toml --seed 2 --out out -q").exits_with(0);
    assert_eq!(home.read("mine.txt"), "mine");
    assert_eq!(seed_of_all(&home, "out"), 2);
}

#[test]
fn a_report_of_an_earlier_version_is_replaced() {
    let home = home();
    home.run("run streams.toml --seed 1 --out out -q").exits_with(0);
    let mut run = json(&home, "out/run.json");
    run.as_object_mut().expect("a table").remove("files");
    home.write("out/run.json", run.to_string());
    home.run("run streams.toml --seed 2 --out out -q").exits_with(0);
    assert_eq!(seed_of_all(&home, "out"), 2);
}

#[test]
fn folders_of_sweeps_and_capacities_lose_old_figures_too() {
    let home = Home::of(include_str!("../scenario/queue.toml"));
    let figures = |folder: &str| {
        let names = home.names();
        let names = names.iter().filter_map(|name| name.strip_prefix(folder)?.strip_prefix('/'));
        names.filter(|name| name.ends_with(".svg")).map(str::to_owned).collect::<Vec<_>>()
    };
    let sweep = "sweep pin.toml --vary providers.sms.capacity.rate=4/s,8/s --out sweep -q";
    home.run(&format!("{sweep} --measure in_time,latency_s.p99")).exits_with(0);
    assert_eq!(figures("sweep"), ["in_time.svg", "latency_p99_s.svg"]);
    let points = home.names().iter().filter(|name| name.starts_with("sweep/points/")).count();
    home.run(&format!("{sweep} --measure cost.total")).exits_with(0);
    assert_eq!(figures("sweep"), ["cost_total.svg"]);
    assert_eq!(home.names().iter().filter(|name| name.starts_with("sweep/points/")).count(), points);
    let capacity = "capacity pin.toml --provider sms --plan sms --out capacity -q";
    home.run(&format!("{capacity} --goal in_time>=0.9 --goal delivered>=0.9")).exits_with(0);
    assert_eq!(figures("capacity"), ["curve-1.svg", "curve-2.svg"]);
    home.run(capacity).exits_with(0);
    assert_eq!(figures("capacity"), ["curve.svg"]);
}
