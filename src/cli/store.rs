//! The completed points of a sweep: the results of each, in a file named after the job that they answer.

use super::failure::Failure;
use crate::scenario::hexadecimal;
use crate::study::{self, Results};
use crate::{files, report};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{Error, Result};
use std::path::{Path, PathBuf};

/// The folder of the points, inside that of the sweep.
const POINTS: &str = "points";
/// The value of [`Point::schema`].
const SCHEMA: &str = "failsim/point/1";
/// The largest file of a point [bytes], the same as for a baseline.
const LONGEST: u64 = 512 << 20;
/// The number of digits of a job's digest that name its file, enough to tell it from all others.
const NAME: usize = 32;

/// The folder in which the results of points are kept.
pub(super) struct Store(PathBuf);

/// The contents of a point's file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    /// Always [`SCHEMA`].
    schema: String,
    /// The digest of the job: the scenario with its changes, its replications, and the revision of the engine.
    job: String,
    /// The SHA-256 of the results, as they would be written in a file of their own.
    checksum: String,
    /// The results of the point.
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

    /// Creates the folder, and checks that it can be written into.
    pub(super) fn make(&self) -> Result<()> {
        let made = std::fs::create_dir_all(&self.0).and_then(|()| tempfile::tempfile_in(&self.0));
        made.map(drop).map_err(|error| naming(&self.0, &error))
    }

    fn file(&self, job: &str) -> PathBuf {
        self.0.join(format!("{}.json", job.get(..NAME).unwrap_or(job)))
    }

    /// Whether there is a file for the job, valid or not.
    pub(super) fn has(&self, job: &str) -> bool {
        self.file(job).is_file()
    }

    /// The results of the job. A file that is damaged or answers another job counts as missing; one that cannot be read, such as a folder,
    /// is an error.
    pub(super) fn read(&self, job: &str) -> std::result::Result<Option<Results>, Failure> {
        const HINT: &str = "remove it, or name another folder with --out";
        let path = self.file(job);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let bytes = files::read(&path, LONGEST).map_err(|error| Failure::unreadable(&path, &error, HINT))?;
        let point: Option<Point> = serde_json::from_slice(&bytes).ok();
        let is_sound =
            |point: &Point| point.schema == SCHEMA && point.job == job && point.checksum == checksum(&point.results);
        let results = point.filter(is_sound).map(|point| point.results);
        Ok(results.filter(|results| results.schema == study::SCHEMA))
    }

    /// Stores the results, completely or not at all, and returns them as they will be read back.
    pub(super) fn keep(&self, job: &str, results: Results) -> Result<Results> {
        let (path, checksum) = (self.file(job), checksum(&results));
        let point = Point { schema: SCHEMA.to_owned(), job: job.to_owned(), checksum, results };
        let text = report::pretty(&point);
        files::write(&path, &text).map_err(|error| naming(&path, &error))?;
        let point: Point = serde_json::from_str(&text).map_err(Error::other)?;
        Ok(point.results)
    }

    /// The message for when a signal ends the program at once.
    pub(super) fn kept(&self) -> String {
        format!("interrupted; the points so far are in {}, and the same command continues from there", self.0.display())
    }
}

fn checksum(results: &Results) -> String {
    hexadecimal(&Sha256::digest(report::json(results)))
}

fn naming(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}
