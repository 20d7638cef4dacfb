//! Renders the grammar as a page, `docs/FORMAT.md`: every table, every key, its type and its meaning.

use super::format::SCENARIO;
use super::grammar::{Field, Kind, MAX_MONEY, Need, Range, Table, With};
use super::metric::{COMPARED_NAMES, Metric, SPELLINGS, Unit};
use std::fmt::Write as _;

/// An example scenario with most features, for the beginning of the page.
const EXAMPLE: &str = include_str!("reference/example.toml");

/// The introduction: how values are written. `EXAMPLE` and `TABLES` are placeholders in it.
const INTRODUCTION: &str = include_str!("reference/introduction.md");

/// Renders the page, in Markdown.
///
/// It is generated from the grammar that files are checked against, as [`super::schema()`] is for editors.
#[must_use]
pub fn format_reference() -> String {
    let sections = sections();
    let list: String = sections.iter().map(entry).collect();
    let introduction = INTRODUCTION.replace("EXAMPLE\n", EXAMPLE).replace("TABLES\n", &list);
    let tables: Vec<_> = sections.iter().map(|section| self::section(section, &sections)).collect();
    format!("{introduction}\n{}\n{}", tables.join("\n"), measures())
}

/// A table and its position in a file.
struct Section {
    table: &'static Table,
    /// The header in a file, such as `[[providers.NAME.outcomes]]`; for a table that occurs in several places, its name.
    title: String,
    /// The keys that lead to it; empty for the whole file and for a table that occurs in several places.
    path: String,
    /// The fields that have this table as their value, with their tables.
    parents: Vec<(&'static Table, &'static Field)>,
}

impl Section {
    /// Returns the section of the whole file.
    fn root() -> Self {
        Self { table: &SCENARIO, title: "Top level".to_owned(), path: String::new(), parents: Vec::new() }
    }

    /// Returns the section of the table that is the value of `field`.
    fn below(&self, field: &'static Field, table: &'static Table) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        let name = if matches!(field.kind, Kind::Named(_)) { ".NAME" } else { "" };
        let path = format!("{}{dot}{}{name}", self.path, field.name);
        let is_alone = self.path.is_empty() && !is_whole_file(self.table);
        let title = match field.kind {
            _ if is_alone => format!("`{path}`"),
            Kind::List { .. } => format!("`[[{path}]]`"),
            _ => format!("`[{path}]`"),
        };
        Self { table, title, path, parents: vec![(self.table, field)] }
    }

    /// Returns the sections of all tables that its fields have.
    fn all_below(&self) -> Vec<Self> {
        self.table.fields.iter().filter_map(|field| Some(self.below(field, field.table()?))).collect()
    }

    /// Whether it is a top-level key.
    fn is_at_the_top(&self) -> bool {
        self.parents.iter().any(|(table, _)| is_whole_file(table))
    }

    /// Whether it occurs in several places, none of them at the top level.
    fn is_shared(&self) -> bool {
        self.parents.len() > 1 && !self.is_at_the_top()
    }

    /// Returns the depth of its heading.
    fn level(&self) -> usize {
        if is_whole_file(self.table) || self.is_at_the_top() || self.is_shared() { 2 } else { 3 }
    }

    /// Returns its name in a sentence, without article.
    fn name(&self) -> &'static str {
        self.table.what.split_once(' ').map_or(self.table.what, |(_, name)| name)
    }

    /// Formats a link to it.
    fn link(&self) -> String {
        format!("[{}](#{})", self.title, anchor(&self.title))
    }
}

fn is_whole_file(table: &Table) -> bool {
    std::ptr::eq(table, &raw const SCENARIO)
}

/// Returns the anchor that Markdown renderers generate for a heading.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|&c| c.is_alphanumeric() || c == '-' || c == '_' || c == ' ');
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Returns every table once, each before the tables that it contains; tables that occur in several places come last.
fn sections() -> Vec<Section> {
    let mut all = Vec::new();
    collect(Section::root(), &mut all);
    let (shared, alone): (Vec<_>, Vec<_>) = all.into_iter().partition(Section::is_shared);
    let mut found = Vec::new();
    add(Section::root(), &alone, &mut found);
    for section in &shared {
        let name = section.name();
        let title = format!("{}{}s", name[..1].to_uppercase(), &name[1..]);
        let section = Section { table: section.table, title, path: String::new(), parents: section.parents.clone() };
        add(section, &alone, &mut found);
    }
    found
}

/// Adds `section` and those of `alone` that are below it to `found`, with all their parents.
fn add(section: Section, alone: &[Section], found: &mut Vec<Section>) {
    let below = section.all_below();
    found.push(section);
    for mut section in below {
        let is_new = found.iter().all(|known| !std::ptr::eq(known.table, section.table));
        let known = alone.iter().find(|known| std::ptr::eq(known.table, section.table));
        if let Some(known) = known.filter(|_| is_new) {
            section.parents.clone_from(&known.parents);
            add(section, alone, found);
        }
    }
}

/// Adds `section` and all tables below it to `found`.
fn collect(section: Section, found: &mut Vec<Section>) {
    if let Some(known) = found.iter_mut().find(|known| std::ptr::eq(known.table, section.table)) {
        known.parents.extend(section.parents);
        return;
    }
    let below = section.all_below();
    found.push(section);
    below.into_iter().for_each(|section| collect(section, found));
}

/// Formats a row in the list of tables.
fn entry(section: &Section) -> String {
    format!("| {} | {} |\n", section.link(), section.table.doc)
}

/// Formats one table: its description, an example, its keys.
fn section(section: &Section, all: &[Section]) -> String {
    let Section { table, title, .. } = section;
    let mut text = format!("{} {title}\n\n{}.\n", "#".repeat(section.level()), table.doc);
    if section.is_shared() {
        let places =
            section.parents.iter().map(|(parent, field)| format!("`{}` in {}", field.name, link_to(parent, all)));
        let _ = write!(text, "\nThis is the value of {}.\n", and(places.collect(), "and"));
    }
    if let Some(example) = example(section) {
        let _ = write!(text, "\n```toml\n{example}\n```\n");
    }
    if table.fields.is_empty() {
        return text + "\nIt has no keys.\n";
    }
    if !table.forms.is_empty() {
        let _ = write!(text, "\n{}\n", forms(table));
    }
    text += "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
    for field in table.fields {
        let cells = [format!("`{}`", field.name), value(&field.kind, all), default(table, field), meaning(field)];
        let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    text
}

/// Formats an example of a table; `None` for the whole file, which has been shown.
fn example(section: &Section) -> Option<String> {
    let (parent, field) = section.parents.first()?;
    let (key, example) = (field.name, section.table.example);
    let at_the_top = is_whole_file(parent);
    match field.kind {
        Kind::Named(_) if !at_the_top => None,
        Kind::Named(_) => EXAMPLE.split("\n\n").find(|part| part.starts_with(&format!("[{key}."))).map(str::to_owned),
        Kind::List { .. } if at_the_top => Some(format!("[[{key}]]\n{}", lines(example))),
        Kind::List { .. } => Some(format!("{key} = [{example}]")),
        _ if at_the_top => Some(format!("[{key}]\n{}", lines(example))),
        _ => Some(format!("{key} = {example}")),
    }
}

/// Splits an inline table into one line per entry.
fn lines(inline: &str) -> String {
    let inner = inline.strip_prefix("{ ").and_then(|inner| inner.strip_suffix(" }")).unwrap_or(inline);
    let (mut depth, mut lines) = (0, String::new());
    for letter in inner.chars() {
        depth += i32::from(matches!(letter, '{' | '[')) - i32::from(matches!(letter, '}' | ']'));
        lines.push(if depth == 0 && letter == ',' { '\n' } else { letter });
    }
    lines.replace("\n ", "\n")
}

/// Describes which keys exclude each other.
fn forms(table: &Table) -> String {
    let are_single = table.forms.iter().all(|form| form.len() == 1);
    let form = |keys: &&[&str]| and(keys.iter().map(|key| format!("`{key}`")).collect(), "and");
    let forms = table.forms.iter().map(form).collect();
    match are_single {
        true => format!("Required: exactly one of {}.", and(forms, "or")),
        false => format!("Required: either {}.", and(forms, "or").replace(" or `", ", or `")),
    }
}

/// Appends `word`: "a", "a or b", "a, b or c".
fn and(mut words: Vec<String>, word: &str) -> String {
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} {word} {last}", words.join(", ")) }
}

/// Describes the default of a key.
fn default(table: &Table, field: &Field) -> String {
    let is_literal = |text: &str| format!("x = {text}").parse::<toml::Table>().is_ok();
    match field.default {
        _ if field.need == Need::Required => "**required**".to_owned(),
        "" if table.forms.iter().copied().flatten().any(|key| *key == field.name) => "see above".to_owned(),
        "" => "none".to_owned(),
        text if is_literal(text) => format!("`{text}`"),
        text => text.to_owned(),
    }
}

/// Describes the meaning of a key, and the keys that it requires.
fn meaning(field: &Field) -> String {
    let required = match field.with {
        With::Nothing => return field.doc.to_owned(),
        With::Key(key) => format!("`{key}`"),
        With::Word(key, words) => and(words.iter().map(|word| format!("`{key} = \"{word}\"`")).collect(), "or"),
    };
    format!("{}; only with {required}", field.doc)
}

/// Formats a link to a table.
fn link_to(table: &Table, all: &[Section]) -> String {
    all.iter().find(|section| std::ptr::eq(section.table, table)).map_or_else(String::new, Section::link)
}

/// Describes a value, with links to its notation.
fn value(kind: &Kind, all: &[Section]) -> String {
    const DURATION: &str = "[duration](#durations)";
    const RATE: &str = "[rate](#rates)";
    let of = |table: &Table| {
        let shared = all.iter().find(|section| std::ptr::eq(section.table, table) && section.is_shared());
        shared
            .map_or_else(|| link_to(table, all), |section| format!("[{}](#{})", section.name(), anchor(&section.title)))
    };
    let quoted = |words: &[&str]| words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>();
    match kind {
        Kind::Text => "[string](#strings-and-names)".to_owned(),
        Kind::Channel => "lowercase word, in quotes".to_owned(),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Count { min, max: u64::MAX } => format!("[integer](#numbers), at least {min}"),
        Kind::Count { min, max } => format!("[integer](#numbers), {min} to {}", grouped(*max)),
        Kind::Number(range) => number(*range),
        Kind::Share => "[share](#numbers), 0 to 1".to_owned(),
        Kind::ShareOrRest => "[share](#numbers), 0 to 1, or `\"rest\"`".to_owned(),
        Kind::Money => format!("[money](#numbers), 0 to {}", grouped(MAX_MONEY as u64)),
        Kind::Duration { zero: true } => DURATION.to_owned(),
        Kind::Duration { zero: false } => format!("{DURATION} above zero"),
        Kind::Moment => "date and time such as `\"2026-11-27T08:00\"`".to_owned(),
        Kind::When => format!(
            "{DURATION} since the start; with `starts_at` also a clock time such as `\"08:30\"` or `\"2026-11-27T08:30\"`"
        ),
        Kind::Limit => format!("{DURATION} above zero, or `\"none\"`"),
        Kind::Rate => format!("{RATE} above zero"),
        Kind::Ramp => format!("{RATE}, or a linear change from one rate to another"),
        Kind::Word(words) if **words == SPELLINGS => "[measure](#measures)".to_owned(),
        Kind::Word(words) => and(quoted(words), "or"),
        Kind::Words(words) if **words == COMPARED_NAMES => "list of compared [measures](#measures)".to_owned(),
        Kind::Words(words) => format!("list of any of {}", and(quoted(words), "and")),
        Kind::Names => "list of [names](#strings-and-names)".to_owned(),
        Kind::NameByName => "table with a [name](#strings-and-names) for each [name](#strings-and-names)".to_owned(),
        Kind::Numbers(range) => format!("table with a {} for each [name](#strings-and-names)", number(*range)),
        Kind::NameOr(table) => format!("[name](#strings-and-names), or {}", of(table)),
        Kind::OneOrMore { of: table, max } => format!("{}, or 1 to {max} of them", of(table)),
        Kind::Table(table) => of(table),
        Kind::List { of: table, min: 0, max } => format!("list of {}, at most {max}", of(table)),
        Kind::List { of: table, min, max } => format!("list of {}, {min} to {max}", of(table)),
        Kind::Named(table) => format!("{} for each [name](#strings-and-names)", of(table)),
    }
}

fn number(range: Range) -> String {
    match range {
        Range { max, .. } if max.is_infinite() => "[number](#numbers)".to_owned(),
        Range { min, open: true, max } => format!("[number](#numbers), above {min}, at most {}", bound(max)),
        Range { min, open: false, max } => format!("[number](#numbers), {min} to {}", bound(max)),
    }
}

fn bound(max: f64) -> String {
    if max.fract() == 0.0 { grouped(max as u64) } else { max.to_string() }
}

/// Formats an integer as a file may contain it, with underscores if it is long.
fn grouped(number: u64) -> String {
    let (mut text, mut rest) = (String::new(), number);
    while number >= 10_000 && rest >= 1000 {
        text = format!("_{:03}{text}", rest % 1000);
        rest /= 1000;
    }
    format!("{rest}{text}")
}

/// Lists the measures that checks, baselines, goals and sweeps can name.
fn measures() -> String {
    let mut text = "## Measures\n\n`[[checks]]`, `[baseline]` and flags such as `--measure` refer to measures by name. Those marked as compared \
                    are compared with another run. A check can also use the path of a measure in `results.json`.\n\n\
                    | measure | unit | meaning | better | compared | path |\n| --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for metric in Metric::all() {
        let unit = match metric.unit() {
            Unit::Share => "share, 0 to 1",
            Unit::Money => "currency",
            Unit::Seconds => "seconds",
            Unit::Count => "count",
        };
        let better = if metric.more_is_better() { "higher" } else { "lower" };
        let compared = if Metric::COMPARED.contains(&metric) { "yes" } else { "" };
        let path = SPELLINGS.iter().find(|path| **path != metric.name() && Metric::named(path) == Some(metric));
        let path = path.map_or_else(String::new, |path| format!("`{path}`"));
        let _ = writeln!(text, "| `{metric}` | {unit} | {} | {better} | {compared} | {path} |", of_metric(metric));
    }
    text
}

/// Describes a measure.
const fn of_metric(metric: Metric) -> &'static str {
    match metric {
        Metric::Delivered => "Recipients reached by a message",
        Metric::InTime => "Recipients reached by a message within the deadline",
        Metric::Succeeded => "Recipients whose flow succeeded, as far as the engine knows",
        Metric::Duplicates => "Recipients reached more than once",
        Metric::Seen => "Recipients who opened a message",
        Metric::CostTotal => "The total cost",
        Metric::CostPerRecipient => "The cost divided by the number of recipients",
        Metric::CostPerDelivered => "The cost divided by the number of recipients reached",
        Metric::LatencyMean => "Mean latency, from arrival to the first delivery",
        Metric::LatencyP50 => "Median latency",
        Metric::LatencyP90 => "90th percentile of the latency",
        Metric::LatencyP95 => "95th percentile of the latency",
        Metric::LatencyP99 => "99th percentile of the latency",
        Metric::LatencyP999 => "99.9th percentile of the latency",
        Metric::LatencyMax => "The longest latency",
        Metric::Failovers => "Moves to a next step",
        Metric::LastEnd => "When the last flow ended, from the start of the run",
        Metric::CallbacksOnCompletion => "Callbacks at the ends of flows",
        Metric::CallbacksOnCompletionPeak => {
            "The most of these in a second of the clock, in any replication; nothing if some come after 12 days"
        }
        Metric::CallbacksOnChange => {
            "Callbacks at every change and at the ends of flows; only with `[webhook]` and `strategy = \"on_change\"`"
        }
        Metric::CallbacksOnChangePeak => {
            "The most of these in a second of the clock, in any replication; nothing if some come after 12 days"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use std::path::Path;

    #[test]
    fn the_example_is_a_scenario_without_warnings() {
        let scenario = parse(EXAMPLE, "example.toml", Path::new("")).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(scenario.warnings, None);
    }

    #[test]
    fn headings_are_unique_and_links_lead_to_headings() {
        let page = format_reference();
        let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix('#')).collect();
        let anchors: Vec<_> = headings.iter().map(|title| anchor(title.trim_start_matches(['#', ' ']))).collect();
        for (place, anchor) in anchors.iter().enumerate() {
            assert!(!anchors[..place].contains(anchor), "two headings are {anchor}");
        }
        for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(anchors.iter().any(|anchor| anchor == link), "no heading for {link}");
        }
    }

    /// The example of every table is valid input.
    #[test]
    fn every_example_follows_the_grammar() {
        for section in sections() {
            let Some(example) = example(&section) else { continue };
            let parsed: toml::Table = example.parse().unwrap_or_else(|error| panic!("{example}\n{error}"));
            let path: Vec<_> = if example.starts_with('[') {
                let header = example.lines().next().unwrap_or_default().trim_matches(['[', ']']);
                header.split('.').collect()
            } else {
                vec![section.parents[0].1.name]
            };
            let value = path.iter().fold(toml::Value::Table(parsed), |value, key| value[key].clone());
            let value = if let toml::Value::Array(list) = value { list[0].clone() } else { value };
            let keys: Vec<_> = value.as_table().expect("a table").keys().cloned().collect();
            let known: Vec<_> = section.table.keys().collect();
            assert!(keys.iter().all(|key| known.contains(&key.as_str())), "{example}");
            let needed = section.table.fields.iter().filter(|field| field.need == Need::Required);
            assert!(needed.into_iter().all(|field| keys.iter().any(|key| key == field.name)), "{example}");
        }
    }

    #[test]
    fn anchors_are_those_of_markdown() {
        assert_eq!(anchor("`[[providers.NAME.outcomes]]`"), "providersnameoutcomes");
        assert_eq!(anchor("Strings and names"), "strings-and-names");
    }

    #[test]
    fn an_inline_table_is_split_into_lines() {
        assert_eq!(lines("{ a = 1, b = { c = [1, 2] } }"), "a = 1\nb = { c = [1, 2] }");
    }
}
