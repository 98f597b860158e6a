//! Metrics: the recorder of this process, and what is measured by looking.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use engine::event::Text;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::gateway::{Gateway, Health, Unattended};
use crate::limits::METRIC_TYPES_MAX;

const EVERY: Duration = Duration::from_secs(5);
/// Seconds; from what one sync takes to what a caller gives up at.
const BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0];

/// Makes metrics of this process readable at `/metrics`. Once a process.
///
/// # Errors
/// When a recorder is already there.
pub fn install() -> Result<PrometheusHandle, String> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, BUCKETS);
    let recorder = builder.map_err(|error| error.to_string())?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| error.to_string())?;
    Ok(handle)
}

/// Looks at the gateway every few seconds, until the server stops.
pub async fn watch(gateway: Gateway, handle: Option<PrometheusHandle>) {
    let mut ticks = tokio::time::interval(EVERY);
    let mut asked = BTreeSet::new();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = gateway.stopped() => return,
        }
        handle.iter().for_each(PrometheusHandle::run_upkeep);
        look(&gateway);
        askers(&gateway, &mut asked);
    }
}

fn look(gateway: &Gateway) {
    for row in gateway.partitions() {
        let label = [("partition", row.partition.to_string())];
        let up = if row.health == Health::Healthy { 1.0 } else { 0.0 };
        metrics::gauge!("grevy_partition_healthy", &label).set(up);
    }
    if let Ok(engine) = gateway.engine() {
        for row in engine.health() {
            let label = [("partition", row.partition.to_string())];
            metrics::gauge!("grevy_commands_waiting", &label).set(row.waiting as f64);
            let ahead = row.accepted.saturating_sub(row.durable);
            metrics::gauge!("grevy_steps_not_yet_durable", &label).set(ahead as f64);
        }
        for row in engine.checkpoint_health() {
            let label = [("partition", row.partition.to_string())];
            let gauge = |name: &'static str, value: u64| {
                metrics::gauge!(name, &label).set(value as f64);
            };
            gauge("grevy_checkpoint_position", row.position);
            gauge("grevy_checkpoints_failed_in_a_row", row.failed);
            gauge("grevy_instances_too_large_to_leave_memory", row.too_large);
            gauge("grevy_cold_instances_read", row.read);
            gauge("grevy_blobs_mended", row.mended);
            gauge("grevy_cold_instances_unreadable", row.unreadable);
        }
    }
    attend(gateway);
    for (limit, partition) in gateway.intake_limits().into_iter().zip(1..) {
        let label = [("partition", i32::to_string(&partition))];
        metrics::gauge!("grevy_intake_limit", &label).set(limit as f64);
    }
}

/// How many ask for each job type; a type that nobody asks for any more has none. Types beyond the
/// first [`METRIC_TYPES_MAX`] share one series: workers may ask for any name.
fn askers(gateway: &Gateway, asked: &mut BTreeSet<Text>) {
    let mut now: BTreeMap<Text, usize> = asked.iter().map(|known| (known.clone(), 0)).collect();
    let mut others = 0;
    for (job_type, askers) in gateway.attention().attended() {
        if asked.len() < METRIC_TYPES_MAX || asked.contains(&job_type) {
            asked.insert(job_type.clone());
            now.insert(job_type, askers);
        } else {
            others += askers;
        }
    }
    let gauge = |job_type: String, askers: usize| {
        metrics::gauge!("grevy_job_askers", "type" => job_type).set(askers as f64);
    };
    now.into_iter().for_each(|(job_type, askers)| gauge(job_type.to_string(), askers));
    if asked.len() >= METRIC_TYPES_MAX {
        gauge("others".to_owned(), others);
    }
}

/// Reports job types that wait while nobody asks for them: a forgotten worker is not silent.
fn attend(gateway: &Gateway) {
    let Ok(engine) = gateway.engine() else { return };
    let review = gateway.attention().review(&engine.unattended_job_types(), Instant::now());
    let gauge = |job_type: &str, value: f64| {
        let label = [("type", job_type.to_owned())];
        metrics::gauge!("grevy_job_type_unattended", &label).set(value);
    };
    for job_type in &review.begun {
        tracing::warn!(job_type = &**job_type, "{}", Unattended::advice(job_type));
        gauge(job_type, 1.0);
    }
    for job_type in &review.ended {
        tracing::info!(job_type = &**job_type, "jobs of this type wait in vain no longer");
        gauge(job_type, 0.0);
    }
}
