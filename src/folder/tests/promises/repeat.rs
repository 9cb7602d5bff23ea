//! Promise 9 for publishing: killed at any point and done again, the folders are the same; and what no
//! crash leaves behind is refused.

use std::os::unix::fs::symlink;

use renkei_core::port::Folders;

use crate::desk::{Desk, code, content, folder, is_file, name};

const TEXT: &str = "宛名番号,異動事由\r\n";

#[test]
fn a_publication_cut_off_anywhere_is_completed_by_doing_it_again() {
    let undisturbed = Desk::new();
    undisturbed.stage("x.csv", TEXT);
    undisturbed.publish("x.csv", TEXT).unwrap();
    let expected = undisturbed.tree();

    let check = |point: &str, leave: &dyn Fn(&Desk)| {
        let desk = Desk::new();
        desk.stage("x.csv", TEXT);
        leave(&desk);
        for time in ["first", "second"] {
            assert_eq!(code(desk.publish("x.csv", TEXT)), "ok", "{point}, {time} time");
            assert_eq!(desk.tree(), expected, "{point}, {time} time");
        }
    };
    let make_folder = |desk: &Desk| std::fs::create_dir_all(desk.path("001/v1")).unwrap();
    check("before anything", &|_| {});
    check("first folder made", &|desk| std::fs::create_dir(desk.path("001")).unwrap());
    check("both folders made", &make_folder);
    check("linked, not yet unlinked", &|desk| {
        make_folder(desk);
        std::fs::hard_link(desk.path(".stage/s/x.csv"), desk.path("001/v1/x.csv")).unwrap();
    });
    check("renamed, folder not synced", &|desk| {
        make_folder(desk);
        std::fs::rename(desk.path(".stage/s/x.csv"), desk.path("001/v1/x.csv")).unwrap();
    });
    check("all done", &|desk| desk.publish("x.csv", TEXT).unwrap());
}

#[test]
fn a_published_file_is_confirmed_without_its_stage() {
    let desk = Desk::new();
    desk.stage("x.csv", TEXT);
    desk.publish("x.csv", TEXT).unwrap();
    desk.folders.discard_stage(&name("s")).unwrap();
    assert_eq!(code(desk.publish("x.csv", TEXT)), "ok");
    std::fs::remove_file(desk.path("001/v1/x.csv")).unwrap();
    assert_eq!(code(desk.publish("x.csv", TEXT)), "folder.staged-file-lost");
    assert!(!desk.path("elsewhere").exists());
    let lost = desk.folders.publish(&name("s"), &name("x"), &folder("elsewhere"), &content(b"x"));
    assert_eq!(code(lost), "folder.staged-file-lost");
    assert!(!desk.path("elsewhere").exists(), "a lost file leaves no folder behind");
}

#[test]
fn a_name_that_is_taken_is_never_replaced() {
    let check = |what: &str, is_staged: bool, occupy: &dyn Fn(&Desk)| {
        let desk = Desk::new();
        std::fs::create_dir_all(desk.path("001/v1")).unwrap();
        desk.folders.begin_stage(&name("s")).unwrap();
        if is_staged {
            desk.stage("x.csv", TEXT);
        }
        occupy(&desk);
        let before = desk.tree();
        assert_eq!(code(desk.publish("x.csv", TEXT)), "folder.name-taken", "{what}, staged: {is_staged}");
        assert_eq!(desk.tree(), before, "{what}, staged: {is_staged}");
    };
    for is_staged in [true, false] {
        check("other length", is_staged, &|desk| {
            std::fs::write(desk.path("001/v1/x.csv"), "other").unwrap();
        });
        check("same length", is_staged, &|desk| {
            std::fs::write(desk.path("001/v1/x.csv"), "x".repeat(TEXT.len())).unwrap();
        });
        check("a folder", is_staged, &|desk| std::fs::create_dir(desk.path("001/v1/x.csv")).unwrap());
        check("a link to the same content", is_staged, &|desk| {
            std::fs::write(desk.path("001/v1/same"), TEXT).unwrap();
            symlink("same", desk.path("001/v1/x.csv")).unwrap();
        });
    }
}

#[test]
fn making_a_staged_file_anew_spares_what_was_published() {
    let desk = Desk::new();
    desk.stage("x.csv", TEXT);
    std::fs::create_dir_all(desk.path("001/v1")).unwrap();
    std::fs::hard_link(desk.path(".stage/s/x.csv"), desk.path("001/v1/x.csv")).unwrap();
    desk.stage("x.csv", "something else");
    assert!(is_file(&desk.path("001/v1/x.csv")));
    assert_eq!(std::fs::read_to_string(desk.path("001/v1/x.csv")).unwrap(), TEXT);
    assert_eq!(std::fs::read_to_string(desk.path(".stage/s/x.csv")).unwrap(), "something else");
}
