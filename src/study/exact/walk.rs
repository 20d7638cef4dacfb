//! Follows a flow through all that may happen to it, with the probability of each: the rules of `engine::Flow` with laws in place of draws.
//!
//! A path is a sequence of attempts, each at a known time since arrival. Where a time varies (a bad report, a retry after jitter), it is integrated
//! over nodes; where it is fixed (a ttl, a constant latency), it is a single node. What an attempt does to the recipient and the bill is settled when
//! it departs, whatever becomes of the flow, so that each departure adds what it changes:
//!
//! - `delivered` if no earlier attempt of the path has reached the recipient, `duplicates` if exactly one has;
//! - `in time` if it delivers by then and all earlier attempts of the path do not. On the event that none has delivered by a time, no delivery has
//!   been reported by then either, so that the flow has not ended: late deliveries need no further thought;
//! - its cost, in any case.
//!
//! An attempt that the engine has given up on, and that will deliver later, is *pending*. It adds to the path its law and not its time: its
//! report ends the flow, so that whatever comes at `u` comes with the probability that no pending report has arrived by `u`.

use super::arrivals::{ArrivalLaw, ArrivalSet, IntervalList};
use super::class::ClassPlan;
use super::fates::{Conditions, Content, Fates, MOST_BREAKS, Report, Slot};
use super::pending::{Pending, PendingKind};
use super::quadrature::{Level, Node, points};
use super::starts::Starts;
use super::sums::PathSums;
use crate::provider::Effect;
use crate::sim::Ending;
use crate::status::Status;

/// Paths of less weight than this do not break the integral over phones.
const LEAST_BREAK: f64 = 1e-3;

/// A walk along more attempts than this is given up: a simulation is quicker.
pub(super) const MOST_ATTEMPTS: usize = 100_000;

/// Paths of less weight than this are dropped.
const LEAST_WEIGHT: f64 = 1e-12;

/// What is asked of a walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The times by which first deliveries are counted (µs since arrival).
    pub(super) times: &'a [f64],
    /// Whether the mean time of the first delivery is wanted.
    pub(super) mean: bool,
    pub(super) level: Level,
}

/// A walk along all paths of a plan.
pub(super) struct Walk<'a> {
    plan: &'a ClassPlan,
    arrivals: &'a ArrivalLaw,
    asked: Asked<'a>,
    /// When the recipient's phone is on again (µs since arrival); 0 if it is on.
    phone_back: f64,
    /// For each step, the breaks of the plan, and when the phone is on again.
    breaks: Vec<Vec<f64>>,
    /// When attempts depart, if that is asked for: the step and the time.
    pub(super) departures: Option<Vec<(usize, f64)>>,
    pending: Vec<Pending<'a>>,
    intervals: IntervalList,
    /// For each step, its starts that are still to be followed, by what is pending then.
    gathered: Vec<Vec<Gathered<'a>>>,
    spare: Vec<Vec<Node>>,
    sums: PathSums,
}

/// The starts of a step in one state.
struct Gathered<'a> {
    pending: Vec<Pending<'a>>,
    /// The breaks of the step, and those of what is pending.
    breaks: Vec<f64>,
    starts: Starts,
    /// How much the result depends on them.
    importance: f64,
}

/// A point on a path: an attempt is about to be made, or has just been made.
#[derive(Clone, Copy, Debug)]
struct Point {
    step: usize,
    /// The attempts made by the step before.
    tries: u8,
    /// The time since arrival (µs).
    at: f64,
    /// When the step's ttl passes.
    until: f64,
    /// Whether that is a fixed time, and not one of many over which is integrated.
    is_fixed: bool,
    /// The probability of the path, without that of its pending attempts.
    weight: f64,
    /// How much the result depends on the integral of which the path is a part: the probability of all its paths together.
    importance: f64,
    /// Who may be on the path, by arrival.
    arrivals: ArrivalSet,
}

impl<'a> Walk<'a> {
    pub(super) fn new(plan: &'a ClassPlan, arrivals: &'a ArrivalLaw, asked: Asked<'a>) -> Self {
        let sums = PathSums::new(asked.times.len(), plan.steps.len());
        let (pending, intervals) = (Vec::new(), IntervalList::default());
        let gathered = plan.steps.iter().map(|_| Vec::new()).collect();
        let (breaks, departures) = (Vec::new(), None);
        Self {
            plan,
            arrivals,
            asked,
            phone_back: 0.0,
            breaks,
            departures,
            pending,
            intervals,
            gathered,
            spare: Vec::new(),
            sums,
        }
    }

    /// Follows all paths of recipients whose phone is on again at `phone_back`, with this weight; they are part of an integral on which the result
    /// depends as much as `importance` says.
    pub(super) fn walk(&mut self, phone_back: f64, weight: f64, importance: f64) {
        self.phone_back = phone_back;
        self.breaks = self.plan.steps.iter().map(|step| step.breaks.clone()).collect();
        if phone_back > 0.0 && phone_back.is_finite() {
            for breaks in &mut self.breaks {
                breaks.insert(breaks.partition_point(|at| *at < phone_back), phone_back);
            }
        }
        let until = self.plan.steps[0].ttl;
        let (at, arrivals) = (0.0, ArrivalSet::All);
        self.attempt(Point { step: 0, tries: 0, at, until, is_fixed: true, weight, importance, arrivals });
        for step in 1..self.plan.steps.len() {
            // A step is only ever started by those before it.
            for gathered in std::mem::take(&mut self.gathered[step]) {
                self.pending = gathered.pending;
                let ttl = self.plan.steps[step].ttl;
                let importance = gathered.importance;
                for (at, weight, is_fixed) in gathered.starts.points() {
                    self.attempt(Point { step, tries: 0, at, until: at + ttl, is_fixed, weight, importance, arrivals });
                }
            }
        }
        self.pending.clear();
    }

    /// The sums, complete.
    pub(super) fn finish(mut self) -> PathSums {
        let late = Ending::LateSuccess.index();
        for step in &mut self.sums.steps {
            step.endings[late] = 0.0;
            step.endings[late] = (step.entered - step.endings.iter().sum::<f64>()).max(0.0);
        }
        self.sums
    }

    /// The step submits an attempt.
    fn attempt(&mut self, point: Point) {
        if point.weight * self.mass() < LEAST_WEIGHT || self.sums.walked > MOST_ATTEMPTS {
            return;
        }
        self.sums.walked += 1;
        let alive = point.weight * self.alive(point.at, false);
        let step = &mut self.sums.steps[point.step];
        step.attempts += alive;
        if point.tries == 0 {
            step.entered += alive;
        }
        let members = self.plan.steps[point.step].members.len();
        self.route(Point { tries: point.tries + 1, ..point }, (1 << members) - 1, 0.0);
    }

    /// The attempt goes to one of the members of the pool that are left; `hint` is what the one before asked for when it rejected the attempt.
    fn route(&mut self, point: Point, left: u32, hint: f64) {
        if left == 0 {
            return self.ended(point, point.at, Status::Failed, hint);
        }
        let pool = &self.plan.steps[point.step].rules.pool;
        let weights = pool.weights();
        if weights.is_empty() {
            return self.offer(point, left.trailing_zeros() as usize, left);
        }
        let is_left = |member: &usize| left >> member & 1 == 1;
        let sum: f64 = (0..weights.len()).filter(is_left).map(|member| weights[member]).sum();
        for member in (0..weights.len()).filter(is_left) {
            self.offer(Point { weight: point.weight * weights[member] / sum, ..point }, member, left);
        }
    }

    /// A member of the pool accepts the attempt or not.
    fn offer(&mut self, point: Point, member: usize, left: u32) {
        let left = left & !(1 << member);
        let slot = &self.plan.steps[point.step].members[member];
        if slot.rejected > 0.0 {
            self.route(Point { weight: point.weight * slot.rejected, ..point }, left, 0.0);
        }
        let accepted = Point { weight: point.weight * (1.0 - slot.rejected), ..point };
        let off_for = (self.phone_back - point.at).max(0.0);
        self.meet(slot, accepted, (0, left), Conditions { off_for, ..Conditions::USUAL });
    }

    /// The attempt meets the outages of its provider from this number on.
    fn meet(&mut self, slot: &'a Slot, point: Point, (number, left): (usize, u32), conditions: Conditions) {
        if point.weight <= 0.0 {
            return;
        }
        self.sums.met += 1;
        let hazards = &slot.behaviour.hazards;
        let Some(hazard) = hazards.get(number) else {
            return if conditions.rejected {
                self.route(point, left, slot.behaviour.retry_after_hint)
            } else {
                self.depart(slot.fates(&conditions), conditions, point)
            };
        };
        let step = &self.plan.steps[point.step];
        let looks_again = step.later_looks || step.rules.attempts > 1 || step.members.len() > 1;
        let keep = number + 1 < hazards.len() || looks_again;
        let count = self.intervals.len();
        let [(inside, met), (outside, missed)] =
            self.intervals.split(self.arrivals, point.arrivals, (hazard, point.at), keep);
        if met > 0.0 {
            let inside = |share: f64| Point { weight: point.weight * met * share, arrivals: inside, ..point };
            let mut affected = conditions;
            match hazard.effect {
                Effect::Silent => affected.silent = true,
                Effect::Fail => affected.rejected = true,
                Effect::ReportsLost => affected.reports_lost = true,
                Effect::Slow { factor, delay } => {
                    affected.factor *= factor;
                    affected.delay += delay.as_micros() as f64;
                }
                Effect::ReportsLate { .. } | Effect::Dropped { .. } | Effect::Throttle { .. } => {}
            }
            self.meet(slot, inside(hazard.share), (number + 1, left), affected);
            self.meet(slot, inside(1.0 - hazard.share), (number + 1, left), conditions);
        }
        self.meet(
            slot,
            Point { weight: point.weight * missed, arrivals: outside, ..point },
            (number + 1, left),
            conditions,
        );
        self.intervals.truncate(count);
    }

    /// The attempt departs.
    fn depart(&mut self, fates: &'a Fates, conditions: Conditions, point: Point) {
        self.count(fates, conditions, point);
        if let Some(departures) = self.departures.as_mut().filter(|_| point.weight >= LEAST_BREAK) {
            departures.push((point.step, point.at));
        }
        if self.plan.steps[point.step].succeeds_at_once {
            self.sums.steps[point.step].endings[Ending::Status(Status::Queued).index()] +=
                point.weight * self.alive(point.at, false);
            return;
        }
        let give_up = self.plan.give_up;
        let over = point.until.min(give_up);
        let wait = over - point.at;
        let mut heard = 0.0;
        for report in &fates.reports {
            heard += self.hear(fates, (report, conditions), wait, point);
        }
        if over.is_infinite() {
            self.never_ends(point, heard);
        } else if give_up <= point.until {
            self.end_failed(Point { weight: point.weight * (1.0 - heard).max(0.0), ..point }, over, Ending::GaveUp);
        } else {
            self.time_out(fates, conditions, point, heard);
        }
    }

    /// Counts what an attempt does to the recipient and the bill.
    fn count(&mut self, fates: &Fates, conditions: Conditions, point: Point) {
        let effects = fates.effects(&conditions);
        let alive = point.weight * self.alive(point.at, false);
        let reaching = self.pending.iter().filter(|pending| pending.kind.reaches).count();
        let sums = &mut self.sums;
        sums.cost += alive * effects.charge;
        let step = &mut sums.steps[point.step];
        step.cost += alive * effects.charge;
        step.delivered += alive * effects.reached;
        match reaching {
            0 => sums.delivered += alive * effects.reached,
            1 => sums.duplicates += alive * effects.reached,
            _ => {}
        }
        if effects.seen > 0.0 {
            let unseen = if self.pending.is_empty() { alive } else { point.weight * self.alive(point.at, true) };
            self.sums.seen += unseen * effects.seen;
        }
        for (index, &time) in self.asked.times.iter().enumerate() {
            if time >= point.at {
                let waiting = if reaching == 0 { alive } else { point.weight * self.waiting(point.at, time) };
                self.sums.by[index] += waiting * fates.reached_by(time - point.at, &conditions);
            }
        }
        if self.asked.mean && effects.reached > 0.0 {
            self.sums.first += if reaching == 0 {
                alive * (point.at * effects.reached + fates.mean_delivery(&conditions))
            } else {
                -self.sooner(fates, conditions, point)
            };
        }
    }

    /// How much sooner the first delivery is because of this attempt, given that pending ones will deliver.
    fn sooner(&mut self, fates: &Fates, conditions: Conditions, point: Point) -> f64 {
        let claimed = self.pending.iter().filter(|pending| !pending.kind.reaches);
        let claimed: f64 = claimed.map(|pending| pending.unreported(point.at, false)).product();
        let weight = point.weight * claimed;
        let mut all = self.spare.pop().unwrap_or_default();
        fates.delivery_nodes(&conditions, (point.importance * self.mass(), self.asked.level), &mut all);
        let sum: f64 = all.drain(..).map(|(at, mass)| mass * self.excess(point.at + at)).sum();
        self.spare.push(all);
        weight * sum
    }

    /// The integral, from `time` on, of the probability that no pending attempt has delivered.
    fn excess(&self, time: f64) -> f64 {
        let reaching: Vec<&Pending<'_>> = self.pending.iter().filter(|pending| pending.kind.reaches).collect();
        let [first, others @ ..] = &reaching[..] else { return 0.0 };
        if others.is_empty() {
            return first.excess(time);
        }
        let at_first: f64 = first.undelivered(time);
        let scale = if at_first > 0.0 { first.excess(time) / at_first } else { 0.0 };
        let part = |&(x, w): &(f64, f64)| {
            let later = time + scale * x / (1.0 - x);
            let product: f64 = reaching.iter().map(|pending| pending.undelivered(later)).product();
            w * scale / ((1.0 - x) * (1.0 - x)) * product
        };
        points(16).iter().map(part).sum()
    }

    /// What the engine hears of an attempt within its `wait`: bad reports lead on, good ones end the flow. Returns the probability of both.
    fn hear(
        &mut self,
        fates: &'a Fates,
        (report, conditions): (&'a Report, Conditions),
        wait: f64,
        point: Point,
    ) -> f64 {
        let said = fates.said_by(report, wait, &conditions);
        let has_finishing = self.pending.iter().any(|pending| pending.kind.finishes);
        let mut heard = said;
        let weight = (point.importance * self.mass(), self.asked.level);
        let mut all = self.spare.pop().unwrap_or_default();
        match report.content {
            Content::Success(status) => {
                let ending = Ending::Status(status).index();
                if has_finishing {
                    let mut breaks: Vec<f64> = self.pending.iter().flat_map(Pending::breaks).collect();
                    breaks.iter_mut().for_each(|at| *at -= point.at);
                    breaks.sort_unstable_by(f64::total_cmp);
                    fates.report_nodes(report, (wait, &breaks), &conditions, weight, &mut all);
                    let ends = |&(at, mass): &Node| mass * self.alive(point.at + at, false);
                    self.sums.steps[point.step].endings[ending] += point.weight * all.iter().map(ends).sum::<f64>();
                } else {
                    self.sums.steps[point.step].endings[ending] += point.weight * self.mass() * said;
                }
            }
            Content::Bad(status) if !has_finishing && self.is_final(point, status) => {
                self.end_failed(Point { weight: point.weight * said, ..point }, point.at, Ending::Status(status));
            }
            Content::Bad(status) => {
                let mut breaks = [0.0; MOST_BREAKS];
                let next = self.breaks.get(point.step + 1).map_or(&[][..], Vec::as_slice);
                let retry = self.last_retries(point, status).into_iter().flatten();
                let pending = self.pending.iter().flat_map(Pending::breaks);
                let ahead = retry.chain(next.iter().copied().chain(pending).map(|at| at - point.at));
                let ahead = ahead.filter(|&after| after > 0.0);
                let count = breaks.iter_mut().zip(ahead).map(|(to, after)| *to = after).count();
                breaks[..count].sort_unstable_by(f64::total_cmp);
                fates.report_nodes(report, (wait, &breaks[..count]), &conditions, weight, &mut all);
                let (importance, is_fixed) = (point.importance * said, point.is_fixed && report.is_discrete());
                for &(at, mass) in &all {
                    let point = Point { weight: point.weight * mass, importance, is_fixed, ..point };
                    self.ended(point, point.at + at, status, 0.0);
                }
            }
            Content::Nothing => {}
        }
        all.clear();
        fates.expiry_nodes(report, wait, &conditions, weight, &mut all);
        for &(at, mass) in &all {
            heard += mass;
            let (importance, is_fixed) = (point.importance * mass, point.is_fixed && all.len() == 1);
            let point = Point { weight: point.weight * mass, importance, is_fixed, ..point };
            self.ended(point, point.at + at, Status::Expired, 0.0);
        }
        all.clear();
        self.spare.push(all);
        heard
    }

    /// Until when the attempt must have failed to be tried again before the step ends: with the longest wait, and with the shortest (µs since
    /// submission).
    fn last_retries(&self, point: Point, status: Status) -> Option<[f64; 2]> {
        let rules = &self.plan.steps[point.step].rules;
        let is_tried_again = status == Status::Failed && point.tries < rules.attempts;
        let left = point.until.min(self.plan.give_up) - point.at;
        let wait = rules.usual_wait(point.tries).as_micros() as f64;
        let jitter = wait * f64::from(rules.jitter) / 1e6;
        (is_tried_again && left.is_finite()).then_some([left - wait - jitter, left - wait + jitter])
    }

    /// Whether a bad status of the current attempt is the end of the flow, whenever it comes.
    fn is_final(&self, point: Point, status: Status) -> bool {
        let rules = &self.plan.steps[point.step].rules;
        let is_last = point.step + 1 == self.plan.steps.len();
        (is_last || !rules.failover_on.contains(status)) && (status != Status::Failed || point.tries >= rules.attempts)
    }

    /// The engine hears at `at` that the current attempt has ended with a bad status.
    fn ended(&mut self, point: Point, at: f64, status: Status, hint: f64) {
        let rules = &self.plan.steps[point.step].rules;
        if status != Status::Failed || point.tries >= rules.attempts {
            return self.fail_over(point, at, status, Ending::Status(status));
        }
        let usual = rules.usual_wait(point.tries).as_micros() as f64;
        let jitter = usual * f64::from(rules.jitter) / 1e6;
        // A wait must end before the step does; where it varies, it is uniform from `low` to `high`.
        let (low, high, most) = (usual - jitter, usual + jitter, point.until.min(self.plan.give_up) - at);
        let by = |wait: f64| {
            if high > low { ((wait - low) / (high - low)).clamp(0.0, 1.0) } else { f64::from(u8::from(wait > low)) }
        };
        let too_long = Point { weight: point.weight * (1.0 - by(most)), ..point };
        if hint >= most || by(most) <= 0.0 {
            return self.fail_over(point, at, status, Ending::Status(status));
        }
        if too_long.weight > 0.0 {
            self.fail_over(too_long, at, status, Ending::Status(status));
        }
        if high <= low || high <= hint {
            return self.attempt(Point { at: at + hint.max(usual), ..point });
        }
        if hint > low {
            self.attempt(Point { at: at + hint, weight: point.weight * by(hint), ..point });
        }
        let (from, to) = (low.max(hint), high.min(most));
        let share = by(to) - by(from);
        let digits = self.asked.level.digits(point.importance * share * self.mass());
        for &(x, part) in points((digits + 1.0).max(2.0) as usize) {
            let weight = point.weight * share * part;
            self.attempt(Point { at: at + from + x * (to - from), is_fixed: false, weight, ..point });
        }
    }

    /// The step has failed with this status: the flow moves on, or fails.
    fn fail_over(&mut self, point: Point, at: f64, status: Status, ending: Ending) {
        let step = &self.plan.steps[point.step];
        let next = point.step + 1;
        let is_last = next == self.plan.steps.len();
        if is_last || !step.rules.failover_on.contains(status) || at >= self.plan.give_up {
            return self.end_failed(point, at, ending);
        }
        let alive = point.weight * self.alive(at, false);
        self.sums.steps[point.step].endings[ending.index()] += alive;
        self.sums.failovers += alive;
        self.start(Point { step: next, tries: 0, at, until: at + self.plan.steps[next].ttl, ..point });
    }

    /// The flow starts a step: the start is gathered with others in the same state, or followed at once if there are none.
    fn start(&mut self, point: Point) {
        let is_shared =
            matches!(point.arrivals, ArrivalSet::All) && self.pending.iter().all(|pending| pending.is_fixed);
        if !is_shared {
            return self.attempt(point);
        }
        let groups = &mut self.gathered[point.step];
        let place = groups.iter().rposition(|gathered| gathered.pending == self.pending);
        let place = place.unwrap_or_else(|| {
            let mass: f64 = self.pending.iter().map(|pending| pending.mass).product();
            let starts = Starts::new(self.asked.level.digits(point.importance * mass), 0.01 * self.asked.times[0]);
            let mut breaks = self.breaks[point.step].clone();
            breaks.extend(self.pending.iter().flat_map(Pending::breaks));
            groups.push(Gathered { pending: self.pending.clone(), breaks, starts, importance: 0.0 });
            groups.len() - 1
        });
        let gathered = &mut groups[place];
        gathered.importance += point.weight;
        if point.is_fixed {
            gathered.starts.add_fixed(point.at, point.weight);
        } else {
            gathered.starts.add(point.at, point.weight, &gathered.breaks);
        }
    }

    /// The flow fails.
    fn end_failed(&mut self, point: Point, at: f64, ending: Ending) {
        let alive = point.weight * self.alive(at, false);
        self.sums.steps[point.step].endings[ending.index()] += alive;
        self.sums.failed += alive;
    }

    /// The ttl of the step passes; with probability `heard`, it has ended before.
    fn time_out(&mut self, fates: &'a Fates, conditions: Conditions, point: Point, heard: f64) {
        let step = &self.plan.steps[point.step];
        let (at, ending) = (point.until, Ending::Status(Status::Expired));
        let left = (1.0 - heard).max(0.0);
        let leads_on = point.step + 1 < self.plan.steps.len() && step.rules.failover_on.contains(Status::Expired);
        if !leads_on {
            return self.end_failed(Point { weight: point.weight * left, ..point }, at, ending);
        }
        let may_finish = self.plan.finishes && !step.rules.expire_on_delivery && !conditions.reports_lost;
        let mut dead = left;
        for (finishes, reaches) in [(true, true), (true, false), (false, true)] {
            let kind = PendingKind { finishes, reaches, may_finish };
            let (since, is_fixed) = (point.at, point.is_fixed);
            let mut pending = Pending { fates, conditions, since, is_fixed, kind, mass: 0.0, unseen: 0.0 };
            for report in fates.reports.iter().filter(|report| kind.has(report)) {
                let is_success = matches!(report.content, Content::Success(_));
                let heard = if is_success { fates.said_by(report, at - point.at, &conditions) } else { 0.0 };
                let mass = fates.happens(report, &conditions) - heard;
                pending.mass += mass;
                pending.unseen += mass * (1.0 - report.seen());
            }
            if pending.mass > LEAST_WEIGHT {
                dead -= pending.mass;
                self.pending.push(pending);
                self.fail_over(point, at, Status::Expired, ending);
                self.pending.pop();
            }
        }
        if dead > 0.0 {
            self.fail_over(Point { weight: point.weight * dead, ..point }, at, Status::Expired, ending);
        }
    }

    /// Nothing ends the step but a report: with probability `heard`, one comes.
    fn never_ends(&mut self, point: Point, heard: f64) {
        // A pending report ends the flow in the end.
        if self.pending.iter().any(|pending| pending.kind.finishes) {
            return;
        }
        let left = point.weight * self.mass() * (1.0 - heard).max(0.0);
        self.sums.unresolved += left;
        self.sums.steps[point.step].endings[Ending::Unresolved.index()] += left;
    }

    /// The probability of what is pending.
    fn mass(&self) -> f64 {
        self.pending.iter().map(|pending| pending.mass).product()
    }

    /// The probability of what is pending, and that it has not ended the flow by `time`; without what the recipient opens, if `unseen`.
    fn alive(&self, time: f64, unseen: bool) -> f64 {
        self.pending.iter().map(|pending| pending.unreported(time, unseen)).product()
    }

    /// The probability of what is pending, and that it has not delivered by `time`; what only claims to deliver has not ended the flow at `at`.
    fn waiting(&self, at: f64, time: f64) -> f64 {
        let of = |pending: &Pending<'_>| {
            if pending.kind.reaches { pending.undelivered(time) } else { pending.unreported(at, false) }
        };
        self.pending.iter().map(of).product()
    }
}
