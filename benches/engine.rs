//! The engine alone: flows driven through typical courses, in time per flow.

mod each;

use criterion::{Criterion, criterion_group, criterion_main};
use each::each;
use failsim::engine::{Flow, FlowPlan, LateDelivery, Pool, StepRules};
use failsim::status::{FlowStatus, Status};
use failsim::units::{Span, Time};
use std::hint::black_box;
use std::time::Duration;

/// The number of flows driven one after the other.
const FLOWS: i64 = 1000;

/// An input to the engine, and its time after the flow's start.
#[derive(Clone, Copy)]
enum Input {
    /// A report for this attempt.
    Report(Span, u8, Status),
    /// The deadline of the flow.
    Timeout(Span),
}

/// A course of a flow: its name, its inputs, and the number of attempts until the flow has succeeded.
struct Course {
    name: &'static str,
    inputs: &'static [Input],
    attempts: u8,
}

const COURSES: [Course; 4] = [
    Course { name: "delivered at once", inputs: &[Input::Report(span(3), 0, Status::Delivered)], attempts: 1 },
    Course {
        name: "queued, sent, delivered",
        inputs: &[
            Input::Report(span(0), 0, Status::Queued),
            Input::Report(span(1), 0, Status::Sent),
            Input::Report(span(3), 0, Status::Delivered),
        ],
        attempts: 1,
    },
    Course {
        name: "late delivery",
        inputs: &[Input::Timeout(span(60)), Input::Report(span(62), 0, Status::Delivered)],
        attempts: 2,
    },
    Course {
        name: "failed over twice",
        inputs: &[
            Input::Timeout(span(60)),
            Input::Report(span(90), 1, Status::Undelivered),
            Input::Report(span(101), 2, Status::Answered),
        ],
        attempts: 3,
    },
];

const fn secs(seconds: i64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

const fn span(seconds: i64) -> Span {
    Span::from_secs(seconds)
}

/// Viber for 60 s, sms for 5 min, voice without limit.
fn plan() -> FlowPlan {
    let step = |channel, ttl| StepRules::via(Pool::single(0), channel).with_ttl(ttl);
    let steps = vec![step("viber", span(60)), step("sms", span(300)), step("voice", Span::UNLIMITED)];
    FlowPlan::new(steps, LateDelivery::Finish, Span::UNLIMITED).expect("rules that make sense")
}

/// Drives one flow; its commands are known in advance.
#[inline]
fn drive(plan: &FlowPlan, start: Time, inputs: &[Input]) -> Flow {
    let (mut flow, _) = Flow::start(plan, start);
    for &input in inputs {
        let _ = match input {
            Input::Report(after, attempt, status) => flow.report(plan, start.after(after), attempt, status, &mut ()),
            Input::Timeout(after) => flow.timeout(plan, start.after(after), &mut ()),
        };
    }
    flow
}

fn recipients(criterion: &mut Criterion) {
    let plan = plan();
    let mut group = criterion.benchmark_group("engine, per flow");
    for course in &COURSES {
        let flow = drive(&plan, secs(7), course.inputs);
        assert_eq!((flow.status(), flow.attempts()), (FlowStatus::Succeeded, course.attempts), "{}", course.name);
        group.bench_function(course.name, |bencher| {
            each(bencher, FLOWS as usize, || {
                let (plan, inputs) = (black_box(&plan), black_box(course.inputs));
                for start in 0..FLOWS {
                    black_box(drive(plan, Time::from_micros(start), inputs));
                }
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = recipients
}
criterion_main!(benches);
