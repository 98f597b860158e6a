//! The golden scenarios of `tests/conformance`, each a test of its own name.

use std::collections::BTreeSet;
use std::path::PathBuf;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance").join(name)
}

fn check(name: &str) {
    let file = folder("scenarios").join(format!("{name}.txt"));
    if let Err(difference) = testing::check(&file, &folder("models")) {
        panic!("{difference}");
    }
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*
    };
}

#[test]
fn every_file_is_a_test() {
    let files = std::fs::read_dir(folder("scenarios")).expect("the folder is in the repository");
    let names: BTreeSet<String> = files
        .map(|file| file.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    let tests: BTreeSet<String> = NAMES.iter().map(|name| format!("{name}.txt")).collect();
    assert_eq!(names, tests);
}

scenarios! {
    ad_hoc
    ad_hoc_boundary
    ad_hoc_condition
    ad_hoc_event_sub_process
    ad_hoc_led
    ad_hoc_led_fails
    boundary_of_sub_process
    business_id
    business_rule_job
    call_activity
    call_activity_bindings
    call_activity_boundary_timer
    call_activity_cancel
    call_activity_error
    call_activity_mappings
    call_activity_missing
    call_activity_no_none_start
    call_activity_no_propagation
    call_activity_recursion
    cancel_frees_the_lock
    cancel_instance
    clock_pinned
    compensation_activity
    compensation_call_activity
    compensation_event_sub_process
    compensation_loop
    compensation_multi_instance
    compensation_multi_instance_sub_process
    compensation_nested
    compensation_nothing
    compensation_reverse
    conditional_event_based_gateway
    conditional_event_sub_process
    conditional_events
    conditional_start
    correlate
    create_start_before
    create_terminate_after
    create_versions
    decision_bindings
    decision_task
    decision_task_failures
    decision_versions
    defect_equal_value_stops_at_its_scope
    defect_nested_output_keeps_siblings
    deploy_same_and_delete
    epoch_jumps_keys
    error_end_caught_by_boundary
    error_end_uncaught
    error_event_sub_process
    escalation_boundary
    escalation_event_sub_process
    escalation_not_caught
    event_based_gateway_message
    event_based_gateway_timer
    event_sub_process_in_sub_process
    event_sub_process_interrupting_message
    event_sub_process_non_interrupting_timer
    exclusive_gateway
    exclusive_gateway_no_path
    exclusive_gateway_not_boolean
    execution_listener_before_all
    execution_listener_cancel
    execution_listener_fails
    execution_listeners
    execution_listeners_everywhere
    g1_flight_fails
    g2_hotel_fails
    g3_cancel_fails
    g4_restart_while_compensating
    g5_no_compensation
    implicit_end_and_merge
    incident_ends_with_its_element
    incident_twice
    inclusive_gateway
    inclusive_gateway_no_path
    inclusive_join_in_loop
    inclusive_join_loop
    inclusive_join_reachable
    inclusive_join_terminated
    input_and_output_mappings
    interrupted_scope_takes_nothing_more
    job_backoff
    job_error_caught_by_code
    job_error_uncaught
    job_fail_retries
    job_headers_and_fetched_variables
    job_timeout
    job_token
    job_type_expression
    job_update_timeout_and_priority
    job_yield
    keys_outside_any_block
    l10_order_deadlines
    l2_stateful_retry
    l3_retries_exhausted
    l5_business_path_on_last_retry
    l7_seven_days_for_the_customer
    l9_timer_over_downtime
    link_events
    linked_files
    loop_without_waits
    mapping_error
    mapping_without_outputs_merges_all
    message_boundary_interrupting
    message_boundary_non_interrupting
    message_buffer_and_ids
    message_catch_closes
    message_correlation_key_missing
    message_name_expression
    message_one_instance_per_process
    message_start
    message_start_latest_version
    message_start_lock
    message_throw_publishes
    migrate_boundaries_of_an_incident
    migrate_closes
    migrate_compensation
    migrate_event_sub_process
    migrate_join
    migrate_join_with_fewer_flows
    migrate_mends_an_incident
    migrate_multi_instance
    migrate_refused
    migrate_takes_a_message_once
    migrate_task
    migrate_to_another_process
    migrate_what_has_happened
    modify_move
    modify_move_instructions
    modify_multi_instance
    modify_refused
    modify_scopes
    modify_terminate_all
    multi_instance_call_activity
    multi_instance_completion_condition
    multi_instance_condition_not_boolean
    multi_instance_empty
    multi_instance_error
    multi_instance_mappings
    multi_instance_not_a_list
    multi_instance_parallel
    multi_instance_sequential
    multi_instance_sequential_stops
    multi_instance_sub_process
    multi_instance_without_waits
    none_start_and_end
    numbers_keep_their_digits
    p1_ttl
    p2_aggregator
    p3_resequencer
    p4_timeouts
    p5_response_or_timeout
    parallel_gateway
    parallel_join_needs_each_flow
    quarantine_and_repair
    receive_task
    service_task
    service_task_never_leased
    set_variables
    several_ends
    signal_boundary_and_event_sub_process
    signal_event_based_gateway
    signal_events
    signal_start
    signal_throw
    sub_process_variables
    suspend_and_resume
    suspend_called
    task_kinds
    task_listener_cancels
    task_listener_corrects
    task_listener_denies
    task_listener_fails
    task_listeners
    terminate_end
    timer_boundary_cycle
    timer_boundary_interrupting
    timer_catch_duration_and_date
    timer_catch_expression
    timer_fires_once_after_downtime
    timer_start_cron
    timer_start_cycle
    timer_start_replaced
    unchanged_value_is_no_event
    user_task
    user_task_boundary
    user_task_incidents
    user_task_job
}
