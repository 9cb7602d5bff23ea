//! Where a proof takes place: folders of the same names elsewhere, and addresses of this machine that stand for others.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use renkei_core::FolderPath;
use renkei_core::access::{Account, Rulebook};
use tempfile::TempDir;

/// A file that lies in every folder.
pub(super) const STANDING: &str = "renkei-proof.txt";
/// A name that is free in every folder.
const FREE: &str = "renkei-proof-new.txt";
/// A folder that no rule is about.
const UNDECLARED: &str = "renkei-proof-undeclared";

/// Folders of the names that rules name, with those on the way to them and one of which no rule knows.
pub(super) struct Places {
    root: TempDir,
    folders: Vec<ProvenFolder>,
}

/// One of them.
pub(super) struct ProvenFolder {
    path: FolderPath,
}

impl ProvenFolder {
    pub(super) fn path(&self) -> &FolderPath {
        &self.path
    }

    pub(super) fn name(&self) -> &str {
        self.path.as_str()
    }

    /// As a visitor names it.
    pub(super) fn visited(&self) -> String {
        format!("/{}", self.path)
    }

    pub(super) fn standing(&self) -> String {
        format!("/{}/{STANDING}", self.path)
    }

    pub(super) fn free(&self) -> String {
        format!("/{}/{FREE}", self.path)
    }
}

impl Places {
    pub(super) fn make(book: &Rulebook) -> std::io::Result<Self> {
        let root = tempfile::Builder::new().prefix("renkei-proof").tempdir()?;
        let mut names: BTreeSet<String> = BTreeSet::from([UNDECLARED.to_owned()]);
        for folder in book.folders() {
            let mut way = String::new();
            for part in folder.parts() {
                if !way.is_empty() {
                    way.push('/');
                }
                way.push_str(part);
                names.insert(way.clone());
            }
        }
        let folders = names.iter().filter_map(|name| name.parse().ok()).map(|path| ProvenFolder { path });
        let places = Self { root, folders: folders.collect() };
        for folder in &places.folders {
            std::fs::create_dir_all(places.root.path().join(folder.name()))?;
            places.restore(folder)?;
        }
        Ok(places)
    }

    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(super) fn folders(&self) -> &[ProvenFolder] {
        &self.folders
    }

    /// Puts the standing file back and takes the new one away.
    pub(super) fn restore(&self, folder: &ProvenFolder) -> std::io::Result<()> {
        let folder = self.root.path().join(folder.name());
        std::fs::write(folder.join(STANDING), b"proof")?;
        match std::fs::remove_file(folder.join(FREE)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// An address of each kind that an account's lists tell apart: the first and last of every network listed, and one of
/// IPv4 and of IPv6 that is in none.
pub(super) fn address_classes(accounts: &[Account]) -> Vec<IpAddr> {
    let lists = || {
        accounts.iter().flat_map(|account| {
            account.addresses.iter().chain(account.keys.iter().flat_map(|key| &key.from)).copied()
        })
    };
    let listed = lists().flat_map(|network| [network.first_address(), Some(network.last_address())]);
    let mut classes: BTreeSet<IpAddr> = listed.flatten().collect();
    // Addresses for documentation (RFC 5737, RFC 3849) are nobody's.
    let nobodys: [[IpAddr; 3]; 2] = [
        [[192, 0, 2, 1], [198, 51, 100, 1], [203, 0, 113, 1]].map(|address| Ipv4Addr::from(address).into()),
        [1, 2, 3].map(|last| Ipv6Addr::new(0x2001, 0xdb8, last, 0, 0, 0, 0, 1).into()),
    ];
    for kind in nobodys {
        classes.extend(kind.into_iter().find(|address| !lists().any(|network| network.has(*address))));
    }
    classes.into_iter().collect()
}

/// The address of this machine that stands for a class.
pub(super) fn loopback_of(class: usize) -> Ipv4Addr {
    let [.., high, low] = u32::try_from(class).unwrap_or_default().to_be_bytes();
    // 127.77 and not 127.0, where other things are.
    Ipv4Addr::new(127, 77, high, low)
}

/// The class an address of this machine stands for.
pub(super) fn class_of(peer: IpAddr) -> Option<usize> {
    match peer {
        IpAddr::V4(address) => match address.octets() {
            [127, 77, high, low] => Some(usize::from(high) << 8 | usize::from(low)),
            _ => None,
        },
        IpAddr::V6(_) => None,
    }
}
