//! Matches the plans of two runs by their current and former names.

use crate::scenario::Scenario;

/// The plans of a scenario matched to those of another run.
pub(super) struct Matching {
    /// For each plan that is compared, its index among the others, if it is there.
    pub(super) plans: Vec<Option<usize>>,
    /// The indices of the others that match no plan.
    pub(super) others: Vec<usize>,
}

/// Matches the plans of `scenario` to `others`, each of which matches at most one plan.
///
/// A plan whose current name is not among `others` matches by its former name first; then equal names match; then the rest match by former
/// names. In this way plans can pass on their names. Plans that are left out keep their matches.
pub(super) fn matched(scenario: &Scenario, others: &[&str]) -> Matching {
    let position = |name: &str| others.iter().position(|other| *other == name);
    let all: Vec<_> = scenario.plans.iter().chain(&scenario.left_out).collect();
    let mut plans: Vec<Option<usize>> = vec![None; all.len()];
    for round in 0..3 {
        for (i, plan) in all.iter().enumerate() {
            let former = plan.renamed_from.as_deref();
            let name = match round {
                0 => former.filter(|_| position(&plan.name).is_none()),
                1 => Some(plan.name.as_str()),
                _ => former,
            };
            let found = name.and_then(position).filter(|found| !plans.contains(&Some(*found)));
            plans[i] = plans[i].or(found);
        }
    }
    plans.truncate(scenario.plans.len());
    let others = (0..others.len()).filter(|other| !plans.contains(&Some(*other))).collect();
    Matching { plans, others }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    /// A scenario with plans of these current and former names.
    fn scenario(plans: &[(&str, Option<&str>)]) -> Scenario {
        let mut text = "[goal]\ndeadline = \"60s\"\n[traffic]\nrecipients = 1\narrivals = { blast = {} }\n[providers.a]\nchannel = \"sms\"\n\
                        outcomes = [{ status = \"delivered\", share = 1.0, after = { constant = \"1s\" } }]\n"
            .to_owned();
        for (name, former) in plans {
            let former = former.map_or_else(String::new, |former| format!("renamed_from = \"{former}\"\n"));
            text += &format!("[[plans]]\nname = \"{name}\"\n{former}steps = [{{ provider = \"a\", ttl = \"9s\" }}]\n");
        }
        parse(&text, "a.toml", std::path::Path::new(".")).expect("a valid scenario")
    }

    #[track_caller]
    fn is(scenario: &Scenario, others: &[&str], plans: &[Option<usize>], lost: &[usize]) {
        let matching = matched(scenario, others);
        assert_eq!((matching.plans.as_slice(), matching.others.as_slice()), (plans, lost));
    }

    #[test]
    fn names_now_and_before_tell_which_plans_are_the_same() {
        let plain = scenario(&[("a", None), ("b", None)]);
        is(&plain, &["b", "a", "c"], &[Some(1), Some(0)], &[2]);
        let renamed = scenario(&[("a", Some("b"))]);
        is(&renamed, &["b"], &[Some(0)], &[]);
        is(&renamed, &["b", "a"], &[Some(1)], &[0]);
        is(&renamed, &["a", "b"], &[Some(0)], &[1]);
    }

    /// Matched to a run from before the names were passed on, and to one from after.
    #[test]
    fn plans_can_hand_on_their_names() {
        let handed_on = scenario(&[("s", Some("vs")), ("s1", Some("s"))]);
        is(&handed_on, &["vs", "s"], &[Some(0), Some(1)], &[]);
        is(&handed_on, &["s", "s1"], &[Some(0), Some(1)], &[]);
        let mut one = handed_on;
        one.keep_plans(&["s".to_owned()]).expect("it is there");
        is(&one, &["vs", "s"], &[Some(0)], &[1]);
    }
}
