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
        for (name, f) in [
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
