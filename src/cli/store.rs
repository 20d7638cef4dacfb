//! The points of a sweep that are there already: what each came to, in a file named by the job that it is the answer to.

use crate::report;
use crate::scenario::hexadecimal;
use crate::study::{self, Results};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{Error, Result, Write as _};
use std::path::{Path, PathBuf};

/// The folder of the points, in that of the sweep.
const POINTS: &str = "points";
/// The value of [`Point::schema`].
const SCHEMA: &str = "failsim/point/1";
/// So much of the digest of a job tells its file from all others.
const NAME: usize = 32;

/// The folder in which the results of points are kept.
pub(super) struct Store(PathBuf);

/// A point as it stands in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    /// Always [`SCHEMA`].
    schema: String,
    /// The digest of the job: the scenario with its changes, how often it was played, and the revision of the engine.
    job: String,
    /// The SHA-256 of the results, as they are written in a file of their own.
    checksum: String,
    /// What it came to.
    results: Results,
}

impl Store {
    /// The store in the folder of a sweep.
    pub(super) fn of(sweep: &Path) -> Self {
        Self(sweep.join(POINTS))
    }

    /// The folder of the points.
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// Makes the folder.
    pub(super) fn make(&self) -> Result<()> {
        std::fs::create_dir_all(&self.0).map_err(|error| naming(&self.0, &error))
    }

    fn file(&self, job: &str) -> PathBuf {
        self.0.join(format!("{}.json", job.get(..NAME).unwrap_or(job)))
    }

    /// Whether there is a file for the job, sound or not.
    pub(super) fn has(&self, job: &str) -> bool {
        self.file(job).is_file()
    }

    /// The results of the job. A file that is damaged counts as missing, and so does one that is the answer to another job.
    pub(super) fn read(&self, job: &str) -> Option<Results> {
        let text = std::fs::read_to_string(self.file(job)).ok()?;
        let point: Point = serde_json::from_str(&text).ok()?;
        let is_sound = point.schema == SCHEMA && point.job == job && point.checksum == checksum(&point.results);
        is_sound.then_some(point.results).filter(|results| results.schema == study::SCHEMA)
    }

    /// Keeps the results, whole or not at all, and gives them as they will be read.
    pub(super) fn keep(&self, job: &str, results: Results) -> Result<Results> {
        let (file, checksum) = (self.file(job), checksum(&results));
        let point = Point { schema: SCHEMA.to_owned(), job: job.to_owned(), checksum, results };
        let text = report::pretty(&point);
        let mut fresh =
            tempfile::Builder::new().prefix(".failsim-").tempfile_in(&self.0).map_err(|error| naming(&file, &error))?;
        let written = fresh.write_all(text.as_bytes()).and_then(|()| fresh.as_file().sync_data());
        written.map_err(|error| naming(&file, &error))?;
        fresh.persist(&file).map_err(|error| naming(&file, &error.error))?;
        let point: Point = serde_json::from_str(&text).map_err(Error::other)?;
        Ok(point.results)
    }
}

fn checksum(results: &Results) -> String {
    hexadecimal(&Sha256::digest(report::json(results)))
}

fn naming(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}
