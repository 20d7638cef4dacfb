//! The documents match the program: their commands run here and must print what the documents show.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command in a document, with the output that the document shows.
#[derive(Debug)]
struct Example {
    words: Vec<String>,
    shown: String,
}

/// Extracts the examples of a document: the lines of its `console` blocks that begin with `$ failsim` or with
/// `$ cargo run --release -- `, each with the lines below it.
fn examples(document: &str) -> Vec<Example> {
    let text = fs::read_to_string(root().join(document)).expect("the document is there");
    let blocks = text.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap_or(""));
    blocks.flat_map(examples_of_block).collect()
}

fn examples_of_block(block: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let command = command.strip_prefix("cargo run --release --").or(command.strip_prefix("failsim"));
            // Quotes are for the shell, and contain no spaces.
            let words = command.map(|words| words.split_whitespace().map(|word| word.replace('\'', "")).collect());
            found.push(Example { words: words.unwrap_or_default(), shown: String::new() });
        } else if let Some(last) = found.last_mut() {
            last.shown += line;
            last.shown += "\n";
        }
    }
    found.retain(|example| !example.words.is_empty());
    found
}

/// Runs the command in the checkout and returns its output; its report is discarded.
fn printed(example: &Example) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_failsim"));
    command.args(&example.words).current_dir(root());
    let folder = tempfile::tempdir().expect("a temporary folder");
    match example.words[0].as_str() {
        "run" | "capacity" | "optimize" => command.arg("--no-report"),
        "sweep" => command.arg("--out").arg(folder.path()),
        _ => &mut command,
    };
    let output = command.output().expect("the program starts");
    String::from_utf8(output.stdout).expect("it prints text")
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let examples = examples("README.md");
    assert!(examples.len() >= 3, "README.md should have examples: {examples:?}");
    for example in examples {
        assert_eq!(example.shown.trim_end(), printed(&example).trim_end(), "failsim {}", example.words.join(" "));
    }
}

#[test]
fn ci_runs_the_two_commands_of_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    let ci = fs::read_to_string(root().join(".ci/run")).expect("there is a script for CI");
    for command in
        ["cargo run --release -- run scenarios/bank-pin.toml --plan viber-first --plan sms-first", "cargo test"]
    {
        assert!(readme.contains(command), "README.md lacks {command}");
        assert!(ci.lines().any(|line| line.trim() == command), ".ci/run lacks {command}");
    }
    // A goal that cannot be reached would end the script.
    let sizing = "capacity scenarios/voice-lines.toml --plan voice-sms --provider voice --goal 'in_time>=0.91'";
    assert!(readme.contains(sizing) && ci.contains(sizing), "README.md and .ci/run should both have: {sizing}");
}

/// Extracts the commands of the CI examples, applied to a scenario of the checkout.
fn calls(example: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/ci").join(example)).expect("the example is there");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', '-']) || line.contains("entry:"));
    let called = lines.flat_map(|line| line.match_indices("failsim ").map(|(at, _)| &line[at..]));
    let called = called.filter(|call| call.starts_with("failsim check ") || call.starts_with("failsim validate"));
    let words = |call: &str| {
        let call = call.split([';', '>', '|']).next().unwrap_or(call).trim_start_matches("failsim ");
        let scenario = "scenarios/voice-lines.toml";
        let call =
            call.replace("\"$scenario\"", scenario).replace("\"${against[@]}\"", &format!("--against {scenario}"));
        let named = if call.contains(scenario) { call } else { format!("{call} {scenario}") };
        named.split_whitespace().map(str::to_owned).collect()
    };
    called.map(words).collect()
}

#[test]
fn the_examples_for_ci_call_what_there_is() {
    for example in ["github-workflow.yml", "gitlab-ci.yml", "pre-commit-config.yaml"] {
        let calls = calls(example);
        assert!(!calls.is_empty(), "{example} calls nothing");
        for words in calls {
            let mut command = Command::new(env!("CARGO_BIN_EXE_failsim"));
            let output = command.args(&words).current_dir(root()).output().expect("the program starts");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "{example}: {words:?}: {said}");
        }
    }
}

/// Every link from a document to a file of the checkout is valid.
#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for document in documents(root()) {
        let text = fs::read_to_string(&document).expect("it can be read");
        let folder = document.parent().expect("a file is in a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or("");
            if !path.is_empty() && !path.contains("://") && !folder.join(path).exists() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("its entries too").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && !["target", "src"].contains(&name.as_str()) {
            found.extend(documents(&path));
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// The scenario that shows all kinds of shared resources behaves as documented.
#[test]
fn the_scenario_in_the_index_of_scenarios_can_be_simulated() {
    let text = fs::read_to_string(root().join("scenarios/README.md")).expect("there is an index");
    let block = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it shows a scenario");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("shared.toml");
    fs::write(&file, block).expect("it can be written");
    let words = ["run", file.to_str().expect("a path"), "--format", "json", "--quiet"].map(str::to_owned).to_vec();
    let results: serde_json::Value =
        serde_json::from_str(&printed(&Example { words, shown: String::new() })).expect("it plays");
    let plans = results["plans"].as_array().expect("there are plans");
    let rejected = |plan: &serde_json::Value| {
        let providers = plan["providers"].as_array().expect("they use providers");
        providers.iter().map(|provider| provider["rejected"].as_f64().expect("a number")).sum::<f64>()
    };
    assert!(plans.len() == 4 && plans.iter().all(|plan| rejected(plan) > 0.0), "retries and pools have work to do");
}

/// The sample reports match the current output for their scenarios.
#[test]
fn the_sample_reports_are_up_to_date() {
    for name in ["bank-pin", "black-friday"] {
        let sample = root().join(format!("reports/samples/{name}/results.json"));
        let sample = fs::read_to_string(sample).expect("there is a sample");
        let line = format!("run scenarios/{name}.toml --format json --quiet");
        let words = line.split(' ').map(str::to_owned).collect();
        let today = printed(&Example { words, shown: String::new() });
        assert!(sample == today, "make it anew: failsim run scenarios/{name}.toml --out reports/samples/{name}");
    }
}
