//! The budgets of design.md by the name of the figure, and whether one is met.

use super::machine::Disk;

/// What a figure may be.
#[derive(Clone, Copy, Debug)]
pub enum Budget {
    AtMost(f64),
    AtLeast(f64),
    /// At most this many times the median sync of this machine's disk, and so much more, in ms.
    SyncsAndMs(f64, f64),
}

/// Name, unit, budget. A benchmark that prints a name from here is judged by it; another name is
/// shown without a budget.
const BUDGETS: &[(&str, &str, Budget)] = &[
    ("engine_one_task", "us", Budget::AtMost(5.0)),
    ("embedded_one_task", "instances/s", Budget::AtLeast(100_000.0)),
    ("embedded_one_task_history", "instances/s", Budget::AtLeast(8_000.0)),
    ("grpc_one_task", "instances/s", Budget::AtLeast(10_000.0)),
    ("grpc_one_task_history", "instances/s", Budget::AtLeast(4_000.0)),
    ("grpc_command_p50", "ms", Budget::SyncsAndMs(2.0, 0.7)),
    ("grpc_instance_p99", "ms", Budget::AtMost(10.0)),
    ("journal_one_task", "bytes", Budget::AtMost(1_500.0)),
    ("parked_1m_rss", "MB", Budget::AtMost(1_000.0)),
    ("parked_10m_rss", "MB", Budget::AtMost(3_000.0)),
    ("cold_wake_p99", "ms", Budget::AtMost(1.0)),
    ("restart_1m", "s", Budget::AtMost(5.0)),
    ("restart_10m", "s", Budget::AtMost(30.0)),
    ("loop_stall_max", "ms", Budget::AtMost(10.0)),
    ("start_to_topology", "ms", Budget::AtMost(100.0)),
    ("start_to_topology_10000_instances", "ms", Budget::AtMost(100.0)),
    ("start_to_topology_after_kill", "ms", Budget::AtMost(100.0)),
    // Beside 10,000 parked polls and 1,000 job streams, at 500 instances a second.
    ("idle_workers_memory", "MB", Budget::AtMost(300.0)),
    ("p99_beside_idle_workers_ratio", "times", Budget::AtMost(1.5)),
    ("idle_rss", "MB", Budget::AtMost(50.0)),
    ("binary_size", "MB", Budget::AtMost(40.0)),
    ("feel_condition", "ns", Budget::AtMost(150.0)),
    // The slowest of every sort, and of every filter, over a million instances.
    ("history_page_first", "ms", Budget::AtMost(200.0)),
    ("history_page_filtered", "ms", Budget::AtMost(200.0)),
    ("history_page_deep", "ms", Budget::AtMost(200.0)),
    ("incident_visible", "ms", Budget::AtMost(100.0)),
    ("console_first_load", "KB", Budget::AtMost(150.0)),
    ("virtual_month_test", "ms", Budget::AtMost(50.0)),
];

/// How many times as long another engine takes for the same evaluation.
const TIMES_MIN: f64 = 5.0;

/// The budget of a figure; an error if its unit is not the budget's.
pub fn of(name: &str, unit: &str) -> Result<Option<Budget>, String> {
    if name.contains("_times_") {
        return Ok(Some(Budget::AtLeast(TIMES_MIN)));
    }
    let Some((_, expected, budget)) = BUDGETS.iter().find(|(known, ..)| *known == name) else {
        return Ok(None);
    };
    if *expected == unit {
        Ok(Some(*budget))
    } else {
        Err(format!("{name}: expected a figure in {expected}, but it is in {unit}"))
    }
}

impl Budget {
    pub fn met(self, figure: f64, disk: &Disk) -> bool {
        match self {
            Budget::AtMost(max) => figure <= max,
            Budget::AtLeast(min) => figure >= min,
            Budget::SyncsAndMs(..) => figure <= self.number(disk),
        }
    }

    /// The number that the figure is held against.
    pub fn number(self, disk: &Disk) -> f64 {
        match self {
            Budget::AtMost(number) | Budget::AtLeast(number) => number,
            Budget::SyncsAndMs(times, more) => times * disk.sync_p50_ms + more,
        }
    }

    pub fn show(self, disk: &Disk) -> String {
        let sign = match self {
            Budget::AtMost(_) | Budget::SyncsAndMs(..) => "at most",
            Budget::AtLeast(_) => "at least",
        };
        format!("{sign} {}", super::rounded(self.number(disk)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_knows_its_direction_and_its_unit() {
        let disk = Disk { sync_p50_ms: 0.5, sync_p99_ms: 1.0, append_mb_s: 500.0 };
        let met = |name, unit, figure| of(name, unit).unwrap().unwrap().met(figure, &disk);
        assert!(met("engine_one_task", "us", 5.0) && !met("engine_one_task", "us", 5.1));
        assert!(met("embedded_one_task", "instances/s", 1e5));
        assert!(!met("embedded_one_task", "instances/s", 99_999.0));
        assert!(met("grpc_command_p50", "ms", 1.7) && !met("grpc_command_p50", "ms", 1.71));
        assert!(met("dmn_table_10_times_dsntk", "times", 5.0));
        assert!(!met("feel_path_times_feelin", "times", 4.9));
        assert!(of("engine_one_task", "ns").is_err());
        assert!(of("unheard_of", "ns").unwrap().is_none());
    }
}
