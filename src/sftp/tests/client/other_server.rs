//! Another server than OpenSSH's, where there is one.
