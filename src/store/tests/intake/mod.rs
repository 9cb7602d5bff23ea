//! What any database behind the intake port must do. A database plugs in with a [`Fixture`] and one line,
//! `intake_suite!(ItsFixture);`. Nothing here knows which database it is.

pub(crate) mod characters;
pub(crate) mod moves;
pub(crate) mod oracle;
pub(crate) mod records;
pub(crate) mod rows;
pub(crate) mod tables;
pub(crate) mod takers;

use std::time::Duration;

use renkei_core::port::IntakeStore;

/// Long enough for any taker of these tests to get its turn.
pub(crate) const PATIENT: Duration = Duration::from_mins(1);

/// One fresh database of a test, gone with it.
pub(crate) trait Fixture {
    /// A database without intakes.
    fn new() -> Self;

    /// Opens it, as a process of its own would; a writer waits `wait` for another's end.
    fn open(&self, wait: Duration) -> Box<dyn IntakeStore>;

    /// The rows of a table of values, with all columns in their order, sorted; none where there is no such table.
    fn values(&self, table: &str) -> Vec<Vec<String>>;

    /// Makes a table by hand, all columns text, the first the key.
    fn make_table(&self, table: &str, columns: &[&str]);
}

/// Makes a test of each behaviour, for one fixture.
#[macro_export]
macro_rules! intake_suite {
    ($fixture:ty) => {
        intake_suite! { $fixture:
            moves: a_full_replaces_what_is_held,
                a_full_that_changes_little_counts_what_it_leaves,
                a_merged_full_leaves_other_rows,
                a_diff_adds_changes_and_removes,
                removing_what_is_not_there_is_counted,
                an_empty_set_moves_the_head_alone,
                a_parked_row_is_held_without_values,
                a_row_is_parked_and_let_in_again,
                what_would_happen_is_what_happens,
                rows_held_before_are_given_with_their_digests,
                rows_come_in_any_order_and_many_batches,
                a_key_twice_is_refused_with_its_row,
                a_dropped_taking_leaves_nothing,
                without_a_table_only_keys_and_digests_are_held;
            records: a_head_reads_back_whole,
                every_outcome_reads_back,
                sets_are_told_newest_first,
                what_was_taken_is_found_by_feed_and_sequence,
                a_notice_says_what_became_of_it,
                a_receipt_is_handed_out_once,
                states_are_kept_for_the_last_sets_alone,
                a_set_without_its_state_is_not_taken_in,
                a_state_that_does_not_come_out_is_refused;
            tables: a_table_with_other_columns_is_refused_with_what_differs,
                a_preview_makes_nothing,
                a_table_of_another_intake_is_refused,
                a_table_that_is_there_is_used,
                names_may_be_words_of_the_database,
                a_version_switch_fills_the_new_table_and_leaves_the_old,
                only_a_replacement_fills_a_new_table,
                intakes_do_not_touch_each_other;
            takers: of_two_takers_of_the_same_set_one_takes_it_in,
                a_taker_that_was_overtaken_judges_again,
                a_diff_of_a_feed_no_longer_followed_is_refused,
                takers_of_different_intakes_work_side_by_side,
                memory_does_not_grow_with_a_set;
            characters: values_are_kept_byte_for_byte,
                keys_that_differ_in_case_or_spaces_are_different,
                a_nul_is_kept_or_refused_clearly,
                a_row_whose_key_is_not_its_values_is_refused;
        }
    };
    ($fixture:ty: $($part:ident: $($name:ident),+;)+) => {
        $($(
            #[test]
            fn $name() {
                intake::$part::$name::<$fixture>();
            }
        )+)+
    };
}
