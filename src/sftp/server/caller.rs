//! One connection's conversation with russh: login, then SFTP channels and nothing else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use renkei_core::access::{
    Account, AccountId, Fingerprint, LoginOutcome, LoginRefusal, Offer, UserCertificate, decide_login,
    password_is_worth_checking,
};
use russh::keys::{Algorithm, Certificate, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet, Pty, Sig};
use zeroize::Zeroizing;

use super::algorithms::Suite;
use super::certificate::judged;
use super::channel::Unused;
use super::connections::{Connection, Login};
use super::defender::Offence;
use super::gate::{GateEvent, LoginMeans};
use super::house::House;
use crate::session::{Session as SftpSession, Visitor};

/// SFTP channels of one connection at a time.
const MAX_CHANNELS: usize = 8;

/// What somebody showed, and the certificate where it was a key with one.
#[derive(Debug, Clone)]
struct Shown {
    offer: Offer,
    certificate: Option<UserCertificate>,
}

impl From<Offer> for Shown {
    fn from(offer: Offer) -> Self {
        Self { offer, certificate: None }
    }
}

/// A key that nobody may log in by.
struct NotTaken(Fingerprint);

/// Whoever is at the other end.
pub(super) struct Caller {
    house: Arc<House>,
    connection: Arc<Connection>,
    suite: Suite,
    /// What this connection has proven for an account that needs more.
    proven: Option<(AccountId, Shown)>,
    /// Who has logged in.
    visitor: Option<Arc<Visitor>>,
    /// Channels that were opened and not yet put to use.
    waiting: HashMap<ChannelId, Unused>,
}

impl Caller {
    pub(super) fn new(house: Arc<House>, connection: Arc<Connection>, suite: Suite) -> Self {
        Self { house, connection, suite, proven: None, visitor: None, waiting: HashMap::new() }
    }

    /// Looks the account up where waiting is allowed.
    async fn account(&self, name: &str) -> Option<Account> {
        let id: AccountId = name.parse().ok()?;
        let house = Arc::clone(&self.house);
        self.house.waiting.spawn_blocking(move || house.gate.account(&id)).await.ok().flatten()
    }

    fn decide(&self, account: Option<&Account>, offer: Offer) -> LoginOutcome {
        let proven = self
            .proven
            .as_ref()
            .filter(|(id, _)| account.is_some_and(|account| account.id == *id))
            .map(|(_, shown)| shown.offer);
        decide_login(account, self.connection.address, offer, proven, self.house.gate.now())
    }

    /// By what a key is known; an error where the policy takes none such from anybody, or no signature of that algorithm.
    fn fingerprint(&self, key: &PublicKey, algorithm: &Algorithm) -> Result<Fingerprint, NotTaken> {
        let blob = key.to_bytes().map_err(|_| NotTaken(Fingerprint::of_blob(&[])))?;
        let not_taken = NotTaken(Fingerprint::of_blob(&blob));
        if matches!(algorithm, Algorithm::Rsa { hash: None }) && !self.suite.has_rsa_sha1() {
            return Err(not_taken);
        }
        // What the core takes for no key of an account it would not have taken in either.
        renkei_core::access::PublicKey::from_blob(blob).map(|key| key.fingerprint()).map_err(|_| not_taken)
    }

    /// Refuses a key that nobody may log in by, and says so in the audit: its owner will ask why.
    async fn refuse_kind(&self, user: &str, NotTaken(key): NotTaken) -> Auth {
        let begun = Instant::now();
        let account = self.account(user).await.map(|account| account.id);
        self.refuse(begun, account, LoginRefusal::KeyNotTaken, &Offer::Key(key).into()).await
    }

    /// Refuses what was asked at `begun`. What somebody gave as his name is written down only where it is an account's:
    /// people type passwords there.
    async fn refuse(
        &self,
        begun: Instant,
        account: Option<AccountId>,
        refusal: LoginRefusal,
        shown: &Shown,
    ) -> Auth {
        let key = shown.offer.key();
        let offence = if key.is_some() { Offence::Key } else { Offence::Password };
        let certificate = shown.certificate.as_ref().map(UserCertificate::name);
        let address = self.connection.address;
        let event = GateEvent::LoginRefused { account, address, refusal, key, certificate };
        self.connection.refused(offence);
        let delay = self.house.offence(self.connection.address, offence, Some(event)).await;
        tokio::time::sleep_until(self.house.refusal_at(begun, delay).into()).await;
        ask_again(&[MethodKind::PublicKey, MethodKind::Password], false)
    }

    /// What a proof brings: in, on to the next, or refused.
    async fn proved(&mut self, begun: Instant, account: Option<Account>, shown: Shown) -> Auth {
        let outcome = self.decide(account.as_ref(), shown.offer);
        match (outcome, account) {
            (LoginOutcome::Refused(refusal), account) => {
                self.refuse(begun, account.map(|account| account.id), refusal, &shown).await
            }
            (_, None) => self.refuse(begun, None, LoginRefusal::NoAccount, &shown).await,
            (LoginOutcome::In, Some(account)) => {
                self.let_in(account, shown).await;
                Auth::Accept
            }
            (LoginOutcome::PasswordToFollow, Some(account)) => {
                self.proven = Some((account.id, shown));
                ask_again(&[MethodKind::Password], true)
            }
            (LoginOutcome::KeyToFollow, Some(account)) => {
                self.proven = Some((account.id, shown));
                ask_again(&[MethodKind::PublicKey], true)
            }
        }
    }

    async fn let_in(&mut self, account: Account, shown: Shown) {
        let before = self.proven.take().filter(|(id, _)| *id == account.id).map(|(_, before)| before);
        let is_both =
            before.as_ref().is_some_and(|one| one.offer.key().is_some() != shown.offer.key().is_some());
        let proven = before.as_ref().map(|before| before.offer);
        let offer = shown.offer;
        // The key that counts, where there is one: the one just shown, or the one before it.
        let by_key = [Some(shown), before].into_iter().flatten().find(|one| one.offer.key().is_some());
        let certificate = by_key.as_ref().and_then(|one| one.certificate.clone());
        let named = certificate.as_ref().map(UserCertificate::name);
        let means = match (by_key.and_then(|one| one.offer.key()), named) {
            (Some(key), Some(certificate)) => {
                LoginMeans::Certificate { key, certificate, has_password: is_both }
            }
            (Some(key), None) if is_both => LoginMeans::Both(key),
            (Some(key), None) => LoginMeans::Key(key),
            (None, _) => LoginMeans::Password,
        };
        let (address, session_no) = (self.connection.address, self.connection.no);
        self.connection.let_in(Login { account: account.clone(), offer, proven, certificate });
        self.house.success(&self.connection);
        let event = GateEvent::LoggedIn { account: account.id.clone(), address, means, session_no };
        self.house.note(event).await;
        self.visitor = Some(Arc::new(Visitor { account, address: Some(address), session_no }));
    }
}

/// A refusal that leaves the way open for these methods.
fn ask_again(methods: &[MethodKind], partial_success: bool) -> Auth {
    Auth::Reject { proceed_with_methods: Some(MethodSet::from(methods)), partial_success }
}

impl Handler for Caller {
    type Error = russh::Error;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, Self::Error> {
        Ok(ask_again(&[MethodKind::PublicKey, MethodKind::Password], false))
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        let begun = Instant::now();
        let account = self.account(user).await;
        let is_worth = password_is_worth_checking(account.as_ref(), self.connection.address);
        let hash = account.as_ref().and_then(|account| account.password_hash.clone()).filter(|_| is_worth);
        let is_right = match hash {
            Some(hash) => self.house.is_password(Zeroizing::new(password.to_owned()), hash).await,
            None => false,
        };
        Ok(self.proved(begun, account, Offer::Password { is_right }.into()).await)
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, Self::Error> {
        let fingerprint = match self.fingerprint(offer.public_key, offer.algorithm) {
            Ok(fingerprint) => fingerprint,
            Err(not_taken) => return Ok(self.refuse_kind(user, not_taken).await),
        };
        // The library asks about a certificate's bare key first, and does not say that it has one. Where certificates are
        // taken, nobody is told which keys are known: the signature is asked for, and then it is decided.
        if !self.house.gate.authorities().is_empty() {
            return Ok(Auth::Accept);
        }
        let begun = Instant::now();
        let account = self.account(user).await;
        match self.decide(account.as_ref(), Offer::Key(fingerprint)) {
            LoginOutcome::Refused(refusal) => {
                let shown = Offer::Key(fingerprint).into();
                Ok(self.refuse(begun, account.map(|account| account.id), refusal, &shown).await)
            }
            // Whether the key is really his is proven by the signature that follows.
            _ => Ok(Auth::Accept),
        }
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let fingerprint = match self.fingerprint(key.public_key, key.algorithm) {
            Ok(fingerprint) => fingerprint,
            Err(not_taken) => return Ok(self.refuse_kind(user, not_taken).await),
        };
        let begun = Instant::now();
        let account = self.account(user).await;
        Ok(self.proved(begun, account, Offer::Key(fingerprint).into()).await)
    }

    /// Its holder has the key, and the authority's signature is right; what it is signed by was refused in
    /// `auth_publickey_offered` where it is too weak.
    async fn auth_openssh_certificate(
        &mut self,
        user: &str,
        certificate: &Certificate,
    ) -> Result<Auth, Self::Error> {
        let Some(certificate) = judged(certificate) else {
            let key = PublicKey::new(certificate.public_key().clone(), "");
            let blob = key.to_bytes().unwrap_or_default();
            return Ok(self.refuse_kind(user, NotTaken(Fingerprint::of_blob(&blob))).await);
        };
        let begun = Instant::now();
        let account = self.account(user).await;
        let (authorities, now) = (self.house.gate.authorities(), self.house.gate.now());
        let key = certificate.key;
        let judged = match &account {
            Some(account) => authorities.judge(&certificate, &account.id, self.connection.address, now),
            None => Err(LoginRefusal::NoAccount),
        };
        let shown = Shown { offer: Offer::Certificate { key, judged }, certificate: Some(certificate) };
        Ok(self.proved(begun, account, shown).await)
    }

    async fn authentication_banner(&mut self) -> Result<Option<String>, Self::Error> {
        Ok(Some(self.house.banner.clone()).filter(|banner| !banner.is_empty()))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        let n_channels = self.connection.n_channels.load(std::sync::atomic::Ordering::Acquire);
        if self.visitor.is_none() || n_channels + self.waiting.len() >= MAX_CHANNELS {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        }
        self.waiting.insert(channel.id(), Unused::open(channel, Arc::clone(&self.connection)));
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let (Some(visitor), true) = (self.visitor.as_ref(), name == "sftp") else {
            return session.channel_failure(channel);
        };
        let Some(opened) = self.waiting.remove(&channel) else {
            return session.channel_failure(channel);
        };
        let connection = Arc::clone(&self.connection);
        let served = SftpSession::sharing(self.house.premises(), Arc::clone(visitor), &self.house.shares)
            .while_wanted(move || connection.time_since_cut().is_none());
        let room = self.house.rooms.of(&visitor.account.id);
        let lookout = self.house.lookouts.lookout();
        if opened.start(served, &self.connection, room, lookout) {
            return session.channel_success(channel);
        }
        session.channel_failure(channel)
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.waiting.remove(&channel);
        Ok(())
    }

    // Whatever else is asked is answered with a failure: clients such as rclone wait for an answer.

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        _data: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _variable_name: &str,
        _variable_value: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _col_width: u32,
        _row_height: u32,
        _pix_width: u32,
        _pix_height: u32,
        _modes: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _single_connection: bool,
        _x11_auth_protocol: &str,
        _x11_auth_cookie: &str,
        _x11_screen_number: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn signal(
        &mut self,
        channel: ChannelId,
        _signal: Sig,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }
}
