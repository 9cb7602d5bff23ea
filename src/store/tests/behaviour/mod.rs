//! What any database behind the store port must do. A database plugs in with a [`Fixture`] and one line,
//! `behaviour_suite!(ItsFixture);`. Nothing here knows which database it is.

pub(crate) mod access;
pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod deliveries;
pub(crate) mod history;
pub(crate) mod ledger;
pub(crate) mod loads;
pub(crate) mod mendings;
pub(crate) mod moves;
pub(crate) mod publications;
pub(crate) mod pulls;
pub(crate) mod retention;
pub(crate) mod runs;
pub(crate) mod slots;
pub(crate) mod town;
pub(crate) mod transfers;
pub(crate) mod writers;

use std::time::Duration;

use renkei_core::port::Store;

/// Long enough for any writer of these tests to get its turn.
pub(crate) const PATIENT: Duration = Duration::from_mins(1);

/// One fresh database of a test, gone with it.
pub(crate) trait Fixture {
    /// An empty registry.
    fn new() -> Self;

    /// Opens the database, as a process of its own would; a writer waits `wait` for another's end.
    fn open(&self, wait: Duration) -> Box<dyn Store>;
}

/// Makes a test of each behaviour, for one fixture.
#[macro_export]
macro_rules! behaviour_suite {
    ($fixture:ty) => {
        behaviour_suite! { $fixture:
            loads: a_load_gives_its_rows_in_key_order,
                a_load_refuses_a_registry_with_rows,
                a_key_twice_is_refused_with_its_place,
                a_second_latest_row_is_refused_with_its_place,
                rows_without_the_commit_of_their_load_do_not_stay,
                an_empty_load_is_a_load;
            moves: a_commit_is_there_after_opening_again,
                a_snapshot_does_not_see_later_commits,
                a_dropped_transaction_leaves_nothing,
                a_refused_commit_leaves_nothing_and_the_transaction_goes_on,
                a_change_of_what_no_longer_stands_is_refused,
                the_latest_flag_passes_from_row_to_row_in_any_order,
                a_transaction_sees_its_own_writes,
                households_follow_their_members,
                numbers_are_clear_only_when_asked_for,
                a_scan_ends_when_told,
                commits_are_told_newest_first,
                a_row_changed_twice_in_a_set_is_one_line_of_the_log,
                changes_without_a_commit_do_not_become_durable,
                a_commit_is_found_by_its_source;
            history: every_past_state_comes_back;
            writers: commit_numbers_have_no_gaps_and_show_in_order,
                a_second_writer_is_refused_after_its_wait,
                a_second_writer_is_let_in_within_its_wait;
            publications: sequences_count_up_by_feed,
                a_taken_or_skipped_sequence_is_refused,
                only_fulls_and_diffs_move_the_head_of_a_feed,
                settling_is_once_and_of_something_sealed,
                publications_are_told_in_order_of_sealing,
                a_held_one_moves_nothing_until_it_is_released,
                a_discarded_one_gives_its_sequence_back;
            access: an_account_is_kept_whole_and_overwritten_whole,
                a_grant_stands_until_it_is_taken_back_or_another_takes_its_place;
            ledger: an_event_is_recorded_once_by_its_source,
                events_are_told_by_feed_sequence_and_receiver,
                a_receiver_stands_where_its_answers_say;
            pulls: what_came_is_remembered_by_source_folder_and_name,
                a_set_is_forgotten_by_source_and_notice,
                a_source_stands_as_it_was_left;
            deliveries: a_line_is_written_over_and_keeps_its_tries,
                open_lines_are_told_by_destination_feed_and_sequence,
                what_has_no_line_yet_begins_with_the_last_full,
                what_was_given_and_lost_its_line_is_not_due_again,
                a_host_key_is_accepted_once_and_taken_back;
            mendings: a_mending_is_sealed_and_settled_by_its_run,
                the_last_comparison_is_told_and_the_last_that_agreed;
            runs: a_run_is_written_and_overwritten,
                runs_are_told_newest_first,
                steps_belong_to_a_run,
                the_queue_is_what_has_an_order_and_is_not_at_its_end,
                runs_are_found_by_business_date_and_job,
                a_wish_to_cancel_outlives_what_is_written_over_the_run,
                tries_belong_to_a_run;
            slots: a_slot_is_written_once_for_ever,
                a_slot_that_is_overtaken_says_why,
                only_slots_that_never_ran_are_forgotten,
                a_job_keeps_its_watermark_hold_and_switch_apart;
            retention: old_runs_go_with_their_parts_tries_steps_and_slots;
            retention: old_records_go_but_never_the_last_word;
            transfers: a_case_reads_back_and_its_file_is_known_again,
                a_case_keeps_its_states_events_and_number,
                a_file_is_due_under_way_and_given,
                what_is_erased_is_not_given_and_cannot_be_written_again;
            audit: lines_are_numbered_and_chained,
                an_audit_goes_on_after_its_start_was_removed;
            alerts: a_condition_is_one_alert_while_it_stands,
                an_alert_that_grows_worse_is_told_again,
                an_all_clear_goes_where_the_alert_went,
                what_passes_by_itself_stands_never_open,
                a_message_waits_until_it_is_told_or_lost,
                every_outcome_reads_back,
                a_summary_tells_several_messages_and_counts_as_one;
        }
    };
    ($fixture:ty: $($part:ident: $($name:ident),+;)+) => {
        $($(
            #[test]
            fn $name() {
                behaviour::$part::$name::<$fixture>();
            }
        )+)+
    };
}
