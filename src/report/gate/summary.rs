//! A gate as Markdown, for a job summary or a comment.

use super::said::{said, word};
use super::{count, remarks, sorted, traces};
use crate::report::markdown::{code, escaped};
use crate::report::words;
use crate::scenario::Metric;
use crate::study::{Gate, Kind, Outcome};

/// Beyond this many rows, rows that pass are left out ...
const MOST_ROWS: usize = 200;
/// ... and no more rows than this are listed at all: GitHub rejects summaries of more than a megabyte.
const MOST_IN_ALL: usize = 1_000;

/// `text` as a code block, indented so that nothing in it can end the block.
fn block(text: &str) -> String {
    text.lines().map(|line| format!("    {}\n", words::shortened(line, usize::MAX))).collect()
}

/// A gate as Markdown: the overall outcome, then each row with its result, failed rows first. Of measures compared with another run, only
/// those that have changed are listed.
#[must_use]
pub fn summary(gate: &Gate) -> String {
    let title = match gate.outcome {
        Outcome::Pass => "passed",
        Outcome::Inconclusive => "inconclusive",
        Outcome::Fail => "FAILED",
    };
    let mut text = format!("## failsim check: {title}\n\n{}: {}.\n", code(&gate.file), escaped(&count(gate)));
    let rows: Vec<_> = sorted(gate).into_iter().filter(|row| row.kind == Kind::Check || !row.is_unchanged()).collect();
    let passed = rows.iter().skip(MOST_ROWS).filter(|row| row.outcome == Outcome::Pass).count();
    let left_out = (passed > 0).then(|| format!("{} more pass and are not listed", words::whole(passed as u64)));
    let rows = rows.into_iter().enumerate().filter(|(i, row)| *i < MOST_ROWS || row.outcome != Outcome::Pass);
    let rows: Vec<_> = rows.map(|(_, row)| row).take(MOST_IN_ALL).collect();
    if !rows.is_empty() {
        text += "\n| | plan | measure | |\n| :--- | :--- | :--- | :--- |\n";
    }
    for row in rows {
        let measure = [row.group(), row.measure.map(Metric::name)].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let word = if row.outcome == Outcome::Pass {
            word(row.outcome).to_owned()
        } else {
            format!("**{}**", word(row.outcome))
        };
        text += &format!("| {word} | {} | {} | {} |\n", escaped(&row.plan), escaped(&measure), escaped(&said(row)));
    }
    let sentences: Vec<_> = remarks(gate).chain(left_out).collect();
    if !sentences.is_empty() {
        text.push('\n');
    }
    sentences.iter().for_each(|sentence| text += &format!("- {}\n", escaped(sentence)));
    for trace in traces(gate) {
        let first = trace.lines().next().unwrap_or_default();
        text += &format!("\n<details><summary>{}</summary>\n\n{}\n</details>\n", escaped(first), block(trace));
    }
    text
}
