//! How likely a replication is to meet random outages: known from the model, but not from a few replications.
//!
//! Where outages are rare, most replications meet none, and an interval from those alone says nothing about the others. The share that
//! should meet one is known without any simulation: the outage windows of ten thousand replications are drawn.

use super::horizon;
use super::unknown::Unknown;
use crate::provider::Calendar;
use crate::rng::{DrawKey, RngKey};
use crate::scenario::{Scenario, used_by};
use crate::units::Time;

/// The number of replications whose outage windows are drawn.
const DRAWN: u32 = 10_000;
/// The expected number of replications with an outage that an interval needs: with 12, Hall's interval covered the truth in 94 to 99 % of
/// cases, over hit probabilities from 0.02 to 0.9 and five kinds of effect; with 5, in 83 to 99 %. The expected number counts: printing an
/// interval as soon as enough have met an outage would select the samples that look best.
const EXPECTED: f64 = 12.0;
/// The number of replications that must in fact have met an outage.
const LEAST_MET: u64 = 5;

/// The random outages that each plan can meet.
#[derive(Clone, Debug, Default)]
pub(super) struct Exposure {
    plans: Vec<Vec<Exposed>>,
}

/// A provider whose random outages a plan can meet.
#[derive(Clone, Debug)]
struct Exposed {
    provider: String,
    /// The share of replications that meet an outage.
    likely: f64,
    /// Whether each of the first replications meets an outage, up to the number that was asked for.
    met: Vec<bool>,
}

impl Exposure {
    /// The exposure of the plans of `scenario`, of which at most this many replications are run.
    pub(super) fn new(scenario: &Scenario, replications: u32) -> Self {
        let plans = (0..scenario.plans.len()).map(|plan| exposed(scenario, plan, replications));
        Self { plans: plans.collect() }
    }

    /// The number of replications needed before any interval is printed.
    pub(super) fn least(&self) -> u64 {
        self.plans.iter().flatten().map(Exposed::needed).max().unwrap_or(0)
    }

    /// Why this many replications of a plan say too little about its outages; `None` if they say enough. An outage can move a mean by at
    /// most `largest`, in the unit of `half`, which is half the interval's length; outages too rare to matter are ignored.
    pub(super) fn unknown(&self, plan: usize, replications: u32, largest: f64, half: f64) -> Option<Unknown> {
        let exposed = self.plans.get(plan)?;
        let matters = |exposed: &&Exposed| exposed.likely * largest > half / 10.0;
        exposed.iter().filter(matters).find_map(|exposed| exposed.unknown(replications))
    }
}

impl Exposed {
    fn needed(&self) -> u64 {
        if self.likely > 0.0 { (EXPECTED / self.likely).ceil() as u64 } else { 0 }
    }

    fn unknown(&self, replications: u32) -> Option<Unknown> {
        let met = self.met.iter().take(replications as usize).filter(|met| **met).count() as u64;
        let of = u64::from(replications);
        let enough = of >= self.needed() && (met >= LEAST_MET || self.likely == 0.0);
        (!enough).then(|| Unknown::Outages {
            provider: self.provider.clone(),
            met,
            of,
            needed: self.needed().max(of + 1),
        })
    }
}

/// The providers with random outages that a plan, or the own plan of a stream, uses.
fn exposed(scenario: &Scenario, plan: usize, replications: u32) -> Vec<Exposed> {
    let own = scenario.streams.iter().filter_map(|stream| stream.plan.as_ref());
    let used = used_by(own.chain([&scenario.plans[plan]]));
    let until = horizon::activity(scenario, plan);
    let at_random = used.into_iter().filter(|&provider| scenario.providers[provider].has_random_outages());
    at_random.map(|provider| of_provider(scenario, provider, until, replications)).collect()
}

fn of_provider(scenario: &Scenario, provider: usize, until: Time, replications: u32) -> Exposed {
    let spec = &scenario.providers[provider];
    let outages = spec.outages.iter().zip(0..).filter(|(outage, _)| outage.is_random());
    let calendars: Vec<_> = outages.map(|(outage, number)| (Calendar::new(outage), number)).collect();
    let key = DrawKey::of_name(&spec.name);
    let meets = |replication: u32| {
        let rng = RngKey::new(scenario.seed, replication);
        calendars.iter().any(|(calendar, number)| calendar.begins(rng, key, *number) <= until)
    };
    let met: Vec<bool> = (0..DRAWN.max(replications)).map(meets).collect();
    let likely = met.iter().filter(|met| **met).count() as f64 / met.len() as f64;
    Exposed { provider: spec.name.clone(), likely, met: met.into_iter().take(replications as usize).collect() }
}
