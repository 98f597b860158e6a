//! Models in the text of a scenario: one call of the builder a line, blocks by indentation.
//! The last argument takes the rest of its line, so that expressions need no quoting.

use model::{Binding, Builder, Event, ListenerEvent, TaskKind};

/// Builds a process.
///
/// # Errors
/// A line that is no call.
pub fn build(id: &str, block: &[String]) -> Result<Builder, String> {
    let mut rest = block;
    lines(Builder::process(id), &mut rest, 0)
}

fn depth(line: &str) -> usize {
    (line.len() - line.trim_start().len()) / 2
}

fn lines(mut builder: Builder, rest: &mut &[String], level: usize) -> Result<Builder, String> {
    while let Some((line, after)) = rest.split_first() {
        if depth(line) < level {
            break;
        }
        *rest = after;
        let (call, arguments) = split(line.trim());
        builder = match call {
            "sub" | "event-sub" | "ad-hoc" | "compensation" => {
                nested(builder, call, arguments, rest, level)?
            }
            _ => {
                one(builder, call, arguments).ok_or(format!("expected a call, but got '{line}'"))?
            }
        };
    }
    Ok(builder)
}

fn nested(
    builder: Builder,
    call: &str,
    id: &str,
    rest: &mut &[String],
    level: usize,
) -> Result<Builder, String> {
    let mut failed = None;
    let inside = |inner: Builder| match lines(inner, rest, level + 1) {
        Ok(inner) => inner,
        Err(error) => {
            failed = Some(error);
            Builder::process("broken")
        }
    };
    let builder = match call {
        "sub" => builder.sub_process(id, inside),
        "compensation" => builder.compensation(id, inside),
        "ad-hoc" => {
            let (id, active) = split(id);
            builder.ad_hoc(id, active, inside)
        }
        _ => builder.event_sub_process(id, inside),
    };
    failed.map_or(Ok(builder), Err)
}

fn split(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    (first, rest.trim())
}

fn one(builder: Builder, call: &str, arguments: &str) -> Option<Builder> {
    let (first, rest) = split(arguments);
    let (second, third) = split(rest);
    if let Some(event) = listened(call) {
        return Some(builder.listener(event, first));
    }
    Some(match call {
        "start" => match rest {
            "" => builder.start(first),
            _ => waits(builder, rest, |builder, event| builder.start_on(first, event))?,
        },
        "end" => match rest {
            "" => builder.end(first),
            _ => builder.end_with(first, event(rest)?),
        },
        "catch" => builder.catch(first, event(rest)?),
        "throw" if rest.is_empty() => builder.throw(first, Event::None),
        "throw" => builder.throw(first, event(rest)?),
        "boundary" => waits(builder, rest, |builder, event| builder.boundary(first, event))?,
        "service" => builder.service_task(first, rest),
        "send" => builder.send_task(first, rest),
        "rule" => builder.job_task(first, TaskKind::BusinessRule, rest),
        "script-job" => builder.job_task(first, TaskKind::Script, rest),
        "script" => builder.script_task(first, third, second),
        "decision" => builder.decision_task(first, second, third),
        "user" => builder.user_task(first),
        "user-job" => builder.job_task(first, TaskKind::User, ""),
        "manual" => builder.manual_task(first),
        "task" => builder.task(first),
        "receive" => builder.receive_task(first, second, third),
        "compensate" => builder.compensate(first, rest),
        "property" => builder.property(first, rest),
        "call" => builder.call_activity(first, rest),
        "exclusive" => builder.exclusive(first),
        "inclusive" => builder.inclusive(first),
        "parallel" => builder.parallel(first),
        "event-based" => builder.event_based(first),
        "at" => builder.at(first),
        "to" => builder.to(first),
        "apart" => builder.apart(),
        "when" => builder.when(arguments),
        "otherwise" => builder.otherwise(),
        "input" => builder.input(rest, first),
        "output" => builder.output(rest, first),
        "header" => builder.header(first, rest),
        "retries" => builder.retries(arguments),
        "priority" => builder.job_priority(arguments),
        "version-tag" => builder.version_tag(arguments),
        "for-each" => builder.for_each(rest, first),
        "sequential" => builder.sequential(),
        "collect" => builder.collect(first, rest),
        "assignee" => builder.assignee(arguments),
        "groups" => builder.candidate_groups(arguments),
        "users" => builder.candidate_users(arguments),
        "due" => builder.due_date(arguments),
        "task-priority" => builder.priority(arguments),
        "led-by" => builder.led_by(first),
        "complete-when" => builder.complete_when(arguments, true),
        "complete-when-rest-ends" => builder.complete_when(arguments, false),
        "until" => builder.until(arguments),
        "propagate" => builder.propagate(arguments.contains("parent"), arguments.contains("child")),
        "bind" => builder.bind(match first {
            "deployment" => Binding::Deployment,
            tag => Binding::VersionTag(tag.into()),
        }),
        _ => return None,
    })
}

fn waits(
    builder: Builder,
    text: &str,
    add: impl FnOnce(Builder, Event) -> Builder,
) -> Option<Builder> {
    match text.strip_prefix("non-interrupting ") {
        Some(text) => Some(add(builder, event(text)?).non_interrupting()),
        None => Some(add(builder, event(text)?)),
    }
}

fn event(text: &str) -> Option<Event> {
    let (kind, rest) = split(text);
    let (first, second) = split(rest);
    Some(match kind {
        "message" => Event::message(first, second),
        "start-message" => Event::start_message(rest),
        "publish" => Event::publish_message(first, second),
        "send-message" => Event::send_message(first, second),
        "date" => Event::on_date(rest),
        "after" => Event::after(rest),
        "every" => Event::every(rest),
        "error" => Event::error(rest),
        "any-error" => Event::any_error(),
        "escalation" => Event::escalation(rest),
        "any-escalation" => Event::any_escalation(),
        "signal" => Event::signal(rest),
        "link" => Event::link(rest),
        "condition" => Event::condition(rest),
        "compensation" => Event::compensation(),
        "terminate" => Event::Terminate,
        _ => return None,
    })
}

/// The phase that a call adds a listener for.
fn listened(call: &str) -> Option<ListenerEvent> {
    Some(match call {
        "on-start" => ListenerEvent::Start,
        "on-end" => ListenerEvent::End,
        "on-cancel" => ListenerEvent::Cancel,
        "before-all" => ListenerEvent::BeforeAll,
        "on-creating" => ListenerEvent::Creating,
        "on-assigning" => ListenerEvent::Assigning,
        "on-updating" => ListenerEvent::Updating,
        "on-completing" => ListenerEvent::Completing,
        "on-canceling" => ListenerEvent::Canceling,
        _ => return None,
    })
}
