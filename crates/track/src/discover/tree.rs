//! Process trees: block-structured models, sound whatever their leaves.

use crate::log::Activity;

/// A process tree. Children of [`Tree::Sequence`], [`Tree::Choice`] and [`Tree::Parallel`] are two
/// at least in a simplified tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tree {
    /// Nothing happens.
    Silent,
    Activity(Activity),
    Sequence(Vec<Tree>),
    Choice(Vec<Tree>),
    Parallel(Vec<Tree>),
    /// The body once, then any number of times: redo and body.
    Loop {
        body: Box<Tree>,
        redo: Box<Tree>,
    },
}

impl Tree {
    pub fn repeat(body: Tree, redo: Tree) -> Tree {
        Tree::Loop { body: Box::new(body), redo: Box::new(redo) }
    }

    /// May be passed without a visible step.
    pub fn nullable(&self) -> bool {
        match self {
            Tree::Silent => true,
            Tree::Activity(_) => false,
            Tree::Choice(children) => children.iter().any(Tree::nullable),
            Tree::Sequence(children) | Tree::Parallel(children) => {
                children.iter().all(Tree::nullable)
            }
            Tree::Loop { body, .. } => body.nullable(),
        }
    }

    /// Number of nodes.
    pub fn size(&self) -> usize {
        1 + self.children().iter().map(|child| child.size()).sum::<usize>()
    }

    pub fn children(&self) -> Vec<&Tree> {
        match self {
            Tree::Silent | Tree::Activity(_) => Vec::new(),
            Tree::Sequence(c) | Tree::Choice(c) | Tree::Parallel(c) => c.iter().collect(),
            Tree::Loop { body, redo } => vec![body, redo],
        }
    }

    /// The same language with fewer nodes: nested operators flattened, silent steps dropped where
    /// they add nothing.
    pub fn simplified(self) -> Tree {
        match self {
            Tree::Silent | Tree::Activity(_) => self,
            Tree::Sequence(children) => {
                let mut flat = Vec::new();
                for child in children {
                    match child.simplified() {
                        Tree::Silent => {}
                        Tree::Sequence(inner) => flat.extend(inner),
                        other => flat.push(other),
                    }
                }
                one_or(flat, Tree::Sequence)
            }
            Tree::Parallel(children) => {
                let mut flat = Vec::new();
                for child in children {
                    match child.simplified() {
                        Tree::Silent => {}
                        Tree::Parallel(inner) => flat.extend(inner),
                        other => flat.push(other),
                    }
                }
                one_or(flat, Tree::Parallel)
            }
            Tree::Choice(children) => choice(children),
            Tree::Loop { body, redo } => repeat(body.simplified(), redo.simplified()),
        }
    }

    /// The same with other numbers for its activities, each by the old one.
    pub fn renamed(&self, numbers: &[Activity]) -> Tree {
        let all = |children: &[Tree]| children.iter().map(|c| c.renamed(numbers)).collect();
        match self {
            Tree::Silent => Tree::Silent,
            Tree::Activity(old) => {
                Tree::Activity(numbers.get(*old as usize).copied().unwrap_or(*old))
            }
            Tree::Sequence(children) => Tree::Sequence(all(children)),
            Tree::Choice(children) => Tree::Choice(all(children)),
            Tree::Parallel(children) => Tree::Parallel(all(children)),
            Tree::Loop { body, redo } => Tree::repeat(body.renamed(numbers), redo.renamed(numbers)),
        }
    }

    /// As text, with names: `->(a, X(b, τ), +(c, d), *(e, f))`.
    pub fn show(&self, names: &[String]) -> String {
        let list = |children: &[Tree]| {
            children.iter().map(|child| child.show(names)).collect::<Vec<_>>().join(", ")
        };
        match self {
            Tree::Silent => "τ".to_owned(),
            Tree::Activity(activity) => names
                .get(*activity as usize)
                .map_or_else(|| format!("#{activity}"), |name| format!("'{name}'")),
            Tree::Sequence(children) => format!("->({})", list(children)),
            Tree::Choice(children) => format!("X({})", list(children)),
            Tree::Parallel(children) => format!("+({})", list(children)),
            Tree::Loop { body, redo } => format!("*({}, {})", body.show(names), redo.show(names)),
        }
    }
}

fn one_or(mut children: Vec<Tree>, make: fn(Vec<Tree>) -> Tree) -> Tree {
    match children.len() {
        0 => Tree::Silent,
        1 => children.remove(0),
        _ => make(children),
    }
}

fn choice(children: Vec<Tree>) -> Tree {
    let mut flat: Vec<Tree> = Vec::new();
    let mut silent = false;
    for child in children {
        let inner = match child.simplified() {
            Tree::Choice(inner) => inner,
            other => vec![other],
        };
        for child in inner {
            match child {
                Tree::Silent => silent = true,
                child if flat.contains(&child) => {}
                child => flat.push(child),
            }
        }
    }
    if silent && !flat.iter().any(Tree::nullable) {
        // A choice between passing and a loop that starts with itself again is one loop.
        if let [Tree::Loop { body, redo }] = flat.as_slice()
            && **redo == Tree::Silent
        {
            return Tree::repeat(Tree::Silent, (**body).clone());
        }
        flat.push(Tree::Silent);
    }
    one_or(flat, Tree::Choice)
}

fn repeat(body: Tree, redo: Tree) -> Tree {
    match (body, redo) {
        (Tree::Silent, Tree::Silent) => Tree::Silent,
        // Twice the same freedom.
        (Tree::Loop { body, redo }, Tree::Silent) if *redo == Tree::Silent => {
            Tree::Loop { body, redo }
        }
        (Tree::Loop { body, redo }, Tree::Silent) if *body == Tree::Silent => {
            Tree::Loop { body, redo }
        }
        // A body that may be passed and may be repeated at once: any number of times.
        (body, Tree::Silent) if body.nullable() => match without_silent(body) {
            Some(inner) => Tree::repeat(Tree::Silent, inner),
            None => Tree::Silent,
        },
        (Tree::Silent, redo) => match without_silent(redo) {
            Some(inner) => Tree::repeat(Tree::Silent, inner),
            None => Tree::Silent,
        },
        (body, redo) => Tree::repeat(body, redo),
    }
}

/// The tree without a silent alternative at its top; `None` when nothing else is left.
fn without_silent(tree: Tree) -> Option<Tree> {
    match tree {
        Tree::Silent => None,
        Tree::Choice(children) => {
            let rest: Vec<Tree> = children.into_iter().filter(|c| *c != Tree::Silent).collect();
            (!rest.is_empty()).then(|| one_or(rest, Tree::Choice))
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(activity: Activity) -> Tree {
        Tree::Activity(activity)
    }

    fn shown(tree: Tree) -> String {
        let names: Vec<String> = ["a", "b", "c"].iter().map(|s| (*s).to_owned()).collect();
        tree.simplified().show(&names)
    }

    #[test]
    fn simplification_keeps_the_language() {
        let nested = Tree::Sequence(vec![
            Tree::Silent,
            Tree::Sequence(vec![a(0), Tree::Choice(vec![a(1)])]),
            Tree::Parallel(vec![Tree::Silent, a(2)]),
        ]);
        assert_eq!(shown(nested), "->('a', 'b', 'c')");
        let choice = Tree::Choice(vec![
            Tree::Silent,
            Tree::Choice(vec![a(0), Tree::Silent]),
            Tree::repeat(Tree::Silent, a(1)),
        ]);
        assert_eq!(shown(choice), "X('a', *(τ, 'b'))");
        let looped = Tree::Choice(vec![Tree::Silent, Tree::repeat(a(0), Tree::Silent)]);
        assert_eq!(shown(looped), "*(τ, 'a')");
        let twice = Tree::repeat(Tree::repeat(a(0), Tree::Silent), Tree::Silent);
        assert_eq!(shown(twice), "*('a', τ)");
        let optional = Tree::repeat(Tree::Choice(vec![a(0), Tree::Silent]), Tree::Silent);
        assert_eq!(shown(optional), "*(τ, 'a')");
        assert_eq!(shown(Tree::repeat(Tree::Silent, Tree::Choice(vec![Tree::Silent]))), "τ");
    }
}
