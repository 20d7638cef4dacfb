//! Whose phones are off when they arrive, and when they are on again.

use crate::dist::{Dist, Sampler};
use crate::rng::{DrawKey, LANES, RngKey, Who, purpose};
use crate::units::{Probability, Time};

/// The phones that are off when the recipient arrives. It depends on the recipient alone: a phone that is off is off for every plan,
/// provider and attempt.
#[derive(Clone, PartialEq, Debug)]
pub struct PhoneOff {
    /// The share of the recipients whose phone is off on arrival.
    pub share: Probability,
    /// How long after arrival it is on again, for good; `None` if it stays off.
    pub back_after: Option<Dist>,
}

/// The phones of all recipients, ready for simulation.
#[derive(Clone, Debug)]
pub struct Phones {
    /// The draws below this are of phones that are off.
    below: u64,
    back_after: Option<Sampler>,
}

impl Phones {
    /// The phones that `off` describes.
    #[must_use]
    pub fn new(off: &PhoneOff) -> Self {
        Self { below: off.share.threshold(), back_after: off.back_after.as_ref().map(Sampler::new) }
    }

    /// When the phone of this recipient, who arrives at `arrival`, is on again: [`Time::ZERO`] if it is always on, [`Time::NEVER`] if it
    /// stays off.
    #[must_use]
    pub fn back(&self, rng: RngKey, recipient: u32, arrival: Time) -> Time {
        let block = rng.draws(DrawKey::PHONE, recipient, 0).block(0);
        self.of_draws([purpose::PHONE_OFF, purpose::BACK_AFTER].map(|word| block[usize::from(word)]), arrival)
    }

    /// Writes when the phone of each recipient of a batch is on again (µs), given their arrivals.
    pub fn fill(&self, rng: RngKey, who: Who<'_>, arrivals: &[Time], back: &mut [i64; LANES]) {
        let mut words = [[0; LANES]; 4];
        rng.columns(DrawKey::PHONE, who, 0, &mut words);
        let [off, back_after] = [purpose::PHONE_OFF, purpose::BACK_AFTER].map(|word| &words[usize::from(word)]);
        for (k, &arrival) in arrivals.iter().enumerate().take(LANES) {
            back[k] = self.of_draws([off[k], back_after[k]], arrival).as_micros();
        }
    }

    #[inline]
    fn of_draws(&self, [off, back_after]: [u32; 2], arrival: Time) -> Time {
        if u64::from(off) >= self.below {
            return Time::ZERO;
        }
        self.back_after.as_ref().map_or(Time::NEVER, |sampler| arrival.after(sampler.sample(back_after)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    #[test]
    fn a_batch_has_the_same_phones_as_its_recipients_one_by_one() {
        let back_after = Some(Dist::constant(Span::from_secs(600)));
        let rng = RngKey::new(7, 1).of_stream("pin");
        let arrivals: Vec<_> = (0..LANES as i64).map(|i| Time::from_micros(i * 1_000)).collect();
        for back_after in [back_after, None] {
            let share = Probability::new(0.2).expect("a share");
            let phones = Phones::new(&PhoneOff { share, back_after });
            let mut back = [0; LANES];
            phones.fill(rng, Who::From(5_000), &arrivals, &mut back);
            let one = |k: usize| phones.back(rng, 5_000 + k as u32, arrivals[k]).as_micros();
            assert!((0..LANES).all(|k| back[k] == one(k)));
            // Five standard deviations of the number of phones that are off.
            let off = back.iter().filter(|&&back| back > 0).count() as f64;
            assert!((off - 0.2 * LANES as f64).abs() < 5.0 * (0.16 * LANES as f64).sqrt(), "{off}");
        }
    }
}
