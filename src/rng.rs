//! Random numbers: every draw is a pure function of its key, the recipient and its purpose.
//!
//! The generator is Philox4x32 with 7 rounds, counter-based: it turns 128 bits of counter and 64 bits of key into 128 bits of
//! output. Seven rounds is the fewest that its authors found to pass all of TestU01's BigCrush (Salmon, Moraes, Dror, Shaw:
//! "Parallel random numbers: as easy as 1, 2, 3", SC'11, table 2); ten rounds would cost 40 % more with no benefit that a test can
//! detect. The test vectors below are those that the authors publish (Random123, `kat_vectors`).
//!
//! | word | holds |
//! | --- | --- |
//! | key 0, 1 | the seed |
//! | counter 0 | the recipient |
//! | counter 1 | which use of the provider by that recipient, from 0 (high half); the purpose's block (low half) |
//! | counter 2 | what is drawn for, as a hash of its name: the provider, `channel/NAME`, `person/phone`, `person/segment`; 0 is the sender, whose draws include the arrival time. In a named stream, mixed with the hash of the stream's name |
//! | counter 3 | the replication |
//!
//! Providers and streams are keyed by name rather than by position in the file, so adding one leaves the draws of the others
//! unchanged. Two names with the same hash would share all their draws, so a scenario with such names is rejected when it is read.

use rand::rand_core::{Infallible, TryRng};

/// The purposes of the draws. The low two bits of a purpose are the word within a block of four; the other bits are the block.
pub mod purpose {
    /// Which outcome an attempt has.
    pub const OUTCOME: u16 = 0;
    /// How long after departure the status occurs.
    pub const AFTER: u16 = 1;
    /// The delay of the final status's report.
    pub const REPORT_DELAY: u16 = 2;
    /// Whether the first outage affects the attempt.
    pub const FIRST_OUTAGE: u16 = 3;
    /// Whether a delivered message is opened.
    pub const SEEN: u16 = 4;
    /// The time from delivery to opening.
    pub const SEEN_AFTER: u16 = 5;
    /// The delay of the `seen` report.
    pub const SEEN_REPORT_DELAY: u16 = 6;
    /// The talk time of an answered call.
    pub const TALK: u16 = 7;
    /// The delay of the `sent` report.
    pub const SENT_REPORT_DELAY: u16 = 8;
    /// Whether the final report comes twice.
    pub const DOUBLED: u16 = 9;
    /// The delay with which it comes again.
    pub const DOUBLE_DELAY: u16 = 10;
    /// Whether the last two reports change places.
    pub const REORDERED: u16 = 11;
    /// Whether a report of the opposite comes before that of a delivery.
    pub const CONTRADICTED: u16 = 12;
    /// Whether the second outage affects the attempt; the third has the next purpose, and so on.
    pub const FURTHER_OUTAGES: u16 = 16;

    /// Used in place of the use number for the windows of random outages, which use the window's index in place of the recipient.
    /// Block n holds the gap before the window of outage n and the window's length.
    pub const RANDOM_OUTAGES: u16 = u16::MAX;

    /// Which persistent outcome a recipient has over a channel, if any: the channel's draw.
    pub const PERSISTENT: u16 = 0;
    /// Whether the recipient's phone is off on arrival: the phone's draw.
    pub const PHONE_OFF: u16 = 0;
    /// How long after arrival it is on again.
    pub const BACK_AFTER: u16 = 1;
    /// Which segment the recipient belongs to: the segment's draw.
    pub const SEGMENT: u16 = 0;

    /// When the recipient arrives: a 64-bit draw from words 0 and 1 of the sender's block 0.
    pub const ARRIVAL: u16 = 0;
    /// How many recipients come: the sender's draws, with this in place of the use and a block for each round.
    pub const COUNT: u16 = u16::MAX - 1;
    /// Which of several providers an attempt tries first: the sender's draw, with the attempt in place of the use.
    pub const CHOICE: u16 = 4;
}

/// The number of Philox4x32 rounds in use.
pub const ROUNDS: usize = 7;

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// One block of Philox4x32 with `R` rounds.
#[must_use]
#[inline(always)]
pub fn philox4x32<const R: usize>(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..R {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let [c0, c1, c2, c3] = counter;
        let a = u64::from(MULTIPLIERS[0]) * u64::from(c0);
        let b = u64::from(MULTIPLIERS[1]) * u64::from(c2);
        counter = [(b >> 32) as u32 ^ c1 ^ key[0], b as u32, (a >> 32) as u32 ^ c3 ^ key[1], a as u32];
    }
    counter
}

/// The number of recipients in one batch of draws.
pub const LANES: usize = 1024;

/// Computes the block at `counter` and those of the recipients that follow, column by column, so that the compiler can vectorise
/// it.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn philox_columns(key: [u32; 2], counter: [u32; 4], words: &mut [[u32; LANES]; 4]) {
    let [recipient, c1, c2, c3] = counter;
    let [w0, w1, w2, w3] = words;
    for i in 0..LANES {
        let block = philox4x32::<ROUNDS>([recipient.wrapping_add(i as u32), c1, c2, c3], key);
        [w0[i], w1[i], w2[i], w3[i]] = block;
    }
}

/// Computes the block of each of these recipients, column by column, so that the compiler can vectorise it.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn philox_scattered(key: [u32; 2], recipients: &[u32; LANES], counter: [u32; 3], words: &mut [[u32; LANES]; 4]) {
    let [c1, c2, c3] = counter;
    let [w0, w1, w2, w3] = words;
    for i in 0..LANES {
        [w0[i], w1[i], w2[i], w3[i]] = philox4x32::<ROUNDS>([recipients[i], c1, c2, c3], key);
    }
}

/// Chooses by each draw: writes `first` plus the number of thresholds that the draw is not below.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn choose(thresholds: &[u32], draws: &[u32; LANES], first: u8, chosen: &mut [u8; LANES]) {
    chosen.fill(first);
    for &threshold in thresholds {
        for i in 0..LANES {
            chosen[i] += u8::from(draws[i] >= threshold);
        }
    }
}

/// The key of all random numbers of one run, or of one stream of traffic in it: a seed and a replication.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RngKey {
    seed: u64,
    replication: u32,
    /// The hash of the stream's name; 0 for an unnamed stream.
    stream: u32,
}

impl RngKey {
    /// The key for `replication` under `seed`.
    #[must_use]
    pub const fn new(seed: u64, replication: u32) -> Self {
        Self { seed, replication, stream: 0 }
    }

    /// The replication.
    #[must_use]
    pub const fn replication(self) -> u32 {
        self.replication
    }

    /// The key for the recipients of the stream with this name; an empty name leaves the key unchanged.
    #[must_use]
    pub fn of_stream(self, name: &str) -> Self {
        let stream = if name.is_empty() { 0 } else { fnv1a(fnv1a(FNV_BASIS, b"traffic/"), name.as_bytes()).max(1) };
        Self { stream, ..self }
    }

    /// The draws for `recipient`'s use `use_number` (from 0) of the provider with this `key`; channels and the phone have use 0 alone.
    #[must_use]
    #[inline]
    pub const fn draws(self, key: DrawKey, recipient: u32, use_number: u16) -> Draws {
        Draws {
            key: [self.seed as u32, (self.seed >> 32) as u32],
            counter: [recipient, (use_number as u32) << 16, self.keyed(key), self.replication],
        }
    }

    /// Computes the first block of the draws of each recipient of a batch for their use `use_number` of what has this `key`: one column for
    /// each of the block's four words.
    pub fn columns(self, key: DrawKey, who: Who<'_>, use_number: u16, words: &mut [[u32; LANES]; 4]) {
        match who {
            Who::From(first) => self.draws(key, first, use_number).columns(0, words),
            Who::List(recipients) => self.draws(key, 0, use_number).scattered(recipients, 0, words),
        }
    }

    /// The counter word for a provider in this stream. It must be unique for every provider and stream of a scenario.
    ///
    /// Short names that differ in one letter have similar hashes, and the differences between those hashes are similar too. The
    /// provider's hash is therefore mixed first, with the final steps of MurmurHash3 (Appleby, 2011), so that one difference does
    /// not cancel another.
    #[must_use]
    #[inline]
    pub const fn keyed(self, key: DrawKey) -> u32 {
        if self.stream == 0 {
            return key.0;
        }
        let mut mixed = key.0 ^ key.0 >> 16;
        mixed = mixed.wrapping_mul(0x85EB_CA6B);
        mixed = (mixed ^ mixed >> 13).wrapping_mul(0xC2B2_AE35);
        mixed ^ mixed >> 16 ^ self.stream
    }
}

/// The recipients of a batch.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// This recipient and those that follow it.
    From(u32),
    /// The recipients listed.
    List(&'a [u32; LANES]),
}

impl Who<'_> {
    /// The recipient at this index of the batch.
    #[must_use]
    #[inline]
    pub fn at(self, lane: u16) -> u32 {
        match self {
            Self::From(first) => first.wrapping_add(u32::from(lane)),
            Self::List(recipients) => recipients[usize::from(lane) % LANES],
        }
    }
}

/// What draws are for: a provider, a channel, the recipient's phone or segment, or the sender.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DrawKey(u32);

impl DrawKey {
    /// The sender, whose draws include when recipients arrive.
    pub const SENDER: Self = Self(0);
    /// The recipient's segment.
    pub const SEGMENT: Self = Self::of_name("person/segment");
    /// The recipient's phone.
    pub const PHONE: Self = Self::of_name("person/phone");

    /// The key of the provider with this name: the 32-bit FNV-1a hash of its bytes, never equal to the sender's.
    #[must_use]
    pub const fn of_name(name: &str) -> Self {
        Self::of_bytes(FNV_BASIS, name.as_bytes())
    }

    /// The key of what is the same for all attempts over the channel with this name.
    #[must_use]
    pub fn of_channel(name: &str) -> Self {
        Self::of_bytes(fnv1a(FNV_BASIS, b"channel/"), name.as_bytes())
    }

    /// The key that continues this hash.
    const fn of_bytes(hash: u32, bytes: &[u8]) -> Self {
        let hash = fnv1a(hash, bytes);
        Self(if hash == 0 { 1 } else { hash })
    }
}

/// The 32-bit FNV-1a hash of no bytes.
const FNV_BASIS: u32 = 0x811C_9DC5;

/// The 32-bit FNV-1a hash, continued from `hash`.
const fn fnv1a(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    hash
}

/// The draws for one use of one provider by one recipient: one 32-bit number for each purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draws {
    key: [u32; 2],
    counter: [u32; 4],
}

impl Draws {
    /// The four draws of purposes `4 · block` to `4 · block + 3`.
    #[must_use]
    #[inline]
    pub fn block(self, block: u16) -> [u32; 4] {
        let [c0, c1, c2, c3] = self.counter;
        philox4x32::<ROUNDS>([c0, c1 | block as u32, c2, c3], self.key)
    }

    /// The draw for one purpose.
    #[must_use]
    #[inline]
    pub fn draw(self, purpose: u16) -> u32 {
        self.block(purpose >> 2)[usize::from(purpose & 3)]
    }

    /// A 64-bit draw, from `purpose` and the word after it.
    #[must_use]
    #[inline]
    pub fn draw_u64(self, purpose: u16) -> u64 {
        let block = self.block(purpose >> 2);
        let lane = usize::from(purpose & 3);
        u64::from(block[lane]) << 32 | u64::from(block[lane + 1])
    }

    /// Computes block `block` of this recipient and of the [`LANES`] - 1 after it: one column for each of the block's four words.
    pub fn columns(self, block: u16, words: &mut [[u32; LANES]; 4]) {
        let [recipient, c1, c2, c3] = self.counter;
        philox_columns(self.key, [recipient, c1 | block as u32, c2, c3], words);
    }

    /// Computes block `block` of each of these recipients in place of this one: one column for each of the block's four words.
    pub fn scattered(self, recipients: &[u32; LANES], block: u16, words: &mut [[u32; LANES]; 4]) {
        let [_, c1, c2, c3] = self.counter;
        philox_scattered(self.key, recipients, [c1 | block as u32, c2, c3], words);
    }

    /// These draws as a generator for the `rand` crates: all of them in order, starting with purpose 0.
    #[must_use]
    pub const fn stream(self) -> Stream {
        Stream { draws: self, next: 0 }
    }
}

/// [`Draws`] in sequence, as a generator for the `rand` crates; it repeats after 2¹⁸ numbers.
#[derive(Clone, Debug)]
pub struct Stream {
    draws: Draws,
    next: u32,
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let number = self.draws.block((self.next >> 2) as u16)[(self.next & 3) as usize];
        self.next = self.next.wrapping_add(1);
        Ok(number)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand::rand_core::utils::next_u64_via_u32(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        rand::rand_core::utils::fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random123's `kat_vectors`, the lines `philox4x32 7` and `philox4x32 10`.
    #[test]
    fn the_generator_gives_the_published_vectors() {
        let pi = ([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
        let ones = ([u32::MAX; 4], [u32::MAX; 2]);
        let zeros = ([0; 4], [0; 2]);
        let seven = |(c, k)| philox4x32::<7>(c, k);
        let ten = |(c, k)| philox4x32::<10>(c, k);
        assert_eq!(seven(zeros), [0x5f6f_b709, 0x0d89_3f64, 0x4f12_1f81, 0x4f73_0a48]);
        assert_eq!(seven(ones), [0x5207_ddc2, 0x4516_5e59, 0x4d8e_e751, 0x8c52_f662]);
        assert_eq!(seven(pi), [0x4dfc_caba, 0x190a_87f0, 0xc473_62ba, 0xb6b5_242a]);
        assert_eq!(ten(zeros), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(ten(ones), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(ten(pi), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn columns_match_single_blocks() {
        let draws = |recipient| RngKey::new(20_261_127, 3).draws(DrawKey::of_name("sms"), recipient, 1);
        let mut words = [[0; LANES]; 4];
        draws(u32::MAX - 99).columns(2, &mut words);
        for i in 0..LANES {
            let alone = draws((u32::MAX - 99).wrapping_add(i as u32)).block(2);
            assert_eq!(words.map(|column| column[i]), alone);
        }
        let scattered = std::array::from_fn(|i| (i as u32).wrapping_mul(2_654_435_761));
        draws(0).scattered(&scattered, 2, &mut words);
        for i in 0..LANES {
            assert_eq!(words.map(|column| column[i]), draws(scattered[i]).block(2));
        }
    }

    #[test]
    fn every_part_of_the_key_changes_the_draws() {
        let viber = DrawKey::of_name("viber");
        let base = RngKey::new(1, 0).draws(viber, 7, 0).block(0);
        let others = [
            RngKey::new(2, 0).draws(viber, 7, 0).block(0),
            RngKey::new(1, 1).draws(viber, 7, 0).block(0),
            RngKey::new(1, 0).of_stream("pin").draws(viber, 7, 0).block(0),
            RngKey::new(1, 0).draws(DrawKey::of_name("sms"), 7, 0).block(0),
            RngKey::new(1, 0).draws(viber, 8, 0).block(0),
            RngKey::new(1, 0).draws(viber, 7, 1).block(0),
            RngKey::new(1, 0).draws(viber, 7, 0).block(1),
        ];
        assert!(others.iter().all(|other| *other != base));
    }

    /// Hashes of numbered names differ in the same bits, which must not make keys collide; `a` and `b` in streams `s10` and `s13`
    /// once did.
    #[test]
    fn numbered_names_have_keys_of_their_own() {
        let mut keys = Vec::new();
        for stream in 0..20 {
            let rng = RngKey::new(1, 0).of_stream(&format!("s{stream}"));
            keys.push(rng.keyed(DrawKey::SENDER));
            keys.extend(
                (b'a'..=b'z').map(|name| rng.keyed(DrawKey::of_name(char::from(name).encode_utf8(&mut [0; 4])))),
            );
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
