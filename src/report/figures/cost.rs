//! The cost of in-time delivery: a mark for each plan, with the intervals of both measures.

use super::canvas::{self, Area, At, Drawn, INK};
use super::frame::{self, Frame, Scale};
use super::{Figure, FigureError, placing};
use crate::study::{PlanResult, RunOutput};

const FILE: &str = "cost.svg";
const HEIGHT: i32 = 760;
/// The largest width of a label.
const WIDEST_LABEL: i32 = 420;
/// The smallest range of shares on the vertical axis.
const LEAST_SPAN: f64 = 0.002;

/// Draws the figure.
pub(super) fn figure(output: &RunOutput) -> Result<Figure, FigureError> {
    let caption = "Share delivered in time against cost per recipient: better is up and to the left. \
                   Bars are 95 % intervals; one that is not visible is smaller than the mark or unknown. \
                   The axes need not start at zero."
        .to_owned();
    let svg = canvas::sheet(FILE, HEIGHT, &caption, |area| paint(area, output))?;
    Ok(Figure { file: FILE.to_owned(), title: "Cost of delivery in time".to_owned(), caption, svg })
}

fn paint(area: &Area<'_>, output: &RunOutput) -> Drawn {
    let plans = &output.results.plans;
    let (costs, shares) = (range_of_costs(plans), range_of_shares(plans));
    let frame = frame(costs, shares);
    frame.y_grid(area, &frame::percent_ticks(shares.0, shares.1, 5))?;
    frame.x_axis(area, &frame::number_ticks(costs.0, costs.1, 6))?;
    let title = format!("cost per recipient, {}", output.results.scenario.currency);
    frame.titles(area, &title, "delivered in time; better is up and to the left")?;
    for plan in plans {
        bars(area, &frame, plan)?;
    }
    let name = |plan: &PlanResult| (place_of(&frame, plan), canvas::fitted(&plan.name, WIDEST_LABEL));
    placing::names(area, &plans.iter().map(name).collect::<Vec<_>>(), &frame)
}

fn frame(costs: (f64, f64), shares: (f64, f64)) -> Frame {
    let (left, right, top, bottom) = (170, canvas::WIDTH - 130, 120, HEIGHT - 110);
    let (x, y) = (Scale::linear(costs, (left, right)), Scale::linear(shares, (bottom, top)));
    Frame { left, top, right, bottom, x, y }
}

fn place_of(frame: &Frame, plan: &PlanResult) -> At {
    frame.at(plan.cost.per_recipient, plan.in_time.share)
}

/// The range of costs with their intervals and a margin, never below zero.
fn range_of_costs(plans: &[PlanResult]) -> (f64, f64) {
    let ends = plans.iter().flat_map(|plan| [Some(plan.cost.per_recipient), plan.cost.low, plan.cost.high]);
    let (low, high) = frame::hull(ends.flatten()).unwrap_or((0.0, 1.0));
    let air = ((high - low) * 0.15).max(high.abs() * 0.02).max(1e-6);
    ((low - air).max(0.0), high + air)
}

/// The range of shares with their intervals and a margin, always within 0 and 1.
fn range_of_shares(plans: &[PlanResult]) -> (f64, f64) {
    let ends = plans.iter().flat_map(|plan| [Some(plan.in_time.share), plan.in_time.low, plan.in_time.high]);
    let (low, high) = frame::hull(ends.flatten()).unwrap_or((0.0, 1.0));
    let air = ((high - low) * 0.2).max(LEAST_SPAN / 2.0);
    ((low - air).max(0.0), (high + air).min(1.0))
}

/// The intervals of both measures.
fn bars(area: &Area<'_>, frame: &Frame, plan: &PlanResult) -> Drawn {
    let (x, y) = place_of(frame, plan);
    if let (Some(low), Some(high)) = (plan.cost.low, plan.cost.high) {
        let (from, to) = (frame.x.at(low), frame.x.at(high));
        canvas::rule(area, (from, y), (to, y), INK)?;
        canvas::rule(area, (from, y - 8), (from, y + 8), INK)?;
        canvas::rule(area, (to, y - 8), (to, y + 8), INK)?;
    }
    if let (Some(low), Some(high)) = (plan.in_time.low, plan.in_time.high) {
        canvas::bar_up(area, x, (frame.y.at(low), frame.y.at(high)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn axes_hold_all_intervals_and_stay_possible() {
        let plans = fixture::bank_pin().results.plans;
        let (low, high) = range_of_shares(&plans);
        assert!(low < plans[2].in_time.share && plans[1].in_time.share < high && high <= 1.0);
        assert_eq!(range_of_costs(&[]).0, 0.0);
        assert_eq!(range_of_shares(&fixture::nobody().results.plans).0, 0.0);
    }
}
