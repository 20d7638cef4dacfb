//! Snapshots of every diagnostic: small invalid scenarios by area, with one snapshot file for each area.
//!
//! One test extracts the texts of diagnostics from the sources of `src/scenario`, and asserts that each occurs in a snapshot.

use crate::snapshot::{are_written, is_that_of};
use failsim::scenario::{Axis, LoadError, Metric, Tolerance, load, parse, parse_changed};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The placeholders of [`WHOLE`] with valid texts; each case has an invalid text for one of them.
const PARTS: [(&str, &str); 4] = [("GOAL", GOAL), ("TRAFFIC", TRAFFIC), ("PROVIDERS", PROVIDERS), ("PLANS", PLANS)];
const WHOLE: &str = "TOP\nGOAL\nTRAFFIC\nPROVIDERS\nPLANS\n";
const GOAL: &str = "goal = { deadline = \"60s\" }";
const TRAFFIC: &str = "traffic = { recipients = 9, arrivals = { blast = {} } }";
const PROVIDERS: &str = "[providers]\nsms = { channel = \"sms\" }\nvoice = { channel = \"voice\" }";
const PLANS: &str = "[[plans]]\nname = \"a\"\nsteps = [{ provider = \"sms\" }]";

/// The diagnostics of the scenario with `new` in place of `part`.
fn errors_of(part: &str, new: &str) -> String {
    let text = WHOLE.replace(part, new);
    let text = PARTS.iter().fold(text, |text, (part, usual)| text.replace(part, usual)).replace("TOP\n", "");
    errors_of_text(&text)
}

fn errors_of_text(text: &str) -> String {
    match parse(text, "pin.toml", Path::new("tests/it/scenario")) {
        Err(diagnostics) => diagnostics.to_string(),
        Ok(scenario) => scenario.warnings.unwrap_or_else(|| panic!("no diagnostics for\n{text}")).to_string(),
    }
}

/// As [`errors_of_text`], for a text that may be valid.
fn told_of(text: &str) -> String {
    match parse(text, "pin.toml", Path::new("tests/it/scenario")) {
        Err(diagnostics) => diagnostics.to_string(),
        Ok(scenario) => scenario.warnings.map_or_else(|| "it is valid".to_owned(), |told| told.to_string()),
    }
}

/// Compares the diagnostics of each case, a placeholder and its text, with the snapshot `name`.
fn hold<'a>(name: &str, cases: impl IntoIterator<Item = (&'a str, String)>) {
    let mut all = String::new();
    for (part, new) in cases {
        let _ = writeln!(all, "{}\n", errors_of(part, &new));
    }
    is_that_of(&format!("tests/it/scenario_files/snapshots/{name}.txt"), &all);
}

/// As [`hold`], for every frame with each of its values in place of `@`.
fn hold_in(name: &str, groups: &[(&str, &str, &[&str])]) {
    let cases =
        groups.iter().flat_map(|(part, frame, values)| values.iter().map(|value| (*part, frame.replace('@', value))));
    hold(name, cases);
}

#[test]
fn syntax_errors_match_their_snapshot() {
    let texts = [
        "seed =",
        "seed = 1\nseed = 2",
        "[goal\ndeadline = \"60s\"",
        "hello",
        "title = 'a' 'b'\nsed = 1",
        "[goal]\ndeadline = 60s",
        "seed = 300/s",
        "[[goal]]\ndeadline = \"60s\"",
        "[plans]\nname = \"a\"",
        "plans = 5",
        "plans = []",
        "plans = [5]",
        "",
    ];
    let mut all = String::new();
    for text in texts {
        let _ = writeln!(all, "{}\n", errors_of_text(text));
    }
    let many: String = (0..150).map(|i| format!("nonsense{i} = 1\n")).collect();
    let errors = errors_of_text(&many);
    let _ = writeln!(all, "{}", errors.lines().last().unwrap_or_default());
    is_that_of("tests/it/scenario_files/snapshots/syntax.txt", &all);
}

#[test]
fn diagnostics_of_files_match_their_snapshot() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name);
    fs::write(file("latin1.toml"), b"title = \"caf\xe9\"\n").expect("a file can be written");
    fs::File::create(file("long.toml")).and_then(|file| file.set_len(5 << 20)).expect("a file can be made");
    let mut all = String::new();
    for name in [".", "missing.toml", "latin1.toml", "long.toml"] {
        let errors = match load(&file(name)).expect_err("it is invalid") {
            LoadError::Io { path, source } => {
                LoadError::Io { path, source: std::io::Error::new(source.kind(), "why not") }.to_string()
            }
            errors => errors.to_string(),
        };
        let _ = writeln!(all, "{}\n", errors.replace(&folder.path().display().to_string(), "FOLDER"));
    }
    is_that_of("tests/it/scenario_files/snapshots/files.txt", &all);
}

#[test]
fn diagnostics_of_values_match_their_snapshot() {
    let long = format!("\"{}\"", "x".repeat(1001));
    let texts = ["5", "1979-05-27", "\"\"", "\" x\"", "\"x\\u0007y\"", "\"x\\u202ey\"", "\"\\u202e\"", long.as_str()];
    hold_in(
        "values",
        &[
            ("TOP", "title = @", &texts),
            (
                "GOAL",
                "goal = { deadline = @ }",
                &[
                    "60",
                    "-60",
                    "nan",
                    "true",
                    "{ s = 60 }",
                    "\"\"",
                    "\"60\"",
                    "\"-60s\"",
                    "\"-x\"",
                    "\"0s\"",
                    "\"400d\"",
                    "\"5 sec\"",
                    "\"1h 30m\"",
                    "\"5sec\"",
                    "\"5y\"",
                    "\"30m1h\"",
                    "\"x\"",
                ],
            ),
            ("PLANS", "[[plans]]\nname = \"a\"\nsteps = [{ provider = \"sms\", ttl = @ }]", &["5", "\"0s\"", "\"x\""]),
            (
                "TRAFFIC",
                "traffic = { recipients = 9, arrivals = { poisson = { rate = @ } } }",
                &[
                    "300",
                    "\"300\"",
                    "\"x\"",
                    "\"3/x\"",
                    "\"3/secs\"",
                    "\"0/s\"",
                    "\"99999999999/s\"",
                    "\"0.0000000000000000000001/d\"",
                    "true",
                ],
            ),
            ("TRAFFIC", "traffic = { arrivals = { stages = [{ over = \"1m\", rate = @ }] } }", &["5", "\"5/s..x\""]),
            ("TOP", "seed = @", &["-1", "1.5", "\"1\"", "99999999999999999999"]),
            ("TOP", "replications = @", &["0", "1_000_000"]),
            ("PROVIDERS", "[providers.sms]\nchannel = @", &["\"SMS\"", "\"!\"", "1"]),
            ("PROVIDERS", "[providers.sms]\nchannel = \"sms\"\nhonours_ttl = @", &["\"true\"", "1"]),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\nprice = { submitted = @ }",
                &["-1", "0.00000001", "\"1\"", "\"x\""],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\noutcomes = [{ status = \"failed\", share = @ }]",
                &["62", "\"62 %\"", "nan", "true", "-0.1"],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\nreport_delay = { gamma = { mean = \"1s\", cv = @ } }",
                &["5", "inf", "\"1\"", "true"],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\nreport_delay = { lognormal = { median = \"1s\", sigma = @ } }",
                &["0"],
            ),
            ("TOP", "checks = [{ plan = \"a\", metric = \"in_time\", at_least = @ }]", &["nan", "\"1\""]),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\noutcomes = [{ status = @, share = 0.5 }]",
                &["\"deliverd\"", "\"banana\"", "5", "delivered", "{ delivered = {} }"],
            ),
        ],
    );
}

#[test]
fn diagnostics_of_tables_and_lists_match_their_snapshot() {
    let streams = format!("traffic = [{}]", "{ name = \"x\", recipients = 1, arrivals = { blast = {} } },".repeat(33));
    let providers: String = (0..1001).map(|i| format!("p{i} = {{ channel = \"sms\" }},")).collect();
    let pool = "[[plans]]\nname = \"a\"\nsteps = [{ provider = @ }]";
    hold_in(
        "tables",
        &[
            ("GOAL", "goal = @", &["5", "[]"]),
            ("GOAL", "@", &["goal = { deadlin = \"60s\" }", "goal = { deadline = \"60s\", x = 1 }"]),
            ("TRAFFIC", "@", &["traffic = 5", "traffic = []", &streams]),
            (
                "PROVIDERS",
                "providers = @",
                &["5", "{}", "{ sms = 5 }", &format!("{{ {providers} }}"), "{ \"a\\u202eb\" = { channel = \"sms\" } }"],
            ),
            (
                "PLANS",
                "[[plans]]\nname = \"a\"\nsteps = [{ provider = \"sms\", failover_on = @ }]",
                &["\"failed\"", "[\"faild\"]", "[\"failed\", \"failed\"]", "[1]"],
            ),
            (
                "PLANS",
                pool,
                &[
                    "5",
                    "{ first_of = \"sms\" }",
                    "{ first_of = [] }",
                    "{ first_of = [\"sms\", \"sms\"] }",
                    "{ first_of = [1] }",
                    "{ weighted = [] }",
                    "{ weighted = {} }",
                    "{ weighted = { sms = 0 } }",
                    "{ weighted = { sms = \"1\" } }",
                    "{ weighted = { sms = inf } }",
                ],
            ),
            (
                "TRAFFIC",
                "traffic = { recipients = 1, arrivals = @ }",
                &["{}", "{ blast = {}, spread = { over = \"1m\" } }", "{ blast = { x = 1 } }"],
            ),
            ("TRAFFIC", "traffic = { recipients = 1, arrivals = { blast = {}, column = \"x\" } }", &[""]),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\nreport_delay = @",
                &[
                    "{ lognormal = { median = \"1s\" } }",
                    "{ exponentail = { mean = \"1s\" } }",
                    "{ banana = {} }",
                    "{}",
                ],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\noutages = [{ @ }]",
                &[
                    "effect = \"fail\"",
                    "from = \"1m\", effect = \"fail\"",
                    "from = \"1m\", to = \"2m\", effect = \"fail\", factor = 2",
                ],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\noutcomes = [{ status = \"failed\", share = 0.1, seen = { share = 1, after = { constant = \"1s\" } } }]",
                &[""],
            ),
            (
                "TOP",
                "checks = [{ @ }]",
                &[
                    "plan = \"a\", metric = \"in_time\"",
                    "plan = \"a\", metric = \"in_time\", at_least = 0, at_most = 1",
                ],
            ),
        ],
    );
}

#[test]
fn diagnostics_of_providers_match_their_snapshot() {
    let outcome =
        "[providers.sms]\nchannel = \"sms\"\noutcomes = [{ status = \"failed\", share = 0.1, after = { @ } }]";
    hold_in(
        "providers",
        &[
            (
                "PROVIDERS",
                outcome,
                &[
                    "uniform = { min = \"2s\", max = \"1s\" }",
                    "lognormal = { p50 = \"2s\", p95 = \"1s\" }",
                    "lognormal = { p50 = \"1us\", p95 = \"1d\" }",
                    "exponential = { mean = \"1s\", shift = \"2s\", max = \"2s\" }",
                ],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\noutcomes = [{ status = \"failed\", share = 0.7 }, { status = \"delivered\", share = 0.4 }]",
                &[""],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\ncapacity = { @ }",
                &[
                    "",
                    "rate = \"5/s\", over_limit = \"reject\", queue = 5",
                    "rate = \"5/s\", over_limit = \"reject\", queue_at = \"provider\"",
                    "quota = { limit = 5, per = \"1d\" }, queue_at = \"sender\"",
                    "quota = { limit = 5, per = \"1d\" }, queue = 5",
                    "quota = { limit = 5, per = \"1d\" }, order = \"priority\"",
                    "concurrent = 5, burst = 2",
                    "concurrent = 5, counts = \"parts\"",
                    "quota = { limit = 0, per = \"1d\" }",
                    "quota = { limit = 5, per = \"7h\" }",
                    "quota = { limit = 5, per = \"36h\" }",
                    "quota = { limit = 5 }",
                    "rate = \"5/s\", over_limit = \"reject\", quota = { limit = 5, per = \"1d\", over_limit = \"queue\" }",
                    "rate = \"2000/d\"",
                    "rate = \"2000/h\"",
                ],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\nprice = { parts = 3 }\ncapacity = { quota = { limit = 2, per = \"1d\" } }",
                &[""],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\n[providers.voice]\nchannel = \"voice\"\ncapacity = { rate = \"5/s\", counts = \"parts\" }",
                &[""],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\noutages = [{ @ }]",
                &[
                    "random = { between = \"1s\", lasting = \"1s\" }, effect = \"fail\"",
                    "from = \"2m\", to = \"1m\", effect = \"fail\"",
                    "from = \"1m\", to = \"2m\", every = \"10s\", effect = \"fail\"",
                    "from = \"1m\", to = \"2m\", effect = \"throttle\", factor = 0.5",
                    "from = \"1m\", to = \"2m\", effect = \"slow\"",
                    "from = \"1m\", to = \"2m\", lasting = \"1m\", effect = \"fail\"",
                    "from = \"1m\", effect = \"fail\"",
                    "from = \"360d\", lasting = \"1h\", effect = \"fail\"",
                    "from = \"1m\", to = \"2m\", effect = \"reports_late\"",
                    "from = \"1m\", to = \"2m\", effect = \"dropped\"",
                    "from = true, to = \"2m\", effect = \"fail\"",
                    "from = \"1m\", to = \"2m\", effect = \"fail\", in_flight = 5",
                    "from = \"1m\", to = \"2m\", effect = \"reports_lost\", until = \"end\"",
                ],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\nreports = { @ }",
                &["doubled = 1.5", "lost = 0.5", "contradicted = -1"],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\n[[plans]]\nname = \"b\"\nsteps = [{ provider = \"sms\", attempts = 3@ }]",
                &[", jitter = 0.5", ", retry_after = \"1s\", jitter = 1.5", ", backoff = 2"],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\ncapacity = { rate = \"5/s\" }\noutages = [{ from = \"1m\", to = \"2m\", effect = \"throttle\"@ }]",
                &["", ", factor = 2"],
            ),
            (
                "PROVIDERS",
                "[providers.sms]\nchannel = \"sms\"\ncapacity = { rate = \"5/s\" }\noutages = [{ effect = \"dropped\"@ }]",
                &[
                    ", from = \"1m\", to = \"2m\", every = \"5m\"",
                    ", random = { between = \"1h\", lasting = \"1m\" }",
                    ", from = \"1m\", to = \"2m\", in_flight = 0",
                ],
            ),
            (
                "PROVIDERS",
                "[providers]\n\"costarring\" = { channel = \"sms\" }\n\"liquid\" = { channel = \"sms\" }\nsms = { channel = \"sms\" }",
                &[""],
            ),
            ("PROVIDERS", "[providers.sms]\nchannel = \"sms\"\nbreaker = { @ }", &["at_least = 50", ""]),
            (
                "PROVIDERS",
                "[providers]\nsms = { channel = \"sms\" }\nother = { channel = \"sms\", capacity = { rate = \"5/s\" } }\n\
                 [[plans]]\nname = \"b\"\nsteps = [{ provider = { shortest_queue_of = [\"other\", \"sms\"] }@ }]",
                &[""],
            ),
            (
                "PROVIDERS",
                "[providers]\nsms = { channel = \"sms\" }\nother = { channel = \"sms\" }\n\
                 [[plans]]\nname = \"b\"\nsteps = [{ provider = { first_of = [\"sms\", \"other\"] }@ }]",
                &[""],
            ),
        ],
    );
}

#[test]
fn diagnostics_of_plans_match_their_snapshot() {
    let step = "[[plans]]\nname = \"a\"\nsteps = [{ provider = \"sms\"@ }]";
    let many = (0..17).map(|i| format!("\"p{i}\"")).collect::<Vec<_>>().join(", ");
    hold_in(
        "plans",
        &[
            (
                "PLANS",
                "[[plans]]\nname = \"a\"\nsteps = [{ provider = @ }]",
                &["\"smss\"", "{ first_of = [\"sms\", \"voice\"] }", &format!("{{ first_of = [{many}] }}")],
            ),
            (
                "PLANS",
                step,
                &[
                    ", attempts = 9 }, { provider = \"sms\", attempts = 9",
                    ", retry_after = \"1s\"",
                    ", attempts = 2, backoff = 2",
                    ", attempts = 12, retry_after = \"10s\", backoff = 10, ttl = \"none\"",
                    ", expire_on_delivery = true, success = \"sent\"",
                    ", expire_on_delivery = true, ttl = \"none\"",
                ],
            ),
            ("PLANS", "[[plans]]\nname = \"a\"\nsteps = [{ provider = \"voice\", success = \"sent\" }]", &[""]),
            (
                "PLANS",
                "[[plans]]\nname = \"a\"\nsteps = [{ provider = \"sms\" }]@\nsteps = [{ provider = \"sms\" }]",
                &[
                    "\n[[plans]]\nname = \"a\"",
                    "\nreference = true\n[[plans]]\nname = \"b\"\nreference = true",
                    "\nrenamed_from = \"b\"\n[[plans]]\nname = \"b\"\nrenamed_from = \"a\"",
                    "\nrenamed_from = \"x\"\n[[plans]]\nname = \"b\"\nrenamed_from = \"x\"",
                    "\nrenamed_from = \"b\"\n[[plans]]\nname = \"b\"",
                ],
            ),
            (
                "TOP",
                "checks = [{ @ }]",
                &[
                    "plan = \"b\", metric = \"in_time\", at_least = 0.5",
                    "plan = \"a\", stream = \"x\", metric = \"in_time\", at_least = 0.5",
                    "plan = \"a\", metric = \"in_tim\", at_least = 0.5",
                    "plan = \"a\", metric = \"callbacks_on_change\", at_most = 500",
                    "plan = \"a\", metric = \"in_time\", at_least = 50",
                    "plan = \"a\", metric = \"in_time\", at_most = 500",
                ],
            ),
            (
                "TOP",
                "baseline = { @ }",
                &[
                    "measures = []",
                    "measures = [\"seen\"]",
                    "measures = [\"in_time\"], tolerances = { delivered = \"1pp\" }",
                    "tolerances = { in_time = \"1%\" }",
                    "tolerances = { in_time = \"x\" }",
                    "tolerances = { cost_per_recipient = \"x\" }",
                    "tolerances = { latency_p50_s = \"x\" }",
                ],
            ),
        ],
    );
}

#[test]
fn diagnostics_of_traffic_match_their_snapshots() {
    let stream = |rest: &str| format!("[[traffic]]\nrecipients = 9\narrivals = {{ blast = {{}} }}\n{rest}\n");
    let two = |first: &str, second: &str| stream(first) + &stream(second);
    let large = two("name = \"a\"", "name = \"b\"").replace("= 9", "= 4_294_967_296");
    let other = "[[plans]]\nname = \"b\"\nsteps = [{ provider = \"sms\" }]\n";
    let check = "\n[[checks]]\nplan = \"a\"\nmetric = \"in_time\"\nat_least = 0\n";
    hold_in(
        "traffic",
        &[
            ("TRAFFIC", "traffic = { arrivals = { blast = {} } }", &[""]),
            ("TRAFFIC", "traffic = { recipients = 999, arrivals = { poisson = { rate = \"1/d\" } } }", &[""]),
            (
                "TRAFFIC",
                "traffic = { arrivals = { stages = [@] } }",
                &[
                    "{ over = \"300d\", rate = \"1/s\" }, { over = \"300d\", rate = \"1/s\" }",
                    "{ over = \"1m\", rate = \"0/s\" }",
                    "{ over = \"10s\", rate = \"1e9/s\" }",
                    "{ over = \"10s\", rate = \"1000000000/s\" }",
                ],
            ),
            (
                "TRAFFIC",
                "@",
                &[
                    &two("name = \"a\"", "name = \"a\""),
                    &two("name = \"a\"", ""),
                    &large,
                    &stream("plan = \"a\""),
                    &stream("plan = \"aa\""),
                    &stream("goal = { deadline = 5 }"),
                ],
            ),
            ("PLANS", "@", &[&format!("{other}{PLANS}{check}stream = \"x\"")]),
        ],
    );
    // Streams with their own plans need whole files.
    let mut all = String::new();
    for (traffic, rest) in [
        (two("name = \"x\"\nplan = \"a\"", "name = \"y\"\nplan = \"b\""), String::new()),
        (two("name = \"x\"\nplan = \"a\"", "name = \"y\""), check.to_owned()),
        (two("name = \"x\"\nplan = \"a\"", "name = \"y\""), check.replace("\"a\"", "\"b\"\nstream = \"z\"")),
        (two("name = \"x\"\nplan = \"a\"", "name = \"y\"\nplan = \"a\""), String::new()),
    ] {
        let _ = writeln!(all, "{}\n", errors_of_text(&format!("{GOAL}\n{traffic}\n{PROVIDERS}\n{other}{PLANS}{rest}")));
    }
    // One of the providers `a` and `b` has the same hash in the first stream as the other has in the second.
    let traffic = two("name = \"s30949\"", "name = \"s52168\"");
    let text = format!("{GOAL}\n{traffic}\n{PROVIDERS}\n{PLANS}\n").replace("voice =", "b =");
    let _ = writeln!(all, "{}", errors_of_text(&text.replace("sms =", "a =").replace("= \"sms\" }]", "= \"a\" }]")));
    is_that_of("tests/it/scenario_files/snapshots/streams.txt", &all);
}

#[test]
fn diagnostics_of_people_match_their_snapshot() {
    let outcome = "[providers]\nsms = { channel = \"sms\", outcomes = [@] }\nvoice = { channel = \"voice\" }";
    let delivered =
        |rest: &str| format!("{{ status = \"delivered\", share = 0.5, after = {{ constant = \"1s\" }}{rest} }}");
    let failed = |rest: &str| format!("{{ status = \"failed\", share = 0.6, after = {{ constant = \"1s\" }}{rest} }}");
    let over = format!("{}, {}", delivered(", persistent = true"), failed(", persistent = true"));
    let rest = |status: &str| format!("{{ status = \"{status}\", share = \"rest\", after = {{ constant = \"1s\" }} }}");
    let two_rests = format!("{}, {}", rest("delivered"), rest("failed"));
    let no_rest = format!("{}, {}, {}", delivered(""), failed(""), rest("undelivered"));
    hold_in(
        "people",
        &[
            ("TOP", "people = @", &["5", "{ phone_of = 1 }", "{ phone_off = 0.05 }", "{ phone_off = {} }"]),
            (
                "TOP",
                "people = { phone_off = { share = @ } }",
                &["5", "\"rest\"", "0.1, back_after = \"1h\"", "0.1, back_after = { constant = \"1\" }"],
            ),
            (
                "PROVIDERS",
                outcome,
                &[
                    &over,
                    &two_rests,
                    &no_rest,
                    &rest("delivered").replace("rest", "rset"),
                    "{ status = \"failed\", share = 0.1, at_submission = true, after = { constant = \"1s\" } }",
                    &delivered(", seen = { constant = \"1s\" }, at_submission = true"),
                    "{ status = \"delivered\", share = 0.1, at_submission = true }",
                    &delivered(", reached = false, seen = { share = 0.5, after = { constant = \"1s\" } }"),
                    &failed(", reached = false"),
                    &delivered(", talk = { constant = \"10s\" }"),
                    "{ status = \"silent\", share = 0.1, after = { constant = \"1s\" } }",
                    "{ status = \"silent\", share = 0.1, at_submission = true }",
                    "{ status = \"silent\", share = 0.1, reached = false }",
                    "{ status = \"silence\", share = 0.1 }",
                ],
            ),
            ("PROVIDERS", "[providers]\nsms = { channel = \"sms\", @ }", &["when_off = \"ring\"", "needs_phone = 1"]),
            (
                "PROVIDERS",
                "[people]\nphone_off = { share = 0.1 }\n[providers]\nsms = { channel = \"sms\", when_off = \"@\" }\n\
                 voice = { channel = \"voice\" }\n\
                 [[plans]]\nname = \"b\"\nsteps = [{ provider = \"sms\", ttl = \"1m\" }, { provider = \"voice\" }]",
                &["no_answer"],
            ),
            // The FNV-1a hashes of these names are those of the recipients' phones and segments and of the channel `sms`.
            (
                "PROVIDERS",
                "[providers]\nsms = { channel = \"sms\" }\n@ = { channel = \"voice\" }",
                &["jmtrafbx", "uczhakdc", "frqwacpe"],
            ),
            ("PROVIDERS", "[providers]\nsms = { channel = \"sms\", @ }", &["when_off = \"busy\""]),
        ],
    );
}

#[test]
fn diagnostics_of_segments_match_their_snapshot() {
    let three = "[[segments]]\nname = \"gr\"\nshare = 0.5\n@\n[[segments]]\nname = \"ro\"\nshare = 0.5\n";
    let plan = |rest: &str| format!("[[plans]]\nname = \"b\"\n{rest}\n");
    let other = plan("by_segment = { gr = \"a\" }").replace("\"b\"", "\"c\"");
    let override_of = |rest: &str| format!("providers = {{ sms = {{ {rest} }} }}");
    let mut texts = Vec::new();
    for shares in [("= 0.5", "= 0.4"), ("= 0.5", "= 0.6"), ("= 0.5", "= 5"), ("\"gr\"", "\"ro\""), ("\"gr\"", "\"\"")] {
        texts.push(three.replace(shares.0, shares.1).replace('@', ""));
    }
    for written in [
        "providers = { smss = { price = { submitted = 1 } } }",
        "providers = { sms = { prise = { submitted = 1 } } }",
        "providers = 5",
        "plans = 5",
        &override_of("channel = \"viber\""),
        &override_of("capacity = { lines = 5 }"),
        &override_of("breaker = { opens_after = 5 }"),
        &override_of("outages = []"),
        &override_of("needs_phone = false"),
        &override_of("available = 0"),
        &override_of("price = { submited = 1 }"),
        &override_of("outcomes = [{ status = \"delivered\", share = 2, after = { constant = \"1s\" } }]"),
        &override_of("outcomes = [{ status = \"delivered\", share = \"rest\" }]"),
        "[segments.providers.sms]\navailable = false\nprice = { submitted = 1 }",
    ] {
        texts.push(three.replace('@', written));
    }
    let usual = three.replace('@', "");
    for more in [
        plan("by_segment = { gr = \"a\" }"),
        plan("by_segment = { gr = \"a\", rs = \"a\" }\notherwise = \"a\""),
        plan("by_segment = { gr = \"a\", ro = \"aa\" }"),
        plan("by_segment = { gr = \"a\" }\notherwise = \"aa\""),
        plan("by_segment = { gr = \"a\", ro = \"b\" }"),
        plan("by_segment = { gr = \"a\", ro = \"c\" }") + &other.replace('}', ", ro = \"b\" }"),
        plan("by_segment = { gr = \"a\", ro = \"a\" }\nsteps = [{ provider = \"sms\" }]"),
        plan("by_segment = { gr = \"a\", ro = \"a\" }\ngive_up_after = \"1m\""),
        plan("by_segment = {}"),
        plan("otherwise = \"a\""),
        "[[checks]]\nplan = \"a\"\nsegment = \"rs\"\nmetric = \"in_time\"\nat_least = 0.5\n".to_owned(),
        "[[checks]]\nplan = \"a\"\nsegment = \"gr\"\nstream = \"x\"\nmetric = \"in_time\"\nat_least = 0.5\n".to_owned(),
    ] {
        texts.push(format!("{usual}{more}"));
    }
    let mut all = String::new();
    let told = |all: &mut String, text: &str| {
        let _ = writeln!(all, "{}\n", told_of(text));
    };
    for text in texts {
        told(&mut all, &format!("{GOAL}\n{TRAFFIC}\n{text}\n{PROVIDERS}\n{PLANS}\n"));
    }
    for mix in ["{ gr = 0.5 }", "{ gr = 0.5, rs = 0.5 }", "{ gr = 5 }", "{}", "5", "{ gr = 0.6, ro = 0.6 }"] {
        let traffic = TRAFFIC.replace("= 9", &format!("= 9, mix = {mix}"));
        told(&mut all, &format!("{GOAL}\n{traffic}\n{usual}\n{PROVIDERS}\n{PLANS}\n"));
    }
    told(&mut all, &format!("{GOAL}\n{}\n{PROVIDERS}\n{PLANS}\n", TRAFFIC.replace("= 9", "= 9, mix = { gr = 1 }")));
    let many: String = (0..33).map(|i| format!("[[segments]]\nname = \"s{i}\"\nshare = 0.03\n")).collect();
    told(&mut all, &format!("{GOAL}\n{TRAFFIC}\n{many}\n{PROVIDERS}\n{PLANS}\n"));
    let outage = "[[providers.sms.outages]]\nfrom = \"0s\"\nto = \"1m\"\neffect = \"fail\"\nsegments = @\n";
    for segments in ["[\"rs\"]", "[]", "\"gr\"", "[\"gr\", \"gr\"]", "[5]"] {
        let outage = outage.replace('@', segments);
        let providers = "[providers.sms]\nchannel = \"sms\"\n".to_owned() + &outage;
        told(&mut all, &format!("{GOAL}\n{TRAFFIC}\n{usual}\n{providers}\n{PLANS}\n"));
    }
    is_that_of("tests/it/scenario_files/snapshots/segments.txt", &all);
}

#[test]
fn diagnostics_of_the_segments_in_arrivals_match_their_snapshot() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let segments = "[[segments]]\nname = \"gr\"\nshare = 0.5\n[[segments]]\nname = \"ro\"\nshare = 0.5\n";
    let mut all = String::new();
    for (rows, segments, mix) in [
        ("at_s,segment\n1,gr\n2,rs\n", segments, ""),
        ("at_s,segment\n1,gr\n2,\n", segments, ""),
        ("at_s,segment\n1,gr\n2,GR\n", segments, ""),
        ("at_s,segment\n1,gr\n", "", ""),
        ("segment,at_s\ngr,1\n", segments, ""),
        ("at_s,Segments\n1,gr\n", segments, ""),
        ("at_s,segment,segment\n1,gr,ro\n", segments, ""),
        ("at_s,segment\n1,gr\n", segments, ", mix = { gr = 1 }"),
    ] {
        fs::write(folder.path().join("log.csv"), rows).expect("a file can be written");
        let traffic = format!("traffic = {{ arrivals = {{ file = \"log.csv\" }}{mix} }}");
        let text = format!("{GOAL}\n{traffic}\n{segments}\n{PROVIDERS}\n{PLANS}\n");
        let told = match parse(&text, "pin.toml", folder.path()) {
            Err(errors) => errors.to_string(),
            Ok(scenario) => scenario.warnings.map_or_else(|| "it is valid".to_owned(), |told| told.to_string()),
        };
        let _ = writeln!(all, "{rows}{told}\n");
    }
    is_that_of("tests/it/scenario_files/snapshots/segments-csv.txt", &all);
}

/// A scenario whose SMS are delivered after the latencies in this file.
fn with_latencies_of(file: &str) -> String {
    let outcome =
        format!("{{ status = \"delivered\", share = 0.9, after = {{ empirical = {{ file = \"{file}\" }} }} }}");
    let providers = format!("[providers.sms]\nchannel = \"sms\"\noutcomes = [{outcome}]");
    format!("{GOAL}\ntraffic = {{ recipients = 9, arrivals = {{ blast = {{}} }} }}\n{providers}\n{PLANS}\n")
}

#[test]
fn diagnostics_of_csv_files_match_their_snapshot() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files: [(&str, Vec<u8>); 26] = [
        ("short.csv", b"at_s\n1\n2\n".to_vec()),
        ("empty.csv", b"at_s\n".to_vec()),
        ("headless.csv", b"0.5\n1.5\n".to_vec()),
        ("doubled.csv", b"at_s,at_s\n1,1\n".to_vec()),
        ("bad.csv", b"at_s\n5 parsecs\n-1\n1e300\n".to_vec()),
        ("unitless.csv", b"at\n5\n".to_vec()),
        ("latin1.csv", b"at_s\ncaf\xe9\n".to_vec()),
        ("latin1-header.csv", b"caf\xe9\n1\n".to_vec()),
        ("long-header.csv", vec![b'x'; 100 << 10]),
        ("long-row.csv", [&b"at_s\n"[..], &vec![b'1'; 100 << 10]].concat()),
        ("named.csv", b"at_s,note\n1,x\n".to_vec()),
        ("one-time.csv", b"at_s,count\n0,5\n".to_vec()),
        ("bad-counts.csv", b"at_s,count\n0,-1\n1,2.5\n2,\n".to_vec()),
        ("crowd.csv", b"at_s,count\n0,4000000000\n1,4000000000\n".to_vec()),
        ("nobody.csv", b"at_s,count\n0,0\n1,0\n".to_vec()),
        ("descending.csv", b"at_s,count\n5,1\n1,1\n".to_vec()),
        ("near.csv", b"at_s,Counts\n5,1\n".to_vec()),
        ("two-counts.csv", b"at_s,count,count\n5,1,1\n".to_vec()),
        ("weighted.csv", b"after_s,count\n5,1\n".to_vec()),
        ("two-formats.csv", b"at\n2026-11-27T08:00\n5s\n2026-11-27T08:00Z\n1795766400\n".to_vec()),
        ("wide.csv", b"at_s\n1,5\n".to_vec()),
        ("february.csv", b"at\n2026-02-30T08:00\n27/11/2026 08:00\n2026-11-27\n".to_vec()),
        ("years.csv", b"at\n2026-11-27T08:00\n2028-11-27T08:00\n".to_vec()),
        ("blank.csv", b"at_s;to\n;1\n;2\n".to_vec()),
        ("clock.csv", b"after\n2026-11-27T08:00\n".to_vec()),
        ("missing.csv", Vec::new()),
    ];
    let mut all = String::new();
    for (name, bytes) in files {
        let (folder, column) = match name {
            "missing.csv" => (Path::new("no such folder"), ""),
            "named.csv" => (folder.path(), ", column = \"nota\""),
            "doubled.csv" => (folder.path(), ", column = \"at_s\""),
            _ => (folder.path(), ""),
        };
        if name != "missing.csv" {
            fs::write(folder.join(name), bytes).expect("a file can be written");
        }
        let traffic = format!("traffic = {{ recipients = 9, arrivals = {{ file = \"{name}\"{column} }} }}");
        let text = match name {
            "weighted.csv" | "clock.csv" => with_latencies_of(name),
            "crowd.csv" => format!("{GOAL}\n{}\n{PROVIDERS}\n{PLANS}\n", traffic.replace("recipients = 9, ", "")),
            _ => format!("{GOAL}\n{traffic}\n{PROVIDERS}\n{PLANS}\n"),
        };
        let errors = parse(&text, "pin.toml", folder).expect_err("it is invalid").to_string();
        // The operating system's message about a missing file is not compared.
        let errors: String =
            errors.lines().map(|line| line.split("missing.csv: ").next().unwrap_or(line).to_owned() + "\n").collect();
        let _ = writeln!(all, "{errors}");
    }
    is_that_of("tests/it/scenario_files/snapshots/csv.txt", &all);
}

#[test]
fn diagnostics_of_random_counts_match_their_snapshot() {
    let cases = [
        "traffic = { recipients = 5, arrivals = { poisson = { rate = \"5/s\", over = \"1h\" } } }",
        "traffic = { arrivals = { poisson = { rate = \"5/d\", over = \"1h\" } } }",
        "traffic = { arrivals = { poisson = { rate = \"1000000/s\", over = \"30d\" } } }",
        "traffic = { arrivals = { poisson = { rate = \"5/s\" } } }",
    ];
    hold("counts", cases.map(|traffic| ("TRAFFIC", traffic.to_owned())));
}

/// What is said about files that were read in a way that is not obvious.
#[test]
fn notes_about_files_match_their_snapshot() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut all = String::new();
    for (starts_at, rows) in [
        ("", "at\n2026-11-27T08:00\n2026-11-27T08:01\n"),
        ("", "at\n2026-11-27T08:00+02:00\n2026-11-27T08:01+02:00\n"),
        ("2026-11-27T08:00", "at\n2026-11-27T08:00\n2026-11-27T08:01\n"),
        ("", "at;to\n1795766400,5;1\n;2\n"),
        ("", "at_s\tto\n5\t1\n"),
    ] {
        fs::write(folder.path().join("log.csv"), rows).expect("a file can be written");
        let starts_at = if starts_at.is_empty() { String::new() } else { format!("starts_at = \"{starts_at}\"\n") };
        let traffic = "traffic = { arrivals = { file = \"log.csv\" } }";
        let text = format!("{starts_at}{GOAL}\n{traffic}\n{PROVIDERS}\n{PLANS}\n");
        let scenario = parse(&text, "pin.toml", folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
        let _ = writeln!(all, "{rows}{}\n", scenario.notes.join("\n"));
    }
    is_that_of("tests/it/scenario_files/snapshots/notes.txt", &all);
}

#[test]
fn diagnostics_of_clock_times_match_their_snapshot() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("log.csv"), "at\n2026-11-27T07:59:59\n").expect("a file can be written");
    let mut all = String::new();
    let usual = "traffic = { recipients = 1, arrivals = { blast = {} } }";
    let from_log = "traffic = { arrivals = { file = \"log.csv\" } }";
    for (starts_at, traffic, outage) in [
        ("2026-02-30T08:00", usual, ""),
        ("2026-11-27T25:00", usual, "from = \"08:00\", to = \"09:00\""),
        ("2026-11-27", usual, ""),
        ("2026-11-27T08:00+02:00", usual, ""),
        ("", usual, "from = \"08:00\", lasting = \"1h\""),
        ("2026-11-27T08:00", usual, "from = \"2026-11-27T07:00\", lasting = \"1h\""),
        ("2026-11-27T08:00", usual, "from = \"2028-11-27T07:00\", lasting = \"1h\""),
        ("2026-11-27T08:00", usual, "from = \"08:60\", lasting = \"1h\""),
        ("2026-11-27T08:00", usual, "from = \"10:00\", to = \"10:00\""),
        ("2026-11-27T08:00", from_log, ""),
    ] {
        let starts_at = if starts_at.is_empty() { String::new() } else { format!("starts_at = \"{starts_at}\"\n") };
        let outage =
            if outage.is_empty() { String::new() } else { format!(", outages = [{{ {outage}, effect = \"fail\" }}]") };
        let providers = format!("[providers]\nsms = {{ channel = \"sms\"{outage} }}");
        let text = format!("{starts_at}{GOAL}\n{traffic}\n{providers}\n{PLANS}\n");
        let errors = parse(&text, "pin.toml", folder.path()).expect_err(&text).to_string();
        let _ = writeln!(all, "{errors}");
    }
    is_that_of("tests/it/scenario_files/snapshots/clock.txt", &all);
}

#[test]
fn diagnostics_of_paths_and_values_match_their_snapshot() {
    let text = PARTS.iter().fold(WHOLE.replace("TOP\n", ""), |text, (part, usual)| text.replace(part, usual));
    let long: Vec<_> = (0..10_001).map(|seed| seed.to_string()).collect();
    let long = format!("seed={}", long.join(","));
    let mut all = String::new();
    for axis in [
        "seed",
        "x y=1",
        "sed=1",
        "plan.a.steps.1.ttl=1s",
        "banana=1",
        "goal=1",
        "goal.x=1",
        "providers=1",
        "seed.x=1",
        "plans.a.steps.1.failover_on=failed",
        "goal.deadline=15",
        "seed=1,1",
        "goal.deadline=1s,1000ms",
        "seed=1..2",
        "seed=1..2:1",
        "seed=1..2:x",
        "goal.deadline=x..2s:3",
        "seed=0..2:3log",
        "seed=2..2:3",
        "seed=1..3:10",
        &long,
    ] {
        let errors = Axis::parse(axis).expect_err(axis);
        let _ = writeln!(all, "{}\n  {errors}\n", if axis.len() > 60 { "seed=0,1,2..." } else { axis });
    }
    for axis in [
        "plans.b.steps.1.ttl=1s",
        "plans.a.steps.9.ttl=1s",
        "providers.smss.channel=x",
        "goal.deadline=0s",
        "seed=1e3",
        "providers.sms.channel=\u{7}",
    ] {
        let axis = Axis::parse(axis).unwrap_or_else(|errors| panic!("{axis}: {errors}"));
        let errors = parse_changed(&text, "pin.toml", Path::new(""), &[axis.change(0)]).expect_err("it is invalid");
        let _ = writeln!(all, "{errors}\n");
    }
    let error = failsim::scenario::spans("10s,x").expect_err("it is invalid");
    let _ = writeln!(all, "10s,x\n  {error}\n");
    for (metric, tolerance) in
        [(Metric::InTime, "1%"), (Metric::CostTotal, "x"), (Metric::Failovers, "x"), (Metric::LatencyMax, "1")]
    {
        let errors = Tolerance::parse(metric, tolerance).expect_err("it is invalid");
        let _ = writeln!(all, "{metric}={tolerance}\n  {}; {}\n", errors.what, errors.help);
    }
    is_that_of("tests/it/scenario_files/snapshots/paths.txt", &all);
}

// ---------------------------------------------------------------- completeness

/// Texts of the sources that occur in no snapshot, and why.
const ELSEWHERE: [(&str, &str); 7] = [
    ("internal error: the scenario could not be built, and no error was found", "no input is known to cause it"),
    ("this is a bug in failsim; please report it with this file", "the hint of the one above"),
    ("arrive in this file", "needs a file of four billion rows"),
    ("the arrivals", "needs a name with the hash of the sender"),
    ("; default: {}", "in the schema only"),
    ("{text} = 0", "TOML that is parsed, not shown"),
    ("value = {text}", "TOML that is parsed, not shown"),
];

/// The sources whose texts are not diagnostics: the grammar, the page about it, the schema, the measures.
const NO_DIAGNOSTICS: [&str; 5] = ["format", "reference", "schema", "metric", "introduction"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if NO_DIAGNOSTICS.contains(&stem.as_str()) {
            continue;
        }
        if path.is_dir() { found.extend(sources(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The string literals of a source file, except those in tests and comments.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let (mut found, mut rest) = (Vec::new(), source);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (here, after) = (&rest[at..], &rest[at + 1..]);
        rest = if here.starts_with("//") {
            here.split_once('\n').map_or("", |(_, below)| below)
        } else if here.starts_with('"') {
            let mut text = String::new();
            let mut letters = after.char_indices();
            while let Some((_, letter)) = letters.next().filter(|(_, letter)| *letter != '"') {
                let letter = match letter {
                    '\\' => letters.next().map_or(' ', |(_, escaped)| if escaped == 'n' { '\n' } else { escaped }),
                    letter => letter,
                };
                text.push(letter);
            }
            found.push(text);
            letters.as_str()
        } else if here.starts_with("'\"'") || here.starts_with("'/'") {
            &here[3..]
        } else {
            after
        };
    }
    found
}

/// The fixed parts of a format string, between its placeholders.
fn fixed_parts(literal: &str) -> Vec<String> {
    let plain = literal.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let parts = plain
        .split('{')
        .enumerate()
        .map(|(i, part)| if i == 0 { part } else { part.split_once('}').map_or("", |p| p.1) });
    parts.map(|part| part.replace('\u{1}', "{").replace('\u{2}', "}")).filter(|part| part.trim().len() > 1).collect()
}

/// Whether `line` has all of `parts`, in this order.
fn has_in_order(line: &str, parts: &[String]) -> bool {
    let mut rest = Some(line);
    for part in parts {
        rest = rest.and_then(|rest| rest.split_once(part.as_str())).map(|(_, after)| after);
    }
    rest.is_some()
}

#[test]
fn every_text_of_a_diagnostic_is_in_a_snapshot() {
    if are_written() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let snapshots = fs::read_dir(root.join("tests/it/scenario_files/snapshots")).expect("there are snapshots");
    let snapshots: String = snapshots.flatten().filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
    let lines: Vec<_> = snapshots.lines().collect();
    let (mut seen, mut missing) = (0, Vec::new());
    for path in sources(&root.join("src/scenario")) {
        for literal in literals(&fs::read_to_string(&path).expect("it can be read")) {
            let is_text = literal.len() > 8 && literal.trim().contains(' ');
            if !is_text || ELSEWHERE.iter().any(|(known, _)| *known == literal) {
                continue;
            }
            seen += 1;
            // A text with a line break is shown on several lines.
            let parts: Vec<_> = fixed_parts(&literal)
                .iter()
                .flat_map(|part| part.split('\n').map(str::to_owned).collect::<Vec<_>>())
                .filter(|part| !part.is_empty())
                .collect();
            if !lines.iter().any(|line| has_in_order(line, &parts)) {
                missing.push(format!("{}: {literal:?}", path.strip_prefix(root).unwrap_or(&path).display()));
            }
        }
    }
    assert!(seen > 300, "too few texts were found: {seen}");
    assert!(missing.is_empty(), "these texts are in no snapshot; add a case that shows them:\n{}", missing.join("\n"));
}

#[test]
fn literals_and_their_fixed_parts_are_extracted() {
    let source = "fn f() { // \"not this\"\n  let x = '\"'; g(\"one \\\"two\\\" {x} three\", \"{{ a }} {}\"); }\n#[cfg(test)]\nmod tests { \"nor this\" }";
    assert_eq!(literals(source), ["one \"two\" {x} three", "{{ a }} {}"]);
    assert_eq!(fixed_parts("one {x:?} two {{ {} }}"), ["one ", " two { "]);
    assert!(has_in_order("one 1 two", &["one ".to_owned(), " two".to_owned()]));
    assert!(!has_in_order("two one", &["one".to_owned(), "two".to_owned()]));
}
