//! Reads columns of CSV files: arrival times and measured latencies.

use super::Builder;
use super::counts::COUNT;
use super::times::{Notation, Stamp, TimeFormat};
use crate::files;
use crate::scenario::diagnostic::shown;
use crate::scenario::quantity::MAX_DURATION;
use crate::scenario::record::Record;
use crate::scenario::suggest::help;
use crate::units::Span;
use csv::{Reader, StringRecord};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Range;

/// The maximum length of a row [bytes], so that a file without line breaks does not fill the memory.
const LONGEST_ROW: u64 = 64 << 10;

/// How much the CSV reader reads at a time [bytes].
const AT_A_TIME: usize = 8 << 10;

/// The maximum number of bad rows reported per file; further ones usually have the same cause.
const MAX_BAD_ROWS: usize = 3;

/// The column that names the segment of each arrival.
const SEGMENT: &str = "segment";

/// The expected content of a cell.
const A_SPAN: &str =
    "expected durations such as \"2.5s\", or numbers in a column whose name ends in _us, _ms, _s, _min or _h";

/// The expected content of a cell that holds an arrival.
const A_TIME: &str = "expected durations such as \"2.5s\", numbers in a column whose name ends in _us, _ms, _s, _min or _h, clock times such as 2026-11-27T08:00, or seconds since 1970";

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
        let (mut reader, delimiter) = self.open(file, place.clone())?;
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
        let notation = Notation::of(headers.get(column).unwrap_or_default(), delimiter);
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
        let (name, width) = (headers.get(column).unwrap_or_default().to_owned(), headers.len());
        let column = Column { file, place, column, name, width, notation, segments, count, is_arrivals: counted };
        self.rows(reader, column, most)
    }

    /// Opens the CSV file `file`, and finds out what separates its columns.
    fn open(&mut self, file: &str, place: Range<usize>) -> Option<(Reader<Bounded>, u8)> {
        let path = self.folder.join(file);
        let opened = files::open(&path).and_then(|mut file| delimiter(&mut file).map(|delimiter| (file, delimiter)));
        match opened {
            Ok((opened, delimiter)) => {
                let mut builder = csv::ReaderBuilder::new();
                builder.trim(csv::Trim::All).flexible(true).delimiter(delimiter).buffer_capacity(AT_A_TIME);
                Some((builder.from_reader(Bounded::new(opened)), delimiter))
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
        if !Notation::is_value(name) {
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
            blank: 0,
            format: None,
            offset: Span::ZERO,
            counts: column.count.is_some().then(Vec::new),
            segments: column.segments.is_some().then(Vec::new),
        };
        // What a row counts ends where the next one begins: all are needed.
        let most = if column.count.is_some() { usize::MAX } else { most };
        let (mut bad, mut row) = (0, StringRecord::new());
        while rows.spans.len() < most && bad < MAX_BAD_ROWS {
            match reader.read_record(&mut row) {
                Ok(false) => break,
                Ok(true) => match column.cells(&row, &mut rows) {
                    Ok(Some(cells)) => rows.push(cells),
                    Ok(None) => rows.blank += 1,
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

    /// Returns the values when there is at least one and none is bad; clock times are made relative.
    fn complete(&mut self, mut rows: Rows, bad: usize, column: &Column<'_>) -> Option<Rows> {
        if bad > 0 {
            return None;
        }
        if rows.spans.is_empty() {
            let message = match rows.blank {
                0 => format!("{} has no rows", shown(column.file)),
                _ => format!("{} has no values in `{}`", shown(column.file), shown(&column.name)),
            };
            return self.reject(column.place.clone(), message, "expected a header row and values below it", "add rows");
        }
        let relative = self.relative(&mut rows, column)?;
        let blank = (rows.blank > 0).then(|| {
            let all = rows.blank + rows.spans.len();
            format!("{} of {all} rows without a value in `{}` are left out", rows.blank, shown(&column.name))
        });
        let said: Vec<_> = column.notation.note().into_iter().chain(relative).chain(blank).collect();
        if !said.is_empty() {
            self.notes.push(format!("{}: {}", shown(column.file), said.join("; ")));
        }
        Some(rows)
    }

    /// Makes clock times relative to the start of the run, or to the first of them where that is not known. Says so.
    fn relative(&mut self, rows: &mut Rows, column: &Column<'_>) -> Option<Option<String>> {
        let Some(format) = rows.format.filter(|format| *format != TimeFormat::Spans) else { return Some(None) };
        let first = rows.spans.iter().copied().min().unwrap_or_default();
        let (base, to) = match self.starts_at {
            // The clock of the file shows the same as that of the run.
            Some(starts_at) => {
                let start = Span::from_micros(starts_at.as_micros() - rows.offset.as_micros());
                (start, "the start of the run".to_owned())
            }
            None => (first, format!("the first, {}", format.shown(first, rows.offset))),
        };
        let last = rows.spans.iter().copied().max().unwrap_or_default();
        if first < base || last.as_micros() - base.as_micros() > MAX_DURATION.as_micros() {
            let wrong = format.shown(if first < base { first } else { last }, rows.offset);
            let message = match first < base {
                true => format!("{}: {wrong} is before the run starts", shown(column.file)),
                false => format!("{}: {wrong} is more than a year after the start", shown(column.file)),
            };
            let help = match self.starts_at {
                Some(_) => "correct `starts_at`, or remove the rows",
                None => "remove the rows of other years",
            };
            return self.reject(column.place.clone(), message, "expected times of one run", help);
        }
        rows.spans.iter_mut().for_each(|span| *span = Span::from_micros(span.as_micros() - base.as_micros()));
        Some(Some(format!("{}, relative to {to}", format.word())))
    }
}

/// What separates the columns of a file: the comma, the semicolon or the tab, whichever its first line has most of.
fn delimiter(file: &mut File) -> io::Result<u8> {
    let mut first = Vec::new();
    Read::by_ref(file).take(AT_A_TIME as u64).read_to_end(&mut first)?;
    file.rewind()?;
    let line = first.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| line.iter().filter(|byte| *byte == delimiter).count();
    // Of equals the last, which is the comma.
    Ok(*b"\t;,".iter().max_by_key(|delimiter| count(delimiter)).unwrap_or(&b','))
}

/// The rows of a file.
struct Rows {
    /// Spans, or clock times since 1970.
    spans: Vec<Span>,
    /// The number of rows without a value.
    blank: usize,
    format: Option<TimeFormat>,
    /// The offset of the first clock time from UTC.
    offset: Span,
    counts: Option<Vec<u64>>,
    segments: Option<Vec<u8>>,
}

/// The time, the count and the index of the segment in a row.
type Cells = (Span, u64, u8);

impl Rows {
    fn push(&mut self, (span, count, segment): Cells) {
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
    /// Its name.
    name: String,
    /// The number of columns.
    width: usize,
    /// How values are written.
    notation: Notation,
    /// Whether clock times are allowed.
    is_arrivals: bool,
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

    /// The value, the count and the segment in `row`, which follows these; `None` for a row without a value; or what is wrong and what was
    /// expected. The first value decides about the format of all.
    fn cells(&self, row: &StringRecord, rows: &mut Rows) -> Result<Option<Cells>, (String, &'static str)> {
        if row.len() > self.width {
            let message = format!("the row has {} fields, and the header {}", row.len(), self.width);
            return Err((
                message,
                "expected no more fields than columns: with decimal commas, columns are separated by `;`",
            ));
        }
        let text = row.get(self.column).unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let expected = if self.is_arrivals { A_TIME } else { A_SPAN };
        let last = rows.spans.last().copied();
        let Stamp { span: value, format: its, offset } =
            self.notation.parse(text).map_err(|error| (error, expected))?;
        if its != TimeFormat::Spans && !self.is_arrivals {
            return Err((format!("`{}` is a clock time", shown(text)), A_SPAN));
        }
        let format = *rows.format.get_or_insert(its);
        if format != its {
            let message = format!("two formats of time: {} before, `{}` here", format.word(), shown(text));
            return Err((message, "expected one format of time in a file"));
        }
        let count = self.count(row).map_err(|error| (error, "expected a whole number, 0 or more"))?;
        let segment = self.segment(row).map_err(|error| (error, "expected a segment of this scenario"))?;
        if self.count.is_some() && last.is_some_and(|last| value < last) {
            let [now, before] = [value, last.unwrap_or(value)].map(|span| its.shown(span, rows.offset));
            return Err((format!("{now} comes after {before}"), "expected the times of counts in ascending order"));
        }
        if last.is_none() {
            rows.offset = offset;
        }
        Ok(Some((value, count, segment)))
    }
}

/// Whether a header is this name but for capitals and an `s` at the end.
fn is_nearly(header: &str, name: &str) -> bool {
    header.to_lowercase().strip_prefix(name).is_some_and(|rest| ["", "s"].contains(&rest))
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
