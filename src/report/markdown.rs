//! The report folder's `README.md`: finding, table, figures, and how the report was made.

use super::grid::Grid;
use super::notes::of_figures;
use super::{Figure, Run, finding, notes, page, tables, words};
use crate::study::{Intervals, RunOutput};
use minijinja::{Environment, context};

/// The README of a report folder, from the findings, the facts about the run, and the figures beside it. `series` names the files of results
/// over time.
#[must_use]
pub fn readme(output: &RunOutput, run: &Run, figures: &[Figure], series: &[&str]) -> String {
    let output = &*output.preferring_exact();
    let results = &output.results;
    let notes = notes(results).into_iter().chain(of_figures(output));
    let notes: Vec<_> = notes.map(|note| escaped(&note)).collect();
    let facts: Vec<_> = page::facts(results, run).into_iter().map(|(name, fact)| (name, code(&fact))).collect();
    let pictures: Vec<_> = figures.iter().map(picture).collect();
    let heads: Vec<_> = tables::heads(results).iter().map(titled).collect();
    let rest: Vec<_> = tables::rest(output).iter().map(titled).collect();
    rendered(
        include_str!("templates/report.md"),
        context! {
            title => escaped(&results.scenario.title),
            finding => escaped(&finding(results)),
            notes,
            heads,
            rest,
            pictures,
            facts,
            series => series.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
            exact => words::exact(results),
            has_intervals => results.scenario.intervals != Intervals::Unknown,
        },
    )
}

/// One of the program's own templates, filled in. The template engine drops the final line feed.
pub(super) fn rendered(template: &str, context: minijinja::Value) -> String {
    let text = Environment::new().render_str(template, context);
    text.expect("the template is part of the program and every test renders it") + "\n"
}

/// The title, file name and caption of a figure.
pub(super) fn picture(figure: &Figure) -> (String, String, String) {
    (escaped(&figure.title), figure.file.clone(), escaped(&figure.caption))
}

/// The caption of a grid, and the grid as a Markdown table.
pub(super) fn titled(grid: &Grid) -> (String, String) {
    (escaped(&grid.caption), table(grid))
}

/// A grid as a Markdown table.
fn table(grid: &Grid) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let rule = |is_number| if is_number { "---:" } else { ":---" }.to_owned();
    let mut text = line(&mut grid.columns.iter().map(|column| escaped(&column.name)));
    text += &line(&mut grid.columns.iter().map(|column| rule(column.is_number)));
    for row in &grid.rows {
        text += &line(&mut row.iter().map(|cell| escaped(cell)));
    }
    text
}

/// `text` escaped so that Markdown shows it unchanged, on one line.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in words::shortened(text, usize::MAX).chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => safe.extend(['\\', letter]),
            _ => safe.push(letter),
        }
    }
    safe
}

/// Lines of `text` as a block of code, fenced with more backticks than it contains.
pub(super) fn block(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}toml\n{}\n{fence}\n", text.trim_end())
}

/// `text` as inline code for a table cell, fenced with more backticks than it contains.
pub(super) fn code(text: &str) -> String {
    let text = words::shortened(text, usize::MAX).replace('|', "\\|");
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("`{text}`") } else { format!("{fence} {text} {fence}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{figures, fixture};

    #[test]
    fn names_cannot_break_the_table_or_inject_markup() {
        let mut output = fixture::bank_pin();
        output.results.plans[0].name = "a|b <img src=x> `c`\n# d".to_owned();
        let text = readme(&output, &fixture::run(), &figures(&output).expect("figures"), &["timeline.csv"]);
        assert!(text.contains("a\\|b &lt;img src=x&gt; \\`c\\`\u{fffd}\\# d"), "{text}");
        assert!(!text.contains("<img src=x"), "{text}");
    }

    #[test]
    fn the_readme_names_every_file_and_how_it_was_made() {
        let output = fixture::bank_pin();
        let text = readme(&output, &fixture::run(), &figures(&output).expect("figures"), &["timeline.csv"]);
        for part in ["latency.svg", "report.html", "results.json", "20261127", "9f86d081", "failsim run scenarios"] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[test]
    fn backticks_in_a_command_are_fenced() {
        assert_eq!(code("echo `x`"), "`` echo `x` ``");
        assert_eq!(code("a|b"), "`a\\|b`");
    }
}
