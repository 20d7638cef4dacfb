//! Hidden characters, which are invisible by themselves: control characters, direction marks, and other characters without width.
//!
//! A file, name or argument that contains one could move the cursor, colour the screen, or look like another. All output to a
//! terminal goes through [`line`] or [`lines`], and names with hidden characters are rejected when a scenario is read.

use std::borrow::Cow;
use std::ops::RangeInclusive;

/// The hidden characters besides the control characters: the code points that Unicode lists as ignorable by default, and those that
/// end lines. The variation selectors are not included: they are visible as a different form of the character before them.
const HIDDEN: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',       // soft hyphen
    '\u{34f}'..='\u{34f}',     // combining grapheme joiner
    '\u{61c}'..='\u{61c}',     // Arabic letter mark
    '\u{115f}'..='\u{1160}',   // Hangul fillers
    '\u{17b4}'..='\u{17b5}',   // Khmer inherent vowels
    '\u{180e}'..='\u{180e}',   // Mongolian vowel separator
    '\u{200b}'..='\u{200f}',   // zero-width spaces and joiners, direction marks
    '\u{2028}'..='\u{202e}',   // line and paragraph separators, direction embeddings and overrides
    '\u{2060}'..='\u{206f}',   // word joiner, invisible operators, direction isolates
    '\u{3164}'..='\u{3164}',   // Hangul filler
    '\u{feff}'..='\u{feff}',   // byte order mark
    '\u{ffa0}'..='\u{ffa0}',   // halfwidth Hangul filler
    '\u{fff0}'..='\u{fffb}',   // interlinear annotations
    '\u{1bca0}'..='\u{1bca3}', // shorthand format controls
    '\u{1d173}'..='\u{1d17a}', // musical format controls
    '\u{e0000}'..='\u{e00ff}', // tags
    '\u{e01f0}'..='\u{e0fff}', // unassigned
];

/// Whether `character` is invisible by itself.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control() || !character.is_ascii() && HIDDEN.iter().any(|range| range.contains(&character))
}

/// `text` on one line, with hidden characters escaped as `\u{1b}` and the like.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    replaced(text, is_hidden, |safe, character| safe.extend(character.escape_default()))
}

/// `text` with its line breaks and tabs kept, and all other hidden characters escaped as `\u{1b}` and the like.
#[cfg(any(test, feature = "cli"))]
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    let is_bad = |character| is_hidden(character) && !matches!(character, '\n' | '\t');
    replaced(text, is_bad, |safe, character| safe.extend(character.escape_default()))
}

/// `text` with each hidden character replaced by `�`, for tables.
#[cfg(feature = "report")]
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    replaced(text, is_hidden, |safe, _| safe.push('\u{fffd}'))
}

/// `text` with each hidden character of two or more bytes replaced by a visible one of the same length, so that byte offsets stay
/// valid. Those of one byte are made visible by the code that renders source text.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let mask = |character: char| match character.len_utf8() {
        2 => '¤',
        3 => '\u{fffd}',
        _ => '\u{1fbc4}',
    };
    replaced(
        text,
        |character| is_hidden(character) && !character.is_ascii(),
        |safe, character| safe.push(mask(character)),
    )
}

/// JSON with hidden characters in its strings escaped as `\u001b` and the like; its meaning is unchanged.
#[cfg(any(test, feature = "report"))]
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    // Line feeds occur only between values: inside strings the serialiser has escaped them.
    let is_bad = |character| is_hidden(character) && character != '\n';
    replaced(text, is_bad, |safe, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            safe.push_str(&format!("\\u{unit:04x}"));
        }
    })
}

/// `text` with each bad character replaced by the output of `put`.
fn replaced(text: &str, is_bad: impl Fn(char) -> bool, put: impl Fn(&mut String, char)) -> Cow<'_, str> {
    let Some(first) = text.find(&is_bad) else { return Cow::Borrowed(text) };
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(&text[..first]);
    for character in text[first..].chars() {
        if is_bad(character) { put(&mut safe, character) } else { safe.push(character) }
    }
    Cow::Owned(safe)
}

/// Numbers from here on are written with a power of ten.
pub(crate) const LARGE: f64 = 1e15;
/// Smaller numbers are written with a power of ten too, where a number is written with all of its digits.
const SMALL: f64 = 1e-12;

/// A number with all of its digits, readable by programs and people: `0.25`, `1e308`.
#[must_use]
#[cfg_attr(not(feature = "report"), expect(unreachable_pub, reason = "users know it as report::number"))]
pub fn number(value: f64) -> String {
    let is_plain = value == 0.0 || (SMALL..LARGE).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One character of each kind.
    const ALL: &str = "\u{0}\u{1b}\u{7f}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{e0041}\u{e007f}";

    #[test]
    fn hidden_letters_are_escaped_and_no_others() {
        assert!(ALL.chars().all(is_hidden));
        for shown in
            ["viber-first", "短信", "naïve é", "Ζήτα", "☎\u{fe0f} voice", "葛\u{e0100}", "a\u{a0}b", "−0.5 €", "😀"]
        {
            assert!(!shown.chars().any(is_hidden), "{shown:?}");
            assert_eq!((line(shown), masked(shown)), (Cow::Borrowed(shown), Cow::Borrowed(shown)));
        }
        assert_eq!(line("a\u{1b}[2J\u{9b}b\nc\u{e0041}"), "a\\u{1b}[2J\\u{9b}b\\nc\\u{e0041}");
        assert_eq!(lines("a\n\tb\r\u{202e}"), "a\n\tb\\r\\u{202e}");
        assert!(!line(ALL).chars().any(is_hidden));
    }

    #[test]
    fn a_mask_keeps_every_place() {
        let text = format!("a{ALL}é");
        let masked = masked(&text);
        assert!(!masked.chars().any(|character| is_hidden(character) && !character.is_ascii()), "{masked}");
        let places = |text: &str| text.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!((places(&masked), masked.len()), (places(&text), text.len()));
    }

    #[test]
    fn json_says_the_same() {
        let value = serde_json::json!({ ALL: [ALL, "\n", "é"] });
        let text = format!("{value:#}\n");
        let safe = json(&text);
        assert!(!safe.chars().any(|character| is_hidden(character) && character != '\n'), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).expect("JSON"), value);
        assert!(safe.contains("\\u009b") && safe.contains("\\udb40\\udc41"), "{safe}");
    }

    #[test]
    fn numbers_that_are_far_from_one_have_a_power_of_ten() {
        let numbers = [0.25, 0.0, 1e308, -1e-300, 1e14].map(number);
        assert_eq!(numbers, ["0.25", "0", "1e308", "-1e-300", "100000000000000"]);
    }
}
