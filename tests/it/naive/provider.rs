//! The naive twin's provider: takes a message; returns reports, a delivery and a charge.

use super::engine::is_delivery;
use crate::build::span;
use failsim::dist::Sampler;
use failsim::provider::{Effect, Outage, OutcomeSpec, Price, ProviderSpec, WhenOff};
use failsim::rng::{Draws, purpose};
use failsim::status::{Segment, Status};
use failsim::units::{Span, Time};

/// The samplers of one provider.
pub(super) struct Samplers {
    pub(super) report_delay: Sampler,
    after: Vec<Sampler>,
    pub(super) seen: Vec<Option<Sampler>>,
    talk: Vec<Option<Sampler>>,
}

impl Samplers {
    pub(super) fn new(spec: &ProviderSpec) -> Self {
        let outcomes = &spec.outcomes;
        Self {
            report_delay: Sampler::new(&spec.report_delay),
            after: outcomes.iter().map(|o| Sampler::new(&o.after)).collect(),
            seen: outcomes.iter().map(|o| o.seen.as_ref().map(|seen| Sampler::new(&seen.after))).collect(),
            talk: outcomes.iter().map(|o| o.talk.as_ref().map(Sampler::new)).collect(),
        }
    }
}

/// One message submitted to a provider.
pub(super) struct Submitted<'a> {
    pub(super) spec: &'a ProviderSpec,
    pub(super) samplers: &'a Samplers,
    pub(super) windows: &'a [Windows],
    pub(super) submitted: Time,
    pub(super) now: Time,
    pub(super) validity: Span,
    pub(super) progress: bool,
    pub(super) draws: Draws,
    pub(super) person: Person,
    pub(super) segment: Segment,
    /// Whether it came to the provider when it was submitted, wherever it waited.
    pub(super) kept: bool,
}

/// What is so for a recipient whichever plan is followed.
#[derive(Clone, Copy)]
pub(super) struct Person {
    /// When a phone that is off comes back; the start of the run if it is on, never if it stays off.
    pub(super) back: Time,
    /// The draw for the channel, from 0 to 1.
    pub(super) channel: f64,
}

#[derive(Default)]
pub(super) struct Carried {
    pub(super) reports: Vec<(Time, Status)>,
    pub(super) delivered: Option<Time>,
    pub(super) seen: Option<Time>,
    pub(super) charge: i128,
    /// When its line is free again.
    pub(super) released: Time,
}

/// When an outage is active.
#[derive(Clone, Debug)]
pub(super) enum Windows {
    Fixed { from: Time, to: Time, every: Span },
    Drawn(Vec<(Time, Time)>),
}

impl Windows {
    /// The windows that begin before `until`, one by one.
    fn all(&self, until: Time) -> Vec<(Time, Time)> {
        match self {
            Self::Drawn(windows) => windows.iter().copied().filter(|(from, _)| *from < until).collect(),
            Self::Fixed { from, to, every } => {
                let (mut from, mut to, mut all) = (*from, *to, Vec::new());
                while from < until {
                    all.push((from, to));
                    (from, to) = (from.after(*every), to.after(*every));
                }
                all
            }
        }
    }

    /// The end of the window that contains `at`, if one does.
    fn end_of_open(&self, at: Time) -> Option<Time> {
        if let Self::Drawn(windows) = self {
            let next = windows.partition_point(|(from, _)| *from <= at);
            return windows[..next].last().map(|(_, to)| *to).filter(|&to| at < to);
        }
        let open = self.all(at.after(Span::from_micros(1))).into_iter().find(|&(from, to)| from <= at && at < to);
        open.map(|(_, to)| to)
    }

    /// Whether one of the windows contains `at`; checks them one by one.
    pub(super) fn is_open(&self, at: Time) -> bool {
        self.end_of_open(at).is_some()
    }

    /// Whether one of the windows contains `at` (µs).
    pub(super) fn holds(&self, at: i64) -> bool {
        match self {
            Self::Drawn(_) => self.is_open(Time::from_micros(at)),
            Self::Fixed { from, to, every } => {
                let (from, to, every) = (from.as_micros(), to.as_micros(), every.as_micros());
                at >= from && (at - from) % every < to - from
            }
        }
    }

    /// The times after `after` and up to `until` at which windows begin or end (µs).
    pub(super) fn edges(&self, after: i64, until: i64) -> Vec<i64> {
        let edges: Vec<i64> = match self {
            Self::Drawn(windows) => {
                let first = windows.partition_point(|(_, to)| to.as_micros() <= after);
                let here = windows[first..].iter().take_while(|(from, _)| from.as_micros() <= until);
                here.flat_map(|(a, b)| [a.as_micros(), b.as_micros()]).collect()
            }
            Self::Fixed { from, to, every } => {
                let (from, length, every) = (from.as_micros(), to.since(*from).as_micros(), every.as_micros());
                let first = (after - from).max(0) / every;
                let starts = (first..).map(|n| from.saturating_add(n.saturating_mul(every)));
                starts.take_while(|&start| start <= until).flat_map(|start| [start, start + length]).collect()
            }
        };
        edges.into_iter().filter(|&edge| edge > after && edge <= until).collect()
    }
}

/// The maximum time that an attempt without any report holds its line.
const SILENCE: Span = Span::from_micros(180_000_000);

impl Submitted<'_> {
    pub(super) fn carry_out(&self) -> Carried {
        let mut carried = Carried::default();
        let hits = self.outages_that_hit(self.now);
        assert!(!self.is_turned_away(), "an attempt that is rejected at submission does not depart");
        if hits.contains(&Effect::Fail) && !self.kept {
            carried.reports.push((self.now, Status::Failed));
            carried.released = self.now;
            return carried;
        }
        carried.released = self.now.after(SILENCE);
        if self.spec.honours_ttl {
            carried.released = carried.released.min(self.submitted.after(self.validity)).max(self.now);
        }
        carried.charge += i128::from(self.spec.price.submitted.as_micros()) * i128::from(self.spec.price.parts);
        if self.progress {
            carried.reports.push((self.submitted, Status::Queued));
        }
        if !hits.contains(&Effect::Silent)
            && let Some(index) = self.outcome()
        {
            self.arrive_at(index, &hits, &mut carried);
        }
        self.spoil(&mut carried);
        carried.reports.retain(|(_, status)| *status != Status::Sent || self.progress);
        if hits.contains(&Effect::ReportsLost) {
            carried.reports.retain(|(_, status)| *status == Status::Queued && self.progress);
        }
        carried
    }

    /// What becomes of the reports on their way: some come twice, contradict themselves, or change places.
    fn spoil(&self, carried: &mut Carried) {
        let reports = self.spec.reports;
        let moment = Span::from_micros(1);
        if self.chance(purpose::REORDERED) < reports.reordered.get() {
            let mut order: Vec<_> = (0..carried.reports.len()).collect();
            order.retain(|&place| carried.reports[place].1 != Status::Queued);
            order.sort_by_key(|&place| carried.reports[place]);
            if let [.., one, other] = order[..] {
                carried.reports[one].0 = carried.reports[other].0.after(moment);
            }
        }
        let is_last = |status: Status| !matches!(status, Status::Queued | Status::Sent | Status::Seen);
        if let Some(place) = carried.reports.iter().position(|(_, status)| is_last(*status)) {
            let (at, status) = carried.reports[place];
            if is_delivery(status) && self.chance(purpose::CONTRADICTED) < reports.contradicted.get() {
                carried.reports[place].0 = at.after(moment);
                carried.reports.push((at, Status::Undelivered));
            }
            if self.is_doubled() {
                let last = carried.reports[place].0;
                carried.reports.push((self.once_more(last), status));
            }
        }
    }

    /// When a report that arrived at this time comes again.
    pub(super) fn once_more(&self, first: Time) -> Time {
        first.after(self.samplers.report_delay.sample(self.draws.draw(purpose::DOUBLE_DELAY)))
    }

    /// Whether its final report comes twice.
    pub(super) fn is_doubled(&self) -> bool {
        self.chance(purpose::DOUBLED) < self.spec.reports.doubled.get()
    }

    /// When a report leaves that would leave at `at`.
    pub(super) fn leaves(&self, at: Time) -> Time {
        let mut held = vec![at];
        let mut later = Span::ZERO;
        for (index, outage) in self.spec.outages.iter().enumerate() {
            let Effect::ReportsLate { delay, until_end } = outage.effect else { continue };
            let is_hit = self.chance(lane_of(index)) < outage.share.get();
            if !outage.segments.contains(self.segment) || !is_hit {
                continue;
            }
            if let Some(end) = self.windows[index].end_of_open(at) {
                held.extend(until_end.then_some(end));
                later = later.plus(delay);
            }
        }
        held.into_iter().max().expect("at least then").after(later)
    }

    fn outages_that_hit(&self, at: Time) -> Vec<Effect> {
        let hit = |(i, outage): (usize, &Outage)| {
            let lane = lane_of(i);
            (outage.segments.contains(self.segment)
                && self.windows[i].is_open(at)
                && self.chance(lane) < outage.share.get())
            .then_some(outage.effect)
        };
        self.spec.outages.iter().enumerate().filter_map(hit).collect()
    }

    /// A number from 0 to 1.
    fn chance(&self, lane: u16) -> f64 {
        f64::from(self.draws.draw(lane)) / 4_294_967_296.0
    }

    /// Whether the provider rejects it at submission.
    pub(super) fn is_turned_away(&self) -> bool {
        let is_out_of_order = self.outages_that_hit(self.submitted).contains(&Effect::Fail);
        is_out_of_order || self.is_rejected_by_outcome()
    }

    /// Whether it is rejected at submission because that is its outcome.
    pub(super) fn is_rejected_by_outcome(&self) -> bool {
        self.outcome().is_some_and(|index| self.spec.outcomes[index].at_submission)
    }

    /// First what the person always meets on this channel; for everybody else, the other outcomes, whose shares are of all people.
    fn outcome(&self) -> Option<usize> {
        let all = || self.spec.outcomes.iter().enumerate();
        let mut persons = 0.0;
        for (index, outcome) in all().filter(|(_, outcome)| outcome.persistent) {
            persons += outcome.share.get();
            if self.person.channel < persons {
                return Some(index);
            }
        }
        // The chance as a share of all people: the first of them are taken.
        let chance = self.chance(purpose::OUTCOME) * (1.0 - persons);
        let mut sum = 0.0;
        all().filter(|(_, outcome)| !outcome.persistent).find_map(|(index, outcome)| {
            sum += outcome.share.get();
            (chance < sum).then_some(index)
        })
    }

    /// The status of an outcome, and from when its time counts, given the phone; `None` for silence.
    fn with_phone(&self, outcome: &OutcomeSpec) -> Option<(Status, Time)> {
        let status = outcome.status?;
        let rings = is_delivery(status) || matches!(status, Status::Busy | Status::NoAnswer | Status::Machine);
        let is_known_before = outcome.persistent && !is_delivery(status);
        let is_off = self.spec.needs_phone && rings && !is_known_before && self.now < self.person.back;
        Some(match self.spec.when_off {
            WhenOff::Wait if is_off => (status, self.person.back),
            WhenOff::NoAnswer if is_off => (Status::NoAnswer, self.now),
            WhenOff::Undelivered if is_off => (Status::Undelivered, self.now),
            _ => (status, self.now),
        })
    }

    fn arrive_at(&self, index: usize, hits: &[Effect], carried: &mut Carried) {
        let outcome = &self.spec.outcomes[index];
        let handed_on = matches!(outcome.status, Some(Status::Delivered | Status::Undelivered | Status::Expired));
        if handed_on {
            carried.reports.push((self.reported(self.now, purpose::SENT_REPORT_DELAY), Status::Sent));
        }
        let Some((status, from)) = self.with_phone(outcome) else { return };
        let happens = from.after(slowed(self.samplers.after[index].sample(self.draws.draw(purpose::AFTER)), hits));
        let valid_until = self.submitted.after(self.validity);
        if self.spec.honours_ttl && happens > valid_until {
            carried.reports.push((self.reported(valid_until, purpose::REPORT_DELAY), Status::Expired));
            // The line is free when the provider gives up, and does not wait for the phone longer than for a silent call.
            carried.released = if from > carried.released { carried.released } else { valid_until };
            return;
        }
        if happens.is_never() {
            return;
        }
        carried.reports.push((self.reported(happens, purpose::REPORT_DELAY), status));
        let kept = carried.released;
        carried.released = happens;
        if is_delivery(status) {
            self.deliver(index, outcome, happens, carried);
        } else if status == Status::Machine {
            self.talk(index, happens, carried);
        }
        if from > kept {
            carried.released = kept;
        }
    }

    fn talk(&self, index: usize, at: Time, carried: &mut Carried) {
        if let Some(talk) = &self.samplers.talk[index] {
            // No call lasts longer than a day.
            let talk = talk.sample(self.draws.draw(purpose::TALK)).min(span(86_400.0));
            carried.charge += talk_price(&self.spec.price, talk);
            carried.released = at.after(talk);
        }
    }

    pub(super) fn reported(&self, happens: Time, lane: u16) -> Time {
        self.leaves(happens).after(self.samplers.report_delay.sample(self.draws.draw(lane)))
    }

    fn deliver(&self, index: usize, outcome: &OutcomeSpec, at: Time, carried: &mut Carried) {
        let price = &self.spec.price;
        let late = at > self.submitted.after(self.validity);
        let amount = if late { price.delivered_late } else { price.delivered };
        carried.delivered = outcome.reached.then_some(at);
        carried.charge += i128::from(amount.as_micros());
        self.talk(index, at, carried);
        if let (Some(seen), Some(after)) = (&outcome.seen, &self.samplers.seen[index])
            && self.chance(purpose::SEEN) < seen.share.get()
        {
            let opened = at.after(after.sample(self.draws.draw(purpose::SEEN_AFTER)));
            carried.seen = Some(opened);
            carried.reports.push((self.reported(opened, purpose::SEEN_REPORT_DELAY), Status::Seen));
        }
    }
}

/// The draw of an outage.
fn lane_of(index: usize) -> u16 {
    if index == 0 { purpose::FIRST_OUTAGE } else { purpose::FURTHER_OUTAGES + (index as u16 - 1) }
}

/// Applies all factors to a latency, then all delays.
fn slowed(latency: Span, hits: &[Effect]) -> Span {
    let (mut factors, mut delays) = (1.0, Span::ZERO);
    for hit in hits {
        if let Effect::Slow { factor, delay } = *hit {
            factors *= factor;
            delays = delays.plus(delay);
        }
    }
    Span::from_micros((latency.as_micros() as f64 * factors).round() as i64).plus(delays)
}

/// Bills each started increment, to the nearest millionth.
fn talk_price(price: &Price, talk: Span) -> i128 {
    let (mut billed, increment) = (0, i128::from(price.increment.as_micros()));
    while billed < i128::from(talk.as_micros()) {
        billed += increment;
    }
    let twice = 2 * billed * i128::from(price.per_minute.as_micros());
    (twice + 60_000_000) / 120_000_000
}
