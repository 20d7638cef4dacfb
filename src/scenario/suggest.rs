//! "Did you mean": finds the known word that is nearest to an unknown one.

use super::diagnostic::shown;
use strsim::damerau_levenshtein;

/// Returns the candidate that `word` was probably meant to be: at most one change per three letters, or a prefix.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().chars().take(80).collect::<String>();
    let close = candidates.into_iter().filter_map(|c| Some((distance(&word, c)?, c)));
    close.min_by_key(|&(changes, _)| changes).map(|(_, candidate)| candidate)
}

/// Returns the number of changes from `word` to `candidate`; `None` when there are too many.
fn distance(word: &str, candidate: &str) -> Option<usize> {
    let candidate = candidate.to_lowercase();
    let length = word.chars().count().max(candidate.chars().count());
    let changes = damerau_levenshtein(word, &candidate);
    let begins = word.len() >= 3 && (candidate.starts_with(word) || word.starts_with(&candidate));
    (changes <= (length / 3).max(1) && changes < length || begins).then_some(changes)
}

/// The help for an unknown `word`: the nearest candidate, or all of them.
pub(super) fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(near) => format!("did you mean `{}`?", shown(near)),
        None => format!("write {}", one_of(candidates)),
    }
}

/// Joins words: "`a`", "`a` or `b`", "one of `a`, `b`, `c`".
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|w| format!("`{}`", shown(w))).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one} or {other}"),
        many => format!("one of {}", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let words = ["delivered", "undelivered", "failed", "expired"];
        assert_eq!(nearest("deliverd", words), Some("delivered"));
        assert_eq!(nearest("Failed", words), Some("failed"));
        assert_eq!(nearest("undeliverd", words), Some("undelivered"));
        assert_eq!(nearest("lognorm", ["lognormal", "gamma"]), Some("lognormal"));
        assert_eq!(nearest("banana", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest("x", ["y"]), None);
    }
}
