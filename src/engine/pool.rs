//! The choice of provider for an attempt.

use super::breaker::{Breakers, Permission, Permit};
use crate::units::Time;
use serde::{Deserialize, Serialize};

/// The maximum number of providers in a step's pool.
pub const MAX_MEMBERS: usize = 16;

/// The providers of a step and the order in which an attempt tries them: it moves on when one rejects it or its circuit is open.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Pool {
    /// The indices of the providers; from 1 to [`MAX_MEMBERS`], all different.
    members: Vec<usize>,
    order: Order,
}

/// The order in which the members of a pool are tried.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum Order {
    /// That of the list.
    Listed,
    /// That of the list, which is that of the prices.
    ByPrice,
    /// At random, in proportion to these weights.
    Weighted(Vec<f64>),
    /// By the number of attempts that wait, from the fewest to the most; equals in the order of the list.
    ByQueue,
}

impl Pool {
    /// A pool of one provider.
    #[must_use]
    pub fn single(member: usize) -> Self {
        Self::first_of(vec![member])
    }

    /// A pool that tries these providers in this order.
    #[must_use]
    pub fn first_of(members: Vec<usize>) -> Self {
        Self { members, order: Order::Listed }
    }

    /// A pool that tries these providers by the number of attempts that wait before them, the fewest first; at equal numbers, in this order.
    /// [`Breakers::set_waiting`] says how many wait.
    #[must_use]
    pub fn shortest_queue_of(members: Vec<usize>) -> Self {
        Self { members, order: Order::ByQueue }
    }

    /// A pool that tries these providers by rising `price`; at equal prices, in this order.
    #[must_use]
    pub fn cheapest_of<P: Ord>(mut members: Vec<usize>, price: impl FnMut(&usize) -> P) -> Self {
        members.sort_by_key(price);
        Self { members, order: Order::ByPrice }
    }

    /// The pool in the order of other prices; one whose order is not that of prices stays as it is.
    #[must_use]
    pub fn at_prices<P: Ord>(&self, price: impl FnMut(&usize) -> P) -> Self {
        if self.order == Order::ByPrice { Self::cheapest_of(self.members.clone(), price) } else { self.clone() }
    }

    /// A pool that tries each provider first with a probability proportional to its weight, then chooses in the same way among the
    /// rest; weights are above zero.
    #[must_use]
    pub fn weighted(members: Vec<(usize, f64)>) -> Self {
        let (members, weights) = members.into_iter().unzip();
        Self { members, order: Order::Weighted(weights) }
    }

    /// The providers.
    #[must_use]
    pub fn members(&self) -> &[usize] {
        &self.members
    }

    /// The weights, in proportion to which the providers are tried first; empty if they are tried in the order of the list.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        if let Order::Weighted(weights) = &self.order { weights } else { &[] }
    }

    /// Whether there is only one provider.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.members.len() == 1
    }

    /// Whether the choice is random.
    #[must_use]
    pub const fn is_weighted(&self) -> bool {
        matches!(self.order, Order::Weighted(_))
    }

    /// Whether the choice depends on how many attempts wait.
    #[must_use]
    pub const fn is_by_queue(&self) -> bool {
        matches!(self.order, Order::ByQueue)
    }

    /// The providers in the order in which an attempt with this uniform 32-bit `draw` tries them. Only a weighted pool uses the
    /// draw; one that goes by queues is in the order of the list.
    #[inline]
    pub fn candidates(&self, draw: u32) -> impl Iterator<Item = usize> + '_ {
        self.order_of(draw).map(|index| self.members[index])
    }

    /// The indices of the members in the order in which they are tried.
    #[inline]
    fn order_of(&self, draw: u32) -> impl Iterator<Item = usize> + '_ {
        let mut left = (1_u32 << self.members.len()) - 1;
        // Stays uniform over the remaining weights.
        let mut chance = (f64::from(draw) + 0.5) / 4_294_967_296.0;
        std::iter::from_fn(move || {
            let index = if self.is_weighted() { self.pick(left, &mut chance) } else { left.trailing_zeros() as usize };
            let is_there = left != 0;
            left &= !(1_u32.checked_shl(index as u32).unwrap_or(0));
            is_there.then_some(index)
        })
    }

    /// Chooses one of those `left` (a bit for each), in proportion to their weights. Rescales `chance` so that it can serve for the
    /// next choice.
    fn pick(&self, left: u32, chance: &mut f64) -> usize {
        let is_left = |index: &usize| left >> index & 1 == 1;
        let indices = || (0..self.members.len()).filter(is_left);
        let weights = self.weights();
        let sum: f64 = indices().map(|index| weights[index]).sum();
        let (mut rest, mut last) = (*chance * sum, 0);
        for index in indices() {
            last = index;
            if rest < weights[index] {
                break;
            }
            rest -= weights[index];
        }
        *chance = (rest / weights[last]).clamp(0.0, 1.0);
        last
    }
}

/// The route of one attempt through the pool of its step: the first provider whose circuit permits it, and the next one each time a
/// provider rejects it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Routing {
    draw: u32,
    /// In a pool that goes by queues, the order in which its members are tried: four bits for each index. It is that of the moment in which
    /// the first was considered.
    order: u64,
    /// The number of providers considered so far.
    considered: u8,
}

/// A provider considered for an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The provider.
    pub provider: usize,
    /// The number of providers in the pool that were considered before it.
    pub rank: u8,
    /// Whether its circuit permits the attempt; without a permit the attempt is not submitted.
    pub permission: Permission,
}

impl Candidate {
    /// Whether its circuit permits the attempt.
    #[must_use]
    #[inline]
    pub const fn is_permitted(&self) -> bool {
        matches!(self.permission, Permission::Granted(_))
    }

    /// The permit, if the provider has a circuit that issued one.
    #[must_use]
    pub const fn permit(&self) -> Option<Permit> {
        match self.permission {
            Permission::Granted(permit) => permit,
            Permission::Denied => None,
        }
    }
}

impl Routing {
    /// The routing of an attempt for which no provider has been considered yet; a weighted pool uses this uniform 32-bit `draw`.
    #[must_use]
    #[inline]
    pub const fn new(draw: u32) -> Self {
        Self { draw, order: 0, considered: 0 }
    }

    /// Whether no provider has been considered yet.
    #[must_use]
    #[inline]
    pub const fn is_new(&self) -> bool {
        self.considered == 0
    }

    /// The next provider to consider at `now`; `None` when all have turned the attempt down, so that it has failed.
    #[inline]
    pub fn next(&mut self, pool: &Pool, breakers: &mut Breakers, now: Time) -> Option<Candidate> {
        let rank = self.considered;
        let provider = match rank {
            0 if pool.is_single() => pool.members[0],
            _ if pool.is_by_queue() => self.by_queue(pool, breakers)?,
            _ => pool.candidates(self.draw).nth(usize::from(rank))?,
        };
        self.considered += 1;
        Some(Candidate { provider, rank, permission: breakers.permit(provider, now) })
    }
}

impl Routing {
    /// The next provider of a pool that goes by queues.
    fn by_queue(&mut self, pool: &Pool, breakers: &Breakers) -> Option<usize> {
        let members = pool.members();
        if self.is_new() {
            let mut order: [usize; MAX_MEMBERS] = std::array::from_fn(|index| index);
            let order = &mut order[..members.len()];
            order.sort_by_key(|&index| breakers.waiting(members[index]));
            self.order = order.iter().rev().fold(0, |order, &index| order << 4 | index as u64);
        }
        let rank = usize::from(self.considered);
        (rank < members.len()).then(|| members[(self.order >> (4 * rank) & 15) as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(pool: &Pool, rank: usize) -> Vec<f64> {
        const N: u32 = 100_000;
        let mut counts = vec![0_u32; pool.members().len()];
        for i in 0..N {
            let draw = (u64::from(i) * 0x1_0000_0000 / u64::from(N)) as u32;
            counts[pool.order_of(draw).nth(rank).expect("each member is tried")] += 1;
        }
        counts.into_iter().map(|count| f64::from(count) / f64::from(N)).collect()
    }

    #[test]
    fn a_plain_pool_is_tried_in_order() {
        let pool = Pool::first_of(vec![7, 3, 5]);
        assert_eq!(pool.order_of(u32::MAX).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(Pool::single(4).order_of(0).collect::<Vec<_>>(), [0]);
    }

    /// The queues may change while the attempt is on its way from one provider to the next.
    #[test]
    fn a_pool_that_goes_by_queues_keeps_the_order_of_the_first_moment() {
        let pool = Pool::shortest_queue_of((20..36).collect());
        let mut breakers = Breakers::default();
        (20..36).for_each(|provider| breakers.set_waiting(provider, (provider as u64 * 7) % 5));
        let mut expected: Vec<usize> = (20..36).collect();
        expected.sort_by_key(|provider| provider * 7 % 5);
        let mut routing = Routing::new(0);
        let mut tried = Vec::new();
        while let Some(candidate) = routing.next(&pool, &mut breakers, Time::ZERO) {
            tried.push(candidate.provider);
            breakers.set_waiting(candidate.provider, 0);
        }
        assert_eq!(tried, expected);
        assert_eq!(Routing::new(0).next(&pool, &mut breakers, Time::ZERO).map(|first| first.provider), Some(20));
    }

    /// With weights 5, 3, 2: first by weight; b is second with probability 5/10·3/5 + 2/10·3/8.
    #[test]
    fn a_weighted_pool_is_tried_by_weight() {
        let pool = Pool::weighted(vec![(0, 5.0), (1, 3.0), (2, 2.0)]);
        for (share, expected) in shares(&pool, 0).into_iter().zip([0.5, 0.3, 0.2]) {
            assert!((share - expected).abs() < 1e-4, "{share}");
        }
        assert!((shares(&pool, 1)[1] - (0.3 + 0.075)).abs() < 1e-3);
        for draw in [0, 1, 1 << 31, u32::MAX] {
            let mut order: Vec<_> = pool.order_of(draw).collect();
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2]);
        }
    }
}
