//! Rejects names whose hashes collide: their owners would draw the same random numbers.

use super::Builder;
use crate::rng::{DrawKey, RngKey};
use crate::scenario::diagnostic::{Diagnostic, Fault, shown};
use crate::scenario::record::{Entry, Record, Value};
use std::ops::Range;

/// An owner of random numbers in a stream of traffic.
struct DrawOwner<'a> {
    what: Drawn<'a>,
    stream: &'a Record,
}

/// What is drawn for.
#[derive(Clone, Copy)]
enum Drawn<'a> {
    /// The sender, who submits the messages of the stream.
    Arrivals,
    /// The recipient: the phone, the segment.
    Person(&'static str, DrawKey),
    Provider(&'a Entry),
    /// The channel of this entry of a provider.
    Channel(&'a str, &'a Entry),
}

impl DrawOwner<'_> {
    fn key(&self) -> u32 {
        let name = self.stream.get::<&str>("name").unwrap_or_default();
        let key = match self.what {
            Drawn::Arrivals => DrawKey::SENDER,
            Drawn::Person(_, key) => key,
            Drawn::Provider(provider) => DrawKey::of_name(&provider.key),
            Drawn::Channel(name, _) => DrawKey::of_channel(name),
        };
        RngKey::new(0, 0).of_stream(name).keyed(key)
    }

    /// The location of the name: the stream's if it has one, because it is easier to change.
    fn place(&self, in_one_stream: bool) -> Range<usize> {
        match self.what {
            Drawn::Provider(provider) if in_one_stream => provider.key_place.clone(),
            Drawn::Channel(_, channel) if in_one_stream => channel.place.clone(),
            _ => self.stream.place_of("name"),
        }
    }

    fn description(&self, in_one_stream: bool) -> String {
        let what = match self.what {
            Drawn::Arrivals => "the arrivals".to_owned(),
            Drawn::Person(what, _) => what.to_owned(),
            Drawn::Provider(provider) => format!("`{}`", shown(&provider.key)),
            Drawn::Channel(name, _) => format!("the channel `{}`", shown(name)),
        };
        match self.stream.get::<&str>("name").filter(|_| !in_one_stream) {
            Some(stream) => format!("{what} in the stream `{}`", shown(stream)),
            None => what,
        }
    }
}

/// All that is drawn for in each stream, with the changeable names last.
fn drawn(providers: &[Entry]) -> Vec<Drawn<'_>> {
    let mut all = vec![
        Drawn::Arrivals,
        Drawn::Person("the recipients' phones", DrawKey::PHONE),
        Drawn::Person("the recipients' segments", DrawKey::SEGMENT),
    ];
    let mut channels: Vec<&str> = Vec::new();
    for provider in providers {
        all.push(Drawn::Provider(provider));
        let Value::Table(record) = &provider.value else { continue };
        let (Some(name), Some(entry)) = (record.get::<&str>("channel"), record.entry("channel")) else { continue };
        if !channels.contains(&name) {
            channels.push(name);
            all.push(Drawn::Channel(name, entry));
        }
    }
    all
}

impl Builder<'_> {
    /// Rejects names that would draw the same random numbers, which happens for one pair of names in four billion. Each
    /// collision is reported once, not for every stream of traffic.
    pub(super) fn collisions(&mut self, providers: Option<&Record>, streams: &[Record]) {
        let providers = providers.map_or(&[][..], |providers| &providers.entries);
        let all = drawn(providers);
        let of_stream = |stream| all.iter().map(move |&what| DrawOwner { what, stream });
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
