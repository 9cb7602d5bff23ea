//! The client against real servers: both backends pass one suite, on OpenSSH's `sshd` behind a proxy that delays and
//! cuts, on full disks, with keys and hosts that are not what they were.

#[cfg(test)]
#[path = "../clients/house.rs"]
#[allow(dead_code, reason = "made for another test program")]
mod house;
#[cfg(test)]
mod other_server;
#[cfg(test)]
mod parcels;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod pulling;
#[cfg(test)]
mod sets;
#[cfg(test)]
mod sshd;
#[cfg(test)]
mod suite;

#[cfg(test)]
use renkei_sftp::client::Backend;

#[cfg(test)]
macro_rules! on_both_backends {
    ($suite:ident, $ssh2:ident, $pipelined:ident: $($name:ident),+ $(,)?) => {
        #[cfg(test)]
        mod $ssh2 {
            $(#[test]
            fn $name() {
                super::$suite::$name(super::Backend::Ssh2);
            })+
        }
        #[cfg(test)]
        mod $pipelined {
            $(#[test]
            fn $name() {
                super::$suite::$name(super::Backend::Pipelined);
            })+
        }
    };
}

#[cfg(test)]
on_both_backends!(
    suite, ssh2, pipelined:
    a_parcel_arrives_whole_and_once,
    other_bytes_under_a_name_are_never_overwritten,
    a_cut_upload_goes_on_where_it_stopped,
    a_part_with_other_bytes_is_not_taken_up,
    what_is_cut_anywhere_is_whole_in_the_end,
    a_host_key_nobody_accepted_is_refused,
    a_login_that_is_refused_says_so,
    a_key_that_others_may_read_is_not_used,
    a_folder_that_is_not_there_is_the_partners_affair,
    a_full_disk_is_tried_again,
    a_server_that_says_nothing_holds_nobody_up,
    nobody_listening_is_tried_again,
    a_source_that_changed_is_not_given,
    a_stop_ends_it_at_once,
    a_slow_line_is_no_dead_one,
    the_rate_is_kept,
    a_stop_ends_a_comparison_and_a_pause_too,
    a_probe_leaves_nothing,
);

#[cfg(test)]
on_both_backends!(
    pulling, pulls_by_ssh2, pulls_pipelined:
    a_set_is_fetched_whole_and_once,
    what_changed_is_fetched_again_and_nothing_is_overwritten,
    a_mirror_follows_what_changed,
    a_set_that_is_not_whole_stays,
    a_cut_fetch_goes_on_where_it_stopped,
    a_part_is_not_trusted,
    what_is_cut_anywhere_is_whole_in_the_end,
    what_is_here_goes_there,
    what_changed_meanwhile_is_not_cleared_away,
    names_are_not_trusted,
    a_file_that_is_not_what_its_notice_says_does_not_come,
    a_stop_ends_it,
    the_rate_of_fetching_is_kept,
    a_slow_line_brings_it_too,
    a_host_key_nobody_accepted_gets_nothing,
    a_folder_that_is_not_there,
);
