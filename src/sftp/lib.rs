//! SFTP: the server's side for accounts with rights per folder, and the client's side for partners.

pub mod client;
