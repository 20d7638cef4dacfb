//! A gate as JUnit XML for Jenkins, GitLab and others, with the elements and attributes of Jenkins' schema junit-10.
//!
//! Each plan is a suite and each row a case. An inconclusive row is `skipped`, which readers show and do not count as passed; in strict
//! mode it is a failure. No times are written, so equal runs produce identical bytes.

use super::said::said;
use super::{asked_by, remarks, sorted, traces};
use crate::report::words;
use crate::scenario::Metric;
use crate::study::{Gate, Outcome, Row};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// A gate as JUnit XML.
#[must_use]
pub fn junit(gate: &Gate) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let written = write(&mut writer, gate);
    written.expect("memory takes every write");
    String::from_utf8(writer.into_inner()).expect("only text was written") + "\n"
}

fn write(writer: &mut Writer<Vec<u8>>, gate: &Gate) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut suites: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in sorted(gate) {
        match suites.iter_mut().find(|(plan, _)| *plan == row.plan) {
            Some((_, rows)) => rows.push(row),
            None => suites.push((&row.plan, vec![row])),
        }
    }
    let tests = gate.rows.len().to_string();
    let failures = failures(gate, gate.rows.iter());
    let root = writer.create_element("testsuites").with_attributes([
        ("name", "failsim check"),
        ("tests", tests.as_str()),
        ("failures", failures.as_str()),
        ("errors", "0"),
    ]);
    root.write_inner_content(|writer| {
        let mut suites = suites.iter().enumerate();
        suites.try_for_each(|(index, (plan, rows))| suite(writer, gate, plan, rows, index == 0))
    })?;
    Ok(())
}

fn failures<'a>(gate: &Gate, rows: impl Iterator<Item = &'a Row>) -> String {
    rows.filter(|row| fails(gate, row)).count().to_string()
}

fn fails(gate: &Gate, row: &Row) -> bool {
    row.outcome == Outcome::Fail || row.outcome == Outcome::Inconclusive && gate.strict
}

/// The suite of a plan; the first suite also holds the remarks.
fn suite(writer: &mut Writer<Vec<u8>>, gate: &Gate, plan: &str, rows: &[&Row], is_first: bool) -> io::Result<()> {
    let skipped = rows.iter().filter(|row| row.outcome == Outcome::Inconclusive && !gate.strict).count().to_string();
    let (tests, failures) = (rows.len().to_string(), failures(gate, rows.iter().copied()));
    let (plan, file) = (clean(plan), clean(&gate.file));
    let suite = writer.create_element("testsuite").with_attributes([
        ("name", plan.as_str()),
        ("file", file.as_str()),
        ("tests", tests.as_str()),
        ("failures", failures.as_str()),
        ("errors", "0"),
        ("skipped", skipped.as_str()),
    ]);
    suite.write_inner_content(|writer| {
        rows.iter().try_for_each(|row| case(writer, gate, row))?;
        let said =
            remarks(gate).chain(traces(gate).map(str::to_owned)).filter(|_| is_first).collect::<Vec<_>>().join("\n");
        if said.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = said.lines().map(clean).collect();
        writer.create_element("system-out").write_text_content(BytesText::new(&lines.join("\n"))).map(drop)
    })?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, gate: &Gate, row: &Row) -> io::Result<()> {
    let of_plan = [row.group(), row.measure.map(Metric::name)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name =
        if of_plan.is_empty() { asked_by(row.kind).to_owned() } else { format!("{}: {of_plan}", asked_by(row.kind)) };
    let bound = row.bound().zip(row.measure);
    let bound = bound.map(|(bound, measure)| super::bound(measure.unit(), bound));
    let name = clean(&bound.map_or(name.clone(), |bound| format!("{name} {bound}")));
    let (class, message) = (clean(&row.plan), clean(&said(row)));
    let case =
        writer.create_element("testcase").with_attributes([("name", name.as_str()), ("classname", class.as_str())]);
    let (element, kind) = match row.outcome {
        Outcome::Pass => return case.write_empty().map(drop),
        Outcome::Inconclusive if !gate.strict => ("skipped", "inconclusive"),
        Outcome::Inconclusive => ("failure", "inconclusive"),
        Outcome::Fail => ("failure", asked_by(row.kind)),
    };
    let location = clean(&row.line.map_or_else(|| gate.file.clone(), |line| format!("{}:{line}", gate.file)));
    case.write_inner_content(|writer| {
        let reason = writer.create_element(element).with_attributes([("message", message.as_str()), ("type", kind)]);
        reason.write_text_content(BytesText::new(&format!("{location}: {message}"))).map(drop)
    })
    .map(drop)
}

/// `text` without characters that XML does not allow.
fn clean(text: &str) -> String {
    words::shortened(text, usize::MAX).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
