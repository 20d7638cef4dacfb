//! Plans whose channels are taken as independent: whoever is missed by one is missed by the next no more often than others are. That flatters
//! failover, since people are often missed for reasons of their own: a dead number, a phone that is off, no account.

use super::estimates::Estimate;
use super::results::BestChannel;
use crate::scenario::used_by;
use crate::status::Segment;
use crate::units::Probability;
use std::collections::BTreeMap;

/// The best single channel of a plan for a group, if its channels are taken as independent.
pub(super) fn best_channel(Estimate { scenario, totals, group, plan }: Estimate<'_>) -> Option<BestChannel> {
    // Streams that always follow a plan of their own say nothing about this one.
    let follows = |stream: usize| group.stream().is_some() || scenario.streams[stream].plan.is_none();
    let classes: Vec<_> = totals.classes_of(group).filter(|((stream, _), _)| follows(*stream)).collect();
    let followed =
        |(stream, segment): (usize, Segment)| scenario.plan_of(&scenario.streams[stream], plan).in_segment(segment);
    let used = used_by(classes.iter().map(|&(class, _)| followed(class)));
    let depends = |provider: &usize| {
        let spec = &scenario.providers[*provider];
        spec.needs_phone && scenario.people.phone_off.as_ref().is_some_and(|off| off.share > Probability::ZERO)
            || spec
                .all()
                .flat_map(|spec| &spec.outcomes)
                .any(|outcome| outcome.persistent && outcome.share > Probability::ZERO)
    };
    let has_failover = classes.iter().any(|&(class, _)| followed(class).flow.steps().len() > 1);
    if !has_failover || used.iter().any(depends) {
        return None;
    }
    // For each channel, how many recipients its best provider reaches, over all classes.
    let (mut reach, mut all) = (BTreeMap::<&str, f64>::new(), 0.0);
    for &(class, recipients) in &classes {
        all += recipients;
        let mut best = BTreeMap::<&str, f64>::new();
        for provider in used_by([followed(class)]) {
            let spec = scenario.providers[provider].of(class.1);
            let of_channel = best.entry(&spec.channel).or_default();
            *of_channel = of_channel.max(spec.reachable());
        }
        best.into_iter().for_each(|(channel, share)| *reach.entry(channel).or_default() += recipients * share);
    }
    let (channel, reached) = reach.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(BestChannel { channel: channel.to_owned(), reach: if all > 0.0 { reached / all } else { 0.0 } })
}
