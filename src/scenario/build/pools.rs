//! Builds the pool of providers that a step can choose from.

use super::Builder;
use super::providers::Known;
use crate::engine::{MAX_MEMBERS, Pool};
use crate::scenario::diagnostic::shown;
use crate::scenario::record::{Record, Value};
use crate::scenario::suggest::help;
use std::ops::Range;

/// The name of a provider and its location in the file.
type Named<'a> = (&'a str, Range<usize>);

impl Builder<'_> {
    /// Builds the pool of a step and returns it with the channel that its providers share; the channel is `None` when it is wrong.
    pub(super) fn pool<'a>(&mut self, step: &Record, providers: &[Known<'a>]) -> Option<(Pool, Option<&'a str>)> {
        match &step.entry("provider")?.value {
            Value::Text(name) => {
                let place = step.place_of("provider");
                let index = self.provider_of(&(name, place), providers)?;
                Some((Pool::single(index), providers[index].channel))
            }
            Value::Table(choice) => self.choice(choice, providers),
            _ => None,
        }
    }

    /// Builds a pool of several providers.
    fn choice<'a>(&mut self, choice: &Record, providers: &[Known<'a>]) -> Option<(Pool, Option<&'a str>)> {
        let entry = choice.entries.first()?;
        let named: Vec<Named<'_>> = match &entry.value {
            Value::Names(names) => names.iter().map(|(name, place)| (name.as_str(), place.clone())).collect(),
            Value::Table(weights) => weights.entries.iter().map(|e| (e.key.as_str(), e.key_place.clone())).collect(),
            _ => return None,
        };
        if named.len() > MAX_MEMBERS {
            let (message, expected) =
                (format!("the pool has {} providers", named.len()), format!("expected at most {MAX_MEMBERS}"));
            return self.reject(entry.place.clone(), message, expected, format!("keep {MAX_MEMBERS} of them"));
        }
        let found: Vec<_> = named.iter().map(|name| self.provider_of(name, providers)).collect();
        let members = super::all(found)?;
        let channel = self.one_channel(&named, &members, providers);
        match (entry.key.as_str(), &entry.value) {
            ("weighted", Value::Table(weights)) => {
                let weight = |name: &Named<'_>| weights.get::<f64>(name.0);
                let weighted = members.into_iter().zip(&named).map(|(member, name)| Some((member, weight(name)?)));
                Some((Pool::weighted(weighted.collect::<Option<_>>()?), channel?))
            }
            ("cheapest_of", _) => Some((Pool::cheapest_of(members, |&member| providers[member].list_price), channel?)),
            ("shortest_queue_of", _) => Some((Pool::shortest_queue_of(members), channel?)),
            _ => Some((Pool::first_of(members), channel?)),
        }
    }

    /// Returns the channel that all of them have in common.
    fn one_channel<'a>(
        &mut self,
        named: &[Named<'_>],
        members: &[usize],
        providers: &[Known<'a>],
    ) -> Option<Option<&'a str>> {
        let first = providers[*members.first()?].channel;
        let other = members.iter().position(|&member| providers[member].channel.is_some_and(|c| Some(c) != first));
        let (Some(other), Some(first)) = (other, first) else { return Some(first) };
        let channel = providers[members[other]].channel.unwrap_or_default();
        let message = format!(
            "`{}` has channel `{channel}`, but `{}` has channel `{first}`",
            shown(named[other].0),
            shown(named[0].0)
        );
        let expected = "expected providers of one channel";
        self.reject(named[other].1.clone(), message, expected, "use a separate step for each channel")
    }

    /// Returns the index of the provider with this name.
    fn provider_of(&mut self, (name, place): &Named<'_>, providers: &[Known<'_>]) -> Option<usize> {
        if let Some(index) = providers.iter().position(|known| known.name == *name) {
            return Some(index);
        }
        let message = format!("no provider named `{}`", shown(name));
        let known = providers.iter().map(|known| known.name);
        self.reject(place.clone(), message, "expected a provider of this scenario", help(name, known))
    }
}
