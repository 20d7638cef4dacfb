//! The report as one page: no script, nothing loaded from elsewhere, readable on a phone and on paper.

use super::notes::of_figures;
use super::{Figure, Run, finding, grid, notes, tables, words};
use crate::study::{GroupKind, GroupResult, Results, RunOutput};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};

/// `report.html`, with the figures embedded.
#[must_use]
pub fn page(output: &RunOutput, run: &Run, figures: &[Figure]) -> String {
    let output = &*output.preferring_exact();
    let results = &output.results;
    let pictures: Vec<_> = figures.iter().map(|figure| (&figure.title, &figure.caption, &figure.svg)).collect();
    let (heads, tables) = (tables::heads(results), tables::rest(output));
    rendered(
        include_str!("templates/report.html"),
        context! {
            title => results.scenario.title.as_str(),
            finding => finding(results),
            notes => notes(results).into_iter().chain(of_figures(output)).collect::<Vec<_>>(),
            heads => Serde(heads),
            tables => Serde(tables),
            pictures => Serde(pictures),
            facts => facts(results, run),
            deadline => deadline(results),
            exact => words::exact(results),
            has_capacity => grid::capacity(output).is_some(),
            has_callbacks => grid::callbacks(results).is_some(),
        },
    )
}

/// A page from one of the program's own templates, which is a part of `base.html`.
pub(super) fn rendered(template: &str, context: minijinja::Value) -> String {
    let shared = [
        ("base.html", include_str!("templates/base.html")),
        ("grid.html", include_str!("templates/grid.html")),
        ("pictures.html", include_str!("templates/pictures.html")),
    ];
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let added = shared.into_iter().try_for_each(|(name, source)| environment.add_template(name, source));
    let text = added.and_then(|()| environment.render_str(template, context));
    text.expect("the templates are part of the program and every test renders them")
}

/// The deadline in words, for each stream of traffic where there are several.
fn deadline(results: &Results) -> String {
    let of_group = |group: &GroupResult| {
        let deadline = group.deadline_s.filter(|_| group.kind == GroupKind::Stream)?;
        Some(format!("{} for {}", words::span(deadline), group.name))
    };
    match results.deadline_s() {
        Some(deadline) => words::span(deadline),
        None => results.groups.iter().filter_map(of_group).collect::<Vec<_>>().join(", "),
    }
}

/// How the report was made, as pairs of name and fact.
pub(super) fn facts(results: &Results, run: &Run) -> Vec<(&'static str, String)> {
    let scenario = &results.scenario;
    let mut facts = made(run);
    let size = [
        ("seed", scenario.seed.to_string()),
        ("recipients", words::count(scenario.recipients as f64)),
        ("replications", scenario.replications.to_string()),
        ("scenario, SHA-256", scenario.digest.clone()),
    ];
    facts.splice(1..1, size);
    facts
}

/// How any output was made, as pairs of name and fact, the command first.
pub(super) fn made(run: &Run) -> Vec<(&'static str, String)> {
    vec![
        ("command", run.command.clone()),
        ("version", format!("failsim {}", run.version)),
        ("machine", run.machine.clone()),
        ("threads", run.threads.to_string()),
        ("run time", words::span(run.seconds)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{figures, fixture};

    fn shown(output: &RunOutput) -> String {
        page(output, &fixture::run(), &figures(output).expect("figures"))
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let text = shown(&fixture::bank_pin()).replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for part in ["http:", "https:", "src=", "<script", "<link", "@import", "url("] {
            assert!(!text.contains(part), "{part}");
        }
    }

    #[test]
    fn titles_and_names_are_text_and_never_markup() {
        let mut output = fixture::bank_pin();
        output.results.scenario.title = "<script>alert(1)</script>".to_owned();
        output.results.plans[0].name = "\"><script>alert(2)</script>".to_owned();
        output.figure_data.outages[0].provider = "</svg><script>".to_owned();
        output.results.plans[0].steps[0].provider = "</svg><script>".to_owned();
        let text = shown(&output);
        assert!(!text.contains("<script"), "{text}");
        assert!(text.contains("&lt;script&gt;"));
    }

    #[test]
    fn every_shape_of_findings_makes_a_page() {
        let odd = [fixture::with_plans(0), fixture::with_plans(1), fixture::with_plans(8), fixture::nobody()];
        for output in odd {
            assert!(shown(&output).trim_end().ends_with("</html>"));
        }
    }
}
