//! What a run found, for people and for programs: terminal table, JSON, CSV, figures, page. It shows and computes nothing.
//!
//! [`write`] makes the whole report folder; each part of it is a function of its own.

mod csv;
mod figures;
mod finding;
#[cfg(test)]
pub(crate) mod fixture;
mod folder;
mod grid;
mod json;
mod markdown;
mod page;
mod run;
mod table;
mod words;

pub use self::csv::csv;
pub use figures::{Figure, FigureError, figures};
pub use finding::{finding, notes};
pub use folder::write;
pub use json::json;
pub use markdown::readme;
pub use page::page;
pub use run::Run;
pub use table::{Terminal, table};

#[cfg(test)]
mod look {
    #[test]
    fn look() {
        use super::*;
        let mut odd = fixture::bank_pin();
        odd.results.plans[0].name =
            "a plan with a very long name that says everything about it, and then some more ".repeat(3);
        odd.results.plans[1].name = "短信优先 Πρώτα".into();
        odd.results.plans[1].steps[0].provider = "a-provider-with-a-long-name".into();
        let w = odd.pictures.outages[0].clone();
        odd.pictures.outages = (0..500)
            .map(|n| crate::study::OutageWindow {
                from_s: f64::from(n) * 7.0,
                to_s: f64::from(n) * 7.0 + 3.0,
                ..w.clone()
            })
            .collect();
        odd.pictures.plans[2].first_by_step = vec![1.0];
        for (name, f) in [
            ("odd", odd),
            ("pin", fixture::bank_pin()),
            ("one", fixture::with_plans(1)),
            ("eight", fixture::with_plans(8)),
            ("nobody", fixture::nobody()),
        ] {
            let dir = std::path::Path::new("/tmp/look").join(name);
            let _ = std::fs::remove_dir_all(&dir);
            write(&dir, &f, &fixture::run()).unwrap();
            std::fs::write(dir.join("table.txt"), table(&f.results, Terminal::default())).unwrap();
        }
    }
}
