//! A real-time driver for the engine: what a failover service does around [`Delivery`]. The providers answer from memory; put HTTP in
//! their place.
//!
//! ```sh
//! cargo run --example tokio_driver
//! ```

use failsim::engine::{Breakers, Delivery, FlowPlan, Input, LateDelivery, Notice, Output, PlanError, Pool, StepRules};
use failsim::status::{FlowStatus, Status};
use failsim::units::{Span, Time};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};

/// A provider.
pub struct Provider {
    /// What it is called.
    pub name: &'static str,
    /// What it reports of each message, and after how long; without any it rejects what comes.
    pub reports: Vec<(Duration, Status)>,
}

/// What all deliveries share.
pub struct Service {
    /// By their index in the plan's pools.
    pub providers: Vec<Provider>,
    /// Before the providers, in the same order.
    pub breakers: Mutex<Breakers>,
    /// When its clock began to run.
    pub started: Instant,
}

impl Service {
    fn now(&self) -> Time {
        Time::from_micros(self.started.elapsed().as_micros() as i64)
    }

    fn instant(&self, time: Time) -> Instant {
        self.started + Duration::from_micros(time.as_micros() as u64)
    }

    fn breakers(&self) -> std::sync::MutexGuard<'_, Breakers> {
        self.breakers.lock().expect("no delivery panics while it holds them")
    }

    /// Hands an attempt to a provider; what it says comes in as inputs.
    fn submit(&self, attempt: u8, provider: usize, inputs: &UnboundedSender<Input>) {
        let reports = self.providers[provider].reports.clone();
        if reports.is_empty() {
            let _ = inputs.send(Input::Rejected { attempt, provider, retry_after: Span::ZERO });
        }
        for (after, status) in reports {
            let inputs = inputs.clone();
            tokio::spawn(async move {
                sleep(after).await;
                let _ = inputs.send(Input::Report { attempt, provider, status });
            });
        }
    }
}

/// Delivers one message; gives how its flow ended, and when.
pub async fn deliver(service: &Service, plan: Arc<FlowPlan>) -> (FlowStatus, Time) {
    let (sender, mut inputs) = unbounded_channel();
    // No pool is weighted, so that the draws do not matter.
    let mut delivery = Delivery::start(plan, service.now(), [0; 16], &mut service.breakers());
    let mut ended = service.now();
    loop {
        while let Some(output) = delivery.poll() {
            match output {
                Output::Submit { attempt, provider, .. } => {
                    println!("{} attempt {attempt} goes to {}", service.now(), service.providers[provider].name);
                    service.submit(attempt, provider, &sender);
                }
                Output::Notify { at, notice } => {
                    println!("{at} {notice:?}");
                    if matches!(notice, Notice::Flow { .. }) {
                        ended = at;
                    }
                }
                // These providers cannot recall anything.
                _ => {}
            }
        }
        if delivery.is_over() {
            return (delivery.status(), ended);
        }
        let wake_at = delivery.wake_at(&service.breakers()).map(|time| service.instant(time));
        let input = tokio::select! {
            biased;
            Some(input) = inputs.recv() => input,
            () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => Input::Tick,
        };
        // The clock is read under the lock, so that to the breakers time never goes back.
        let mut breakers = service.breakers();
        delivery.handle(service.now(), input, &mut breakers);
    }
}

/// Viber for two seconds, then SMS over the first of two gateways that takes it.
pub fn viber_then_sms() -> Result<Arc<FlowPlan>, PlanError> {
    let viber = StepRules::via(Pool::single(0), "viber").with_ttl(Span::from_secs(2));
    let sms = StepRules::via(Pool::first_of(vec![1, 2]), "sms").with_ttl(Span::from_secs(60));
    FlowPlan::new(vec![viber, sms], LateDelivery::Finish, Span::UNLIMITED).map(Arc::new)
}

/// Viber is silent, the first gateway rejects, the second delivers after a second.
pub fn providers() -> Vec<Provider> {
    let delivered = vec![(Duration::ZERO, Status::Queued), (Duration::from_secs(1), Status::Delivered)];
    vec![
        Provider { name: "viber", reports: vec![(Duration::ZERO, Status::Queued)] },
        Provider { name: "sms-a", reports: Vec::new() },
        Provider { name: "sms-b", reports: delivered },
    ]
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), PlanError> {
    let service = Service { providers: providers(), breakers: Mutex::default(), started: Instant::now() };
    let (status, at) = deliver(&service, viber_then_sms()?).await;
    println!("{at} {status}");
    Ok(())
}
