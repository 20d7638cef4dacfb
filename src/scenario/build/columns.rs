//! Reads columns of CSV files: arrival times and measured latencies.

use super::Builder;
use super::counts::COUNT;
use crate::files;
use crate::scenario::diagnostic::shown;
use crate::scenario::quantity::{MAX_DURATION, duration};
use crate::scenario::record::Record;
use crate::scenario::suggest::help;
use crate::units::Span;
use csv::{Reader, StringRecord};
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;

/// The maximum length of a row [bytes], so that a file without line breaks does not fill the memory.
const LONGEST_ROW: u64 = 64 << 10;

/// How much the CSV reader reads at a time [bytes].
const AT_A_TIME: usize = 8 << 10;

/// The maximum number of bad rows reported per file; further ones usually have the same cause.
const MAX_BAD_ROWS: usize = 3;

/// Column-name suffixes that give plain numbers a unit, and the unit (s).
const UNIT_ENDINGS: [(&str, f64); 5] = [("_us", 1e-6), ("_ms", 1e-3), ("_s", 1.0), ("_min", 60.0), ("_h", 3600.0)];

/// The column that names the segment of each arrival.
const SEGMENT: &str = "segment";

/// The expected content of a cell.
const A_SPAN: &str =
    "expected durations such as \"2.5s\", or numbers in a column whose name ends in _us, _ms, _s, _min or _h";

impl Builder<'_> {
    /// Reads at most the first `most` spans of the column that `record` names with its keys `file` and `column`. Not empty.
    pub(super) fn column_of(&mut self, record: &Record, most: usize) -> Option<Vec<Span>> {
        self.rows_of(record, None, false, most).map(|rows| rows.spans)
    }

    /// At most the first `most` arrivals in the file that `record` names: one for each row or, in a file with a column [`COUNT`], as many as
    /// that says. With the index of the segment of each, if the scenario has segments and the file a column [`SEGMENT`].
    pub(super) fn arrivals_of(&mut self, record: &Record, most: usize) -> Option<(Vec<Span>, Option<Vec<u8>>)> {
        let known = (self.segments.len() > 1).then(|| self.segments.clone());
        let rows = self.rows_of(record, known, true, most)?;
        match &rows.counts {
            Some(counts) => self.one_by_one(record, (&rows.spans, counts, rows.segments.as_deref()), most),
            None => Some((rows.spans, rows.segments)),
        }
    }

    /// Reads at most `most` rows; of arrivals that are `counted`, all.
    fn rows_of(&mut self, record: &Record, segments: Option<Vec<String>>, counted: bool, most: usize) -> Option<Rows> {
        let (file, place) = (record.get::<&str>("file")?, record.place_of("file"));
        let mut reader = self.open(file, place.clone())?;
        let headers = match reader.headers() {
            Ok(headers) => headers.clone(),
            Err(error) => {
                let message = match error.kind() {
                    csv::ErrorKind::Io(error) => format!("{}, line 1: {error}", shown(file)),
                    _ => format!("{}: {error}", shown(file)),
                };
                return self.reject(place, message, A_SPAN, "save it as CSV in UTF-8, one row per line");
            }
        };
        reader.get_mut().next_row();
        let column = self.find(&headers, record)?;
        let unit = headers.get(column).and_then(unit_of);
        let segments = match segments {
            Some(known) => {
                let expected = "expected the segments in a column named `segment`";
                self.known(&headers, place.clone(), SEGMENT, expected)?.map(|of_segment| (of_segment, known))
            }
            None => None,
        };
        let count = if counted {
            let expected = "expected the numbers of recipients in a column named `count`";
            self.known(&headers, place.clone(), COUNT, expected)?
        } else {
            let is_count = |&(index, header): &(usize, &str)| index != column && is_nearly(header, COUNT);
            if let Some((_, name)) = headers.iter().enumerate().find(is_count) {
                let message = format!("the column `{}` would be ignored", shown(name));
                let help = "repeat each row as often as it counts, or remove the column";
                return self.reject(place, message, "expected one value for each row", help);
            }
            None
        };
        self.rows(reader, Column { file, place, column, unit, segments, count }, most)
    }

    /// Opens the CSV file `file`.
    fn open(&mut self, file: &str, place: Range<usize>) -> Option<Reader<Bounded>> {
        let path = self.folder.join(file);
        match files::open(&path) {
            Ok(opened) => {
                let mut builder = csv::ReaderBuilder::new();
                builder.trim(csv::Trim::All).flexible(true).buffer_capacity(AT_A_TIME);
                Some(builder.from_reader(Bounded::new(opened)))
            }
            Err(error) => {
                let message = format!("cannot read {}: {error}", shown(&path.to_string_lossy()));
                self.reject(place, message, "expected a CSV file", "write its path relative to the scenario's folder")
            }
        }
    }

    /// Returns the index of the column that `record` names, or of the first one.
    fn find(&mut self, headers: &StringRecord, record: &Record) -> Option<usize> {
        let Some(name) = super::optional::<&str>(record, "column")? else { return self.first(headers, record) };
        let place = record.place_of("column");
        match self.unique(headers, place.clone(), name)? {
            Some(index) => Some(index),
            None => {
                let message = format!("no column named `{}`", shown(name));
                self.reject(place, message, "expected a name from the header row", help(name, headers.iter()))
            }
        }
    }

    /// Returns the index of the column with this name, if there is one. Rejects two of them.
    fn unique(&mut self, headers: &StringRecord, place: Range<usize>, name: &str) -> Option<Option<usize>> {
        let mut found = headers.iter().enumerate().filter(|(_, header)| *header == name).map(|(index, _)| index);
        match (found.next(), found.count() + 1) {
            (index, 1) => Some(index),
            (_, times) => {
                let message = format!("{times} columns are named `{}`", shown(name));
                let help = "give each column of the file a unique name";
                self.reject(place, message, "expected a unique column name", help)
            }
        }
    }

    /// Returns the first column, apart from those of segments and counts. Rejects a file that has a value instead of a header, because that value would be lost.
    fn first(&mut self, headers: &StringRecord, record: &Record) -> Option<usize> {
        let is_time = |header: &str| header != COUNT && (self.segments.len() < 2 || header != SEGMENT);
        let first = headers.iter().position(is_time).unwrap_or(0);
        let name = headers.get(first).unwrap_or_default();
        if !is_value(name) {
            return Some(first);
        }
        let file = record.get::<&str>("file").unwrap_or_default();
        let message = format!("{} has no header row: its first row begins with `{}`", shown(file), shown(name));
        let help = "add a first row that names the columns, such as arrival_s";
        self.reject(record.place_of("file"), message, "expected a header row and values below it", help)
    }

    /// Returns the index of the column with this name, which arrivals may have, if there is one. Rejects a column with nearly the same name,
    /// which would be ignored.
    fn known(
        &mut self,
        headers: &StringRecord,
        place: Range<usize>,
        name: &'static str,
        expected: &'static str,
    ) -> Option<Option<usize>> {
        let found = self.unique(headers, place.clone(), name)?;
        match headers.iter().find(|header| found.is_none() && is_nearly(header, name)) {
            Some(near) => {
                let message = format!("the column `{}` would be ignored", shown(near));
                self.reject(place, message, expected, format!("name it {name}"))
            }
            None => Some(found),
        }
    }

    /// Reads the values of the columns. In a file of counts the times must not descend.
    fn rows(&mut self, mut reader: Reader<Bounded>, column: Column<'_>, most: usize) -> Option<Rows> {
        let mut rows = Rows {
            spans: Vec::new(),
            counts: column.count.is_some().then(Vec::new),
            segments: column.segments.is_some().then(Vec::new),
        };
        // What a row counts ends where the next one begins: all are needed.
        let most = if column.count.is_some() { usize::MAX } else { most };
        let (mut bad, mut row) = (0, StringRecord::new());
        while rows.spans.len() < most && bad < MAX_BAD_ROWS {
            match reader.read_record(&mut row) {
                Ok(false) => break,
                Ok(true) => match column.cells(&row, rows.spans.last().copied()) {
                    Ok(cells) => rows.push(cells),
                    Err(error) => {
                        let line = row.position().map_or(0, csv::Position::line);
                        bad += self.bad_row(&column, line, (&error.0, error.1));
                    }
                },
                Err(error) => {
                    let line = error.position().unwrap_or(reader.position()).line();
                    if let csv::ErrorKind::Io(error) = error.kind() {
                        bad += self.bad_row(&column, line, (&error.to_string(), A_SPAN));
                        break;
                    }
                    bad += self.bad_row(&column, line, ("the row is not valid CSV in UTF-8", A_SPAN));
                }
            }
            reader.get_mut().next_row();
        }
        self.complete(rows, bad, &column)
    }

    /// Reports a bad row: what is wrong, and what was expected. Returns 1.
    fn bad_row(&mut self, column: &Column<'_>, line: u64, (error, expected): (&str, &'static str)) -> usize {
        let message = format!("{}, line {line}: {error}", shown(column.file));
        self.reject::<()>(column.place.clone(), message, expected, "correct the row, or remove it");
        1
    }

    /// Returns the values when there is at least one and none is bad.
    fn complete(&mut self, rows: Rows, bad: usize, column: &Column<'_>) -> Option<Rows> {
        if bad == 0 && rows.spans.is_empty() {
            let message = format!("{} has no rows", shown(column.file));
            return self.reject(column.place.clone(), message, "expected a header row and values below it", "add rows");
        }
        (bad == 0).then_some(rows)
    }
}

/// The rows of a file.
struct Rows {
    spans: Vec<Span>,
    counts: Option<Vec<u64>>,
    segments: Option<Vec<u8>>,
}

impl Rows {
    fn push(&mut self, (span, count, segment): (Span, u64, u8)) {
        self.spans.push(span);
        self.counts.iter_mut().for_each(|counts| counts.push(count));
        self.segments.iter_mut().for_each(|segments| segments.push(segment));
    }
}

/// A column of a CSV file.
struct Column<'a> {
    /// The file, as the scenario names it.
    file: &'a str,
    /// Where the scenario names it.
    place: Range<usize>,
    /// The index of the column.
    column: usize,
    /// The unit of plain numbers (s).
    unit: Option<f64>,
    /// The index of the column of segments, and their names, if it is read.
    segments: Option<(usize, Vec<String>)>,
    /// The index of the column of counts.
    count: Option<usize>,
}

impl Column<'_> {
    /// The index of the segment in `row`, or what is wrong with it.
    fn segment(&self, row: &StringRecord) -> Result<u8, String> {
        let Some((column, known)) = &self.segments else { return Ok(0) };
        let name = row.get(*column).unwrap_or_default();
        let index = known.iter().position(|segment| segment == name).and_then(|index| u8::try_from(index).ok());
        index.ok_or_else(|| {
            format!("no segment named `{}` ({})", shown(name), help(name, known.iter().map(String::as_str)))
        })
    }

    /// The number of recipients in `row`, or what is wrong with it.
    fn count(&self, row: &StringRecord) -> Result<u64, String> {
        let Some(column) = self.count else { return Ok(1) };
        let text = row.get(column).unwrap_or_default();
        text.parse::<u32>().map(u64::from).map_err(|_| match text {
            "" => format!("no number of recipients in the column `{COUNT}`"),
            _ => format!("`{}` is not a number of recipients", shown(text)),
        })
    }

    /// The value, the count and the segment in `row`, which follows one with the value `last`; or what is wrong and what was expected.
    fn cells(&self, row: &StringRecord, last: Option<Span>) -> Result<(Span, u64, u8), (String, &'static str)> {
        let value = self.value(row).map_err(|error| (error, A_SPAN))?;
        let count = self.count(row).map_err(|error| (error, "expected a whole number, 0 or more"))?;
        let segment = self.segment(row).map_err(|error| (error, "expected a segment of this scenario"))?;
        if self.count.is_some() && last.is_some_and(|last| value < last) {
            let message = format!("{value} comes after {}", last.unwrap_or(value));
            return Err((message, "expected the times of counts in ascending order"));
        }
        Ok((value, count, segment))
    }

    /// Parses the value in `row`, or returns what is wrong with it.
    fn value(&self, row: &StringRecord) -> Result<Span, String> {
        let text = row.get(self.column).unwrap_or_default();
        match (self.unit, text.parse::<f64>()) {
            (Some(unit), Ok(number)) => {
                in_limits(number * unit).ok_or_else(|| format!("`{}` is out of range", shown(text)))
            }
            _ => duration(text).map_err(|fault| format!("`{}`: {} ({})", shown(text), fault.message, fault.help)),
        }
    }
}

/// Whether a header is this name but for capitals and an `s` at the end.
fn is_nearly(header: &str, name: &str) -> bool {
    header.to_lowercase().strip_prefix(name).is_some_and(|rest| ["", "s"].contains(&rest))
}

/// Whether a cell holds a number or a duration, rather than the name of a column.
fn is_value(text: &str) -> bool {
    text.parse::<f64>().is_ok() || duration(text).is_ok()
}

/// Converts `seconds` (s) to a span, unless negative, too long or not a number.
fn in_limits(seconds: f64) -> Option<Span> {
    (0.0..=MAX_DURATION.as_secs_f64()).contains(&seconds).then(|| Span::from_secs_f64(seconds))
}

/// Returns the unit (s) that the name of a column gives to plain numbers.
fn unit_of(column: &str) -> Option<f64> {
    UNIT_ENDINGS.iter().find(|(ending, _)| column.ends_with(ending)).map(|&(_, unit)| unit)
}

/// A file that returns no more between two rows than the longest row allows, plus what the CSV reader reads ahead.
struct Bounded {
    file: File,
    /// How much may still be read for this row [bytes].
    left: u64,
}

impl Bounded {
    const LIMIT: u64 = LONGEST_ROW + AT_A_TIME as u64;

    fn new(file: File) -> Self {
        Self { file, left: Self::LIMIT }
    }

    fn next_row(&mut self) {
        self.left = Self::LIMIT;
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let message = format!("the row is longer than {} KiB", LONGEST_ROW >> 10);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let count = (&mut self.file).take(self.left).read(buffer)?;
        self.left -= count as u64;
        Ok(count)
    }
}
