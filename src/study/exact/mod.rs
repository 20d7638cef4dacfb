//! Exact answers: the measures of a plan whose recipients share nothing, by numerical integration in place of draws.
//!
//! The rules are those of the simulation, derived from the same plan and provider specifications: [`walk`](mod@walk) follows a flow through all that
//! may happen to it, `fates` says what may become of one attempt, `arrivals` who meets an outage, `behaviour` what providers do, and `quadrature` has
//! the nodes. Laws are those of the samplers (`dist::Law`), so that what is integrated is what is drawn. Every integral is computed at two levels;
//! twice their difference is the numeric error that is stated.
//!
//! The probabilities are those of one recipient. Recipients of different streams and segments, and of different states over the channels that a
//! plan uses several times (persistent outcomes), are solved apart, and averaged; when a phone that is off is on again is one more integral.

mod answers;
mod arrivals;
mod behaviour;
mod class;
mod fates;
mod obstacle;
mod pending;
mod phones;
mod quadrature;
mod quantiles;
mod starts;
mod sums;
mod walk;

use self::arrivals::{ArrivalLaw, micros};
use self::behaviour::{Behaviour, Laws};
use self::quadrature::Level;
use self::sums::{PathSums, StepSums};
use self::walk::Asked;
use super::groups::{Group, Groups, first_step_of, models_seen, step_plans_of};
use super::samples::{QUANTILE_METRICS, QUANTILES};
use crate::dist::{Law, Shape};
use crate::provider::{Effect, Outage, ProviderSpec, Reports};
use crate::scenario::{Metric, Plan, Scenario};
use crate::sim::Ending;
use crate::status::{Segment, SuccessFloor};
use crate::units::Span;
use std::sync::Arc;

use super::results::Exact;
pub use answers::solve;
pub use obstacle::Obstacle;

/// The levels at which everything is computed; the finer one counts.
const LEVELS: [Level; 2] = [Level(6), Level(7)];

/// The levels for an answer beside a simulation, which must not take longer. The second and the third are only used as long as the walk at the level
/// before meets providers, and their outages, this often.
const QUICK_LEVELS: [Level; 3] = [Level(5), Level(6), Level(7)];
const MOST_FOR_SECOND: usize = 10_000;
const MOST_FOR_THIRD: usize = 6_000;

/// The levels for quantiles, which take a search.
const QUANTILE_LEVELS: [Level; 3] = [Level(4), Level(5), Level(6)];

/// Where a walk at this level takes more attempts than this, finer ones would take too many.
const ROUGH: Level = Level(3);
const MOST_ROUGH: usize = 3_000;

/// Quantiles, which take a dozen walks, are left out where one takes more attempts than this.
const MOST_FOR_QUANTILES: usize = 50_000;

/// The most windows of an outage.
const MOST_WINDOWS: f64 = 1000.0;

/// The exact answer for a plan.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Solution {
    /// The measures, in their units; those that there are not are left out, such as latencies of a plan that reaches nobody.
    pub measures: Vec<(Metric, Exact)>,
    /// The steps: at the top level those of the streams that follow the plan.
    pub steps: Vec<SolvedStep>,
}

/// The exact counts of a step, per recipient.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SolvedStep {
    /// Attempts.
    pub attempts: f64,
    /// Messages that reach the recipient.
    pub delivered: f64,
    /// The cost, in units of the currency.
    pub cost: f64,
    /// How the step ends, by [`Ending::index`].
    pub endings: [f64; Ending::COUNT],
}

impl Solution {
    /// A measure, if it is among those that were asked for.
    #[must_use]
    pub fn measure(&self, metric: Metric) -> Option<Exact> {
        self.measures.iter().find(|(other, _)| *other == metric).map(|(_, exact)| *exact)
    }
}

/// Solves the plans of a scenario.
///
/// ```
/// use failsim::scenario::{self, Metric};
/// use failsim::study::Solver;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scenario = scenario::load(std::path::Path::new("scenarios/bank-pin.toml"))?;
/// let solver = Solver::new(&scenario, &scenario.used_providers());
/// let solution = solver.solve(&scenario.plans[0]).expect("nothing is shared");
/// let in_time = solution.measure(Metric::InTime).expect("it is a measure of every plan");
/// assert!((in_time.value - 0.98006).abs() < 1e-5 && in_time.error < 1e-5);
/// # Ok(())
/// # }
/// ```
pub struct Solver<'a> {
    scenario: &'a Scenario,
    /// For each segment, the providers, as far as they are wanted.
    behaviours: Vec<Vec<Option<Arc<Behaviour>>>>,
    /// When the recipients of each stream arrive.
    arrivals: Vec<ArrivalLaw>,
    /// The share of phones that are off, and when they are on again.
    phones: Option<(f64, Option<Arc<Law>>)>,
    /// Whether recipients share capacity and circuits, as the scenario says.
    shares: bool,
}

impl<'a> Solver<'a> {
    /// Prepares plans that use these providers, and the own plans of streams. Other plans must not be asked about.
    ///
    /// # Panics
    /// Never; the other functions do, if a plan uses a provider that is not prepared.
    #[must_use]
    pub fn new(scenario: &'a Scenario, providers: &[usize]) -> Self {
        let mut laws = Laws::default();
        let own = scenario.streams.iter().filter_map(|stream| stream.plan.as_ref());
        let mut wanted = crate::scenario::used_by(own);
        wanted.extend_from_slice(providers);
        let behaviours = scenario.segments().map(|segment| {
            let behaviour = |(i, spec): (usize, &ProviderSpec)| {
                wanted.contains(&i).then(|| Arc::new(Behaviour::new(spec, segment, &mut laws)))
            };
            scenario.providers.iter().enumerate().map(behaviour).collect()
        });
        let behaviours = behaviours.collect();
        let phones = scenario.people.phone_off.as_ref();
        let phones = phones.map(|off| (off.share.get(), off.back_after.as_ref().map(|back| laws.of(back))));
        let arrivals = scenario.streams.iter().map(|stream| ArrivalLaw::new(&stream.traffic)).collect();
        Self { scenario, behaviours, arrivals, phones, shares: true }
    }

    /// The same solver for a scenario whose capacities and circuits turned out to affect nobody.
    pub(super) fn unlimited(self) -> Self {
        Self { shares: false, ..self }
    }

    /// What keeps `plan` from being solved: nothing if recipients share nothing, and the solver knows all that it uses.
    #[must_use]
    pub fn obstacles(&self, plan: &Plan) -> Vec<Obstacle> {
        self.obstacles_of(plan, Group::All)
    }

    fn obstacles_of(&self, plan: &Plan, group: Group) -> Vec<Obstacle> {
        let scenario = self.scenario;
        let mut all = Vec::new();
        let mut used = Vec::new();
        for (stream, segment) in Groups::of(scenario).classes_of(group) {
            let followed = scenario.streams[stream].follows(plan).in_segment(segment);
            for rules in followed.flow.steps() {
                if rules.success == SuccessFloor::Sent {
                    all.push(Obstacle::SentFloor);
                }
                used.extend(rules.pool.members().iter().map(|&member| (member, segment)));
                if rules.success == SuccessFloor::Delivered {
                    let specs = rules.pool.members().iter().map(|&member| scenario.providers[member].of(segment));
                    let crossed = specs.filter(|spec| may_be_seen_first(spec));
                    all.extend(crossed.map(|spec| Obstacle::SeenFirst(spec.name.clone())));
                }
            }
            all.extend(class::shared_cells(&followed.flow, &self.behaviours[segment.index()]).err());
        }
        for (provider, segment) in used {
            self.obstacles_at(provider, segment, &mut all);
        }
        all.sort();
        all.dedup();
        all
    }

    fn obstacles_at(&self, provider: usize, segment: Segment, all: &mut Vec<Obstacle>) {
        let spec = &self.scenario.providers[provider];
        let mut push = |is: bool, obstacle: fn(String) -> Obstacle| {
            if is {
                all.push(obstacle(spec.name.clone()));
            }
        };
        push(self.shares && spec.capacity.is_some(), Obstacle::Capacity);
        push(self.shares && self.scenario.breakers[provider].is_some(), Obstacle::Breaker);
        push(spec.has_random_outages(), Obstacle::RandomOutages);
        push(spec.reports != Reports::RELIABLE, Obstacle::UnreliableReports);
        let is_late = |outage: &Outage| matches!(outage.effect, Effect::ReportsLate { .. });
        push(spec.outages.iter().any(is_late), Obstacle::LateReports);
        let until = self.arrivals.iter().map(ArrivalLaw::last).fold(0.0, f64::max);
        let behaviour = self.behaviours[segment.index()][provider].as_ref();
        let hazards = behaviour.map_or(&[][..], |behaviour| &behaviour.hazards);
        push(hazards.iter().any(|hazard| hazard.windows_before(until) > MOST_WINDOWS), Obstacle::ManyOutages);
    }

    /// The exact answer for `plan`, with all measures.
    ///
    /// # Errors
    /// What keeps it from being solved.
    pub fn solve(&self, plan: &Plan) -> Result<Solution, Vec<Obstacle>> {
        self.solve_for(plan, Group::All, true)
    }

    /// The exact answer for `plan` without quantiles of the latency, which take most of the time.
    ///
    /// # Errors
    /// What keeps it from being solved.
    pub fn solve_plainly(&self, plan: &Plan) -> Result<Solution, Vec<Obstacle>> {
        self.solve_for(plan, Group::All, false)
    }

    /// A rough answer for a group of recipients, to about this number of decimal digits, with the deliveries by `times`, and with the mean latency or
    /// without. It does not ask whether the plan can be solved at all: see [`Solver::obstacles`].
    pub(super) fn glance(
        &self,
        plan: &Plan,
        group: Group,
        (times, mean): (&[Span], bool),
        digits: usize,
    ) -> Result<Glance, Obstacle> {
        let question = Question { solver: self, plan, group };
        let times: Vec<f64> = times.iter().copied().map(micros).collect();
        let sums = question.sums(&times, mean, Level(digits))?;
        Ok(Glance { sums, recipients: question.recipients() })
    }

    /// The exact answer for a group of recipients, with quantiles or without.
    pub(super) fn solve_for(&self, plan: &Plan, group: Group, quantiles: bool) -> Result<Solution, Vec<Obstacle>> {
        let question = self.question(plan, group)?;
        // A rough walk shows whether a finer one would take too long.
        match question.sums(&[], false, ROUGH) {
            Ok(rough) if rough.walked <= MOST_ROUGH => {}
            _ => return Err(vec![Obstacle::Paths]),
        }
        question.solution(quantiles).map_err(|obstacle| vec![obstacle])
    }

    /// The question, if nothing keeps the plan from being solved.
    fn question<'q>(&'q self, plan: &'q Plan, group: Group) -> Result<Question<'q>, Vec<Obstacle>> {
        let obstacles = self.obstacles_of(plan, group);
        if obstacles.is_empty() { Ok(Question { solver: self, plan, group }) } else { Err(obstacles) }
    }

    /// The exact answer for a group of recipients, without quantiles: as fine as is quick.
    fn solve_quickly(&self, plan: &Plan, group: Group) -> Result<Solution, Vec<Obstacle>> {
        self.question(plan, group)?.quick().map_err(|obstacle| vec![obstacle])
    }

    /// The plan for the recipients of a class, by their state over the channels.
    fn classes(
        &self,
        stream: usize,
        segment: Segment,
        followed: &Plan,
        times: &[f64],
        level: Level,
    ) -> Result<Vec<(f64, class::ClassPlan)>, Obstacle> {
        let flow = followed.flow_in(segment, &self.scenario.providers);
        let about = (times, self.phones.is_some(), self.arrivals[stream].is_blast());
        class::classes(&flow, &self.behaviours[segment.index()], about, level)
    }
}

/// A plan, for a group of recipients.
struct Question<'a> {
    solver: &'a Solver<'a>,
    plan: &'a Plan,
    group: Group,
}

impl Question<'_> {
    /// The sums over the recipients, for one of them: first deliveries by the deadline of each, and by `times`.
    fn sums(&self, times: &[f64], mean: bool, level: Level) -> Result<PathSums, Obstacle> {
        let Self { solver, plan, group } = *self;
        let scenario = solver.scenario;
        let classes = self.classes();
        let all: f64 = classes.iter().map(|class| class.2).sum();
        let mut sums = PathSums::new(times.len() + 1, self.steps());
        for (stream, segment, recipients) in classes {
            let deadline = micros(scenario.streams[stream].deadline);
            let times: Vec<f64> = std::iter::once(deadline).chain(times.iter().copied()).collect();
            let followed = scenario.streams[stream].follows(plan).in_segment(segment);
            let first = first_step_of(scenario, group, plan, (stream, segment));
            for (share, class) in solver.classes(stream, segment, followed, &times, level)? {
                let asked = Asked { times: &times, mean, level };
                let off = solver.phones.as_ref().map(|(share, back)| (*share, back.as_deref()));
                let of_state = phones::walk(&class, &solver.arrivals[stream], asked, share, off);
                if of_state.walked > walk::MOST_ATTEMPTS {
                    return Err(Obstacle::Paths);
                }
                sums.add(&of_state, recipients / all, first);
            }
        }
        Ok(sums)
    }

    /// The number of steps of the results.
    fn steps(&self) -> usize {
        let plans = step_plans_of(self.solver.scenario, self.group, self.plan);
        plans.iter().map(|plan| plan.flow.steps().len()).sum()
    }

    /// The classes of the recipients, each with the expected number.
    fn classes(&self) -> Vec<(usize, Segment, f64)> {
        let scenario = self.solver.scenario;
        let counted = |(stream, segment): (usize, Segment)| {
            let traffic = &scenario.streams[stream].traffic;
            let shares = traffic.segments.shares(scenario.segment_count(), traffic.recipients);
            (stream, segment, traffic.recipients as f64 * shares[segment.index()])
        };
        Groups::of(scenario).classes_of(self.group).map(counted).filter(|class| class.2 > 0.0).collect()
    }

    /// The expected number of recipients.
    fn recipients(&self) -> f64 {
        self.classes().iter().map(|class| class.2).sum()
    }

    fn models_seen(&self) -> bool {
        let scenario = self.solver.scenario;
        let mut followed = Groups::of(scenario)
            .classes_of(self.group)
            .map(|(stream, segment)| scenario.streams[stream].follows(self.plan).in_segment(segment));
        followed.any(|plan| models_seen(scenario, plan))
    }

    fn solution(&self, quantiles: bool) -> Result<Solution, Obstacle> {
        let [coarse, fine] = LEVELS.map(|level| self.sums(&[], true, level));
        let (coarse, fine) = (coarse?, fine?);
        let mut solution = self.compared(&coarse, &fine);
        if quantiles && fine.delivered > 1e-9 && fine.walked < MOST_FOR_QUANTILES {
            let shares = QUANTILES.map(|(_, share)| share);
            let deliveries = |times: &[f64], level: Level| {
                let sums = self.sums(times, false, level)?;
                Ok(sums.by[1..].iter().map(|by| by / sums.delivered).collect::<Vec<_>>())
            };
            let found = quantiles::find(&shares, QUANTILE_LEVELS, deliveries)?;
            solution.measures.extend(QUANTILE_METRICS.into_iter().zip(found));
        }
        Ok(solution)
    }

    fn quick(&self) -> Result<Solution, Obstacle> {
        let within = |sums: PathSums, most: usize| if sums.met > most { Err(Obstacle::Paths) } else { Ok(sums) };
        let [first, second, third] = QUICK_LEVELS;
        within(self.sums(&[], false, ROUGH)?, MOST_ROUGH)?;
        let first = within(self.sums(&[], true, first)?, MOST_FOR_SECOND)?;
        let second = self.sums(&[], true, second)?;
        Ok(if second.met > MOST_FOR_THIRD {
            self.compared(&first, &second)
        } else {
            self.compared(&second, &self.sums(&[], true, third)?)
        })
    }

    /// The measures and steps from the sums of two levels.
    fn compared(&self, coarse: &PathSums, fine: &PathSums) -> Solution {
        let recipients = self.recipients();
        let mut measures = Vec::new();
        for metric in PLAIN.into_iter().filter(|metric| *metric != Metric::Seen || self.models_seen()) {
            if let (Some(fine), Some(coarse)) = (value(metric, fine, recipients), value(metric, coarse, recipients)) {
                measures.push((metric, exact(fine, coarse)));
            }
        }
        let step = |sums: &StepSums| SolvedStep {
            attempts: sums.attempts,
            delivered: sums.delivered,
            cost: sums.cost / 1e6,
            endings: sums.endings,
        };
        Solution { measures, steps: fine.steps.iter().map(step).collect() }
    }
}

/// The measures that follow from the sums over all paths.
const PLAIN: [Metric; 11] = [
    Metric::Delivered,
    Metric::InTime,
    Metric::Succeeded,
    Metric::Duplicates,
    Metric::Seen,
    Metric::CostTotal,
    Metric::CostPerRecipient,
    Metric::CostPerDelivered,
    Metric::LatencyMean,
    Metric::Failovers,
    Metric::CallbacksOnCompletion,
];

/// Whether a measure follows from the sums over all paths.
pub(super) fn is_plain(metric: Metric) -> bool {
    PLAIN.contains(&metric)
}

/// A measure of this number of recipients, from the sums for one of them; `None` if it is another one, or an average over nobody.
fn value(metric: Metric, sums: &PathSums, recipients: f64) -> Option<f64> {
    let per_delivered = |sum: f64| (sums.delivered > 1e-9).then(|| sum / sums.delivered);
    match metric {
        Metric::Delivered => Some(sums.delivered),
        Metric::InTime => Some(sums.by[0]),
        Metric::Succeeded => Some(1.0 - sums.failed - sums.unresolved),
        Metric::Duplicates => Some(sums.duplicates),
        Metric::Seen => Some(sums.seen),
        Metric::CostTotal => Some(recipients * sums.cost / 1e6),
        Metric::CostPerRecipient => Some(sums.cost / 1e6),
        Metric::CostPerDelivered => per_delivered(sums.cost / 1e6),
        Metric::LatencyMean => per_delivered(sums.first / 1e6),
        Metric::Failovers => Some(recipients * sums.failovers),
        Metric::CallbacksOnCompletion => Some(recipients * (1.0 - sums.unresolved)),
        _ => None,
    }
}

/// A rough answer for a plan, for whoever compares many.
#[derive(Clone, Debug)]
pub(super) struct Glance {
    sums: PathSums,
    recipients: f64,
}

impl Glance {
    /// A measure, if it needs no quantile and there is one.
    pub(super) fn value(&self, metric: Metric) -> Option<f64> {
        value(metric, &self.sums, self.recipients)
    }

    /// The share of the delivered messages that are delivered by each of the times that were asked for.
    pub(super) fn delivered_by(&self, time: usize) -> f64 {
        if self.sums.delivered > 1e-9 { self.sums.by[time + 1] / self.sums.delivered } else { 0.0 }
    }
}

/// Whether the report that a message has been seen may overtake that of its delivery.
fn may_be_seen_first(spec: &ProviderSpec) -> bool {
    let is_constant = matches!(spec.report_delay.shape, Shape::Constant(_));
    !is_constant && spec.outcomes.iter().any(|outcome| outcome.seen.is_some())
}

/// The value of the finer of two levels, with the error that their difference shows: twice that, and a millionth, because both may be equal by
/// chance.
fn exact(fine: f64, coarse: f64) -> Exact {
    Exact { value: fine, error: 2.0 * (fine - coarse).abs() + 1e-6 * fine.abs() }
}
