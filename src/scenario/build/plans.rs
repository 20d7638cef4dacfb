//! Builds plans, their steps and their checks.

use super::Builder;
use super::providers::{Known, status};
use crate::engine::{FlowPlan, LateDelivery, MAX_ATTEMPTS, StepRules, Strategy};
use crate::scenario::diagnostic::{Diagnostic, Fault, shown};
use crate::scenario::metric::{Metric, Unit};
use crate::scenario::model::{Bound, Check, Plan};
use crate::scenario::quantity::MAX_DAYS;
use crate::scenario::record::Record;
use crate::scenario::suggest::help;
use crate::status::{StatusSet, SuccessFloor};
use crate::text;
use crate::units::{Probability, Span};

impl Builder<'_> {
    /// Builds all plans. `providers` is `None` when nothing is known about them.
    pub(super) fn plans(&mut self, records: &[Record], providers: Option<&[Known<'_>]>) -> Vec<Option<Plan>> {
        self.unique_names("plan", records);
        self.one_reference(records);
        self.former_names(records);
        let mut plans: Vec<_> = records.iter().map(|record| self.plan(record, providers)).collect();
        self.composites(records, &mut plans);
        plans
    }

    /// Rejects a second reference plan.
    fn one_reference(&mut self, records: &[Record]) {
        let mut references = records.iter().filter(|record| record.get("reference") == Some(true));
        if let (Some(first), Some(second)) = (references.next(), references.next()) {
            let fault = Fault::new(
                "more than one reference plan",
                "expected at most one plan with `reference = true`",
                "keep `reference = true` in one plan only",
            );
            let diagnostic = Diagnostic::at(second.place_of_key("reference"), fault);
            self.found.push(diagnostic.with_related(first.place_of_key("reference"), "the first reference plan"));
        }
    }

    /// Checks former names: each belongs to one plan only, and is not the current name of a plan that was not renamed itself.
    fn former_names(&mut self, records: &[Record]) {
        let is_named = |record: &Record, name: &str| record.get::<&str>("name") == Some(name);
        for (i, record) in records.iter().enumerate() {
            let Some(former) = former_name(record) else { continue };
            let place = record.place_of("renamed_from");
            if Self::is_in_a_cycle(records, record) {
                let message = "the `renamed_from` keys form a cycle";
                let help = "give one of the plans a new name";
                self.reject::<()>(place, message, "expected the previous name of a renamed plan", help);
                continue;
            }
            if let Some(first) = records[..i].iter().find(|other| former_name(other) == Some(former)) {
                let fault = Fault::new(
                    format!("two plans are renamed from `{}`", shown(former)),
                    "expected each previous name once",
                    "keep `renamed_from` in the plan that replaces it",
                );
                let diagnostic = Diagnostic::at(place, fault);
                self.found.push(diagnostic.with_related(first.place_of("renamed_from"), "first used here"));
            } else if let Some(other) =
                records.iter().find(|other| is_named(other, former) && !other.has("renamed_from"))
            {
                let fault = Fault::new(
                    format!("a plan named `{}` still exists", shown(former)),
                    "expected a name that is no longer in use",
                    "remove `renamed_from`, or add `renamed_from` to the other plan",
                );
                self.found
                    .push(Diagnostic::at(place, fault).with_related(other.place_of("name"), "the plan with this name"));
            }
        }
    }

    /// Whether the renames that start at plan `start` form a cycle; runs could then not be matched.
    fn is_in_a_cycle(records: &[Record], start: &Record) -> bool {
        let plan_named = |name: &str| records.iter().find(|record| record.get::<&str>("name") == Some(name));
        let (first, mut next) = (start.get::<&str>("name"), former_name(start));
        for _ in records {
            if next.is_some() && next == first {
                return true;
            }
            next = next.and_then(plan_named).and_then(former_name);
        }
        false
    }

    /// Rejects duplicate names.
    pub(super) fn unique_names(&mut self, what: &str, records: &[Record]) {
        for (i, record) in records.iter().enumerate() {
            let Some(name) = record.get::<&str>("name") else { continue };
            if let Some(first) = records[..i].iter().find(|r| r.get("name") == Some(name)) {
                self.duplicate_name(what, name, record.place_of("name"), first.place_of("name"));
            }
        }
    }

    /// Builds one plan.
    fn plan(&mut self, record: &Record, providers: Option<&[Known<'_>]>) -> Option<Plan> {
        let steps = record.get::<&[Record]>("steps")?;
        self.few_attempts(record, steps);
        let built = super::all(steps.iter().map(|step| self.step(step, providers)).collect())?;
        let give_up_after = record.get_or("give_up_after", Span::UNLIMITED)?;
        for (rules, step) in built.iter().zip(steps) {
            self.waits_within_limits(step, rules.ttl.min(give_up_after), rules)?;
        }
        let late_delivery = match record.get_or("late_delivery", "finish")? {
            "ignore" => LateDelivery::Ignore,
            _ => LateDelivery::Finish,
        };
        // Other errors in the rules have been reported already.
        let flow = FlowPlan::new(built, late_delivery, give_up_after).ok()?;
        Some(Plan {
            name: record.get::<&str>("name")?.to_owned(),
            flow,
            by_segment: None,
            is_reference: record.get_or("reference", false)?,
            renamed_from: super::optional::<&str>(record, "renamed_from")?.map(str::to_owned),
            line: self.line(record),
        })
    }

    /// Rejects a plan with more attempts than the engine can store.
    fn few_attempts(&mut self, record: &Record, steps: &[Record]) {
        let attempts: u64 = steps.iter().filter_map(|s| s.get_or("attempts", 1_u64)).sum();
        if attempts > MAX_ATTEMPTS as u64 {
            let message = format!("the steps make up to {attempts} attempts in total");
            let expected = format!("expected at most {MAX_ATTEMPTS}");
            self.reject::<()>(
                record.place_of_key("steps"),
                message,
                expected,
                "write fewer `attempts`, or fewer steps",
            );
        }
    }

    /// Builds one step.
    fn step(&mut self, record: &Record, providers: Option<&[Known<'_>]>) -> Option<StepRules> {
        let pool = providers.and_then(|providers| self.pool(record, providers));
        let retries = self.retries(record);
        let channel = pool.as_ref().and_then(|(_, channel)| *channel);
        let ttl = ttl(record, channel);
        let success = self.success(record, ttl);
        let (pool, ttl) = (pool?.0, ttl?);
        let (attempts, retry_after, [backoff, jitter]) = retries?;
        Some(StepRules {
            pool,
            validity: record.get_or("validity", ttl)?,
            ttl,
            failover_on: failover_on(record, channel?)?,
            success: success?,
            expire_on_delivery: record.get_or("expire_on_delivery", false)?,
            attempts,
            retry_after,
            backoff,
            jitter,
        })
    }

    /// Returns the number of attempts, the delay between them, the backoff factor and the jitter [millionths].
    fn retries(&mut self, record: &Record) -> Option<(u8, Span, [u32; 2])> {
        let attempts = record.get_or("attempts", 1_u64)?;
        if attempts == 1 && record.has("retry_after") {
            let message = "`retry_after` does not apply to a single attempt";
            let place = record.place_of_key("retry_after");
            return self.reject(
                place,
                message,
                "only allowed with `attempts` above 1",
                "add attempts = 2, or remove `retry_after`",
            );
        }
        let retry_after = record.get_or("retry_after", Span::ZERO)?;
        if let Some(key) = ["backoff", "jitter"].into_iter().find(|key| retry_after == Span::ZERO && record.has(key)) {
            let message = format!("`{key}` does not apply without a wait between attempts");
            let help = format!("add retry_after = \"1s\", or remove `{key}`");
            return self.reject(record.place_of_key(key), message, "only allowed with `retry_after` above 0s", help);
        }
        let backoff = record.get_or("backoff", 1.0_f64)?;
        let jitter = record.get_or("jitter", Probability::ZERO)?.get();
        let millionths = [backoff, jitter].map(|factor| (factor * f64::from(StepRules::STEADY)).round() as u32);
        Some((u8::try_from(attempts).ok()?, retry_after, millionths))
    }

    /// Rejects delays between attempts that exceed the longest duration, unless the flow ends first, after the span `over`.
    fn waits_within_limits(&mut self, record: &Record, over: Span, rules: &StepRules) -> Option<()> {
        if !over.is_unlimited() || rules.has_valid_waits() {
            return Some(());
        }
        let years = rules.longest_wait().as_secs_f64() / (365.25 * 86_400.0);
        let message = format!("the wait before attempt {} grows to {years:.0} years", rules.attempts);
        let expected = format!("expected at most {MAX_DAYS} days in a step without a ttl");
        let help = "write a smaller `backoff`, fewer `attempts`, a ttl, or `give_up_after` in the plan";
        self.reject(record.place_of_key("backoff"), message, expected, help)
    }

    /// Builds the success floor; with `expire_on_delivery` it is `seen`, and a `ttl` is required.
    fn success(&mut self, record: &Record, ttl: Option<Span>) -> Option<SuccessFloor> {
        let word = record.get_or("success", "delivered")?;
        if !record.get_or("expire_on_delivery", false)? {
            return floor(word);
        }
        if record.has("success") && word != "seen" {
            let message = "`expire_on_delivery` requires success = \"seen\"";
            self.reject::<()>(
                record.place_of("success"),
                message,
                "expected \"seen\"",
                "write \"seen\", or remove one of the two keys",
            );
        }
        if ttl == Some(Span::UNLIMITED) {
            let place = record.place_of_key(if record.has("ttl") { "ttl" } else { "expire_on_delivery" });
            let message = "`expire_on_delivery` needs a ttl, and this step has none";
            self.reject::<()>(place, message, "expected a ttl", "add a ttl such as ttl = \"10m\"");
        }
        Some(SuccessFloor::Seen)
    }

    /// Builds all checks. `plans` and `streams` are `None` when nothing is known about them; `own` holds the own plan of each stream.
    pub(super) fn checks(
        &mut self,
        records: &[Record],
        plans: Option<&[Record]>,
        streams: Option<&[Record]>,
        own: Option<&[Option<usize>]>,
        webhook: Strategy,
    ) -> Vec<Option<Check>> {
        let is_own = |plan: usize| own.is_some_and(|own| own.contains(&Some(plan)));
        records.iter().map(|record| self.check(record, (plans, streams), is_own, webhook)).collect()
    }

    /// Builds one check.
    fn check(
        &mut self,
        record: &Record,
        (plans, streams): (Option<&[Record]>, Option<&[Record]>),
        is_own: impl Fn(usize) -> bool,
        webhook: Strategy,
    ) -> Option<Check> {
        let plan = record.get("plan").and_then(|name| self.plan_of(record, name, plans?));
        if plan.is_some_and(is_own) {
            let message = "this plan is not compared: a stream of traffic follows it in every run";
            let help = "name a plan that is compared, and the stream with `stream`";
            return self.reject(record.place_of("plan"), message, "expected a plan that is compared", help);
        }
        let stream = match super::optional::<&str>(record, "stream")? {
            Some(name) => Some(self.stream_of(record, name, streams?)?),
            None => None,
        };
        let segment = match super::optional::<&str>(record, "segment")? {
            Some(name) => Some(self.segment_of(record.place_of("segment"), name)?),
            None => None,
        };
        if stream.is_some() && segment.is_some() {
            return self.does_not_apply(record, "segment", "stream").and(None);
        }
        let bound = self.bound(record);
        if Metric::named(record.get("metric")?)?.is_of_changes() && webhook != Strategy::OnChange {
            let message = "callbacks at every change are not counted in this scenario";
            let help = "write [webhook] with strategy = \"on_change\"";
            return self.reject(record.place_of("metric"), message, "expected a measure that is counted", help);
        }
        let (metric, line) = (Metric::named(record.get("metric")?)?, self.line(record));
        Some(Check { plan: plan?, stream, segment, metric, bound: bound?, line })
    }

    /// Returns the index of the plan named `name`.
    pub(super) fn plan_of(&mut self, record: &Record, name: &str, plans: &[Record]) -> Option<usize> {
        let names: Vec<&str> = plans.iter().map(|p| p.get("name").unwrap_or_default()).collect();
        if let Some(index) = names.iter().position(|known| *known == name) {
            return Some(index);
        }
        let known = names.into_iter().filter(|n| !n.is_empty());
        let message = format!("no plan named `{}`", shown(name));
        self.reject(record.place_of("plan"), message, "expected a plan of this scenario", help(name, known))
    }

    /// Builds the bound. The bound of a share must itself be a share.
    fn bound(&mut self, record: &Record) -> Option<Bound> {
        let key = if record.has("at_least") { "at_least" } else { "at_most" };
        let number: f64 = record.get(key)?;
        let metric = Metric::named(record.get("metric")?)?;
        if metric.unit() == Unit::Share && !(0.0..=1.0).contains(&number) {
            let message = format!("`{metric}` is a share from 0 to 1, not `{}`", text::number(number));
            let help = format!("write {} for {number} %", (number * 1e6).round() / 1e8);
            let help = if (1.0..=100.0).contains(&number) { help } else { "write a number from 0 to 1".to_owned() };
            return self.reject(record.place_of(key), message, "expected a share from 0 to 1", help);
        }
        Some(if key == "at_least" { Bound::AtLeast(number) } else { Bound::AtMost(number) })
    }
}

/// Returns the former name of a plan.
fn former_name(plan: &Record) -> Option<&str> {
    if plan.has("renamed_from") { plan.get("renamed_from") } else { None }
}

/// Returns the ttl of the step, or the default of its channel.
fn ttl(record: &Record, channel: Option<&str>) -> Option<Span> {
    if record.has("ttl") { record.get("ttl") } else { channel.map(StepRules::default_ttl) }
}

/// Returns the statuses that trigger failover to the next step.
fn failover_on(record: &Record, channel: &str) -> Option<StatusSet> {
    match super::optional::<&[&str]>(record, "failover_on")? {
        Some(words) => words.iter().map(|word| status(word)).collect(),
        None => Some(StepRules::default_failover_on(channel)),
    }
}

/// Returns the success floor with this name.
fn floor(word: &str) -> Option<SuccessFloor> {
    let floors = [SuccessFloor::Accepted, SuccessFloor::Sent, SuccessFloor::Delivered, SuccessFloor::Seen];
    floors.into_iter().find(|f| f.word() == word)
}
