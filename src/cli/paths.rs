//! Paths on the command line: a flag is not accepted as a path.

use clap::builder::{PathBufValueParser, TypedValueParser};
use std::path::PathBuf;

/// Parses the path of a file.
pub(super) fn file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(no_flag)
}

/// Parses the path of a folder, which may end with a slash.
pub(super) fn folder() -> impl TypedValueParser<Value = PathBuf> {
    file().map(|path| path.components().collect::<PathBuf>())
}

fn no_flag(path: PathBuf) -> Result<PathBuf, String> {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        let path = path.display();
        return Err(format!("that looks like a flag; give a path, such as ./{path} for one that begins with a minus"));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_no_path() {
        assert!(no_flag("--quiet".into()).expect_err("refused").contains("./--quiet"));
        assert_eq!(no_flag("a-b".into()), Ok("a-b".into()));
    }
}
