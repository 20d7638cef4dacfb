//! Changes that command-line flags make to a loaded scenario.

use super::Scenario;
use super::quantity::MAX_DURATION;
use super::suggest;
use crate::traffic::Arrivals;
use crate::units::Span;

/// Why a change does not fit the scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Override {
    /// The arrival times come from a file, and it has fewer rows.
    TooManyRecipients {
        /// The number of rows.
        available: u64,
    },
    /// At the arrival rate, this number of recipients would take longer than a year to arrive.
    TooLong {
        /// The number of recipients that arrive within a year.
        within: u64,
    },
    /// The scenario has no plan with this name.
    NoSuchPlan {
        /// The name.
        name: String,
        /// The most similar plan name.
        nearest: Option<String>,
        /// The plans of the scenario.
        plans: Vec<String>,
        /// The stream of traffic that always follows a plan with this name.
        always: Option<String>,
    },
}

impl Scenario {
    /// Sets the number of recipients, at least 1 and at most [`crate::traffic::MAX_RECIPIENTS`]. Several streams keep their
    /// proportions, with at least one recipient each.
    ///
    /// # Errors
    /// [`Override::TooManyRecipients`] when arrival times come from a file with fewer rows, [`Override::TooLong`] when their arrival
    /// rate would take longer than the longest duration.
    pub fn set_recipients(&mut self, recipients: u64) -> Result<(), Override> {
        let (all, mut before, mut given) = (u128::from(self.recipients()), 0, 0);
        for stream in &mut self.streams {
            before += stream.traffic.recipients;
            let until = (u128::from(recipients) * u128::from(before) / all) as u64;
            let part = (until - given).max(1);
            given = until;
            fits(&stream.traffic.arrivals, part)?;
            if let Arrivals::PoissonOver { rate_per_s, over } = &mut stream.traffic.arrivals {
                *over = Span::from_secs_f64(part as f64 / *rate_per_s);
            }
            stream.traffic.recipients = part;
        }
        Ok(())
    }

    /// Returns the index of the plan with this name.
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

    /// Keeps only the plans with these names, in the order of the file, and their checks.
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

    /// Keeps only the plans with these indices, in ascending order, and their checks.
    pub(super) fn retain_plans(&mut self, kept: &[usize]) {
        let checks = self.checks.drain(..).filter_map(|mut check| {
            check.plan = kept.binary_search(&check.plan).ok()?;
            Some(check)
        });
        self.checks = checks.collect();
        self.plans = kept.iter().map(|&index| self.plans[index].clone()).collect();
    }
}

/// Checks that this number of recipients can arrive in this way.
fn fits(arrivals: &Arrivals, recipients: u64) -> Result<(), Override> {
    if let Arrivals::Times(times) = arrivals {
        let available = times.len() as u64;
        if recipients > available {
            return Err(Override::TooManyRecipients { available });
        }
    }
    if let Arrivals::Poisson { rate_per_s } | Arrivals::PoissonOver { rate_per_s, .. } = arrivals {
        let within = (rate_per_s * MAX_DURATION.as_secs_f64()) as u64;
        if recipients > within {
            return Err(Override::TooLong { within });
        }
    }
    Ok(())
}
