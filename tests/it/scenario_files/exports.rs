//! Arrivals and latencies from files that other programs write, and the clock of a run.

use failsim::provider::When;
use failsim::scenario::{Scenario, parse};
use failsim::traffic::Arrivals;
use std::fs;

/// The scenario whose arrivals are in a file of these bytes.
fn from_log(top: &str, bytes: &[u8]) -> Scenario {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("log.csv"), bytes).expect("a file can be written");
    let text = format!(
        "{top}
        goal = {{ deadline = \"60s\" }}
        traffic = {{ arrivals = {{ file = \"log.csv\" }} }}
        [providers]
        sms = {{ channel = \"sms\" }}
        [[plans]]
        name = \"a\"
        steps = [{{ provider = \"sms\" }}]"
    );
    parse(&text, "log.toml", folder.path()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn seconds(scenario: &Scenario) -> Vec<f64> {
    match &scenario.streams[0].traffic.arrivals {
        Arrivals::Times(times) => times.iter().map(|time| time.as_secs_f64()).collect(),
        other => panic!("{other:?}"),
    }
}

/// However an export writes its times, they are relative to the first, and one note says so.
#[test]
fn exports_are_read_in_the_usual_notations() {
    let cases: [(&[u8], &str); 8] = [
        (b"at\n2026-11-27T08:00:00\n2026-11-27T08:00:02.5\n", "clock times, relative to the first, 2026-11-27 08:00"),
        (b"\xef\xbb\xbfat\r\n2026-11-27 08:00:00\r\n2026-11-27 08:00:02.5\r\n", "clock times, relative to the first"),
        (
            b"at\n2026-11-27T08:00:00+02:00\n2026-11-27T06:00:02.5Z\n",
            "clock times with an offset, read by the clock of the first row, relative to the first, 2026-11-27 08:00",
        ),
        (
            b"\"created at\"\n1795766400\n1795766402.5\n",
            "times since 1970, read as a clock in UTC, relative to the first, 2026-11-27 08:00",
        ),
        (b"at_ms,who\n1795766400000,a\n1795766402500,b\n", "times since 1970"),
        (b"at_s;cost\n0,0;1,5\n2,5;1,5\n", "columns separated by `;`, numbers with decimal commas or points"),
        (b"at_s\tcost\n0\t1\n2.5\t1\n", "columns separated by tabs"),
        (b"at_s,to\n0,1\n,2\n2.5,3\n", "1 of 3 rows without a value in `at_s` are left out"),
    ];
    for (bytes, note) in cases {
        let scenario = from_log("", bytes);
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(seconds(&scenario), [0.0, 2.5], "{text}");
        assert_eq!(scenario.notes.len(), 1, "{text}");
        assert!(scenario.notes[0].starts_with("log.csv: ") && scenario.notes[0].contains(note), "{:?}", scenario.notes);
    }
    assert_eq!(from_log("", b"at_s\n0\n2.5\n").notes, Vec::<String>::new(), "nothing to say");
}

/// With `starts_at`, times of the clock are relative to it; those of another time zone to what the clock there shows.
#[test]
fn clock_times_are_relative_to_the_start_of_the_run() {
    let top = "starts_at = \"2026-11-27T07:59\"";
    let scenario = from_log(top, b"at\n2026-11-27T08:00\n2026-11-27T07:59:30\n");
    assert_eq!(seconds(&scenario), [60.0, 30.0]);
    assert!(scenario.notes[0].ends_with("relative to the start of the run"), "{:?}", scenario.notes);
    assert_eq!(seconds(&from_log(top, b"at\n2026-11-27T08:00+05:30\n")), [60.0]);
    // A histogram: 100 in the first hour, 250 in the second.
    let scenario = from_log("", b"hour,count\n2026-11-27T08:00,100\n2026-11-27T09:00,250\n");
    let times = seconds(&scenario);
    assert_eq!((times.len(), times[0], times[100]), (350, 18.0, 3_607.2));
}

/// An outage by the clock is the same as one by the time since the start; a time of day is the first one from the start on.
#[test]
fn outages_are_given_by_the_clock() {
    let window = |outage: &str| {
        let text = format!(
            "starts_at = \"2026-11-27T22:00\"
            goal = {{ deadline = \"60s\" }}
            traffic = {{ recipients = 1, arrivals = {{ blast = {{}} }} }}
            [providers.sms]
            channel = \"sms\"
            capacity = {{ quota = {{ limit = 5, per = \"1d\" }} }}
            outages = [{{ {outage}, effect = \"fail\" }}]
            [[plans]]
            name = \"a\"
            steps = [{{ provider = \"sms\" }}]"
        );
        let scenario =
            parse(&text, "clock.toml", std::path::Path::new(".")).unwrap_or_else(|errors| panic!("{errors}"));
        let phase = scenario.providers[0].capacity.and_then(|capacity| capacity.quota).expect("it has one").phase;
        assert_eq!(phase.as_secs_f64(), 22.0 * 3_600.0, "the first midnight is two hours ahead");
        match scenario.providers[0].outages[0].when {
            When::Window { from, to, .. } => [from, to].map(|time| time.as_secs_f64() / 3_600.0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(window("from = \"2h\", to = \"3h30m\""), [2.0, 3.5]);
    assert_eq!(window("from = \"00:00\", to = \"01:30\""), [2.0, 3.5]);
    assert_eq!(window("from = \"22:00\", lasting = \"30m\""), [0.0, 0.5]);
    assert_eq!(window("from = \"23:30\", to = \"00:15:00\""), [1.5, 2.25]);
    assert_eq!(window("from = \"2026-11-28T00:00\", to = \"2026-11-29T01:00\""), [2.0, 27.0]);
}
