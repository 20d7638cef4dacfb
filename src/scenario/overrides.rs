//! What a flag can change of a scenario after it has been read.

use super::Scenario;
use super::quantity::MAX_DURATION;
use super::suggest;
use crate::traffic::Arrivals;

/// Why a change does not fit the scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Override {
    /// Its arrival times are measured, and there are only so many.
    TooManyRecipients {
        /// How many there are.
        available: u64,
    },
    /// At its rate so many would arrive for more than a year.
    TooLong {
        /// How many arrive within a year.
        within: u64,
    },
    /// It has no plan of this name.
    NoSuchPlan {
        /// The name.
        name: String,
        /// The plan that was probably meant.
        nearest: Option<String>,
        /// The plans that it has.
        plans: Vec<String>,
        /// The stream of traffic that always follows a plan of this name.
        always: Option<String>,
    },
}

impl Scenario {
    /// Plays this many recipients, at least 1 and at most [`crate::traffic::MAX_RECIPIENTS`]; of several streams each as large a part
    /// as before, and at least one.
    ///
    /// # Errors
    /// [`Override::TooManyRecipients`] when arrival times come from a file with fewer rows, [`Override::TooLong`] when they come
    /// at a rate that takes longer than a scenario may last.
    pub fn set_recipients(&mut self, recipients: u64) -> Result<(), Override> {
        let (all, mut before, mut given) = (u128::from(self.recipients()), 0, 0);
        for stream in &mut self.streams {
            before += stream.traffic.recipients;
            let until = (u128::from(recipients) * u128::from(before) / all) as u64;
            let part = (until - given).max(1);
            given = until;
            fits(&stream.traffic.arrivals, part)?;
            stream.traffic.recipients = part;
        }
        Ok(())
    }

    /// The index of the plan with this name.
    ///
    /// # Errors
    /// [`Override::NoSuchPlan`].
    pub fn plan_index(&self, name: &str) -> Result<usize, Override> {
        let names = || self.plans.iter().map(|plan| plan.name.as_str());
        names().position(|plan| plan == name).ok_or_else(|| Override::NoSuchPlan {
            name: name.to_owned(),
            nearest: suggest::nearest(name, names()).map(str::to_owned),
            plans: names().map(str::to_owned).collect(),
            always: self
                .streams
                .iter()
                .find(|stream| stream.plan.as_ref().is_some_and(|plan| plan.name == name))
                .map(|stream| stream.name.clone()),
        })
    }

    /// Keeps only the plans with these names, in the order of the file, and the checks of those.
    ///
    /// # Errors
    /// [`Override::NoSuchPlan`].
    pub fn keep_plans(&mut self, names: &[String]) -> Result<(), Override> {
        let mut kept = names.iter().map(|name| self.plan_index(name)).collect::<Result<Vec<_>, _>>()?;
        kept.sort_unstable();
        kept.dedup();
        let left = (0..self.plans.len()).filter(|index| kept.binary_search(index).is_err());
        let left: Vec<_> = left.map(|index| self.plans[index].clone()).collect();
        self.left_out.extend(left);
        self.retain_plans(&kept);
        Ok(())
    }

    /// Keeps the plans with these indices, which rise, and the checks of those.
    pub(super) fn retain_plans(&mut self, kept: &[usize]) {
        let checks = self.checks.drain(..).filter_map(|mut check| {
            check.plan = kept.binary_search(&check.plan).ok()?;
            Some(check)
        });
        self.checks = checks.collect();
        self.plans = kept.iter().map(|&index| self.plans[index].clone()).collect();
    }
}

/// Whether so many can arrive like this.
fn fits(arrivals: &Arrivals, recipients: u64) -> Result<(), Override> {
    if let Arrivals::Times(times) = arrivals {
        let available = times.len() as u64;
        if recipients > available {
            return Err(Override::TooManyRecipients { available });
        }
    }
    if let Arrivals::Poisson { rate_per_s } = arrivals {
        let within = (rate_per_s * MAX_DURATION.as_secs_f64()) as u64;
        if recipients > within {
            return Err(Override::TooLong { within });
        }
    }
    Ok(())
}
