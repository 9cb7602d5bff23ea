//! Descriptors the system gives the process: the most there are, for partners' connections and files stand beside the
//! night's own.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is asked for where the system names no most: what Linux gives a process unless it is told otherwise.
const UNNAMED_MOST: u64 = 1 << 20;

/// Raises what the process may open to what it may raise it to. A shell's limit is often 1024, for programs that cannot
/// count further; nothing here is one of them.
pub(super) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current else { return };
    let most = limit.maximum.unwrap_or(UNNAMED_MOST);
    if current >= most {
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum }) {
        Ok(()) => tracing::debug!(before = current, now = most, "more descriptors may be open"),
        Err(errno) => tracing::warn!(current, %errno, "the limit of open descriptors cannot be raised"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_most_there_is() {
        raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert!(limit.current.is_none() || limit.current >= limit.maximum.or(Some(UNNAMED_MOST)));
    }
}
