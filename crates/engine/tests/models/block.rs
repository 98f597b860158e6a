//! Random block-structured models: pieces of a process that are entered once and left once.
//!
//! What would depend on the order inside one step is not made: between a split and whatever ends
//! other branches there is always a job.

use super::support::Random;

#[derive(Debug, Clone)]
pub enum Block {
    Seq(Vec<Block>),
    /// `taken` is the branch whose condition holds; the last is the default.
    Choice {
        n: u32,
        blocks: Vec<Block>,
        taken: usize,
        faulty: bool,
    },
    /// The first `taken` branches, or the default, which is the last.
    Inclusive {
        n: u32,
        blocks: Vec<Block>,
        taken: usize,
        faulty: bool,
    },
    Parallel {
        n: u32,
        blocks: Vec<Block>,
    },
    /// Back to its beginning for as long as the job at its end says so.
    Repeat {
        n: u32,
        inner: Box<Block>,
    },
    /// An event-based gateway.
    Race {
        n: u32,
        branches: Vec<(Catch, Block)>,
    },
    Catch(Catch),
    Link(u32),
    Throw(Throw),
    Activity(Box<Activity>),
}

#[derive(Debug, Clone)]
pub struct Catch {
    pub n: u32,
    pub on: On,
    /// Multi-instances around it, whose items are in its correlation key.
    pub items: Vec<u32>,
    pub faulty: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Timer,
    /// A repeating timer, twice.
    Cycle,
    Message,
    Signal,
    Condition,
    Error,
    Escalation,
}

#[derive(Debug, Clone)]
pub enum Throw {
    None(u32),
    /// A message that a worker sends.
    Job(u32),
    /// A message for the event with this number, which an enclosing scope waits for.
    Publish(u32, u32, Vec<u32>),
    Signal(u32, u32),
    /// To the event with this number; 0: to nobody.
    Escalate(u32, u32),
    /// All of its scope, or the activity with this number.
    Compensate(u32, Option<u32>),
}

#[derive(Debug, Clone)]
pub struct Activity {
    pub n: u32,
    pub work: Work,
    pub many: Option<Many>,
    pub boundaries: Vec<Side>,
    pub listens_before: bool,
    pub listens_after: bool,
    /// Its input mapping fails until a variable is there.
    pub faulty: bool,
    /// Local input, and an output mapping.
    pub mapped: bool,
    /// Number of its compensation handler.
    pub handler: Option<u32>,
}

#[derive(Debug, Clone)]
pub enum Work {
    /// A job, of this kind of element.
    Job(&'static str),
    User,
    Receive(Catch),
    Script,
    Decision,
    Manual,
    Undefined,
    Sub(Body),
    Call(Body),
    AdHoc(AdHoc),
}

/// What is inside a sub-process or process.
#[derive(Debug, Clone)]
pub struct Body {
    pub n: u32,
    pub inner: Block,
    pub events: Vec<Side>,
    pub ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    None,
    /// A second branch with a job that ends all.
    Terminate,
    /// Caught by the event with this number.
    Error(u32),
    Escalate(u32),
    Signal,
    Publish,
    Job,
    Compensate,
}

#[derive(Debug, Clone)]
pub struct Many {
    pub count: u32,
    pub sequential: bool,
    pub collects: bool,
    /// Completed instances that are enough.
    pub enough: Option<u32>,
}

/// A boundary event with what follows, or an event sub-process.
#[derive(Debug, Clone)]
pub struct Side {
    pub catch: Catch,
    pub interrupting: bool,
    pub then: Block,
}

/// Jobs that begin when asked for.
#[derive(Debug, Clone)]
pub struct AdHoc {
    pub jobs: Vec<u32>,
    /// How many of them begin at once.
    pub active: usize,
    /// Ends when a job says so; otherwise when all has ended.
    pub conditional: bool,
    pub cancels: bool,
}

/// How the instance begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    None,
    Message,
    Signal,
    Timer,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub start: Start,
    pub body: Body,
    /// Variables that decide: name and value.
    pub given: Vec<(u32, usize)>,
}

pub struct Maker<'a> {
    random: &'a mut Random,
    next: u32,
    given: Vec<(u32, usize)>,
    /// Multi-instances around the current place.
    items: Vec<u32>,
    /// Whether the current place may be reached more than once.
    repeats: bool,
    /// Inside a loop of this scope, and there in one of several branches: an inclusive join would
    /// wait for the others, which could come here in the next round.
    loops: (bool, bool),
    /// Events of enclosing scopes that something thrown here reaches.
    catchers: Vec<(u32, On, Vec<u32>)>,
}

pub fn model(random: &mut Random) -> Model {
    let mut maker = Maker {
        random,
        next: 0,
        given: Vec::new(),
        items: Vec::new(),
        repeats: false,
        loops: (false, false),
        catchers: Vec::new(),
    };
    let start = match maker.below(8) {
        0 => Start::Message,
        1 => Start::Signal,
        2 => Start::Timer,
        _ => Start::None,
    };
    let mut body = maker.body(3);
    if start == Start::Timer {
        let first = maker.job_task();
        body.inner = Block::Seq(vec![first, body.inner]);
    }
    Model { start, body, given: maker.given }
}

impl Maker<'_> {
    fn below(&mut self, limit: u32) -> u32 {
        self.random.below(limit)
    }

    fn chance(&mut self, of: u32) -> bool {
        self.below(of) == 0
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn block(&mut self, depth: u32) -> Block {
        // At the top something that holds others.
        let (from, kinds) = match depth {
            0 => (0, 11),
            1 | 2 => (0, 26),
            _ => (11, 26),
        };
        match from + self.below(kinds - from) {
            0..=4 => self.activity(0),
            5 | 6 => Block::Catch(self.waited()),
            7 => Block::Link(self.number()),
            8 => self.thrown(),
            9 | 10 => self.race(),
            11 | 12 => Block::Seq(self.blocks(depth, 3)),
            13 => {
                let (n, blocks) = (self.number(), self.blocks(depth, 3));
                let (taken, faulty) = self.decided(n, blocks.len());
                Block::Choice { n, blocks, taken, faulty }
            }
            14 | 15 if self.loops != (true, true) => {
                let (n, blocks) = (self.number(), self.branches(depth));
                let (taken, faulty) = self.decided(n, blocks.len());
                Block::Inclusive { n, blocks, taken, faulty }
            }
            14..=17 => Block::Parallel { n: self.number(), blocks: self.branches(depth) },
            18 => {
                let held = (self.repeats, self.loops);
                self.repeats = true;
                self.loops = (true, false);
                let inner = Box::new(self.block(depth - 1));
                (self.repeats, self.loops) = held;
                Block::Repeat { n: self.number(), inner }
            }
            _ => self.activity(depth),
        }
    }

    fn blocks(&mut self, depth: u32, most: u32) -> Vec<Block> {
        let count = 2 + self.below(most - 1);
        (0..count).map(|_| self.block(depth - 1)).collect()
    }

    /// Those that run side by side.
    fn branches(&mut self, depth: u32) -> Vec<Block> {
        let held = std::mem::replace(&mut self.loops.1, true);
        let blocks = self.blocks(depth, 3);
        self.loops.1 = held;
        blocks
    }

    fn decided(&mut self, n: u32, branches: usize) -> (usize, bool) {
        let taken = self.below(branches as u32) as usize;
        self.given.push((n, taken));
        (taken, self.chance(5))
    }

    fn job_task(&mut self) -> Block {
        let kinds = ["service", "send", "scripted", "rule", "form"];
        let work = Work::Job(kinds[self.below(5) as usize]);
        Block::Activity(Box::new(self.plain(work)))
    }

    fn plain(&mut self, work: Work) -> Activity {
        Activity {
            n: self.number(),
            work,
            many: None,
            boundaries: Vec::new(),
            listens_before: false,
            listens_after: false,
            faulty: false,
            mapped: false,
            handler: None,
        }
    }

    fn catch(&mut self, on: On) -> Catch {
        Catch { n: self.number(), on, items: self.items.clone(), faulty: false }
    }

    /// What a token waits for.
    fn waited(&mut self) -> Catch {
        let on = [On::Timer, On::Message, On::Signal, On::Condition][self.below(4) as usize];
        Catch { faulty: self.chance(6), ..self.catch(on) }
    }

    fn race(&mut self) -> Block {
        let n = self.number();
        let count = 2 + self.below(2);
        let mut branches = Vec::new();
        for _ in 0..count {
            let kinds = if self.repeats { 3 } else { 4 };
            let on = [On::Timer, On::Message, On::Signal, On::Condition];
            let on = on[self.below(kinds) as usize];
            let catch = self.catch(on);
            let then = if self.chance(2) { self.job_task() } else { self.none() };
            branches.push((catch, then));
        }
        Block::Race { n, branches }
    }

    fn none(&mut self) -> Block {
        Block::Throw(Throw::None(self.number()))
    }

    /// A throw event, between two jobs.
    fn thrown(&mut self) -> Block {
        let n = self.number();
        let caught = |on: On| move |row: &&(u32, On, Vec<u32>)| row.1 == on;
        let throw = match self.below(7) {
            0 => return self.none(),
            1 | 6 => return Block::Throw(Throw::Job(n)),
            2 | 3 => match self.catchers.iter().rev().find(caught(On::Escalation)) {
                Some((to, ..)) => Throw::Escalate(n, *to),
                None => Throw::Escalate(n, 0),
            },
            4 => match self.catchers.iter().rev().find(caught(On::Message)) {
                Some((to, _, items)) => Throw::Publish(n, *to, items.clone()),
                None => Throw::Publish(n, 0, Vec::new()),
            },
            _ => match self.catchers.iter().rev().find(caught(On::Signal)) {
                Some((to, ..)) => Throw::Signal(n, *to),
                None => Throw::Signal(n, 0),
            },
        };
        Block::Seq(vec![self.job_task(), Block::Throw(throw), self.job_task()])
    }

    /// A call takes the variables as they are: a job before it settles them.
    fn activity(&mut self, depth: u32) -> Block {
        let activity = Block::Activity(Box::new(self.bare(depth)));
        match &activity {
            Block::Activity(call) if matches!(call.work, Work::Call(_)) => {
                Block::Seq(vec![self.job_task(), activity])
            }
            _ => activity,
        }
    }

    fn bare(&mut self, depth: u32) -> Activity {
        let many = self.chance(5).then(|| Many {
            count: self.below(4),
            sequential: self.chance(2),
            collects: self.chance(2),
            enough: None,
        });
        let scope = depth > 0;
        let kind = if scope { 20 + self.below(10) } else { self.below(14) };
        let waits = !matches!(kind, 4..=7);
        let n = self.number();
        // Boundary events of an activity see what is around it.
        let mut boundaries = Vec::new();
        if waits && (scope || self.chance(3)) {
            for _ in 0..self.below(if scope { 3 } else { 2 }) + 1 {
                let side = self.side(scope, scope);
                boundaries.push(side);
            }
        }
        // Whatever happens in a scope may be ended from outside.
        if scope && kind != 23 && kind != 24 {
            for on in [On::Timer, On::Signal] {
                if self.chance(3) {
                    let (catch, then) = (self.catch(on), self.job_task());
                    boundaries.push(Side { catch, interrupting: true, then });
                }
            }
        }
        let held = (self.items.clone(), self.repeats, self.catchers.clone());
        for side in &boundaries {
            self.catchers.push((side.catch.n, side.catch.on, side.catch.items.clone()));
        }
        if many.is_some() {
            self.items.push(n);
            self.repeats = true;
        }
        let work = self.work(kind, depth);
        (self.items, self.repeats, self.catchers) = held;
        let mut activity = Activity { n, many, boundaries, ..self.plain(work) };
        self.garnish(&mut activity, waits);
        activity
    }

    fn work(&mut self, kind: u32, depth: u32) -> Work {
        match kind {
            0 | 1 => Work::User,
            2 | 3 => Work::Receive(self.catch(On::Message)),
            4 => Work::Script,
            5 => Work::Decision,
            6 => Work::Manual,
            7 => Work::Undefined,
            20 | 21 => Work::Sub(self.saga(depth)),
            22 | 29 => Work::Call(self.body(depth - 1)),
            23 | 24 => Work::AdHoc(self.ad_hoc()),
            25..=28 => Work::Sub(self.body(depth - 1)),
            _ => match self.job_task() {
                Block::Activity(activity) => activity.work,
                _ => unreachable!("a job task is an activity"),
            },
        }
    }

    fn garnish(&mut self, activity: &mut Activity, waits: bool) {
        activity.faulty = self.chance(if waits { 6 } else { 2 });
        activity.listens_before = self.chance(10);
        let quiet = activity.boundaries.is_empty()
            && !matches!(&activity.work, Work::Sub(body) if !body.events.is_empty());
        activity.listens_after = quiet && self.chance(8);
        activity.mapped = matches!(activity.work, Work::Job(_)) && self.chance(4);
        let one_by_one = matches!(activity.work, Work::Job(_) | Work::User);
        if let Some(many) = &mut activity.many
            && waits
            && one_by_one
            && self.random.below(2) == 0
        {
            (many.enough, many.collects) = (Some(1 + self.random.below(2)), false);
        }
    }

    fn ad_hoc(&mut self) -> AdHoc {
        let jobs: Vec<u32> = (0..2 + self.below(2)).map(|_| self.number()).collect();
        let active = 1 + self.below(jobs.len() as u32) as usize;
        AdHoc { jobs, active, conditional: self.chance(2), cancels: self.chance(2) }
    }

    /// A boundary event or event sub-process: of a scope, or of a task.
    fn side(&mut self, scope: bool, thrown: bool) -> Side {
        let on = match self.below(if thrown { 14 } else { 5 }) {
            0 | 8 | 9 | 10 => On::Timer,
            11..=13 => On::Escalation,
            1 => On::Message,
            2 => On::Signal,
            3 if !self.repeats => On::Condition,
            3 | 4 => On::Error,
            5 => On::Cycle,
            6 | 7 => On::Escalation,
            _ => On::Error,
        };
        let interrupting = on == On::Error || (on != On::Cycle && self.chance(2));
        let catch = self.catch(on);
        let then = match interrupting && scope && self.chance(3) {
            true => self.block(0),
            false => self.job_task(),
        };
        Side { catch, interrupting, then }
    }

    fn body(&mut self, depth: u32) -> Body {
        let n = self.number();
        let mut events = Vec::new();
        for _ in 0..self.below(4).saturating_sub(1) {
            let mut side = self.side(false, true);
            side.then = self.job_task();
            events.push(side);
        }
        let held = self.catchers.clone();
        for side in &events {
            self.catchers.push((side.catch.n, side.catch.on, side.catch.items.clone()));
        }
        let loops = std::mem::take(&mut self.loops);
        let inner = self.block(depth);
        self.loops = loops;
        let caught = |on: On| self.catchers.iter().rev().find(|row| row.1 == on).map(|row| row.0);
        let (error, escalation) = (caught(On::Error), caught(On::Escalation));
        let ending = match (self.below(12), error) {
            (0, _) => Ending::Terminate,
            (1..=3, Some(code)) => Ending::Error(code),
            (4 | 5, _) => Ending::Escalate(escalation.unwrap_or(0)),
            (6 | 7, _) if escalation.is_some() => Ending::Escalate(escalation.unwrap_or(0)),
            (6 | 7, _) => Ending::Signal,
            (8, _) => Ending::Publish,
            (9, _) => Ending::Job,
            _ => Ending::None,
        };
        let inner = match ending {
            Ending::Error(_) | Ending::Escalate(_) => Block::Seq(vec![inner, self.job_task()]),
            _ => inner,
        };
        self.catchers = held;
        Body { n, inner, events, ending }
    }

    /// Activities that are compensated by the end of their scope, by a throw event, or by an event
    /// sub-process that an error begins.
    fn saga(&mut self, depth: u32) -> Body {
        let n = self.number();
        let loops = std::mem::take(&mut self.loops);
        let mut steps = vec![self.job_task()];
        let mut tasks = Vec::new();
        for _ in 0..2 + self.below(2) {
            let depth = if self.chance(3) { depth - 1 } else { 0 };
            let mut activity = self.bare(depth);
            if !self.chance(4) {
                activity.handler = Some(self.number());
                tasks.push(activity.n);
            }
            steps.push(Block::Activity(Box::new(activity)));
        }
        self.loops = loops;
        let last = tasks.last().copied();
        let mut events = Vec::new();
        let mut ending = Ending::Compensate;
        match self.below(3) {
            0 => {
                let only = last.filter(|_| self.chance(2));
                let throw = Block::Throw(Throw::Compensate(self.number(), only));
                steps.extend([self.job_task(), throw, self.job_task()]);
                ending = Ending::None;
            }
            1 => {
                let throw = Block::Throw(Throw::Compensate(self.number(), None));
                let then = Block::Seq(vec![self.job_task(), throw]);
                let catch = self.catch(On::Error);
                ending = Ending::Error(catch.n);
                steps.push(self.job_task());
                events.push(Side { catch, interrupting: true, then });
            }
            _ => steps.push(self.job_task()),
        }
        Body { n, inner: Block::Seq(steps), events, ending }
    }
}
