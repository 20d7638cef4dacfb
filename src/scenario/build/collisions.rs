//! Rejects names whose hashes collide: their owners would draw the same random numbers.

use super::Builder;
use crate::rng::{DrawKey, RngKey};
use crate::scenario::diagnostic::{Diagnostic, Fault, shown};
use crate::scenario::record::{Entry, Record};
use std::ops::Range;

/// An owner of random numbers in a stream of traffic: a provider, or the sender who submits the messages of the stream.
struct DrawOwner<'a> {
    provider: Option<&'a Entry>,
    stream: &'a Record,
}

impl DrawOwner<'_> {
    fn key(&self) -> u32 {
        let name = self.stream.get::<&str>("name").unwrap_or_default();
        let provider = self.provider.map_or(DrawKey::SENDER, |provider| DrawKey::of_name(&provider.key));
        RngKey::new(0, 0).of_stream(name).keyed(provider)
    }

    /// The location of the name: the stream's if it has one, because it is easier to change.
    fn place(&self, in_one_stream: bool) -> Range<usize> {
        match self.provider {
            Some(provider) if in_one_stream => provider.key_place.clone(),
            _ => self.stream.place_of("name"),
        }
    }

    fn description(&self, in_one_stream: bool) -> String {
        let provider = self.provider.map_or("the arrivals".to_owned(), |entry| format!("`{}`", shown(&entry.key)));
        match self.stream.get::<&str>("name").filter(|_| !in_one_stream) {
            Some(stream) => format!("{provider} in the stream `{}`", shown(stream)),
            None => provider,
        }
    }
}

impl Builder<'_> {
    /// Rejects names that would draw the same random numbers, which happens for one pair of names in four billion. Each
    /// collision is reported once, not for every stream of traffic.
    pub(super) fn collisions(&mut self, providers: Option<&Record>, streams: &[Record]) {
        let providers = providers.map_or(&[][..], |providers| &providers.entries);
        let of_stream = |stream| {
            let all = std::iter::once(None).chain(providers.iter().map(Some));
            all.map(move |provider| DrawOwner { provider, stream })
        };
        let mut keyed: Vec<_> = streams.iter().flat_map(of_stream).map(|owner| (owner.key(), owner)).collect();
        keyed.sort_by_key(|(key, _)| *key);
        for pair in keyed.windows(2) {
            if pair[0].0 == pair[1].0 {
                self.collision(&pair[0].1, &pair[1].1);
            }
        }
    }

    fn collision(&mut self, first: &DrawOwner<'_>, second: &DrawOwner<'_>) {
        let in_one_stream = std::ptr::eq(first.stream, second.stream);
        let is_twice = first.stream.get::<&str>("name") == second.stream.get::<&str>("name") && !in_one_stream;
        if is_twice {
            // Two streams with the same name are reported elsewhere.
            return;
        }
        let [one, other] = [first, second].map(|owner| owner.description(in_one_stream));
        let message = format!("{one} and {other} would use the same random numbers: their names have the same hash");
        let fault = Fault::new(message, "expected a name with a different hash", "give one of them another name");
        let diagnostic = Diagnostic::at(second.place(in_one_stream), fault);
        let diagnostic = diagnostic.with_related(first.place(in_one_stream), "the other name");
        let is_known = |known: &Diagnostic| known.message == diagnostic.message;
        if !self.found.iter().any(is_known) {
            self.found.push(diagnostic);
        }
    }
}
