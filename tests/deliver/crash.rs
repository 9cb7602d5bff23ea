//! A delivery that is killed at any of its points is as if it had not been.

use renkei_engine::deliver::DELIVERY_POINTS;

use crate::hub::{arrived, deliver, delivered_events, hub, lines, published};
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
