//! The reference scenario with limited capacity, `scenarios/reference-capacity.toml`, hand-written: provider by provider, all attempts
//! at a provider in order of time.

use super::{
    AttemptResult, Counts, Course, Kernel, NEVER, PLANS, Person, Purpose, SMS, VIBER, VOICE, below, exponential,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// All recipients arrive within this span [s].
const ARRIVALS: f64 = 200.0;
const VIBER_TTL: f64 = 60.0;
const SMS_TTL: f64 = 300.0;
/// The holding times of a line [s]: after an answer, busy, and not answered.
const TALK: f64 = 20.0;
const BUSY: f64 = 4.0;
const NO_ANSWER: f64 = 30.0;

/// A recipient on the way to the next step.
#[derive(Clone, Copy)]
struct ActiveRecipient {
    /// When that step begins [µs], the sort key.
    at: u64,
    number: u32,
    arrival: f64,
    /// When a late delivery of an earlier step is reported.
    late: f64,
    course: Course,
}

/// A rate limiter: one departure every `gap`.
struct Pacer {
    gap: f64,
    free: f64,
}

impl Pacer {
    /// Returns the wait of an arrival at this time; `None` if it exceeds the ttl, in which case no throughput is used.
    #[inline]
    fn wait(&mut self, at: f64, ttl: f64) -> Option<f64> {
        let wait = (self.free - at).max(0.0);
        if wait > ttl {
            return None;
        }
        self.free = at + wait + self.gap;
        Some(wait)
    }
}

impl Kernel {
    /// Simulates this number of recipients under both plans, each an independent run, on the threads of the current rayon pool.
    pub(crate) fn play_queued(&self, recipients: u64, seed: u64) -> [Counts; PLANS] {
        let (viber_first, sms_first) =
            rayon::join(|| self.viber_first_queued(recipients, seed), || self.sms_first_queued(recipients, seed));
        [viber_first, sms_first]
    }

    fn viber_first_queued(&self, recipients: u64, seed: u64) -> Counts {
        let n = recipients as f64;
        let (mut viber, mut sms) = (Pacer { gap: 250.0 / n, free: 0.0 }, Pacer { gap: 500.0 / n, free: 0.0 });
        let (mut counts, mut to_sms, mut to_voice) = (Counts::new(), Vec::new(), Vec::new());
        for number in 0..recipients as u32 {
            let arrival = (f64::from(number) + 0.5) * ARRIVALS / n;
            let (course, wait, fate) = self.by_viber(seed, number, &mut viber, arrival, BLANK);
            if course.first <= VIBER_TTL {
                counts.add(course);
            } else {
                let at = arrival + (wait + fate.bad).min(VIBER_TTL);
                to_sms.push(ActiveRecipient { at: micros(at), number, arrival, late: arrival + course.first, course });
            }
        }
        to_sms.sort_unstable_by_key(|traveller| traveller.at);
        for traveller in to_sms {
            let (course, at) = self.by_sms(seed, traveller, &mut sms);
            // A late Viber delivery has ended the flow if it came first.
            match at.filter(|&at| traveller.late > at) {
                Some(at) => to_voice.push(ActiveRecipient { at: micros(at), course, ..traveller }),
                None => counts.add(course),
            }
        }
        by_voice(seed, recipients, to_voice, &mut counts);
        counts
    }

    fn sms_first_queued(&self, recipients: u64, seed: u64) -> Counts {
        let n = recipients as f64;
        let (mut viber, mut sms) = (Pacer { gap: 250.0 / n, free: 0.0 }, Pacer { gap: 500.0 / n, free: 0.0 });
        let (mut counts, mut to_viber, mut to_voice) = (Counts::new(), Vec::new(), Vec::new());
        for number in 0..recipients as u32 {
            let arrival = (f64::from(number) + 0.5) * ARRIVALS / n;
            let traveller = ActiveRecipient { at: micros(arrival), number, arrival, late: NEVER, course: BLANK };
            match self.by_sms(seed, traveller, &mut sms) {
                (course, Some(at)) => to_viber.push(ActiveRecipient { at: micros(at), course, ..traveller }),
                (course, None) => counts.add(course),
            }
        }
        to_viber.sort_unstable_by_key(|traveller| traveller.at);
        for traveller in to_viber {
            let at = traveller.at as f64 / 1e6;
            let (course, wait, fate) = self.by_viber(seed, traveller.number, &mut viber, at, traveller.course);
            let since = at - traveller.arrival;
            let course = Course { first: since + course.first, ..course };
            if wait + fate.delivered <= VIBER_TTL {
                counts.add(course);
            } else {
                let at = at + (wait + fate.bad).min(VIBER_TTL);
                to_voice.push(ActiveRecipient { at: micros(at), course, ..traveller });
            }
        }
        by_voice(seed, recipients, to_voice, &mut counts);
        counts
    }

    /// Applies Viber to a recipient without a delivery so far. Returns the recipient's result, the wait of the attempt and the attempt's
    /// result. A message that expires in the queue waits for the whole ttl.
    #[inline]
    fn by_viber(
        &self,
        seed: u64,
        number: u32,
        pacer: &mut Pacer,
        at: f64,
        course: Course,
    ) -> (Course, f64, AttemptResult) {
        let Some(wait) = pacer.wait(at, VIBER_TTL) else {
            return (Course { first: NEVER, ..course }, VIBER_TTL, AttemptResult { delivered: NEVER, bad: NEVER });
        };
        // Outside the hours of the outage in the other scenario.
        let fate = self.viber(person(seed, number), 0.0);
        let reached = u32::from(fate.delivered < NEVER);
        let cost = course.cost + VIBER * u64::from(reached);
        (Course { first: wait + fate.delivered, copies: course.copies + reached, cost }, wait, fate)
    }

    /// Applies an sms. Returns the recipient's result, and when the step moves on, if it does.
    #[inline]
    fn by_sms(&self, seed: u64, traveller: ActiveRecipient, pacer: &mut Pacer) -> (Course, Option<f64>) {
        let ActiveRecipient { course, arrival, .. } = traveller;
        let at = traveller.at as f64 / 1e6;
        let Some(wait) = pacer.wait(at, SMS_TTL) else { return (course, Some(at + SMS_TTL)) };
        let fate = self.sms(person(seed, traveller.number));
        let cost = course.cost + SMS;
        if wait + fate.delivered <= SMS_TTL {
            let first = course.first.min(at + wait + fate.delivered - arrival);
            return (Course { first, copies: course.copies + 1, cost }, None);
        }
        (Course { cost, ..course }, Some(at + (wait + fate.bad).min(SMS_TTL)))
    }
}

/// The result at the start of a recipient's course.
const BLANK: Course = Course { first: NEVER, copies: 0, cost: 0 };

fn person(seed: u64, number: u32) -> Person {
    Person { key: seed.wrapping_add(u64::from(number)) }
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

/// Calls all recipients in order, over the available lines.
fn by_voice(seed: u64, recipients: u64, mut travellers: Vec<ActiveRecipient>, counts: &mut Counts) {
    let lines = (recipients / 2000).max(1) as usize;
    let mut busy: BinaryHeap<Reverse<u64>> = BinaryHeap::with_capacity(lines);
    travellers.sort_unstable_by_key(|traveller| traveller.at);
    for traveller in travellers {
        let ActiveRecipient { at, number, arrival, course, .. } = traveller;
        let free = if busy.len() < lines { at } else { busy.peek().map_or(at, |line| line.0.max(at)) };
        let (outcome, after) = person(seed, number).draws(Purpose::Voice);
        let answered = 3.0 + exponential(8.0, after);
        let (held, is_answered) = if outcome < const { below(0.68) } {
            (answered + TALK, true)
        } else if outcome < const { below(0.78) } {
            (BUSY, false)
        } else {
            (NO_ANSWER, false)
        };
        let until = Reverse(free + micros(held));
        if busy.len() < lines {
            busy.push(until);
        } else if let Some(mut first) = busy.peek_mut() {
            *first = until;
        }
        counts.add(match is_answered {
            true => {
                let first = course.first.min(free as f64 / 1e6 + answered - arrival);
                Course { first, copies: course.copies + 1, cost: course.cost + VOICE }
            }
            false => course,
        });
    }
}
