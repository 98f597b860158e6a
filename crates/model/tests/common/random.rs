//! Random block-structured models, made with the builder.

use model::{Builder, Event};
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub enum Block {
    /// One element; the number chooses its kind.
    Leaf(u8),
    Sequence(Vec<Block>),
    Choice(Vec<Block>),
    Parallel(Vec<Block>),
    /// Back by a gateway; a service task keeps it from running for ever.
    Loop(Box<Block>),
    Sub(Box<Block>, Vec<u8>),
    /// Boundary events on a service task, each with what follows.
    Guarded(Vec<(u8, Block)>),
    Raced(Vec<Block>),
}

pub fn block() -> impl Strategy<Value = Block> {
    let leaf = any::<u8>().prop_map(Block::Leaf);
    leaf.prop_recursive(4, 40, 4, |inner| {
        let some = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            some().prop_map(Block::Sequence),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Block::Choice),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Block::Parallel),
            inner.clone().prop_map(|b| Block::Loop(Box::new(b))),
            (inner.clone(), prop::collection::vec(any::<u8>(), 0..3))
                .prop_map(|(b, events)| Block::Sub(Box::new(b), events)),
            prop::collection::vec((any::<u8>(), inner.clone()), 1..4).prop_map(Block::Guarded),
            prop::collection::vec(inner, 2..4).prop_map(Block::Raced),
        ]
    })
}

/// The process of a block, between a start and an end.
pub fn build(block: &Block) -> Builder {
    let mut names = Names(0);
    let builder = Builder::process("random").start("start").name("Something comes in");
    let builder = names.block(builder, block);
    builder.end("end")
}

struct Names(usize);

impl Names {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("n{}", self.0)
    }

    fn block(&mut self, b: Builder, block: &Block) -> Builder {
        match block {
            Block::Leaf(kind) => self.leaf(b, *kind),
            Block::Sequence(blocks) => blocks.iter().fold(b, |b, inner| self.block(b, inner)),
            Block::Choice(blocks) => {
                let (split, join) = (self.next(), self.next());
                let mut b = b.exclusive(&split).name("Which way to go?");
                for (at, inner) in blocks.iter().enumerate() {
                    b = b.at(&split).flow_name("this way");
                    b = if at == 0 { b.otherwise() } else { b.when("=way > 1") };
                    b = self.block(b, inner);
                    b = if at == 0 { b.exclusive(&join) } else { b.to(&join) };
                }
                b
            }
            Block::Parallel(blocks) => {
                let (split, join) = (self.next(), self.next());
                let mut b = b.parallel(&split);
                for (at, inner) in blocks.iter().enumerate() {
                    b = self.block(b.at(&split), inner);
                    b = if at == 0 { b.parallel(&join) } else { b.to(&join) };
                }
                b
            }
            Block::Loop(inner) => {
                let (head, tail, work) = (self.next(), self.next(), self.next());
                let b = b.exclusive(&head).service_task(&work, "work");
                let b = self.block(b, inner).exclusive(&tail);
                b.when("=again").flow_name("not yet done").to(&head).at(&tail).otherwise()
            }
            Block::Sub(inner, events) => {
                let id = self.next();
                let mut b = b.sub_process(&id, |b| {
                    let (start, end) = (self.next(), self.next());
                    self.block(b.start(&start), inner).end(&end)
                });
                for kind in events {
                    let (event, end) = (self.next(), self.next());
                    b = b
                        .boundary(&event, caught(*kind, &event))
                        .name("Too late")
                        .end(&end)
                        .at(&id);
                }
                b
            }
            Block::Guarded(events) => {
                let id = self.next();
                let mut b = b.service_task(&id, "guarded").name("Work that may go wrong");
                for (kind, inner) in events {
                    let (event, end) = (self.next(), self.next());
                    b = b.boundary(&event, caught(*kind, &event));
                    b = if kind % 2 == 0 { b.name("It did go wrong") } else { b };
                    b = self.block(b, inner).end(&end).at(&id);
                }
                b
            }
            Block::Raced(blocks) => {
                let (gateway, join) = (self.next(), self.next());
                let mut b = b.event_based(&gateway);
                for (at, inner) in blocks.iter().enumerate() {
                    let event = self.next();
                    b = b.at(&gateway).catch(&event, Event::message(&event, "=key"));
                    b = self.block(b, inner);
                    b = if at == 0 { b.exclusive(&join) } else { b.to(&join) };
                }
                b
            }
        }
    }

    fn leaf(&mut self, b: Builder, kind: u8) -> Builder {
        let id = self.next();
        match kind % 16 {
            0 => b.send_task(&id, "send").header("a", "<b> & \"c\"\n"),
            1 => b.script_task(&id, "=a + 1", "b").input("=x.y", "a").output("=b", "r.s"),
            2 => b.user_task(&id).name("Look at it").assignee("=someone").priority("70"),
            3 => b.receive_task(&id, "answer", "=key"),
            4 => b.catch(&id, Event::after("PT1H")).name("An hour goes by"),
            5 => b.throw(&id, Event::signal("go")),
            6 => b.call_activity(&id, "other").for_each("=items", "item").sequential(),
            7 => b.decision_task(&id, "rule", "result"),
            8 => b.throw(&id, Event::publish_message("news", "=key")),
            9 => b.job_task(&id, model::TaskKind::User, "").candidate_groups("sales"),
            10 => b.catch(&id, Event::condition("=stock > 3")),
            11 => b.throw(&id, Event::escalation("hurry")),
            12 => {
                let (event, undo) = (format!("{id}_e"), format!("{id}_u"));
                b.service_task(&id, "book").compensation(&event, |b| b.service_task(&undo, "undo"))
            }
            13 => b.throw(&id, Event::send_message("hello", "mail")),
            _ => b.service_task(&id, "work").retries("5"),
        }
    }
}

fn caught(kind: u8, id: &str) -> Event {
    match kind % 4 {
        0 => Event::after("PT5M"),
        1 => Event::error(id),
        2 => Event::message(id, "=key"),
        _ => Event::escalation(id),
    }
}
