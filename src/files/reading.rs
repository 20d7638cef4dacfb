//! Reading files that others wrote, without blocking and with a size limit: regular files only.

use std::fs::{File, FileType, metadata};
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Opens a regular file, or a link to one. A pipe, a device or a socket is rejected before it is opened, since opening it may
/// block.
///
/// # Errors
/// When the file cannot be opened, or is not a regular file.
pub(crate) fn open(path: &Path) -> Result<File> {
    refuse_other_kinds(metadata(path)?.file_type())?;
    let file = File::open(path)?;
    // It may have been replaced since the check.
    refuse_other_kinds(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open`]; also when the file is longer, which is detected without reading more than one byte beyond the limit.
#[cfg(any(test, feature = "report"))]
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    use std::io::Read as _;
    let file = open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    if length <= most {
        // It may grow while it is read.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    if length.max(bytes.len() as u64) > most {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it is longer than {}", size(most))));
    }
    Ok(bytes)
}

/// Formats a number of bytes in the largest unit that makes it whole.
#[cfg(any(test, feature = "report"))]
fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes > 0 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

fn refuse_other_kinds(kind: FileType) -> Result<()> {
    let Some(name) = special_kind(kind) else { return Ok(()) };
    let error = if kind.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
    Err(Error::new(error, format!("it is {name}, not a regular file")))
}

/// The name of a file's kind; `None` for a regular file or a link.
pub(crate) fn special_kind(kind: FileType) -> Option<&'static str> {
    match kind {
        _ if kind.is_file() || kind.is_symlink() => None,
        _ if kind.is_dir() => Some("a folder"),
        _ => Some(unix_kind(kind)),
    }
}

#[cfg(unix)]
fn unix_kind(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match kind {
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn unix_kind(_: FileType) -> &'static str {
    "a device"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").expect("a file");
        assert_eq!(read(&path, 5).expect("as long as it may be"), b"12345");
        assert_eq!(read(&path, 4).expect_err("longer").to_string(), "it is longer than 4 bytes");
        File::create(&path).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
        assert_eq!(read(&path, 2 << 20).expect_err("longer").to_string(), "it is longer than 2 MiB");
    }

    #[test]
    fn what_is_no_regular_file_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let said = |path: &Path| open(path).expect_err("refused").to_string();
        assert_eq!(said(folder.path()), "it is a folder, not a regular file");
        #[cfg(unix)]
        {
            assert_eq!(said(Path::new("/dev/zero")), "it is a device, not a regular file");
            let socket = folder.path().join("socket");
            let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
            assert_eq!(said(&socket), "it is a socket, not a regular file");
        }
    }
}
