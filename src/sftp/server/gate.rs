//! What the server needs from its house at the door: accounts as they stand, and somebody who writes down.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use renkei_core::access::{Account, AccountId, Authorities, CertificateName, Fingerprint, LoginRefusal};

use crate::session::Premises;

/// The house at whose door the server stands. Its functions are called on threads where waiting is allowed.
pub trait Gate: Premises + 'static {
    /// An account as it stands now; `None` for none of that name and where it cannot be looked up.
    fn account(&self, id: &AccountId) -> Option<Account>;

    /// Whose certificates are taken; by default nobody's.
    fn authorities(&self) -> Arc<Authorities> {
        Arc::default()
    }

    /// Writes down what happened at the door. It must not wait for long.
    fn note_gate(&self, event: &GateEvent);

    /// The address that counts for a caller: the one he calls from. Only a proof, whose callers are all on this
    /// machine, takes them for others.
    fn seen_as(&self, peer: IpAddr) -> IpAddr {
        peer
    }
}

/// By what somebody got in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginMeans {
    /// By a key.
    Key(Fingerprint),
    /// By a password, from a listed address.
    Password,
    /// By a key and a password.
    Both(Fingerprint),
    /// By a key with a certificate.
    Certificate {
        /// The key.
        key: Fingerprint,
        /// The certificate.
        certificate: CertificateName,
        /// True where a password came with it.
        has_password: bool,
    },
}

/// Why somebody was sent away before he could say who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// The address is banned.
    Banned,
    /// Too many connections from the address.
    AddressFull,
    /// Too many connections that have not logged in yet.
    DoorFull,
    /// Too many connections in all.
    HouseFull,
}

impl TurnedAway {
    /// The word in the audit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Banned => "banned",
            Self::AddressFull => "address-full",
            Self::DoorFull => "door-full",
            Self::HouseFull => "house-full",
        }
    }
}

/// What happened at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateEvent {
    /// Somebody got in.
    LoggedIn {
        /// Who.
        account: AccountId,
        /// From where.
        address: IpAddr,
        /// By what.
        means: LoginMeans,
        /// The login's number.
        session_no: u64,
    },
    /// Somebody was refused.
    LoginRefused {
        /// The account whose name he gave; `None` where there is none of the name, which may be a password.
        account: Option<AccountId>,
        /// From where.
        address: IpAddr,
        /// Why.
        refusal: LoginRefusal,
        /// The key he showed, if it was one.
        key: Option<Fingerprint>,
        /// The certificate that came with it, if one did.
        certificate: Option<CertificateName>,
    },
    /// An address has guessed too often and is shut out.
    Banned {
        /// Which.
        address: IpAddr,
        /// For how long.
        time: Duration,
    },
    /// A connection was sent away at once. Told at most once a minute for an address.
    TurnedAway {
        /// From where.
        address: IpAddr,
        /// Why.
        why: TurnedAway,
    },
    /// A login ended.
    LoggedOut {
        /// Who.
        account: AccountId,
        /// From where.
        address: IpAddr,
        /// The login's number.
        session_no: u64,
    },
}
