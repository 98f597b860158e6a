//! Every diagnostic code with its page. `docs/errors/` is generated from this table and a test
//! compares the two. A code is never reused for something else.

/// The page of one code.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub code: &'static str,
    pub title: &'static str,
    /// What was found and why it is a problem.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($name:ident $code:literal $title:literal $meaning:literal $remedy:literal)*) => {
        $(#[doc = $title] pub const $name: &str = $code;)*
        /// All pages, by code.
        pub const PAGES: &[Page] = &[
            $(Page { code: $code, title: $title, meaning: $meaning, remedy: $remedy },)*
        ];
    };
}

codes! {
    FILE_TOO_LARGE "BPMN-001" "The file is too large"
    "A model file may have at most 10 MB; larger ones are refused before they are read."
    "Split the model into processes that call each other, or remove embedded images and forms."

    ENCODING "BPMN-002" "The encoding is not understood"
    "The bytes of the file are no text in UTF-8, UTF-16 or ISO-8859-1."
    "Save the file as UTF-8 and let its first line say `encoding=\"UTF-8\"`."

    NOT_XML "BPMN-003" "The file is not well-formed XML"
    "A tag is not closed, a quote is missing, or the file is cut off; the message has the place."
    "Open the file in the modeler that wrote it and export it again."

    DOCUMENT_TYPE "BPMN-004" "The file has a document type"
    "Document types can make a small file expand without bound, so they are refused."
    "Remove the `<!DOCTYPE …>` part. BPMN files do not need it."

    TOO_COMPLEX "BPMN-005" "The file exceeds a limit"
    "Nesting, the number of XML elements, of attributes or of flow nodes is beyond the limit that \
     the message names."
    "Split the model into smaller processes that call each other."

    NOT_BPMN "BPMN-006" "The file is not BPMN 2.0"
    "The outermost element is not `definitions` of the namespace \
     `http://www.omg.org/spec/BPMN/20100524/MODEL`."
    "Check that the right file was given: forms and decisions have their own file types."

    NO_EXECUTABLE_PROCESS "BPMN-007" "No process can be executed"
    "A deployment needs at least one process marked as executable."
    "Set `isExecutable=\"true\"` on the process, or deploy the file for tracking."

    TOO_MANY_PROBLEMS "BPMN-008" "Not all problems are listed"
    "The file has more problems than are listed at once."
    "Mend the ones listed and try again."

    ID_MISSING "BPMN-010" "An id is missing"
    "Instances, incidents and history refer to elements and flows by their id."
    "Give it an `id` that stays the same in later versions."

    ID_DUPLICATE "BPMN-011" "An id is used twice"
    "Ids are unique in a file; otherwise a reference could mean either element."
    "Rename one of the two and the references to it."

    REFERENCE_UNKNOWN "BPMN-012" "A reference leads nowhere"
    "An attribute names an id that nothing in the file has, or that is of the wrong kind."
    "Remove the reference or draw the connection again."

    PROCESS_ID_MISSING "BPMN-013" "The process has no id"
    "Instances are started by the id of the process."
    "Give the process an `id`."

    PROCESS_ID_DUPLICATE "BPMN-014" "Two processes have the same id"
    "The processes of one deployment must be told apart by their ids, also across files."
    "Rename one of them, or deploy them one after the other as versions."

    ID_TOO_LONG "BPMN-015" "An id is too long"
    "Ids are part of every record and are limited to 1,000 bytes."
    "Shorten the id."

    ATTRIBUTE_VALUE "BPMN-016" "An attribute has a value that it cannot have"
    "The message says which values are expected."
    "Choose one of them."

    EXPRESSION_SYNTAX "BPMN-017" "An expression does not parse"
    "Text after `=` is a FEEL expression. The message says what was expected where."
    "Mend the expression. Text in quotes is `=\"text\"`."

    EXPRESSION_DOUBTFUL "BPMN-019" "An expression calls what is not there"
    "It parses, but a function that it calls does not exist, or takes other arguments, or a date \
     in it is none. That part is `null` wherever it is evaluated, with a warning."
    "Correct the name or the arguments; the guide lists the functions."

    EXPRESSION_EXPECTED "BPMN-018" "An expression is expected, but the text is static"
    "Here only a FEEL expression makes sense, and an expression begins with `=`. \
     Without it the text would be the same for every instance."
    "Put `=` in front, for example `=orderId`."

    ELEMENT_UNKNOWN "BPMN-020" "BPMN has no such element"
    "The element is in the BPMN namespace, but BPMN 2.0 does not define it. Often it is misspelt."
    "Correct its name."

    ELEMENT_UNSUPPORTED "BPMN-021" "The element is not supported"
    "BPMN defines the element, but it cannot be executed: complex gateways, transactions and \
     choreographies are examples."
    "Model it with other elements; the guide's page on BPMN lists what is supported."

    EVENT_UNSUPPORTED "BPMN-022" "The event is not supported at this place"
    "Not every kind of event can stand everywhere: an error, for example, is not caught by an \
     intermediate event but at the edge of an activity."
    "Use one of the kinds that the message lists."

    EVENT_MULTIPLE "BPMN-023" "The event has several definitions"
    "An event that waits for several things at once is not supported."
    "Use an event-based gateway, or one event for each."

    LOOP_UNSUPPORTED "BPMN-024" "The loop marker is not supported"
    "Standard loops are not executed."
    "Draw the loop with an exclusive gateway, or use a sequential multi-instance."

    INSTANTIATE_UNSUPPORTED "BPMN-025" "Only start events start instances"
    "Receive tasks and event-based gateways that start an instance are not supported."
    "Put a message start event in front."

    START_MISSING "BPMN-030" "There is no start event"
    "Without a start event nothing in the process would ever be reached."
    "Add a start event."

    START_SEVERAL_NONE "BPMN-031" "There are several plain start events"
    "An instance created by a call would not know where to start."
    "Keep one plain start event; the others need a message, timer or signal."

    SUB_PROCESS_START "BPMN-032" "The sub-process does not have exactly one plain start event"
    "An embedded sub-process is entered at its one plain start event."
    "Keep one start event without a definition in it."

    EVENT_SUB_PROCESS_START "BPMN-033" "The event sub-process does not have exactly one start event"
    "Its start event says what triggers it: message, timer, error, signal, escalation, \
     compensation or condition."
    "Give it one start event with one of these definitions."

    EVENT_SUB_PROCESS_FLOWS "BPMN-034" "The event sub-process is connected by flows"
    "An event sub-process is entered by its event, never by a sequence flow."
    "Remove the flows, or make it an embedded sub-process."

    START_INCOMING "BPMN-035" "A flow leads into a start event"
    "Nothing can come before a start event."
    "Let the flow end at the element behind it."

    END_OUTGOING "BPMN-036" "A flow leaves an end event"
    "Nothing can come after an end event."
    "Make it an intermediate event, or remove the flow."

    FLOW_CROSSES_SCOPE "BPMN-037" "A sequence flow crosses the border of a sub-process or process"
    "Sequence flows connect elements of one scope."
    "Let the flow begin at the sub-process itself; use a message between processes."

    BOUNDARY_INCOMING "BPMN-038" "A flow leads into a boundary event"
    "Boundary events are reached by what they catch."
    "Remove the flow."

    BOUNDARY_OUTGOING "BPMN-039" "Nothing follows the boundary event"
    "A boundary event without outgoing flow would catch something and do nothing."
    "Draw a flow from it; from a compensation event, an association to its handler."

    BOUNDARY_ATTACHMENT "BPMN-040" "The boundary event is not attached to an activity"
    "`attachedToRef` must name a task, sub-process or call activity of the same scope."
    "Attach it again in the modeler."

    LOOP_WITHOUT_WAIT "BPMN-041" "A loop never waits"
    "Every element of the loop completes at once, so an instance would run in it for ever."
    "Put a task for a worker, a timer or a message into the loop, or leave it by a gateway."

    CONDITION_MISSING "BPMN-050" "A flow of the gateway has no condition"
    "With several outgoing flows, each but the default flow needs a condition."
    "Add a condition, or make it the default flow."

    DEFAULT_FLOW "BPMN-051" "The default flow does not start here"
    "The default flow must be one of the outgoing flows of its element."
    "Set the default again in the modeler."

    CONDITION_MISPLACED "BPMN-052" "A condition at a place where none is evaluated"
    "Conditions are evaluated on flows out of exclusive and inclusive gateways only."
    "Put a gateway in front, or remove the condition."

    EVENT_GATEWAY_BRANCHES "BPMN-053" "The event-based gateway has fewer than two branches"
    "With one branch there is nothing to decide."
    "Add a branch, or replace it with the event itself."

    EVENT_GATEWAY_TARGET "BPMN-054"
    "A branch of the event-based gateway begins with something else than an event"
    "Each branch must begin with a message, timer, signal or conditional catch event, which has no \
     other incoming flow."
    "Put such an event first; replace a receive task with a message catch event."

    JOB_TYPE_MISSING "BPMN-060" "The job type is missing"
    "Workers ask for jobs by type."
    "Set the type of the task definition."

    JOB_RETRIES "BPMN-061" "The number of retries is not a number"
    "Retries are a number from 0 on, or an expression."
    "Write a number such as 3."

    HEADER "BPMN-062" "A task header has no key or no value"
    "Headers are pairs of key and value."
    "Fill in both, or remove the header."

    MAPPING "BPMN-063" "A mapping is incomplete"
    "A mapping has a source expression and a target, a variable name or a dotted path."
    "Fill in both. A target such as `order.total` sets one property."

    LISTENER "BPMN-064" "A listener cannot be used like this"
    "The element does not have this phase, or the same type listens to the same phase twice."
    "Choose another event type, or remove the listener."

    MULTI_INSTANCE "BPMN-065" "The multi-instance is incomplete"
    "It needs an input collection, and an output collection only together with an output element."
    "Fill in what the message names."

    CALLED_ELEMENT "BPMN-066" "The call activity does not say what to call"
    "It needs the id of a process, static or as an expression."
    "Set the process id of the called element."

    DECISION "BPMN-067" "The business rule task is incomplete"
    "It needs either a task definition, or a decision id and a result variable."
    "Fill in what the message names."

    SCRIPT "BPMN-068" "The script task is incomplete"
    "It needs either a task definition, or an expression and a result variable."
    "Fill in what the message names."

    FORM "BPMN-070" "The form is not given in exactly one way"
    "A form has one of form key, form id, or external reference."
    "Keep one of them."

    BINDING "BPMN-071" "The version binding is wrong"
    "`bindingType` is `latest`, `deployment` or `versionTag`; the last needs a `versionTag`."
    "Choose one of these values."

    PRIORITY "BPMN-072" "The priority is out of range"
    "The priority of a user task is a number from 0 to 100, or an expression."
    "Choose a number in this range."

    AD_HOC "BPMN-073" "The ad-hoc sub-process cannot run"
    "It holds at least one activity, and neither start nor end events."
    "Remove the start and end events, and put an activity into it."

    LINKED_RESOURCE "BPMN-074" "A linked resource is incomplete"
    "It has a resource id, a resource type and a link name."
    "Fill in all three."

    PUBLISH "BPMN-075" "The message is both published and left to a worker"
    "A message throw event has either a task definition or `zeebe:publishMessage`."
    "Remove one of them."

    MESSAGE_MISSING "BPMN-080" "The event names no message"
    "A message event that catches must refer to a message."
    "Choose or create the message in the modeler."

    MESSAGE_NAME_MISSING "BPMN-081" "The message has no name"
    "Messages are matched by their name."
    "Give the message a name."

    CORRELATION_KEY_MISSING "BPMN-082" "The message has no correlation key"
    "A waiting instance is found by message name and correlation key; only start events of a \
     process can do without."
    "Set the subscription's correlation key, for example `=orderId`."

    MESSAGE_NAME_TWICE "BPMN-083" "Two events wait for the same message"
    "The message could start or reach only one of them."
    "Use different message names."

    TIMER_MISSING "BPMN-085" "The timer does not have exactly one of date, duration and cycle"
    "A timer is a point in time, a span, or a repetition."
    "Fill in exactly one of them."

    TIMER_VALUE "BPMN-086" "The timer does not parse"
    "Dates, durations and cycles are written as in ISO 8601, cycles also as cron lines."
    "`PT10M` is ten minutes, `P7D` seven days, `R3/PT1H` three times an hour apart."

    TIMER_KIND "BPMN-087" "This kind of timer cannot be used here"
    "A repetition makes no sense where the event happens once, a duration not where nothing has \
     begun yet."
    "Use the kind that the message names."

    ERROR_CODE "BPMN-088" "The error code is missing or not static"
    "Throwing needs a code; catching needs a static one, or none to catch all."
    "Set the code of the error."

    ESCALATION_CODE "BPMN-089" "The escalation code is missing or not static"
    "Throwing needs a code; catching needs a static one, or none to catch all."
    "Set the code of the escalation."

    SIGNAL_NAME "BPMN-090" "The signal has no name"
    "Signals are matched by their name."
    "Choose a signal and give it a name."

    CONDITIONAL_EVENT "BPMN-091" "The conditional event is incomplete"
    "It needs a condition, an expression that is true or false."
    "Write the condition, for example `=stock < 5`."

    LINK "BPMN-092" "The link does not meet its other half"
    "A link leads from its throw events to the one catch event of the same name in the same scope."
    "Give both halves the same name."

    COMPENSATION_HANDLER "BPMN-093" "The compensation handler is not drawn as one"
    "A handler is an activity marked for compensation, reached by an association from one \
     compensation boundary event, without flows or boundary events of its own."
    "Mark the activity and connect it by an association."

    COMPENSATION_ACTIVITY "BPMN-094" "The activity to compensate cannot be compensated"
    "`activityRef` must name an activity of the same scope that has a compensation boundary event \
     or is a sub-process."
    "Choose such an activity, or leave it out to compensate all."

    CATCH_TWICE "BPMN-095" "Two events at one place catch the same"
    "Only one of two boundary events or event sub-processes could catch this error or escalation."
    "Remove one, or give them different codes."

    UNREACHABLE "BPMN-100" "The element is never reached"
    "No path leads from a start event to it."
    "Connect it, or remove it."

    JOIN_NEVER_FIRES "BPMN-101" "The parallel join can never fire"
    "A parallel gateway waits for a token on every incoming flow, but an exclusive choice before \
     it sends a token on one of them only."
    "Join with an exclusive gateway, or split with a parallel one."

    ZEEBE_UNKNOWN "BPMN-102" "Unknown zeebe extension"
    "The `zeebe:` element or attribute is not known and is ignored. Often it is misspelt."
    "Correct its name, or remove it."

    FOREIGN_EXTENSION "BPMN-103" "Extension of another engine"
    "The model has extensions of another engine, for example `camunda:`, which are ignored here."
    "Convert the model; tasks need a `zeebe:taskDefinition`."

    CONDITION_IGNORED "BPMN-104" "The condition is never evaluated"
    "It stands on the default flow, which is taken when no condition holds."
    "Remove it, or choose another default flow."

    NO_END "BPMN-105" "There is no way to an end"
    "From this element no path leads to an element without outgoing flows."
    "Let the loop have an exit."

    EXTENSION_MISPLACED "BPMN-106" "The extension has no effect on this element"
    "The `zeebe:` extension is known, but not read on an element of this kind."
    "Move it to the element that it is meant for, or remove it."

    MAPPING_SOURCE "BPMN-107" "The mapping has no source"
    "The variable is set to null."
    "Write the source expression, or remove the mapping."

    MAPPING_STATIC "BPMN-108" "The mapping's source is a text, not an expression"
    "Without `=` the text itself becomes the value, although the model has a variable of this name."
    "Put `=` in front to mean a variable."

    DMN_REFUSED "DMN-001" "A decision model is refused"
    "The file is no DMN, an expression in it does not parse, or it refers to what is not there; \
     the message says what and where."
    "Mend what the message names. A file that imports others is checked together with them."

    DMN_DOUBTFUL "DMN-002" "A decision model will not do what was meant"
    "It deploys, but a rule can never match, two rules overlap although only one may match, a \
     cell is of another type than its column, an expression calls a function that does not exist, \
     a decision has no logic, or a process asks for a decision that none of the files has."
    "Correct what the message names."

    DEFAULT_MISSING "BPMN-109" "The gateway has no default flow"
    "If no condition holds, the instance stops there with an incident."
    "Choose a default flow."
}

impl std::fmt::Display for Page {
    /// The page as Markdown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Page { code, title, meaning, remedy } = self;
        write!(f, "# {code}: {title}\n\n{meaning}\n\n**What to do:** {remedy}\n")
    }
}
