//! Invalid flags: exit code 2, a hint, and nothing is simulated or written.

#[cfg(target_os = "linux")]
use super::ProgramOutput;
use super::{Home, has};

#[test]
fn numbers_out_of_range_are_rejected_with_the_range() {
    let home = Home::new();
    let recipients = "write an integer from 1 to 4294967296";
    for (flag, values, cure) in [
        ("--recipients", ["0", "-5", "1e30", "2.5", "5000000000", "99999999999999999999999", "many"], recipients),
        ("--threads", ["0", "-1", "5000", "2.5", "all", "1e3", "''"], "write an integer from 1 to 4096"),
        ("--replications", ["0", "-1", "100001", "1.5", "x", "1e3", "''"], "write an integer from 1 to 100000"),
        ("--seed", ["-1", "1.5", "x", "1e3", "''", "0x10", "18446744073709551616"], "write an integer from 0 to"),
    ] {
        for value in values {
            for verb in ["run", "check"] {
                home.failsim(&[verb, "pin.toml", flag, value]).rejects(2, &["error: ", flag, value, cure]);
            }
        }
    }
    assert_eq!(home.names(), ["pin.toml"]);
}

/// A value that begins with a minus is parsed as the value of its flag, so that the error says what the flag takes.
#[test]
fn values_that_look_like_flags_are_rejected_with_a_valid_example() {
    let home = Home::new();
    for (line, parts) in [
        ("run pin.toml --precision -1pp", ["'-1pp' for '--precision <WIDTH>'", "percentage points such as 0.1pp"]),
        ("run pin.toml --precision --quiet", ["'--quiet' for '--precision <WIDTH>'", "such as 0.1pp"]),
        ("run pin.toml --recipients -many", ["'-many' for '--recipients <N>'", "an integer from 1"]),
        ("run pin.toml --recipients -1e3", ["'-1e3' for '--recipients <N>'", "an integer from 1"]),
        ("run pin.toml --seed -0x1", ["'-0x1' for '--seed <S>'", "an integer from 0"]),
        ("run pin.toml --format -json", ["'-json' for '--format <FORMAT>'", "possible values: table, json, csv"]),
        ("run pin.toml --plan -x", ["no plan named \"-x\"", "its plans are viber-first, sms-first"]),
        (
            "run pin.toml --out --quiet",
            ["'--quiet' for '--out <DIR>'", "looks like a flag; give a path, such as ./--quiet"],
        ),
        ("check pin.toml --baseline -x", ["'-x' for '--baseline <RESULTS>'", "such as ./-x"]),
        ("check pin.toml --baseline x --tolerance -in_time=1pp", ["no measure named \"-in_time\"", "did you mean"]),
        (
            "check pin.toml --baseline x --tolerance -1pp",
            ["'-1pp' for '--tolerance <MEASURE=AMOUNT>'", "MEASURE=AMOUNT"],
        ),
        ("capacity pin.toml --provider -sms", ["no provider named \"-sms\"", "hint: "]),
        ("capacity pin.toml --provider sms --goal -1", ["'-1' for '--goal <GOAL>'", "in_time>=0.99"]),
        ("sweep pin.toml --vary -seed=1", ["'-seed=1' for '--vary <PATH=VALUES>'", "-seed"]),
        ("sweep pin.toml --vary seed=1 --measure -x", ["'-x' for '--measure <NAME>'", "the measures are delivered"]),
        ("trace pin.toml --stream -x", ["no stream of traffic named \"-x\"", "hint: "]),
        ("trace pin.toml --recipient -1x", ["'-1x' for '--recipient <N>'", "an integer from 0"]),
    ] {
        let output = home.run(line).rejects(2, &parts);
        assert!(!output.stderr.contains("unexpected argument"), "{line}:\n{}", output.stderr);
    }
    assert_eq!(home.names(), ["pin.toml"]);
}

#[test]
fn flags_that_exclude_each_other_are_rejected() {
    let home = Home::new();
    home.run("run pin.toml --out there --no-report").rejects(2, &["--out <DIR>", "cannot be used with '--no-report'"]);
    home.run("check pin.toml --tolerance in_time=1pp").rejects(2, &["--baseline <RESULTS>"]);
    assert_eq!(home.names(), ["pin.toml"]);
}

#[test]
fn an_unknown_plan_is_rejected_with_the_nearest_or_all() {
    let home = Home::new();
    for verb in ["run", "check", "trace"] {
        let output = home.run(&format!("{verb} pin.toml --plan vibre-first"));
        output.rejects(2, &["no plan named \"vibre-first\"", "hint: did you mean \"viber-first\"?"]);
        let output = home.run(&format!("{verb} pin.toml --plan zzz"));
        output.rejects(2, &["hint: its plans are viber-first, sms-first"]);
    }
    home.run("run pin.toml --plan sms-first --plan zzz").rejects(2, &["no plan named \"zzz\""]);
    assert_eq!(home.names(), ["pin.toml"]);
}

#[test]
fn unknown_words_are_rejected_with_the_nearest() {
    let home = Home::new();
    home.run("rum pin.toml").rejects(2, &["unrecognized subcommand 'rum'", "'run'"]);
    home.run("run pin.toml --recipient 5").rejects(2, &["'--recipients'"]);
    home.run("run pin.toml --format xml").rejects(2, &["possible values: table, json, csv"]);
    home.run("run").rejects(2, &["<SCENARIO>"]);
    home.run("run pin.toml pin.toml").rejects(2, &["unexpected argument"]);
    home.run("validate").rejects(2, &["<SCENARIO>"]);
}

#[test]
fn more_recipients_than_arrival_times_are_rejected() {
    let home = Home::with("arrivals = { uniform = { over = \"1h\" } }", "arrivals = { file = \"arrivals.csv\" }");
    home.change("recipients = 2_000\n", "");
    home.write("arrivals.csv", "arrived_s\n0\n1.5\n60\n");
    home.run("run pin.toml --no-report --recipients 4")
        .rejects(2, &["has 3 recipients", "hint: use --recipients 3 or fewer"]);
    has(&home.run("run pin.toml --no-report --recipients 2").exits_with(0).stdout, &["Plans: 2 recipients"]);
}

#[test]
fn more_recipients_than_arrive_in_a_year_are_rejected() {
    let home = Home::with("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"1/s\" } }");
    let output = home.run("run pin.toml --no-report --recipients 4000000000");
    output.rejects(2, &["take more than a year to arrive", "hint: use --recipients 31622400 or fewer"]);
}

/// Contended recipients are in memory together: more of them than fit are rejected before anything is simulated. A
/// search for a capacity makes the recipients contended.
#[cfg(target_os = "linux")]
#[test]
fn more_recipients_than_fit_into_memory_are_rejected() {
    let limit = "capacity = { rate = \"1000/s\" }";
    let shared = Home::with("channel = \"sms\"", &format!("channel = \"sms\"\n{limit}"));
    let alone = Home::new();
    let parts =
        ["error: this run takes about ", " GB of memory, and 4.1 GB are free", "hint: use fewer with --recipients"];
    let run = |home: &Home, line: &str| {
        let mut command = std::process::Command::new("sh");
        let script = format!("ulimit -v 4000000; exec {} {line} --threads 1", env!("CARGO_BIN_EXE_failsim"));
        command.args(["-c", &script]).current_dir(home.path(""));
        ProgramOutput::of(&command.output().expect("there is a shell"))
    };
    for line in ["run pin.toml", "check pin.toml", "sweep pin.toml --vary seed=1,2"] {
        run(&shared, &format!("{line} --recipients 200000000")).rejects(2, &parts);
        assert_eq!(shared.names(), ["pin.toml"]);
    }
    let smallest = "capacity pin.toml --provider sms --rate --goal 'in_time>=0.5' --recipients 200000000";
    for home in [&shared, &alone] {
        run(home, smallest).rejects(2, &parts);
        assert_eq!(home.names(), ["pin.toml"]);
    }
}
