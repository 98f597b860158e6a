//! A model as BPMN. Ids are `kind_number`: the kind is the row of the histogram.

use std::fmt::Write;

use super::block::{
    Activity, Block, Body, Catch, Ending, Many, Model, On, Side, Start, Throw, Work,
};

/// What a business rule task decides by.
pub const DECISION: &str = "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" \
    id=\"d\" name=\"d\" namespace=\"d\"><decision id=\"twice\" name=\"twice\">\
    <variable id=\"v\" name=\"twice\"/><literalExpression id=\"l\"><text>6 * 7</text>\
    </literalExpression></decision></definitions>";

#[derive(Default)]
struct Writer {
    /// Of the scope under way.
    xml: String,
    head: String,
    called: String,
    flows: u32,
    /// Of activities, by their numbers.
    ids: Vec<(u32, String)>,
}

/// The inside of a `definitions` element.
pub fn write(model: &Model) -> String {
    let mut writer = Writer::default();
    let n = model.body.n;
    let (row, event) = match model.start {
        Start::None => ("start-none", String::new()),
        Start::Message => {
            writer.head += "<message id=\"start\" name=\"start\"/>";
            ("start-message", "<messageEventDefinition messageRef=\"start\"/>".to_owned())
        }
        Start::Signal => {
            writer.head += "<signal id=\"begin\" name=\"start\"/>";
            ("start-signal", "<signalEventDefinition signalRef=\"begin\"/>".to_owned())
        }
        Start::Timer => (
            "start-timer",
            "<timerEventDefinition><timeCycle>R1/PT5S</timeCycle></timerEventDefinition>"
                .to_owned(),
        ),
    };
    let start = format!("{row}_{n}");
    writer.open("startEvent", &start, "", "", &event);
    writer.body(&model.body, &start);
    let Writer { xml, head, called, ids, .. } = writer;
    let text = format!("{head}<process id=\"p\" isExecutable=\"true\">{xml}</process>{called}");
    ids.iter().fold(text, |text, (n, id)| text.replace(&format!("\"@{n}\""), &format!("\"{id}\"")))
}

/// An expression that fails, or gives something that does not fit, until the fault is mended.
fn unless_faulty(n: u32, faulty: bool, value: &str) -> String {
    match faulty {
        true => format!("=if fix{n} = null then null else {value}"),
        false => format!("={value}"),
    }
}

pub fn name(on: On) -> &'static str {
    match on {
        On::Timer => "timer",
        On::Cycle => "cycle",
        On::Message => "message",
        On::Signal => "signal",
        On::Condition => "condition",
        On::Error => "error",
        On::Escalation => "escalation",
    }
}

/// How long the timers of an event take, in milliseconds: no two events agree.
pub fn duration(n: u32) -> i64 {
    i64::from(10 + n % 7) * 1_000 + i64::from(n)
}

fn key(items: &[u32]) -> String {
    let parts: Vec<String> = items.iter().map(|n| format!(" + string(item{n})")).collect();
    format!("\"k\"{}", parts.concat())
}

impl Writer {
    fn open(&mut self, tag: &str, id: &str, attributes: &str, extension: &str, body: &str) {
        let extension = match extension {
            "" => String::new(),
            e => format!("<extensionElements>{e}</extensionElements>"),
        };
        let _ = write!(self.xml, "<{tag} id=\"{id}\"{attributes}>{extension}{body}</{tag}>");
    }

    fn node(&mut self, tag: &str, id: &str, extension: &str, body: &str) -> (String, String) {
        self.open(tag, id, "", extension, body);
        (id.to_owned(), id.to_owned())
    }

    fn flow(&mut self, from: &str, to: &str, condition: Option<String>) -> String {
        self.flows += 1;
        let id = format!("f{}", self.flows);
        let inner = condition
            .map(|c| format!("<conditionExpression>{c}</conditionExpression>"))
            .unwrap_or_default();
        let _ = write!(
            self.xml,
            "<sequenceFlow id=\"{id}\" sourceRef=\"{from}\" targetRef=\"{to}\">{inner}\
             </sequenceFlow>"
        );
        id
    }

    /// From the start event to the end.
    fn body(&mut self, body: &Body, start: &str) {
        let n = body.n;
        let (first, last) = self.write(&body.inner);
        match body.ending {
            Ending::Terminate => {
                let (fork, job) = (format!("parallel_{n}"), format!("service_{n}"));
                let (end, all) = (format!("end-none_{n}"), format!("end-terminate_{n}"));
                self.open("parallelGateway", &fork, "", "", "");
                self.job("serviceTask", &job, n, "");
                self.open("endEvent", &end, "", "", "");
                self.open("endEvent", &all, "", "", "<terminateEventDefinition/>");
                self.flow(start, &fork, None);
                self.flow(&fork, &first, None);
                self.flow(&last, &end, None);
                self.flow(&fork, &job, None);
                self.flow(&job, &all, None);
            }
            ending => {
                self.flow(start, &first, None);
                let end = self.end(n, ending);
                self.flow(&last, &end, None);
            }
        }
        for side in &body.events {
            self.during(side);
        }
    }

    fn end(&mut self, n: u32, ending: Ending) -> String {
        let (row, extension, event) = match ending {
            Ending::None | Ending::Terminate => ("none", String::new(), String::new()),
            Ending::Error(code) => {
                ("error", String::new(), format!("<errorEventDefinition errorRef=\"x{code}\"/>"))
            }
            Ending::Escalate(code) => ("escalation", String::new(), self.escalation(code, n)),
            Ending::Signal => ("signal", String::new(), self.signal(0, n)),
            Ending::Publish => {
                let (extension, event) = self.publish(n, 0, &[]);
                ("publish", extension, event)
            }
            Ending::Job => {
                let _ = write!(self.head, "<message id=\"tm{n}\" name=\"told\"/>");
                (
                    "message",
                    format!("<zeebe:taskDefinition type=\"job{n}\"/>"),
                    format!("<messageEventDefinition messageRef=\"tm{n}\"/>"),
                )
            }
            Ending::Compensate => {
                ("compensation", String::new(), "<compensateEventDefinition/>".to_owned())
            }
        };
        let id = format!("end-{row}_{n}");
        self.open("endEvent", &id, "", &extension, &event);
        id
    }

    /// To the event with number `to`, or to nobody.
    fn escalation(&mut self, to: u32, n: u32) -> String {
        match to {
            0 => {
                let _ =
                    write!(self.head, "<escalation id=\"ny{n}\" name=\"n\" escalationCode=\"N\"/>");
                format!("<escalationEventDefinition escalationRef=\"ny{n}\"/>")
            }
            _ => format!("<escalationEventDefinition escalationRef=\"y{to}\"/>"),
        }
    }

    fn signal(&mut self, to: u32, n: u32) -> String {
        let _ = write!(self.head, "<signal id=\"ts{n}\" name=\"S{to}\"/>");
        format!("<signalEventDefinition signalRef=\"ts{n}\"/>")
    }

    fn publish(&mut self, n: u32, to: u32, items: &[u32]) -> (String, String) {
        let _ = write!(self.head, "<message id=\"tm{n}\" name=\"M{to}\"/>");
        let extension = format!("<zeebe:publishMessage correlationKey='={}'/>", key(items));
        (extension, format!("<messageEventDefinition messageRef=\"tm{n}\"/>"))
    }

    /// The definition of an event that is waited for.
    fn event(&mut self, catch: &Catch) -> String {
        let (n, faulty) = (catch.n, catch.faulty);
        match catch.on {
            On::Timer => {
                let text = format!("PT{}S", duration(n) as f64 / 1_000.0);
                let text = match faulty {
                    true => unless_faulty(n, true, &format!("\"{text}\"")),
                    false => text,
                };
                format!(
                    "<timerEventDefinition><timeDuration>{text}</timeDuration>\
                     </timerEventDefinition>"
                )
            }
            On::Cycle => format!(
                "<timerEventDefinition><timeCycle>R2/PT{}S</timeCycle></timerEventDefinition>",
                duration(n) as f64 / 1_000.0
            ),
            On::Message => {
                self.message(catch);
                format!("<messageEventDefinition messageRef=\"m{n}\"/>")
            }
            On::Signal => {
                let name = match faulty {
                    true => format!("=if fix{n} = null then null else &quot;S{n}&quot;"),
                    false => format!("S{n}"),
                };
                let _ = write!(self.head, "<signal id=\"s{n}\" name=\"{name}\"/>");
                format!("<signalEventDefinition signalRef=\"s{n}\"/>")
            }
            On::Condition => format!(
                "<conditionalEventDefinition><extensionElements><zeebe:conditionalFilter \
                 variableNames=\"ready{n}\"/></extensionElements><condition>=ready{n} = true\
                 </condition></conditionalEventDefinition>"
            ),
            On::Error => {
                let _ = write!(self.head, "<error id=\"x{n}\" name=\"x\" errorCode=\"X{n}\"/>");
                format!("<errorEventDefinition errorRef=\"x{n}\"/>")
            }
            On::Escalation => {
                let _ = write!(
                    self.head,
                    "<escalation id=\"y{n}\" name=\"y\" escalationCode=\"Y{n}\"/>"
                );
                format!("<escalationEventDefinition escalationRef=\"y{n}\"/>")
            }
        }
    }

    fn message(&mut self, catch: &Catch) {
        let n = catch.n;
        let key = unless_faulty(n, catch.faulty, &key(&catch.items));
        let _ = write!(
            self.head,
            "<message id=\"m{n}\" name=\"M{n}\"><extensionElements><zeebe:subscription \
             correlationKey='{key}'/></extensionElements></message>"
        );
    }

    fn job(&mut self, tag: &str, id: &str, n: u32, more: &str) {
        let extension = format!("<zeebe:taskDefinition type=\"job{n}\"/>{more}");
        self.open(tag, id, "", &extension, "");
    }

    /// An event sub-process.
    fn during(&mut self, side: &Side) {
        let n = side.catch.n;
        let (on, also) = (name(side.catch.on), also(side));
        let event = self.event(&side.catch);
        let outer = std::mem::take(&mut self.xml);
        let (start, end) = (format!("begin-{on}{also}_{n}"), format!("end-none_{n}"));
        let attributes = format!(" isInterrupting=\"{}\"", side.interrupting);
        self.open("startEvent", &start, &attributes, "", &event);
        let (first, last) = self.write(&side.then);
        self.open("endEvent", &end, "", "", "");
        self.flow(&start, &first, None);
        self.flow(&last, &end, None);
        let inside = std::mem::replace(&mut self.xml, outer);
        let id = format!("during-{on}{also}_{n}");
        self.open("subProcess", &id, " triggeredByEvent=\"true\"", "", &inside);
    }

    /// A boundary event and what follows; interrupting ones go on at `join`.
    fn boundary(&mut self, side: &Side, host: &str, join: &str) {
        let n = side.catch.n;
        let (on, also) = (name(side.catch.on), also(side));
        let event = self.event(&side.catch);
        let id = format!("boundary-{on}{also}_{n}");
        let attributes =
            format!(" attachedToRef=\"{host}\" cancelActivity=\"{}\"", side.interrupting);
        self.open("boundaryEvent", &id, &attributes, "", &event);
        let (first, last) = self.write(&side.then);
        self.flow(&id, &first, None);
        if side.interrupting {
            self.flow(&last, join, None);
        } else {
            let end = format!("end-none_{n}");
            self.open("endEvent", &end, "", "", "");
            self.flow(&last, &end, None);
        }
    }

    /// Writes a block and returns its first and last element.
    fn write(&mut self, block: &Block) -> (String, String) {
        match block {
            Block::Seq(blocks) => {
                let ends: Vec<_> = blocks.iter().map(|b| self.write(b)).collect();
                for pair in ends.windows(2) {
                    self.flow(&pair[0].1, &pair[1].0, None);
                }
                (ends[0].0.clone(), ends[ends.len() - 1].1.clone())
            }
            Block::Choice { n, blocks, faulty, .. } => self.branches(
                "exclusiveGateway",
                (format!("exclusive_{n}"), format!("merge_{n}")),
                blocks,
                |at| Some(unless_faulty(*n, *faulty, &format!("c{n} = {at}"))),
            ),
            Block::Inclusive { n, blocks, faulty, .. } => self.branches(
                "inclusiveGateway",
                (format!("inclusive_{n}"), format!("inclusive-join_{n}")),
                blocks,
                |at| Some(unless_faulty(*n, *faulty, &format!("c{n} &gt; {at}"))),
            ),
            Block::Parallel { n, blocks } => self.branches(
                "parallelGateway",
                (format!("parallel_{n}"), format!("parallel-join_{n}")),
                blocks,
                |_| None,
            ),
            Block::Repeat { n, inner } => {
                let (enter, job, leave) =
                    (format!("merge_{n}"), format!("service_{n}"), format!("exclusive_{n}"));
                self.open("exclusiveGateway", &enter, "", "", "");
                let (first, last) = self.write(inner);
                self.job("serviceTask", &job, *n, "");
                let out = format!("out_{n}");
                self.flow(&enter, &first, None);
                self.flow(&last, &job, None);
                self.flow(&job, &leave, None);
                self.flow(&leave, &enter, Some(format!("=again{n} = true")));
                let next = self.flow(&leave, &out, None);
                self.open("exclusiveGateway", &leave, &format!(" default=\"{next}\""), "", "");
                self.open("exclusiveGateway", &out, "", "", "");
                (enter, out)
            }
            Block::Race { n, branches } => {
                let (race, join) = (format!("race_{n}"), format!("merge_{n}"));
                self.open("eventBasedGateway", &race, "", "", "");
                self.open("exclusiveGateway", &join, "", "", "");
                for (catch, then) in branches {
                    let (event, _) = self.write(&Block::Catch(catch.clone()));
                    let (first, last) = self.write(then);
                    self.flow(&race, &event, None);
                    self.flow(&event, &first, None);
                    self.flow(&last, &join, None);
                }
                (race, join)
            }
            Block::Catch(catch) => {
                let event = self.event(catch);
                let id = format!("catch-{}_{}", name(catch.on), catch.n);
                self.node("intermediateCatchEvent", &id, "", &event)
            }
            Block::Link(n) => {
                let (from, to) = (format!("link-throw_{n}"), format!("link-catch_{n}"));
                let link = format!("<linkEventDefinition name=\"L{n}\"/>");
                self.open("intermediateThrowEvent", &from, "", "", &link);
                self.open("intermediateCatchEvent", &to, "", "", &link);
                (from, to)
            }
            Block::Throw(throw) => self.throw(throw),
            Block::Activity(activity) => self.activity(activity),
        }
    }

    fn branches(
        &mut self,
        tag: &str,
        (split, join): (String, String),
        blocks: &[Block],
        condition: impl Fn(usize) -> Option<String>,
    ) -> (String, String) {
        let mut default = String::new();
        let ends: Vec<_> = blocks.iter().map(|b| self.write(b)).collect();
        for (at, (first, last)) in ends.iter().enumerate() {
            let is_last = at + 1 == ends.len();
            let condition = condition(at);
            let chooses = condition.is_some();
            let id = self.flow(&split, first, condition.filter(|_| !is_last));
            if is_last && chooses {
                default = format!(" default=\"{id}\"");
            }
            self.flow(last, &join, None);
        }
        self.open(tag, &split, &default, "", "");
        self.open(tag, &join, "", "", "");
        (split, join)
    }

    fn throw(&mut self, throw: &Throw) -> (String, String) {
        let (id, extension, event) = match throw {
            Throw::None(n) => (format!("throw-none_{n}"), String::new(), String::new()),
            Throw::Job(n) => {
                let _ = write!(self.head, "<message id=\"tm{n}\" name=\"told\"/>");
                (
                    format!("throw-message_{n}"),
                    format!("<zeebe:taskDefinition type=\"job{n}\"/>"),
                    format!("<messageEventDefinition messageRef=\"tm{n}\"/>"),
                )
            }
            Throw::Publish(n, to, items) => {
                let (extension, event) = self.publish(*n, *to, items);
                (format!("throw-publish_{n}"), extension, event)
            }
            Throw::Signal(n, to) => {
                (format!("throw-signal_{n}"), String::new(), self.signal(*to, *n))
            }
            Throw::Escalate(n, to) => {
                (format!("throw-escalation_{n}"), String::new(), self.escalation(*to, *n))
            }
            Throw::Compensate(n, only) => {
                let only = only.map(|at| format!(" activityRef=\"@{at}\"")).unwrap_or_default();
                let event = format!("<compensateEventDefinition{only}/>");
                (format!("throw-compensation_{n}"), String::new(), event)
            }
        };
        self.node("intermediateThrowEvent", &id, &extension, &event)
    }

    fn activity(&mut self, activity: &Activity) -> (String, String) {
        let n = activity.n;
        let (row, tag) = kind(&activity.work);
        let id = format!("{row}_{n}");
        self.ids.push((n, id.clone()));
        let mut extension = String::new();
        let mut attributes = String::new();
        let mut inside = String::new();
        match &activity.work {
            Work::Job("form") => {}
            Work::Job(_) => extension += &format!("<zeebe:taskDefinition type=\"job{n}\"/>"),
            Work::User => extension += "<zeebe:userTask/>",
            Work::Receive(catch) => {
                let catch = Catch { n, faulty: activity.faulty, ..catch.clone() };
                self.message(&catch);
                attributes = format!(" messageRef=\"m{n}\"");
            }
            Work::Script => {
                extension +=
                    &format!("<zeebe:script expression=\"={n} + 1\" resultVariable=\"s{n}\"/>");
            }
            Work::Decision => {
                extension += &format!(
                    "<zeebe:calledDecision decisionId=\"twice\" resultVariable=\"s{n}\"/>"
                );
            }
            Work::Manual | Work::Undefined => {}
            Work::Sub(body) => inside = self.inside(body),
            Work::Call(body) => {
                let process = self.inside(body);
                let _ = write!(
                    self.called,
                    "<process id=\"called{n}\" isExecutable=\"true\">{process}</process>"
                );
                extension += &format!(
                    "<zeebe:calledElement processId=\"called{n}\" \
                     propagateAllChildVariables=\"true\"/>"
                );
            }
            Work::AdHoc(ad_hoc) => {
                let ids: Vec<String> =
                    ad_hoc.jobs[..ad_hoc.active].iter().map(|n| format!("\"inner_{n}\"")).collect();
                extension +=
                    &format!("<zeebe:adHoc activeElementsCollection='=[{}]'/>", ids.join(","));
                attributes = format!(" cancelRemainingInstances=\"{}\"", ad_hoc.cancels);
                let outer = std::mem::take(&mut self.xml);
                for job in &ad_hoc.jobs {
                    self.job("serviceTask", &format!("inner_{job}"), *job, "");
                }
                if ad_hoc.conditional {
                    self.xml += &format!("<completionCondition>=d{n} = true</completionCondition>");
                }
                inside = std::mem::replace(&mut self.xml, outer);
            }
        }
        extension += &self.settings(activity);
        if let Some(many) = &activity.many {
            inside.insert_str(0, &loops(n, many, &activity.work));
        }
        self.open(tag, &id, &attributes, &extension, &inside);
        self.compensated(activity, &id);
        self.sides(activity, id)
    }

    fn inside(&mut self, body: &Body) -> String {
        let outer = std::mem::take(&mut self.xml);
        let start = format!("start-none_{}", body.n);
        self.open("startEvent", &start, "", "", "");
        self.body(body, &start);
        std::mem::replace(&mut self.xml, outer)
    }

    /// Mappings and listeners.
    fn settings(&self, activity: &Activity) -> String {
        let n = activity.n;
        let mut text = String::new();
        let mut mappings = String::new();
        if activity.faulty && !matches!(activity.work, Work::Receive(_)) {
            mappings += &format!(
                "<zeebe:input source=\"=assert(fix{n}, fix{n} != null)\" target=\"in{n}\"/>"
            );
        }
        if activity.mapped {
            mappings += &format!("<zeebe:output source=\"=v{n} + 1\" target=\"o{n}\"/>");
        }
        if !mappings.is_empty() {
            text += &format!("<zeebe:ioMapping>{mappings}</zeebe:ioMapping>");
        }
        let mut listeners = String::new();
        for (on, event, kind) in
            [(activity.listens_before, "start", "ls"), (activity.listens_after, "end", "le")]
        {
            if on {
                listeners +=
                    &format!("<zeebe:executionListener eventType=\"{event}\" type=\"{kind}{n}\"/>");
            }
        }
        if !listeners.is_empty() {
            text += &format!("<zeebe:executionListeners>{listeners}</zeebe:executionListeners>");
        }
        text
    }

    fn compensated(&mut self, activity: &Activity, id: &str) {
        let (Some(handler), n) = (activity.handler, activity.n) else { return };
        let (event, undo) = (format!("undo_{n}"), format!("handler_{handler}"));
        let attached = format!(" attachedToRef=\"{id}\"");
        self.open("boundaryEvent", &event, &attached, "", "<compensateEventDefinition/>");
        let extension = format!("<zeebe:taskDefinition type=\"job{handler}\"/>");
        self.open("serviceTask", &undo, " isForCompensation=\"true\"", &extension, "");
        let _ = write!(
            self.xml,
            "<association id=\"a{n}\" sourceRef=\"{event}\" targetRef=\"{undo}\"/>"
        );
    }

    fn sides(&mut self, activity: &Activity, id: String) -> (String, String) {
        let join = format!("merge_{}", activity.n);
        for side in &activity.boundaries {
            self.boundary(side, &id, &join);
        }
        if !activity.boundaries.iter().any(|side| side.interrupting) {
            return (id.clone(), id);
        }
        self.open("exclusiveGateway", &join, "", "", "");
        self.flow(&id, &join, None);
        (id, join)
    }
}

fn also(side: &Side) -> &'static str {
    if side.interrupting { "" } else { "-beside" }
}

/// Row of the histogram, and tag.
fn kind(work: &Work) -> (&'static str, &'static str) {
    match work {
        Work::Job("send") => ("send", "sendTask"),
        Work::Job("scripted") => ("scripted", "scriptTask"),
        Work::Job("rule") => ("rule", "businessRuleTask"),
        Work::Job("form") => ("form", "userTask"),
        Work::Job(_) => ("service", "serviceTask"),
        Work::User => ("user", "userTask"),
        Work::Receive(_) => ("receive", "receiveTask"),
        Work::Script => ("script", "scriptTask"),
        Work::Decision => ("decision", "businessRuleTask"),
        Work::Manual => ("manual", "manualTask"),
        Work::Undefined => ("task", "task"),
        Work::Sub(_) => ("sub", "subProcess"),
        Work::Call(_) => ("call", "callActivity"),
        Work::AdHoc(_) => ("ad-hoc", "adHocSubProcess"),
    }
}

fn loops(n: u32, many: &Many, work: &Work) -> String {
    let items: Vec<String> = (0..many.count).map(|at| at.to_string()).collect();
    let collects = match (many.collects, work) {
        (false, _) => String::new(),
        (true, Work::Job(_)) => {
            format!(" outputCollection=\"all{n}\" outputElement=\"=v{n}\"")
        }
        (true, _) => format!(" outputCollection=\"all{n}\" outputElement=\"=item{n}\""),
    };
    let enough = many.enough.map(|count| {
        format!(
            "<completionCondition>=numberOfCompletedInstances &gt;= {count}</completionCondition>"
        )
    });
    format!(
        "<multiInstanceLoopCharacteristics isSequential=\"{}\"><extensionElements>\
         <zeebe:loopCharacteristics inputCollection=\"=[{}]\" inputElement=\"item{n}\"{collects}/>\
         </extensionElements>{}</multiInstanceLoopCharacteristics>",
        many.sequential,
        items.join(","),
        enough.unwrap_or_default()
    )
}
