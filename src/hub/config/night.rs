//! The scheduler's plan out of the configuration.

use renkei_core::order::Order;
use renkei_engine::night::{NightJob, NightPlan, Timing};

use super::types::{Config, Job, JobSchedule};

impl Config {
    /// Everything the scheduler goes by.
    pub fn night_plan(&self) -> NightPlan {
        NightPlan {
            jobs: self.jobs.iter().map(Job::for_night).collect(),
            stop_windows: self.stop_windows.clone(),
            limits: self.daemon.limits.clone(),
        }
    }
}

impl Job {
    /// What a run of it does.
    pub fn order(&self) -> Order {
        self.order.clone()
    }

    fn for_night(&self) -> NightJob {
        let terms = &self.terms;
        NightJob {
            id: self.id.clone(),
            name: self.name.clone(),
            is_enabled: self.is_enabled,
            timing: self
                .schedule
                .clone()
                .map(|JobSchedule { schedule, catch_up }| Timing { schedule, catch_up }),
            order: self.order(),
            after: terms.after.clone(),
            resources: terms.resources.clone(),
            priority: terms.priority,
            retry: terms.retry,
            deadline: terms.deadline,
        }
    }
}
