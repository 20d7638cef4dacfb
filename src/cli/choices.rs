//! `--ttls viber=10s,30s` and `--triggers failed+expired`: what is tried for every step, or for those of one provider.

use crate::scenario::{self, nearest};
use crate::status::{Status, StatusSet};
use crate::units::Span;

/// Values to try, for one provider or for all.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Choices<T> {
    pub(super) provider: Option<String>,
    values: Vec<T>,
}

/// Statuses that trigger failover; `None` for those that are usual on the channel.
pub(super) type Triggers = Option<StatusSet>;

impl<T: Clone> Choices<T> {
    /// The values for this provider: those that name it, or else those for all; `None` if there are none.
    pub(super) fn of(all: &[Self], provider: &str) -> Option<Vec<T>> {
        let of = |name: Option<&str>| {
            let found: Vec<&Self> = all.iter().filter(|choices| choices.provider.as_deref() == name).collect();
            (!found.is_empty()).then(|| found.iter().flat_map(|choices| choices.values.iter().cloned()).collect())
        };
        of(Some(provider)).or_else(|| of(None))
    }

    fn parse(text: &str, values: impl Fn(&str) -> Result<Vec<T>, String>) -> Result<Self, String> {
        let (provider, rest) = match text.rsplit_once('=') {
            Some((provider, rest)) => (Some(provider.trim().to_owned()), rest),
            None => (None, text),
        };
        Ok(Self { provider, values: values(rest.trim())? })
    }
}

/// Parses waits: `10s,30s,1m` or `10s..60s:6`, with `PROVIDER=` before them if they are those of one provider.
pub(super) fn ttls(text: &str) -> Result<Choices<Span>, String> {
    Choices::parse(text, |values| {
        let spans = scenario::spans(values)?;
        let is_wait = |span: &Span| *span > Span::ZERO && !span.is_unlimited();
        if spans.iter().all(is_wait) { Ok(spans) } else { Err("a wait has to be longer than 0s".to_owned()) }
    })
}

/// Parses sets of statuses: `failed+expired,undelivered+failed+expired`, with `PROVIDER=` before them if they are those of one provider.
pub(super) fn triggers(text: &str) -> Result<Choices<Triggers>, String> {
    let bad = || Status::ALL.into_iter().filter(|status| status.is_bad());
    let status = |word: &str| {
        bad().find(|status| status.word() == word).ok_or_else(|| {
            let hint = nearest(word, bad().map(Status::word)).map(|near| format!("did you mean {near:?}?"));
            let words = || format!("the statuses are {}", bad().map(Status::word).collect::<Vec<_>>().join(", "));
            format!("no trigger named {word:?}; {}", hint.unwrap_or_else(words))
        })
    };
    let set = |words: &str| match words.trim() {
        "usual" => Ok(None),
        words => words.split('+').map(|word| status(word.trim())).collect::<Result<StatusSet, _>>().map(Some),
    };
    Choices::parse(text, |values| values.split(',').map(set).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_provider_go_before_those_for_all() {
        let all = ["10s,20s", "viber=5s..15s:3", "viber=1m"].map(|text| ttls(text).expect(text));
        let seconds = |name: &str| {
            let spans = Choices::of(&all, name).expect("for all");
            spans.iter().map(|span| span.as_secs_f64()).collect::<Vec<_>>()
        };
        assert_eq!(seconds("sms"), [10.0, 20.0]);
        assert_eq!(seconds("viber"), [5.0, 10.0, 15.0, 60.0]);
        assert_eq!(Choices::of(&all[1..], "sms"), None);
    }

    #[test]
    fn triggers_are_sets_of_bad_statuses() {
        let sets = triggers("sms=usual, failed + expired").expect("two sets");
        let failed = StatusSet::of(&[Status::Failed, Status::Expired]);
        assert_eq!((sets.provider.as_deref(), sets.values), (Some("sms"), vec![None, Some(failed)]));
        for (text, part) in
            [("failde", "did you mean \"failed\"?"), ("delivered", "undelivered"), ("", "the statuses are")]
        {
            let error = triggers(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
        for text in ["0s", "none", "10", "10s,10s", "viber=", "10s..20s"] {
            assert!(ttls(text).is_err(), "{text}");
        }
    }
}
