//! `failsim optimize`: the best plan, ready for the scenario file.

use super::Home;

/// A bank's PINs, with fewer recipients to confirm the winner.
fn home() -> Home {
    Home::of(&include_str!("../../../scenarios/bank-pin.toml").replacen("1_000_000", "20_000", 1))
}

const CHEAPEST: &str = "optimize pin.toml --minimize cost_per_recipient --subject-to in_time>=0.98 --subject-to duplicates<=0.028 --steps 2";

/// What it prints can be appended to the scenario, and holds there; it is the same for any number of threads.
#[test]
fn its_plan_can_be_appended_to_the_scenario() {
    let home = home();
    let printed = home.run(&format!("{CHEAPEST} --threads 1")).exits_with(0).stdout;
    assert_eq!(home.run(&format!("{CHEAPEST} --threads 3")).exits_with(0).stdout, printed);
    assert!(printed.lines().take_while(|line| !line.is_empty()).all(|line| line.starts_with('#')), "{printed}");
    assert!(printed.contains("# viber 31s, sms  ") && printed.contains("of 75 plans, solved exactly:"), "{printed}");
    let scenario = std::fs::read_to_string(home.path("pin.toml")).expect("it is there");
    let check = "\n[[checks]]\nplan = \"viber-sms\"\nmetric = \"in_time\"\nat_least = 0.978\n";
    std::fs::write(home.path("more.toml"), scenario + "\n" + &printed + check).expect("it can be written");
    home.run("validate more.toml").exits_with(0);
    home.run("check more.toml --plan viber-sms").exits_with(0);
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let home = home();
    let line = "optimize pin.toml --maximize in_time --providers viber,sms,voice --ttls 30s --recipients 1000";
    let printed = home.run(line).exits_with(0).stdout;
    assert!(printed.contains("name = \"viber-sms-voice-2\""), "{printed}");
}

/// Phones that are off keep every plan below 99 %: the nearest plan, and exit code 3.
#[test]
fn bounds_that_no_plan_meets_give_the_nearest_and_exit_code_3() {
    let home = home();
    let printed = home.run("optimize pin.toml --minimize cost_per_recipient --subject-to in_time>=99%").exits_with(3);
    assert!(printed.stdout.starts_with("# None of 939 plans, solved exactly, has in_time >= 99.00 %. The nearest:"));
    assert!(
        printed.stdout.contains("\n# [[plans]]\n") && !printed.stdout.contains("\n[[plans]]"),
        "{}",
        printed.stdout
    );
}

#[test]
fn two_objectives_print_the_plans_of_the_front() {
    let home = home();
    let line = "optimize pin.toml --minimize cost_per_recipient --maximize in_time --steps 2 --ttls 10s,30s";
    let printed = home.run(line).exits_with(0).stdout;
    assert!(printed.matches("[[plans]]").count() >= 3, "{printed}");
    assert!(printed.starts_with("# the least cost_per_recipient and the most in_time, of 15 plans"), "{printed}");
}

/// Where recipients share capacity, plans race in simulations, and the winner is printed.
#[test]
fn plans_that_cannot_be_solved_race() {
    let home = Home::of(include_str!("../scenario/queue.toml"));
    let line = "optimize pin.toml --maximize in_time --providers sms,voice --indifference 2pp";
    let printed = home.run(&format!("{line} --threads 1")).exits_with(0).stdout;
    assert_eq!(home.run(&format!("{line} --threads 3")).exits_with(0).stdout, printed);
    for part in [
        "# the most in_time, of ",
        " plans, raced on 16 replications:\n",
        "# Simulated, because plans cannot be solved exactly: recipients share the capacity of `sms`; ",
        "# All of this holds together with 95 % confidence",
        "\n[[plans]]\nname = ",
    ] {
        assert!(printed.contains(part), "no {part:?} in\n{printed}");
    }
    let scenario = home.read("pin.toml");
    home.write("more.toml", scenario + "\n" + &printed);
    home.run("validate more.toml").exits_with(0);
    let nearest =
        home.run("optimize pin.toml --minimize cost_per_recipient --subject-to in_time>=0.9999").exits_with(3);
    assert!(nearest.stdout.starts_with("# None of "), "{}", nearest.stdout);
    assert!(nearest.stdout.contains("Every plan is shown to miss a bound"), "{}", nearest.stdout);
    home.run("optimize pin.toml --minimize cost_per_recipient --indifference 1pp")
        .rejects(2, &["no percentage points"]);
    assert!(!nearest.stdout.contains("\n[[plans]]"), "{}", nearest.stdout);
}

/// The plans of the segments and their composite can be appended to the scenario, whatever the segments are called.
#[test]
fn the_plans_of_the_segments_and_their_composite_can_be_appended() {
    let text = include_str!("../../../scenarios/three-countries.toml").replacen("2_000_000", "20_000", 1);
    let home = Home::of(&text);
    let line = "optimize pin.toml --minimize cost_per_recipient --subject-to in_time>=0.95 --by-segment";
    let printed = home.run(&format!("{line} --threads 1")).exits_with(0).stdout;
    assert_eq!(home.run(&format!("{line} --threads 3")).exits_with(0).stdout, printed);
    let lines: Vec<_> = printed.lines().collect();
    assert!(lines[0].ends_with("in each segment, of 26 plans, solved exactly:"), "{printed}");
    assert!(lines[5].starts_with("# rs       sms  ") && lines[6].starts_with("# (all)    by segment  "), "{printed}");
    let check = "\n[[checks]]\nplan = \"by-segment\"\nmetric = \"in_time\"\nat_least = 0.95\n";
    home.write("more.toml", text + "\n" + &printed + check);
    home.run("check more.toml --plan by-segment").exits_with(0);
    let nearest = home.run(&line.replace("0.95", "0.98")).exits_with(3).stdout;
    assert!(nearest.starts_with("# Not every segment has a plan with in_time >= 98.00 %, of 26 plans"), "{nearest}");
    assert!(nearest.lines().all(|line| line.is_empty() || line.starts_with('#')), "{nearest}");
    home.run(&line.replace("in_time>=0.95", "cost_total<=5")).rejects(2, &["cost_total is a total"]);
    home.run(&format!("{line} --maximize delivered")).rejects(2, &["two objectives have no best plan"]);
    let home = Home::new();
    home.run("optimize pin.toml --minimize cost_total --by-segment").rejects(2, &["the scenario has no segments"]);
}

#[test]
fn what_cannot_be_asked_is_rejected_with_a_hint() {
    let home = home();
    for (line, parts) in [
        ("optimize pin.toml", ["--minimize <MEASURE>", "required"]),
        ("optimize pin.toml --minimize in_time", ["the more in_time the better", "--maximize in_time"]),
        ("optimize pin.toml --maximize duplicates", ["the less duplicates the better", "--minimize duplicates"]),
        (
            "optimize pin.toml --minimize latency_p95_s",
            ["compared by latency_p95_s", "--subject-to 'latency_p95_s<=30s'"],
        ),
        (
            "optimize pin.toml --minimize cost_total --subject-to last_end_s<=5",
            ["last_end_s cannot", "the measures are"],
        ),
        ("optimize pin.toml --minimize cost_total --subject-to in_time<=0.5", ["in_time<=0.5", "write in_time>=0.5"]),
        (
            "optimize pin.toml --minimize cost_total --providers smss",
            ["no provider named \"smss\"", "viber, sms, voice"],
        ),
        (
            "optimize pin.toml --minimize cost_total --ttls 10",
            ["'10' for '--ttls <[PROVIDER=]SPANS>'", "write one such as 30s"],
        ),
        ("optimize pin.toml --minimize cost_total --steps 0", ["'0' for '--steps <N>'", "1..=8"]),
        ("optimize pin.toml --minimize cost_total --plan sms-only", ["takes no --plan", "--providers"]),
        (
            "optimize pin.toml --minimize cost_total --minimize duplicates --maximize in_time",
            ["two objectives", "bounds"],
        ),
    ] {
        home.run(line).rejects(2, &parts);
    }
    let queue = Home::of(include_str!("../scenario/queue.toml"));
    for (line, parts) in [
        ("--minimize cost_per_recipient --maximize in_time", ["race for one objective", "make the other a bound"]),
        ("--minimize cost_total", ["cannot race by cost_total", "the measures are delivered"]),
        ("--minimize cost_per_recipient --indifference 5%", ["'5%' for '--indifference <AMOUNT>'", "0.05pp"]),
    ] {
        queue.run(&format!("optimize pin.toml {line}")).rejects(2, &parts);
    }
    assert_eq!(home.names(), ["pin.toml"], "it writes no files");
}

/// Waits of one provider, triggers and attempts: the winner says what differs from what is usual, and holds in the scenario.
#[test]
fn rules_of_one_provider_are_tried_and_printed() {
    let home = home();
    let line = "optimize pin.toml --maximize in_time --providers viber,sms --steps 2 --ttls 20s --ttls viber=10s..20s:2 \
                --triggers viber=undelivered+failed --attempts 2 --no-report";
    let printed = home.run(line).exits_with(0).stdout;
    assert!(printed.contains("of 5 plans, solved exactly") && printed.contains(" on undelivered+failed, sms x2 "));
    assert!(printed.contains("failover_on = [\"undelivered\", \"failed\"], attempts = 2 }"), "{printed}");
    let scenario = home.read("pin.toml");
    home.write("more.toml", scenario + "\n" + &printed);
    home.run("validate more.toml").exits_with(0);
    for (flag, part) in [
        ("--ttls vibr=10s", "no provider named \"vibr\""),
        ("--ttls 0s", "longer than 0s"),
        ("--ttls 10s..", "write a range"),
        ("--triggers faild", "did you mean \"failed\"?"),
        ("--attempts 17", "an integer from 1 to 16"),
        ("--format yaml", "invalid value"),
        ("--providers viber --ttls sms=10s", "--providers leaves out sms"),
        ("--ttls 1s..100s:200 --steps 3", "name fewer with --steps, --providers, --ttls, --triggers"),
    ] {
        home.run(&format!("optimize pin.toml --minimize cost_per_recipient {flag}")).rejects(2, &[part]);
    }
}

/// The report has the same numbers as what is printed, and says what is assumed.
#[test]
fn the_report_has_the_plans_the_figure_and_the_assumptions() {
    let home = home();
    let line = "optimize pin.toml --minimize cost_per_recipient --maximize in_time --subject-to delivered>=0.5 --steps 2 --ttls 5s..60s:12";
    let printed = home.run(&format!("{line} --out found")).exits_with(0).stdout;
    assert_eq!(home.read("found/plans.toml"), printed);
    for format in [["json", "optimize.json"], ["csv", "plans.csv"]] {
        let [name, file] = format;
        assert_eq!(
            home.run(&format!("{line} --no-report --format {name}")).exits_with(0).stdout,
            home.read(&format!("found/{file}"))
        );
    }
    let json: serde_json::Value = serde_json::from_str(&home.read("found/optimize.json")).expect("JSON");
    assert_eq!((&json["schema"], &json["method"]), (&"failsim/optimize/1".into(), &"exact".into()));
    let plans = json["plans"].as_array().expect("a list");
    // The whole front is there, and ten of it are shown.
    assert!(plans.len() > 10, "{}", plans.len());
    // Every plan has a name of its own, which the blocks have too.
    let names: std::collections::BTreeSet<&str> = plans.iter().filter_map(|plan| plan["name"].as_str()).collect();
    assert_eq!(names.len(), plans.len());
    let blocks = printed.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    assert_eq!(blocks.filter(|name| names.contains(name)).count(), 10, "{names:?}");
    let rows = home.read("found/plans.csv").lines().filter(|line| line.contains(",cost_per_recipient,")).count();
    assert_eq!(rows, plans.len());
    let page = home.read("found/report.html");
    assert_eq!(page.matches("<th scope=\"row\">10</th>").count(), 1);
    assert!(!page.contains("<th scope=\"row\">11</th>"));
    for part in [
        "Assumptions",
        "undelivered (of the person)",
        "are not beaten in both cost per recipient and in time",
        "of them, far from one another, are shown",
        "<svg",
        "[[plans]]",
    ] {
        assert!(page.contains(part), "no {part:?}");
    }
    assert!(home.read("found/README.md").contains("](tradeoff.svg)"));
    // Somebody else's file is left alone, before anything is solved.
    std::fs::create_dir(home.path("other")).expect("a folder");
    home.write("other/plans.csv", "mine");
    home.run(&format!("{line} --out other")).rejects(1, &["plans.csv exists already"]);
}
