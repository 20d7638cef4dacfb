//! What may become of one attempt, with the probability of each: the rules of `provider/simulated.rs` with laws in place of draws.

use super::arrivals::micros;
use super::behaviour::{Behaviour, OutcomeLaw};
use super::quadrature::{Level, Node, nodes};
use crate::dist::Law;
use crate::engine::StepRules;
use crate::provider::WhenOff;
use crate::status::{Status, SuccessFloor};
use std::sync::Arc;

/// The most atoms that are looked at one by one.
const MOST_FIXED: usize = 16;

/// The quantiles between which most of a law lies: where a flow changes quickly, an integral is cut.
const STEEP: [f64; 3] = [0.01, 0.5, 0.99];

/// An attempt at one provider in one step, for recipients who share their persistent outcomes.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) behaviour: Arc<Behaviour>,
    /// The probability that the provider rejects it at submission because of its outcome.
    pub(super) rejected: f64,
    /// What may become of it if it is not rejected: while the phone is on ...
    pub(super) on: Fates,
    /// ... and while it is off, if that is not the same.
    pub(super) off: Option<Fates>,
}

/// What may become of an attempt that departs.
#[derive(Clone, Debug)]
pub(super) struct Fates {
    pub(super) happenings: Vec<Happening>,
    pub(super) reports: Vec<Report>,
    /// The end of the validity (µs from submission) as the parties have agreed, and as the provider keeps it.
    agreed: f64,
    valid: f64,
    prices: [f64; 3],
    /// The effects of an attempt under the usual conditions.
    pub(super) usual: Effects,
}

/// What happens to the recipient: an outcome.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    share: f64,
    pub(super) after: Arc<Law>,
    needs_phone: bool,
    /// Whether it is charged as a delivery, and whether it reaches the recipient.
    is_delivery: bool,
    pub(super) reached: bool,
    /// The spans at which what comes of a delivery in time changes suddenly, or most.
    pub(super) marks: Vec<f64>,
    seen: f64,
    /// The mean charge for talk.
    talk: f64,
}

/// What the engine hears of it: a part of an outcome.
#[derive(Clone, Debug)]
pub(super) struct Report {
    share: f64,
    needs_phone: bool,
    pub(super) reached: bool,
    /// The probability that the recipient opens the message.
    seen: f64,
    pub(super) content: Content,
    /// Whether the engine is told, after the same delay, if the validity ends first.
    is_told_of_expiry: bool,
    /// When the status occurs.
    after: Arc<Law>,
    time: ReportTime,
}

/// What a report says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Content {
    /// The attempt has ended with this bad status.
    Bad(Status),
    /// A status that meets the floor of the step.
    Success(Status),
    /// Nothing, or nothing that counts.
    Nothing,
}

/// When a report comes: of the spans that add up to it, all but the widest are nodes.
#[derive(Clone, Debug)]
enum ReportTime {
    /// So much later than what it is of (µs).
    Later(f64),
    /// The status occurs after so long (µs), and the report comes so much later, and then a span of this law.
    Fixed { at: f64, plus: f64, delay: Arc<Law> },
}

/// The conditions that an attempt meets.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Conditions {
    /// How long the recipient's phone stays off (µs); 0 if it is on.
    pub(super) off_for: f64,
    /// How outages stretch latencies: by a factor, and then by a span (µs).
    pub(super) factor: f64,
    pub(super) delay: f64,
    pub(super) silent: bool,
    pub(super) reports_lost: bool,
    pub(super) rejected: bool,
}

impl Conditions {
    pub(super) const USUAL: Self =
        Self { off_for: 0.0, factor: 1.0, delay: 0.0, silent: false, reports_lost: false, rejected: false };
}

/// The effects of an attempt on its recipient and the bill.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Effects {
    /// The probability that it reaches the recipient.
    pub(super) reached: f64,
    /// The probability that the recipient opens it.
    pub(super) seen: f64,
    /// Its mean charge (millionths).
    pub(super) charge: f64,
}

impl Slot {
    /// The attempt of a step with these rules at a provider with this behaviour. For recipients of one state over the channel, `cell` are the ends
    /// of that state on the scale of their draw; `None` if nothing else depends on that draw. The fates while the phone is off are made if it may be.
    pub(super) fn new(
        behaviour: &Arc<Behaviour>,
        rules: &StepRules,
        cell: Option<(f64, f64)>,
        has_off: bool,
        level: Level,
    ) -> Self {
        let outcomes = shares(behaviour, cell);
        let rejected: f64 = outcomes.iter().filter(|(_, outcome)| outcome.at_submission).map(|(share, _)| share).sum();
        let left = 1.0 - rejected;
        let outcomes: Vec<_> = outcomes
            .into_iter()
            .filter(|(share, outcome)| !outcome.at_submission && *share > 0.0 && outcome.status.is_some())
            .map(|(share, outcome)| (if left > 0.0 { share / left } else { 0.0 }, outcome))
            .collect();
        let on = Fates::new(behaviour, rules, &outcomes, false, level);
        let differs = behaviour.when_off != WhenOff::Wait && outcomes.iter().any(|(_, outcome)| outcome.needs_phone);
        let off = (has_off && differs).then(|| Fates::new(behaviour, rules, &outcomes, true, level));
        Self { behaviour: Arc::clone(behaviour), rejected, on, off }
    }

    /// What may become of it under these conditions.
    pub(super) fn fates(&self, conditions: &Conditions) -> &Fates {
        match &self.off {
            Some(off) if conditions.off_for > 0.0 => off,
            _ => &self.on,
        }
    }
}

/// The outcomes of an attempt with their shares, for recipients of this cell of the draw for the channel.
fn shares(behaviour: &Behaviour, cell: Option<(f64, f64)>) -> Vec<(f64, &OutcomeLaw)> {
    let outcomes = &behaviour.outcomes;
    let Some((from, to)) = cell else { return outcomes.iter().map(|outcome| (outcome.share, outcome)).collect() };
    let middle = 0.5 * (from + to);
    let persistent = outcomes.iter().filter(|outcome| outcome.persistent);
    if let Some((_, outcome)) = behaviour.persistent_ends().zip(persistent).find(|(end, _)| middle < *end) {
        return vec![(1.0, outcome)];
    }
    let left = 1.0 - behaviour.persistent_ends().last().unwrap_or(0.0);
    let others = outcomes.iter().filter(|outcome| !outcome.persistent);
    others.map(|outcome| (if left > 0.0 { (outcome.share / left).min(1.0) } else { 0.0 }, outcome)).collect()
}

impl Fates {
    fn new(
        behaviour: &Behaviour,
        rules: &StepRules,
        outcomes: &[(f64, &OutcomeLaw)],
        is_off: bool,
        level: Level,
    ) -> Self {
        let agreed = micros(rules.validity);
        let valid = if behaviour.honours_ttl { agreed } else { f64::INFINITY };
        // What a phone that is off turns into something else no longer needs it.
        let replaced = |outcome: &OutcomeLaw| behaviour.when_off.status().filter(|_| is_off && outcome.needs_phone);
        let waits = |outcome: &OutcomeLaw| outcome.needs_phone && replaced(outcome).is_none();
        let happening = |&(share, outcome): &(f64, &OutcomeLaw)| {
            let status = replaced(outcome).or(outcome.status);
            let is_delivery = status.is_some_and(Status::is_delivery);
            let reached = is_delivery && outcome.reached;
            Happening {
                share,
                after: Arc::clone(&outcome.after),
                needs_phone: waits(outcome),
                is_delivery,
                reached,
                marks: marks(&outcome.after, reached),
                seen: outcome.seen.as_ref().filter(|_| reached).map_or(0.0, |seen| seen.0),
                talk: if is_delivery || status == Some(Status::Machine) { outcome.talk } else { 0.0 },
            }
        };
        let happenings: Vec<_> = outcomes.iter().map(happening).collect();
        let mut reports = Vec::new();
        for (&(share, outcome), happening) in outcomes.iter().zip(&happenings) {
            let status = replaced(outcome).or(outcome.status).unwrap_or(Status::Queued);
            report(share, (outcome, status), (happening, rules.success), behaviour, level, &mut reports);
        }
        let prices = [behaviour.submitted, behaviour.delivered, behaviour.delivered_late];
        let mut fates = Self { happenings, reports, agreed, valid, prices, usual: Effects::default() };
        fates.usual = fates.computed(&Conditions::USUAL);
        fates
    }

    /// The effects of an attempt.
    pub(super) fn effects(&self, conditions: &Conditions) -> Effects {
        if *conditions == Conditions::USUAL { self.usual } else { self.computed(conditions) }
    }

    fn computed(&self, conditions: &Conditions) -> Effects {
        let [submitted, delivered, delivered_late] = self.prices;
        let mut effects = Effects { charge: submitted, ..Effects::default() };
        if conditions.silent {
            return effects;
        }
        for happening in &self.happenings {
            let by = |time: f64| happening.share * happening.by(time, conditions);
            let done = by(self.valid);
            if happening.reached {
                effects.reached += done;
                effects.seen += done * happening.seen;
            }
            effects.charge += done * happening.talk;
            if happening.is_delivery {
                let in_time = if self.agreed < self.valid { by(self.agreed) } else { done };
                effects.charge += in_time * delivered + (done - in_time) * delivered_late;
            }
        }
        effects
    }

    /// The probability that an attempt reaches the recipient within `time` of its submission.
    pub(super) fn reached_by(&self, time: f64, conditions: &Conditions) -> f64 {
        if conditions.silent || time < 0.0 {
            return 0.0;
        }
        let time = time.min(self.valid);
        let reached = self.happenings.iter().filter(|happening| happening.reached);
        reached.map(|happening| happening.share * happening.by(time, conditions)).sum()
    }

    /// The mean of the time to delivery, times its probability.
    pub(super) fn mean_delivery(&self, conditions: &Conditions) -> f64 {
        if conditions.silent {
            return 0.0;
        }
        let reached = self.happenings.iter().filter(|happening| happening.reached);
        reached.map(|happening| happening.share * happening.mean_by(self.valid, conditions)).sum()
    }

    /// Nodes for the time to delivery.
    pub(super) fn delivery_nodes(&self, conditions: &Conditions, weight: (f64, Level), all: &mut Vec<Node>) {
        let reached = self.happenings.iter().filter(|happening| happening.reached && !conditions.silent);
        for happening in reached {
            let offset = happening.offset(conditions);
            let factor = conditions.factor;
            if offset.is_infinite() {
                continue;
            }
            let first = all.len();
            let longest = longest(self.valid, offset, factor);
            nodes(&happening.after, longest, &[], (weight.0 * happening.share, weight.1), all);
            all[first..].iter_mut().for_each(|(at, mass)| {
                (*at, *mass) = (offset + factor * *at, *mass * happening.share);
            });
        }
    }

    /// The probability of a `report` that says what it has to say by `time`, and not because the validity has ended.
    pub(super) fn said_by(&self, report: &Report, time: f64, conditions: &Conditions) -> f64 {
        if conditions.silent || conditions.reports_lost || report.content == Content::Nothing {
            return 0.0;
        }
        report.share * report.by(time, self.valid, conditions)
    }

    /// The probability that what a `report` is of happens at all.
    pub(super) fn happens(&self, report: &Report, conditions: &Conditions) -> f64 {
        if conditions.silent {
            return 0.0;
        }
        report.share * report.happens_by(self.valid, self.valid, conditions)
    }

    /// The probability that what a `report` is of happens, and by `time`.
    pub(super) fn happens_by(&self, report: &Report, time: f64, conditions: &Conditions) -> f64 {
        if conditions.silent {
            return 0.0;
        }
        report.share * report.happens_by(time, self.valid, conditions)
    }

    /// The mean of how much later than `time` that happens which a `report` is of, or 0 if it is earlier.
    pub(super) fn mean_excess(&self, report: &Report, time: f64, conditions: &Conditions) -> f64 {
        let (after, offset, factor) = (&report.after, report.offset(conditions), conditions.factor);
        let end = longest(self.valid, offset, factor);
        let from = (time - offset) / factor.max(f64::MIN_POSITIVE);
        let mass = after.up_to(end) - after.up_to(from);
        let mean = after.mean_up_to(end) - after.mean_up_to(from);
        if mass <= 0.0 || offset.is_infinite() { 0.0 } else { report.share * ((offset - time) * mass + factor * mean) }
    }

    /// Nodes for the arrival of a `report` of what it has to say, up to `until` and cut at `breaks` (µs since submission).
    pub(super) fn report_nodes(
        &self,
        report: &Report,
        (until, breaks): (f64, &[f64]),
        conditions: &Conditions,
        (weight, level): (f64, Level),
        all: &mut Vec<Node>,
    ) {
        let offset = report.offset(conditions);
        if conditions.silent || conditions.reports_lost || offset.is_infinite() {
            return;
        }
        let weight = (weight * report.share, level);
        let mut shifted = [0.0; MOST_BREAKS];
        let shifted = &mut shifted[..breaks.len().min(MOST_BREAKS)];
        match &report.time {
            ReportTime::Later(delay) => {
                let (after, factor) = (&report.after, conditions.factor);
                let end = longest(self.valid.min(until - delay), offset, factor);
                if factor > 0.0 {
                    shifted.iter_mut().zip(breaks).for_each(|(to, at)| *to = (at - delay - offset) / factor);
                    nodes(after, end, shifted, weight, all);
                } else if end >= 0.0 {
                    all.push((0.0, 1.0));
                }
                all.iter_mut()
                    .for_each(|(at, mass)| (*at, *mass) = (offset + factor * *at + delay, *mass * report.share));
            }
            ReportTime::Fixed { at, plus, delay } => {
                let happens = offset + conditions.factor * at;
                let from = happens + plus;
                if happens <= self.valid {
                    shifted.iter_mut().zip(breaks).for_each(|(to, at)| *to = at - from);
                    nodes(delay, until - from, shifted, weight, all);
                    all.iter_mut().for_each(|(at, mass)| (*at, *mass) = (*at + from, *mass * report.share));
                }
            }
        }
    }

    /// Nodes for the arrival of a report, up to `until`, that the validity has ended before that of which the `report` is.
    pub(super) fn expiry_nodes(
        &self,
        report: &Report,
        until: f64,
        conditions: &Conditions,
        (weight, level): (f64, Level),
        all: &mut Vec<Node>,
    ) {
        let is_told = report.is_told_of_expiry && !conditions.silent && !conditions.reports_lost;
        if !is_told || self.valid.is_infinite() || self.valid > until {
            return;
        }
        let expired = report.share * (1.0 - report.happens_by(self.valid, self.valid, conditions));
        if expired <= 0.0 {
            return;
        }
        match &report.time {
            ReportTime::Later(delay) => {
                all.extend((self.valid + delay <= until).then_some((self.valid + delay, expired)))
            }
            ReportTime::Fixed { plus, delay, .. } => {
                let from = self.valid + plus;
                nodes(delay, until - from, &[], (weight * expired, level), all);
                all.iter_mut().for_each(|(at, mass)| (*at, *mass) = (*at + from, *mass * expired));
            }
        }
    }

    /// The end of the validity, as the provider keeps it (µs since submission).
    pub(super) const fn valid(&self) -> f64 {
        self.valid
    }
}

/// The most breaks of one integral.
pub(super) const MOST_BREAKS: usize = 40;

/// The longest span of a law that, stretched by `factor` and begun at `offset`, ends by `time`.
fn longest(time: f64, offset: f64, factor: f64) -> f64 {
    let left = time - offset;
    if factor == 1.0 {
        left
    } else if factor > 0.0 {
        left / factor
    } else if left >= 0.0 {
        f64::INFINITY
    } else {
        -1.0
    }
}

impl Happening {
    /// When what it waits for begins.
    fn offset(&self, conditions: &Conditions) -> f64 {
        conditions.delay + if self.needs_phone { conditions.off_for } else { 0.0 }
    }

    /// The probability that it has happened at `time`.
    #[inline]
    fn by(&self, time: f64, conditions: &Conditions) -> f64 {
        let offset = self.offset(conditions);
        if offset.is_infinite() { 0.0 } else { self.after.up_to(longest(time, offset, conditions.factor)) }
    }

    /// The mean of its time up to `time`, times the probability.
    fn mean_by(&self, time: f64, conditions: &Conditions) -> f64 {
        let offset = self.offset(conditions);
        if offset.is_infinite() {
            return 0.0;
        }
        let end = longest(time, offset, conditions.factor);
        offset * self.after.up_to(end) + conditions.factor * self.after.mean_up_to(end)
    }
}

impl Report {
    fn offset(&self, conditions: &Conditions) -> f64 {
        conditions.delay + if self.needs_phone { conditions.off_for } else { 0.0 }
    }

    /// The probability that it comes by `time`, if the validity does not end first.
    fn by(&self, time: f64, valid: f64, conditions: &Conditions) -> f64 {
        let offset = self.offset(conditions);
        if offset.is_infinite() {
            return 0.0;
        }
        match &self.time {
            ReportTime::Later(delay) => self.after.up_to(longest(valid.min(time - delay), offset, conditions.factor)),
            ReportTime::Fixed { at, plus, delay } => {
                let happens = offset + conditions.factor * at;
                if happens <= valid { delay.up_to(time - happens - plus) } else { 0.0 }
            }
        }
    }

    /// The probability that its status occurs by `time`, within the validity.
    fn happens_by(&self, time: f64, valid: f64, conditions: &Conditions) -> f64 {
        let offset = self.offset(conditions);
        if offset.is_infinite() { 0.0 } else { self.after.up_to(longest(valid.min(time), offset, conditions.factor)) }
    }

    /// The times since submission at which it is most or suddenly likely to come, if it is a success.
    pub(super) fn marks(&self, conditions: &Conditions) -> Vec<f64> {
        let offset = self.offset(conditions);
        if !matches!(self.content, Content::Success(_)) || offset.is_infinite() {
            return Vec::new();
        }
        match &self.time {
            ReportTime::Later(delay) => {
                marks(&self.after, true).iter().map(|mark| offset + conditions.factor * mark + delay).collect()
            }
            ReportTime::Fixed { at, plus, delay } => {
                let from = offset + conditions.factor * at + plus;
                marks(delay, true).iter().map(|mark| from + mark).collect()
            }
        }
    }

    /// Whether it comes at one of a few known times, or never.
    pub(super) fn is_discrete(&self) -> bool {
        match &self.time {
            ReportTime::Later(_) => self.after.atoms().is_some_and(few),
            ReportTime::Fixed { delay, .. } => delay.atoms().is_some_and(few),
        }
    }

    pub(super) const fn seen(&self) -> f64 {
        self.seen
    }
}

/// Appends the reports of an outcome with this share, which ends as `status`.
fn report(
    share: f64,
    (outcome, status): (&OutcomeLaw, Status),
    (happening, floor): (&Happening, SuccessFloor),
    behaviour: &Behaviour,
    level: Level,
    reports: &mut Vec<Report>,
) {
    let content = if status.is_bad() {
        Content::Bad(status)
    } else if floor.met_by(status) {
        Content::Success(status)
    } else {
        Content::Nothing
    };
    let plain = Report {
        share,
        needs_phone: happening.needs_phone,
        reached: happening.reached,
        seen: happening.seen,
        content,
        is_told_of_expiry: true,
        after: Arc::clone(&outcome.after),
        time: ReportTime::Later(0.0),
    };
    if content != Content::Nothing {
        return delayed(&plain, &[&behaviour.report_delay], level, reports);
    }
    // A delivery below the floor: the engine hears only that it expires, or that it is seen.
    let expiry = Report { reached: false, ..plain.clone() };
    delayed(&expiry, &[&behaviour.report_delay], level, reports);
    let opened = outcome.seen.as_ref().filter(|_| SuccessFloor::Seen == floor && happening.reached);
    if let Some((seen, opens)) = opened {
        let content = Content::Success(Status::Seen);
        let part = Report { share: share * seen, seen: 1.0, content, is_told_of_expiry: false, ..plain.clone() };
        delayed(&part, &[opens, &behaviour.report_delay], level, reports);
    }
    let unseen = if opened.is_some() { 1.0 - happening.seen } else { 1.0 };
    let rest = Report {
        share: share * unseen,
        seen: if opened.is_some() { 0.0 } else { happening.seen },
        is_told_of_expiry: false,
        ..plain
    };
    reports.push(rest);
}

/// Appends the parts of a report that comes after these `delays`.
fn delayed(report: &Report, delays: &[&Arc<Law>], level: Level, reports: &mut Vec<Report>) {
    let mut widest = (&report.after, None);
    for (place, delay) in delays.iter().enumerate() {
        if spread(delay) > spread(widest.0) {
            widest = (delay, Some(place));
        }
    }
    // The nodes of the sum of all delays but the widest.
    let level = Level(level.0 - 1);
    let mut sums = vec![(0.0, 1.0)];
    for (_, delay) in delays.iter().enumerate().filter(|(place, _)| Some(*place) != widest.1) {
        let mut parts = Vec::new();
        nodes(delay, f64::INFINITY, &[], (report.share, level), &mut parts);
        sums =
            sums.iter().flat_map(|&(sum, mass)| parts.iter().map(move |part| (sum + part.0, mass * part.1))).collect();
    }
    let mut befores = vec![(0.0, 1.0)];
    if widest.1.is_some() {
        befores.clear();
        nodes(&report.after, f64::INFINITY, &[], (report.share, level), &mut befores);
    }
    for &(at, of_at) in &befores {
        for &(plus, of_plus) in &sums {
            let time = match widest.1 {
                None => ReportTime::Later(plus),
                Some(_) => ReportTime::Fixed { at, plus, delay: Arc::clone(widest.0) },
            };
            reports.push(Report { share: report.share * of_at * of_plus, time, ..report.clone() });
        }
    }
}

/// How far apart the spans of a law are: those between which 80 % lie.
fn spread(law: &Law) -> f64 {
    let (shortest, longest) = law.ends();
    match law.atoms() {
        Some(_) => longest - shortest,
        None => law.quantile(0.9 * law.continuous()) - law.quantile(0.1 * law.continuous()),
    }
}

/// Whether atoms are looked at one by one.
fn few(atoms: &[f64]) -> bool {
    atoms.len() <= MOST_FIXED || atoms[0] == atoms[atoms.len() - 1]
}

/// The spans at which a law changes: its atoms, if they are few, or its ends, and between which most of it lies if `steep`.
fn marks(law: &Law, steep: bool) -> Vec<f64> {
    let (shortest, longest) = law.ends();
    match law.atoms() {
        Some(_) if shortest == longest => vec![shortest],
        Some(atoms) if atoms.len() <= MOST_FIXED => atoms.to_vec(),
        Some(_) => vec![shortest, longest],
        None => {
            let quantiles = STEEP.iter().filter(|_| steep).map(|&below| law.quantile(below * law.continuous()));
            let capped = (law.continuous() < 1.0).then_some(longest);
            quantiles.chain([shortest]).chain(capped).collect()
        }
    }
}
