//! A delivery that is killed at any of its points is as if it had not been.

use renkei_engine::deliver::DELIVERY_POINTS;

use crate::hub::{arrived, deliver, delivered_events, hub, lines, published};
use crate::running::Running;
use crate::sandbox::Sandbox;

#[test]
fn killed_at_any_point_it_ends_as_an_undisturbed_one() {
    for point in DELIVERY_POINTS {
        let partner = Sandbox::new();
        let root = partner.path("partner");
        std::fs::create_dir(&root).unwrap();
        let sandbox = hub(&format!("kind = \"folder\"\nroot = \"{}\"\n", root.display())).noted(point);
        let args = ["deliver", "tax", "--reason", "x"];
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &args).expect_killed();
        deliver(&sandbox, &[]).expect(0);
        assert!(arrived(&root) == published(&sandbox), "{point}: {:?}", arrived(&root).keys());
        assert_eq!(delivered_events(&sandbox), [1, 2], "{point}");
        assert!(lines(&sandbox).iter().all(|(_, state, _)| state == "delivered"), "{point}");
        sandbox.run(&["audit", "verify"]).expect(0);
    }
}

#[test]
fn one_in_which_the_process_ends_each_time_is_stopped() {
    let partner = Sandbox::new();
    let root = partner.path("partner");
    std::fs::create_dir(&root).unwrap();
    let terms = format!("kind = \"folder\"\nroot = \"{}\"\nretry = {{ tries = 2 }}\n", root.display());
    let sandbox = hub(&terms);
    for _ in 0..2 {
        sandbox.run_with(&[("RENKEI_STOP_AT", "deliver.begun")], &["daemon"]).expect_killed();
    }
    let mut running = Running::start(&sandbox, &[]);
    running.until("a stopped line", || lines(&sandbox)[0].1 == "stopped");
    assert_eq!(running.stop().code(), Some(0));
    let stopped = (1, "stopped".to_owned(), "delivery.unfinished".to_owned());
    assert_eq!(lines(&sandbox), [stopped, (2, "due".to_owned(), "-".to_owned())]);
    assert!(arrived(&root).is_empty());
    // A person's word goes.
    deliver(&sandbox, &[]).expect(0);
    assert!(arrived(&root) == published(&sandbox));
}
