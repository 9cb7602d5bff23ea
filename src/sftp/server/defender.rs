//! Guessing is slowed, then shut out: a pure decision over what an address did and the time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// When guessing is slowed and banned. Points are given for each offence and fade with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefenderLimits {
    /// Points at which an address is banned.
    pub ban_points: u32,
    /// Time after which one point has faded.
    pub fade: Duration,
    /// The first ban; each further one within a day is twice as long.
    pub first_ban: Duration,
    /// The longest ban.
    pub longest_ban: Duration,
    /// Delay for each point an address has, before a refusal is told.
    pub delay_per_point: Duration,
    /// The longest delay.
    pub longest_delay: Duration,
    /// Addresses remembered.
    pub max_addresses: usize,
}

impl Default for DefenderLimits {
    fn default() -> Self {
        Self {
            ban_points: 50,
            fade: Duration::from_secs(30),
            first_ban: Duration::from_mins(10),
            longest_ban: Duration::from_hours(24),
            delay_per_point: Duration::from_millis(100),
            longest_delay: Duration::from_secs(5),
            max_addresses: 10_000,
        }
    }
}

/// What an address did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offence {
    /// A wrong password, or one for no account.
    Password,
    /// A key that is none of the account's. Honest clients show several.
    Key,
    /// A connection that was held for a while and ended without a login or a refusal.
    Nothing,
    /// A connection that ended at once. Whoever watches over the service looks so; only many in a minute count.
    Glance,
}

impl Offence {
    const fn points(self) -> u32 {
        match self {
            Self::Password => 5,
            Self::Key | Self::Nothing | Self::Glance => 1,
        }
    }
}

/// Whether an address may come to the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knock {
    /// It may.
    Welcome,
    /// It is banned for so long yet.
    Banned(Duration),
}

/// Time of the last ban that counts for the length of the next.
const BAN_MEMORY: Duration = Duration::from_hours(24);

/// Glances in a minute that are nobody's offence: one a second.
const FREE_GLANCES: u32 = 60;
/// The minute.
const GLANCES_IN: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy, Default)]
struct Record {
    points: u32,
    /// Up to when points have been faded.
    faded_at: Duration,
    banned_until: Option<Duration>,
    n_bans: u32,
    /// Glances since.
    n_glances: u32,
    glances_since: Duration,
}

/// What is known of addresses. Times are since any fixed moment, and never go back.
#[derive(Debug)]
pub struct Defender {
    limits: DefenderLimits,
    records: HashMap<IpAddr, Record>,
}

impl Defender {
    /// Nobody is known yet.
    pub fn new(limits: DefenderLimits) -> Self {
        Self { limits, records: HashMap::new() }
    }

    /// Whether an address may come to the door.
    pub fn knock(&self, address: IpAddr, now: Duration) -> Knock {
        let record = self.records.get(&place(address));
        match record.and_then(|record| record.banned_until).and_then(|until| until.checked_sub(now)) {
            Some(rest) if !rest.is_zero() => Knock::Banned(rest),
            _ => Knock::Welcome,
        }
    }

    /// Counts an offence. Gives the delay before the refusal is told, and the ban if this was one too many.
    pub fn offence(
        &mut self,
        address: IpAddr,
        offence: Offence,
        now: Duration,
    ) -> (Duration, Option<Duration>) {
        self.make_room(now);
        let limits = self.limits;
        let record = self.records.entry(place(address)).or_default();
        record.fade(&limits, now);
        if offence == Offence::Glance && record.is_free_glance(now) {
            return (Duration::ZERO, None);
        }
        record.points = record.points.saturating_add(offence.points());
        let delay = limits.delay_per_point.saturating_mul(record.points).min(limits.longest_delay);
        let is_banned = record.banned_until.is_some_and(|until| until > now);
        if record.points < limits.ban_points || is_banned {
            return (delay, None);
        }
        let factor = 1_u32.checked_shl(record.n_bans).unwrap_or(u32::MAX);
        let time = limits.first_ban.saturating_mul(factor).min(limits.longest_ban);
        record.banned_until = Some(now.saturating_add(time));
        record.n_bans = record.n_bans.saturating_add(1);
        record.points = 0;
        (delay, Some(time))
    }

    /// Somebody got in from there after he had shown `n_keys` keys that are none of his: an agent's, so they are
    /// forgotten. Passwords only fade, for whoever has one of his own could else guess others' between his logins.
    pub fn success(&mut self, address: IpAddr, n_keys: u32, now: Duration) {
        if let Some(record) = self.records.get_mut(&place(address)) {
            record.fade(&self.limits, now);
            record.points = record.points.saturating_sub(n_keys.saturating_mul(Offence::Key.points()));
        }
    }

    /// Addresses remembered.
    pub fn n_addresses(&self) -> usize {
        self.records.len()
    }

    /// Forgets who has nothing against him; then, if still too many are known, who has least.
    fn make_room(&mut self, now: Duration) {
        if self.records.len() < self.limits.max_addresses {
            return;
        }
        let limits = self.limits;
        self.records.retain(|_, record| {
            record.fade(&limits, now);
            record.points > 0 || record.n_bans > 0
        });
        if self.records.len() < limits.max_addresses {
            return;
        }
        let mut by_weight: Vec<_> = self
            .records
            .iter()
            .map(|(address, record)| ((record.banned_until, record.n_bans, record.points), *address))
            .collect();
        by_weight.sort_unstable();
        // A tenth at once, so that this is not done for every knock.
        for (_, address) in by_weight.into_iter().take(limits.max_addresses.div_ceil(10)) {
            self.records.remove(&address);
        }
    }
}

impl Record {
    /// Counts a glance, and says whether it is one of those that anybody has.
    fn is_free_glance(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.glances_since) >= GLANCES_IN {
            (self.n_glances, self.glances_since) = (0, now);
        }
        self.n_glances = self.n_glances.saturating_add(1);
        self.n_glances <= FREE_GLANCES
    }

    fn fade(&mut self, limits: &DefenderLimits, now: Duration) {
        let since = now.saturating_sub(self.faded_at);
        let n_faded = u32::try_from(since.as_millis() / limits.fade.as_millis().max(1)).unwrap_or(u32::MAX);
        if self.points == 0 || n_faded >= self.points {
            self.points = 0;
            self.faded_at = now;
        } else {
            self.points -= n_faded;
            self.faded_at = self.faded_at.saturating_add(limits.fade.saturating_mul(n_faded));
        }
        if self.banned_until.is_some_and(|until| until.saturating_add(BAN_MEMORY) < now) {
            self.banned_until = None;
            self.n_bans = 0;
        }
    }
}

/// Whom an address stands for: in IPv6 one line has a whole /64.
pub(super) fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn guessing_is_slowed_and_then_banned_for_longer_each_time() {
        let mut defender = Defender::new(DefenderLimits::default());
        let mut now = after(1000);
        let mut bans = Vec::new();
        let mut last_delay = Duration::ZERO;
        for _ in 0..100 {
            if let Knock::Banned(rest) = defender.knock(ONE, now) {
                now += rest;
                assert_eq!(defender.knock(ONE, now), Knock::Welcome);
                last_delay = Duration::ZERO;
            }
            let (delay, ban) = defender.offence(ONE, Offence::Password, now);
            assert!(delay >= last_delay && delay <= Duration::from_secs(5));
            last_delay = delay;
            bans.extend(ban);
        }
        let minutes: Vec<u64> = bans.iter().map(|ban| ban.as_secs() / 60).collect();
        assert_eq!(minutes, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
    }

    #[test]
    fn honest_mistakes_fade_or_are_forgotten() {
        let mut defender = Defender::new(DefenderLimits::default());
        // Nine wrong passwords a day, and an agent with six keys every minute, are nobody's attack.
        for day in 0..10 {
            for _ in 0..9 {
                let (_, ban) = defender.offence(ONE, Offence::Password, after(day * 86_400));
                assert_eq!(ban, None);
            }
        }
        for minute in 0..100 {
            for _ in 0..6 {
                let (_, ban) = defender.offence(ONE, Offence::Key, after(2_000_000 + minute * 60));
                assert_eq!(ban, None);
            }
            defender.success(ONE, 6, after(2_000_000 + minute * 60));
        }
    }

    #[test]
    fn a_login_forgives_its_own_keys_and_no_passwords() {
        let mut defender = Defender::new(DefenderLimits::default());
        for n in 0..9 {
            assert_eq!(defender.offence(ONE, Offence::Password, after(n)).1, None);
        }
        defender.success(ONE, 0, after(10));
        assert!(defender.offence(ONE, Offence::Password, after(11)).1.is_some());

        let mut defender = Defender::new(DefenderLimits::default());
        // Somebody else's keys at the same line are not forgiven either.
        for _ in 0..49 {
            assert_eq!(defender.offence(ONE, Offence::Key, after(0)).1, None);
        }
        defender.success(ONE, 9, after(0));
        for _ in 0..9 {
            assert_eq!(defender.offence(ONE, Offence::Key, after(0)).1, None);
        }
        assert!(defender.offence(ONE, Offence::Key, after(0)).1.is_some());
    }

    #[test]
    fn a_line_of_ipv6_is_one_and_a_mapped_address_is_its_ipv4() {
        let check = |one: &str, other: &str, expect: bool| {
            let (one, other): (IpAddr, IpAddr) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(place(one) == place(other), expect, "{one} {other}");
        };
        check("2001:db8::1", "2001:db8::ffff:1", true);
        check("2001:db8::1", "2001:db8:0:1::1", false);
        check("::ffff:192.0.2.1", "192.0.2.1", true);
        check("192.0.2.1", "192.0.2.2", false);
    }

    #[test]
    fn whoever_looks_whether_somebody_listens_may_and_whoever_floods_the_door_is_banned() {
        let mut defender = Defender::new(DefenderLimits::default());
        for n in 0..3600 {
            assert_eq!(defender.offence(ONE, Offence::Glance, after(n)), (Duration::ZERO, None), "{n}");
        }
        let at_once = Duration::from_hours(2);
        let n_come = (1..1000).find(|_| defender.offence(ONE, Offence::Glance, at_once).1.is_some()).unwrap();
        assert_eq!(n_come, FREE_GLANCES + DefenderLimits::default().ban_points);
        assert!(matches!(defender.knock(ONE, at_once), Knock::Banned(_)));
    }

    #[test]
    fn memory_is_bounded_and_those_banned_are_forgotten_last() {
        let limits = DefenderLimits { max_addresses: 100, ..DefenderLimits::default() };
        let mut defender = Defender::new(limits);
        for _ in 0..10 {
            defender.offence(ONE, Offence::Password, after(0));
        }
        assert!(matches!(defender.knock(ONE, after(1)), Knock::Banned(_)));
        for n in 0..10_000_u32 {
            let address = IpAddr::V4((0x0A00_0000 + n).into());
            defender.offence(address, Offence::Nothing, after(1));
            assert!(defender.n_addresses() <= 100);
        }
        assert!(matches!(defender.knock(ONE, after(2)), Knock::Banned(_)));
    }
}
