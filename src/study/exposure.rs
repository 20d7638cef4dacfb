//! How likely a replication is to meet random outages: what the model knows, and few replications cannot tell.
//!
//! Where outages are rare most replications meet none, and an interval of those alone knows nothing of the others. How many should
//! meet one is known without simulating anything: the windows are drawn, for ten thousand replications.

use super::horizon;
use super::unknown::Unknown;
use crate::provider::Calendar;
use crate::rng::{ProviderKey, RngKey};
use crate::scenario::{Scenario, used_by};
use crate::units::Time;

/// The windows of so many replications are drawn.
const DRAWN: u32 = 10_000;
/// An interval needs so many replications with an outage, on average: with 12 Hall's interval held the truth in 94 to 99 % over hit
/// probabilities from 0.02 to 0.9 and five kinds of effect, with 5 in 83 to 99 %. It is the expected number that counts: to print an
/// interval whenever enough have been met selects those that look best.
const EXPECTED: f64 = 12.0;
/// And so many that have met one.
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
    /// The share of replications that meet one.
    likely: f64,
    /// Which of the first replications do, as far as that has been asked.
    met: Vec<bool>,
}

impl Exposure {
    /// That of the plans of `scenario`, of which so many replications are played at the most.
    pub(super) fn new(scenario: &Scenario, replications: u32) -> Self {
        let plans = (0..scenario.plans.len()).map(|plan| exposed(scenario, plan, replications));
        Self { plans: plans.collect() }
    }

    /// So many replications are needed before any interval is printed.
    pub(super) fn least(&self) -> u64 {
        self.plans.iter().flatten().map(Exposed::needed).max().unwrap_or(0)
    }

    /// Why so many replications of a plan tell too little of its outages, if they do. What an outage could do to a mean is at most
    /// `largest`, in the unit of `half`, which is half of the interval's length: outages too rare to matter are left out.
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

/// The providers with random outages that a plan, or the own plan of a stream beside it, uses.
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
    let key = ProviderKey::of_name(&spec.name);
    let meets = |replication: u32| {
        let rng = RngKey::new(scenario.seed, replication);
        calendars.iter().any(|(calendar, number)| calendar.begins(rng, key, *number) <= until)
    };
    let met: Vec<bool> = (0..DRAWN.max(replications)).map(meets).collect();
    let likely = met.iter().filter(|met| **met).count() as f64 / met.len() as f64;
    Exposed { provider: spec.name.clone(), likely, met: met.into_iter().take(replications as usize).collect() }
}
