//! The engine inside a service, without a clock or a network: inputs go in, outputs come out, and what is kept survives a restart.
//!
//! ```sh
//! cargo run --example embed_engine
//! ```

use failsim::engine::{
    BreakerRules, Breakers, Delivery, DeliveryState, FlowPlan, Input, LateDelivery, Output, Pool, StepRules,
};
use failsim::status::{FlowStatus, Status};
use failsim::units::{Span, Time};
use std::error::Error;
use std::sync::Arc;

/// Providers are numbers to the engine.
const NAMES: [&str; 3] = ["viber", "sms-a", "sms-b"];

fn at(seconds: i64) -> Time {
    Time::ZERO.after(Span::from_secs(seconds))
}

/// Says what is to be done.
fn show(delivery: &mut Delivery) {
    while let Some(output) = delivery.poll() {
        match output {
            Output::Submit { attempt, provider, .. } => println!("  submit attempt {attempt} to {}", NAMES[provider]),
            Output::Cancel { attempt, provider } => println!("  recall attempt {attempt} from {}", NAMES[provider]),
            Output::Notify { at, notice } => println!("  {at}: {notice:?}"),
            other => println!("  {other:?}"),
        }
    }
}

/// The example.
///
/// # Errors
/// Whatever goes wrong.
pub fn run() -> Result<(), Box<dyn Error>> {
    let viber = StepRules::via(Pool::single(0), "viber").with_ttl(Span::from_secs(30));
    let sms = StepRules::via(Pool::first_of(vec![1, 2]), "sms").with_ttl(Span::from_secs(300));
    let plan = Arc::new(FlowPlan::new(vec![viber, sms], LateDelivery::Finish, Span::UNLIMITED)?);
    // A circuit before the first SMS gateway; one value for all deliveries.
    let mut breakers = Breakers::new(&[None, Some(BreakerRules::DEFAULT), None])?;

    println!("0 s: the message is asked for");
    let mut delivery = Delivery::start(Arc::clone(&plan), at(0), [0; 16], &mut breakers);
    show(&mut delivery);

    println!("30 s: nothing was heard of Viber");
    delivery.handle(at(30), Input::Tick, &mut breakers);
    show(&mut delivery);

    println!("31 s: sms-a answers 429");
    delivery.handle(at(31), Input::Rejected { attempt: 1, provider: 1, retry_after: Span::ZERO }, &mut breakers);
    show(&mut delivery);

    let kept = serde_json::to_string(delivery.state())?;
    let state: DeliveryState = serde_json::from_str(&kept)?;
    let mut delivery = Delivery::resume(plan, state, &breakers)?;
    println!("the service has restarted with {} bytes; next to wake at {:?}", kept.len(), delivery.wake_at(&breakers));

    println!("36 s: a delivery receipt of sms-b");
    delivery.handle(at(36), Input::Report { attempt: 1, provider: 2, status: Status::Delivered }, &mut breakers);
    show(&mut delivery);
    assert_eq!(delivery.status(), FlowStatus::Succeeded);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    run()
}
