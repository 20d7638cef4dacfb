//! The report of a question that many runs answer: its finding, figures, tables and assumptions, as a README and as one page.

use super::assumptions::{self, About};
use super::folder::File;
use super::grid::Grid;
use super::page::{self, made};
use super::{Figure, Run, markdown};
use crate::scenario::{Metric, Scenario, Unit};
use minijinja::context;
use minijinja::value::Serde;

/// What such a report shows.
pub(super) struct Brief<'a> {
    /// The scenario that the question is about: its title, and what it assumes.
    pub(super) scenario: &'a Scenario,
    /// What of it matters.
    pub(super) about: About,
    /// The answer in one sentence.
    pub(super) finding: String,
    /// What a reader should know before the tables.
    pub(super) notes: Vec<String>,
    /// The tables before the figures.
    pub(super) heads: Vec<Grid>,
    /// The figures.
    pub(super) figures: Vec<Figure>,
    /// The tables after them.
    pub(super) tables: Vec<Grid>,
    /// A part of a scenario file that the answer proposes, in TOML.
    pub(super) proposal: Option<String>,
    /// The confidence of the intervals, such as `95 %`; empty if there are none.
    pub(super) level: &'static str,
    /// Words, and what they mean.
    pub(super) words: Vec<(&'static str, String)>,
    /// The names of the files with the numbers.
    pub(super) data: [&'static str; 2],
}

/// What these measures mean, each once.
pub(super) fn meanings(metrics: impl IntoIterator<Item = Metric>) -> Vec<(&'static str, String)> {
    const DELIVERED: (&str, &str) =
        ("delivered", "The recipient got the message, whether or not the sender received a report.");
    const LATENCY: (&str, &str) = (
        "latency",
        "The time from arrival to first delivery, over the recipients who got the message. p95 is the time within which 95 % of them got it.",
    );
    let meaning = |metric: Metric| {
        Some(match metric {
            Metric::Delivered => DELIVERED,
            Metric::InTime => ("in time", "Delivered within the deadline, counted from the recipient’s arrival."),
            Metric::Succeeded => {
                ("succeeded", "The sender’s engine counts the message as successful, by the reports that it received.")
            }
            Metric::Duplicates => ("duplicates", "Recipients who got the message more than once."),
            Metric::Seen => ("seen", "The recipient opened the message."),
            Metric::Failovers => ("failovers", "Moves from one step of the plan to the next."),
            Metric::CostPerRecipient | Metric::CostPerDelivered | Metric::CostTotal => {
                ("cost", "What providers charge for all attempts, also for those that reach nobody.")
            }
            Metric::LastEnd => ("last end", "When the last flow of a replication ends."),
            metric if metric.unit() == Unit::Seconds => LATENCY,
            // Callbacks, and what explains itself.
            _ => return None,
        })
    };
    let mut all: Vec<(&str, String)> = Vec::new();
    for (word, text) in metrics.into_iter().filter_map(meaning) {
        if all.iter().all(|(other, _)| *other != word) {
            all.push((word, text.to_owned()));
        }
    }
    all
}

impl Brief<'_> {
    /// All files of the report: README, page and figures, and those with the numbers, whose texts these are.
    pub(super) fn files(self, data: [String; 2], run: &Run) -> Vec<File> {
        let facts = self.facts(run);
        let fixed = [("README.md", self.readme(&facts)), ("report.html", self.page(&facts))];
        let fixed = fixed.into_iter().chain(self.data.into_iter().zip(data));
        let fixed = fixed.map(|(name, text)| (name.to_owned(), text));
        fixed.chain(self.figures.into_iter().map(|figure| (figure.file, figure.svg))).collect()
    }

    fn facts(&self, run: &Run) -> Vec<(&'static str, String)> {
        let mut facts = made(run);
        let scenario = [("seed", self.scenario.seed.to_string()), ("scenario, SHA-256", self.scenario.digest.clone())];
        facts.splice(1..1, scenario);
        facts
    }

    fn readme(&self, facts: &[(&'static str, String)]) -> String {
        let titled = |grids: &[Grid]| grids.iter().map(markdown::titled).collect::<Vec<_>>();
        let facts: Vec<_> = facts.iter().map(|(name, fact)| (*name, markdown::code(fact))).collect();
        let context = context! {
            title => markdown::escaped(&self.scenario.title),
            finding => markdown::escaped(&self.finding),
            notes => self.notes.iter().map(|note| markdown::escaped(note)).collect::<Vec<_>>(),
            heads => titled(&self.heads),
            tables => titled(&self.tables),
            pictures => self.figures.iter().map(markdown::picture).collect::<Vec<_>>(),
            proposal => self.proposal.as_deref().map(markdown::block),
            level => self.level,
            facts => facts,
            data => self.data,
        };
        markdown::rendered(include_str!("templates/brief.md"), context)
    }

    fn page(&self, facts: &[(&'static str, String)]) -> String {
        let pictures: Vec<_> =
            self.figures.iter().map(|figure| (&figure.title, &figure.caption, &figure.svg)).collect();
        let context = context! {
            title => self.scenario.title.as_str(),
            finding => self.finding.as_str(),
            notes => Serde(&self.notes),
            heads => Serde(&self.heads),
            tables => Serde(&self.tables),
            assumptions => Serde(assumptions::of(self.scenario, &self.about)),
            pictures => Serde(pictures),
            proposal => self.proposal.as_deref(),
            level => self.level,
            words => Serde(&self.words),
            facts => Serde(facts),
        };
        page::rendered(include_str!("templates/brief.html"), context)
    }
}
