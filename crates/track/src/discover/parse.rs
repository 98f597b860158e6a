//! Process trees as text, as [`Tree::show`] and other miners write them.

use super::tree::Tree;
use crate::limits::DISCOVER_DEPTH_MAX;
use crate::log::Activity;

impl Tree {
    /// Reads `->('a', X('b', τ), +('c', 'd'), *('e', τ))`; `tau` is another word for `τ`, and
    /// what comes back in a loop may have several parts. `names` are the log's activities.
    ///
    /// # Errors
    /// "expected …, but …", with the column.
    pub fn parse(text: &str, names: &[String]) -> Result<Tree, String> {
        let mut reader = Reader { text, at: 0, names };
        let tree = reader.tree(0)?;
        match reader.rest().chars().next() {
            None => Ok(tree),
            Some(more) => Err(reader.wrong(&format!("the end, but there is {more:?}"))),
        }
    }
}

/// Makes a tree of its children.
type Make = fn(Vec<Tree>) -> Tree;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    names: &'t [String],
}

impl<'t> Reader<'t> {
    /// What is left, white space passed over.
    fn rest(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn wrong(&self, what: &str) -> String {
        let column = self.text[..self.at].chars().count() + 1;
        format!("expected {what} at column {column} of the tree")
    }

    fn tree(&mut self, depth: usize) -> Result<Tree, String> {
        if depth > DISCOVER_DEPTH_MAX {
            return Err(
                self.wrong(&format!("at most {DISCOVER_DEPTH_MAX} levels, but one more is"))
            );
        }
        if self.take("τ") || self.take("tau") {
            return Ok(Tree::Silent);
        }
        if self.take("'") {
            return self.activity();
        }
        let operators: [(&str, Make); 4] = [
            ("->(", Tree::Sequence),
            ("X(", Tree::Choice),
            ("+(", Tree::Parallel),
            ("*(", |mut children| {
                let body = children.remove(0);
                let redo =
                    if children.len() == 1 { children.remove(0) } else { Tree::Choice(children) };
                Tree::repeat(body, redo)
            }),
        ];
        for (word, make) in operators {
            if self.take(word) {
                return Ok(make(self.children(depth)?));
            }
        }
        Err(self.wrong("'a name', τ, ->(, X(, +( or *("))
    }

    /// At least one.
    fn children(&mut self, depth: usize) -> Result<Vec<Tree>, String> {
        let mut children = vec![self.tree(depth + 1)?];
        while self.take(",") {
            children.push(self.tree(depth + 1)?);
        }
        match self.take(")") {
            true => Ok(children),
            false => Err(self.wrong("a comma or a closing bracket")),
        }
    }

    /// A name may have quotes of its own: it ends where a comma, a bracket or nothing follows.
    fn activity(&mut self) -> Result<Tree, String> {
        let rest = &self.text[self.at..];
        let ends = rest.match_indices('\'').map(|(at, _)| at).filter(|at| {
            let behind = rest[at + 1..].trim_start();
            behind.is_empty() || behind.starts_with([',', ')'])
        });
        for end in ends {
            if let Some(known) = self.names.iter().position(|name| *name == rest[..end]) {
                self.at += end + 1;
                return Ok(Tree::Activity(known as Activity));
            }
        }
        Err(self.wrong("an event type of the log"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_as_it_is_shown() {
        let names: Vec<String> =
            ["a", "it's b", "c, 'd'"].iter().map(|s| (*s).to_owned()).collect();
        let text = "->('a', X('it's b', τ), *(+('a', 'c, 'd''), X(τ)))";
        let tree = Tree::parse(text, &names).expect("a tree");
        assert_eq!(tree.show(&names), text);
        let other = "X( 'a', *( 'a', tau, 'it's b' ) )";
        let read = Tree::parse(other, &names).expect("a tree");
        assert_eq!(read.show(&names), "X('a', *('a', X(τ, 'it's b')))");
    }

    #[test]
    fn what_is_no_tree_says_where() {
        let names = ["a".to_owned()];
        let deep = "X(".repeat(DISCOVER_DEPTH_MAX + 2);
        for (text, wrong) in [
            ("", "expected 'a name', τ, ->(, X(, +( or *( at column 1 of the tree"),
            ("X(τ τ)", "expected a comma or a closing bracket at column 5 of the tree"),
            ("X('b')", "expected an event type of the log at column 4 of the tree"),
            ("'a')", "expected the end, but there is ')' at column 4 of the tree"),
            (&*deep, "expected at most 500 levels, but one more is at column 1003 of the tree"),
        ] {
            assert_eq!(Tree::parse(text, &names), Err(wrong.to_owned()));
        }
    }
}
