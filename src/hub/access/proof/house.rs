//! The house whose door is tried: the rules as they stand, accounts with passing keys, addresses that stand for others.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use renkei_core::Moment;
use renkei_core::access::{Account, AccountId, Authorities, Rulebook};
use renkei_engine::Clock as _;
use renkei_folder::visit::VisitedRoot;
use renkei_sftp::server::{Gate, GateEvent};
use renkei_sftp::session::{Deed, Premises, Visitor};

use super::Rules;
use super::attempts::Passing;
use super::places::{Places, class_of};
use crate::Failure;
use crate::clock::HubClock;

/// What sessions of a proof visit.
pub(super) struct ProvingHouse {
    root: VisitedRoot,
    book: Arc<Rulebook>,
    accounts: BTreeMap<AccountId, Account>,
    authorities: Arc<Authorities>,
    addresses: Vec<IpAddr>,
    clock: HubClock,
}

impl ProvingHouse {
    pub(super) fn new(
        places: &Places,
        served: Rules,
        passing: &[Passing<'_>],
        addresses: Vec<IpAddr>,
        clock: HubClock,
    ) -> Result<Self, Failure> {
        let accounts = passing.iter().map(|one| (one.account.id.clone(), one.account.clone())).collect();
        let (root, Rules { book, authorities }) = (VisitedRoot::open(places.root())?, served);
        Ok(Self {
            root,
            book: Arc::new(book),
            accounts,
            authorities: Arc::new(authorities),
            addresses,
            clock,
        })
    }
}

impl Premises for ProvingHouse {
    fn root(&self) -> &VisitedRoot {
        &self.root
    }

    fn rulebook(&self) -> Arc<Rulebook> {
        Arc::clone(&self.book)
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    // Nothing of a proof is anybody's deed.
    fn note(&self, _: &Visitor, _: &Deed<'_>) {}
}

impl Gate for ProvingHouse {
    fn account(&self, id: &AccountId) -> Option<Account> {
        self.accounts.get(id).cloned()
    }

    fn authorities(&self) -> Arc<Authorities> {
        Arc::clone(&self.authorities)
    }

    fn note_gate(&self, _: &GateEvent) {}

    fn seen_as(&self, peer: IpAddr) -> IpAddr {
        class_of(peer).and_then(|class| self.addresses.get(class)).copied().unwrap_or(peer)
    }
}
