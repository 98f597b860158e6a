//! One offline HTML file: a picture with figures, tables beside it, nothing fetched.
//!
//! The page needs no network and allows none (its content policy says so), works without scripts
//! (the picture is then scrolled), and prints. Everything that comes from data is escaped.

use std::fmt::Write;

use crate::text::escape;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");
/// Rows of a table that are written; the rest is counted.
pub const TABLE_ROWS_MAX: usize = 1_000;

/// What a page shows, from top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub title: String,
    /// Below the title: the period, the source.
    pub subtitle: String,
    pub tiles: Vec<Tile>,
    /// From [`crate::svg`]; empty for none.
    pub svg: String,
    /// Above the picture: what its colours and numbers mean.
    pub legend: String,
    pub tables: Vec<Table>,
    /// Below everything: how the figures were made.
    pub footer: String,
}

/// One figure.
#[derive(Debug, Clone, Default)]
pub struct Tile {
    pub label: String,
    pub value: String,
    pub note: String,
    pub tone: Tone,
}

/// Whether a figure is good news.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Good,
    Warning,
    Bad,
}

/// A table with a heading.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub title: String,
    pub note: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// What to say when there are no rows.
    pub empty: String,
}

#[derive(Debug, Clone, Default)]
pub struct Column {
    pub name: String,
    /// Numbers stand at the right.
    pub number: bool,
}

/// One cell.
#[derive(Debug, Clone)]
pub enum Cell {
    Text(String),
    Number(String),
    /// A share from 0 to 1, drawn, with its text.
    Share(f64, String),
    /// A sequence, as chips.
    Steps(Vec<String>),
    /// A name that is found in the picture by its element id.
    Element {
        id: String,
        name: String,
    },
    /// A short word in a colour.
    Tag(String, Tone),
}

impl Column {
    pub fn text(name: &str) -> Column {
        Column { name: name.to_owned(), number: false }
    }

    pub fn number(name: &str) -> Column {
        Column { name: name.to_owned(), number: true }
    }
}

/// The page as one file.
pub fn html(page: &Page) -> String {
    let title = escape(&page.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>{title}</h1>\n<p>{}</p>\n</header>\n<main>\n",
        escape(&page.subtitle)
    );
    tiles(&mut out, &page.tiles);
    if !page.svg.is_empty() {
        picture(&mut out, page);
    }
    for table in &page.tables {
        section(&mut out, table);
    }
    let footer = escape(&page.footer);
    let _ = write!(out, "</main>\n<footer>{footer}</footer>\n<script>{SCRIPT}</script>\n");
    out.push_str("</body>\n</html>\n");
    out
}

fn tiles(out: &mut String, tiles: &[Tile]) {
    if tiles.is_empty() {
        return;
    }
    out.push_str("<div class=\"tiles\">\n");
    for tile in tiles {
        let _ = writeln!(
            out,
            "<div class=\"tile {}\"><span class=\"label\">{}</span><strong>{}</strong>\
             <span class=\"note\">{}</span></div>",
            tone(tile.tone),
            escape(&tile.label),
            escape(&tile.value),
            escape(&tile.note)
        );
    }
    out.push_str("</div>\n");
}

fn picture(out: &mut String, page: &Page) {
    let _ = writeln!(
        out,
        "<section class=\"picture\">\n<div class=\"bar\"><p>{}</p><div class=\"buttons\">\
         <button type=\"button\" data-do=\"out\" aria-label=\"Smaller\">−</button>\
         <button type=\"button\" data-do=\"in\" aria-label=\"Larger\">+</button>\
         <button type=\"button\" data-do=\"fit\">Whole picture</button>\
         <button type=\"button\" data-do=\"read\">Readable</button></div></div>\n\
         <div class=\"view\" tabindex=\"0\" aria-label=\"Diagram; drag to move, wheel with Ctrl to \
         zoom\">{}</div>\n</section>",
        escape(&page.legend),
        page.svg
    );
}

fn section(out: &mut String, table: &Table) {
    let _ = writeln!(out, "<section>\n<h2>{}</h2>", escape(&table.title));
    if !table.note.is_empty() {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(&table.note));
    }
    if table.rows.is_empty() {
        let _ = writeln!(out, "<p class=\"empty\">{}</p>\n</section>", escape(&table.empty));
        return;
    }
    out.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for column in &table.columns {
        let class = if column.number { " class=\"number\"" } else { "" };
        let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", escape(&column.name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in table.rows.iter().take(TABLE_ROWS_MAX) {
        out.push_str("<tr>");
        row.iter().for_each(|cell| self::cell(out, cell));
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    if let Some(more) = table.rows.len().checked_sub(TABLE_ROWS_MAX).filter(|more| *more > 0) {
        let _ = writeln!(out, "<p class=\"note\">and {more} more</p>");
    }
    out.push_str("</section>\n");
}

fn cell(out: &mut String, cell: &Cell) {
    let _ = match cell {
        Cell::Text(text) => write!(out, "<td>{}</td>", escape(text)),
        Cell::Number(text) => write!(out, "<td class=\"number\">{}</td>", escape(text)),
        Cell::Share(share, text) => write!(
            out,
            "<td class=\"share\"><span class=\"track\"><span style=\"width:{:.1}%\"></span></span>\
             <span>{}</span></td>",
            share.clamp(0.0, 1.0) * 100.0,
            escape(text)
        ),
        Cell::Steps(steps) => {
            let chips: String = steps.iter().map(|s| format!("<li>{}</li>", escape(s))).collect();
            write!(out, "<td><ol class=\"steps\">{chips}</ol></td>")
        }
        Cell::Element { id, name } => write!(
            out,
            "<td><a href=\"#\" data-element=\"{}\">{}</a></td>",
            escape(id),
            escape(name)
        ),
        Cell::Tag(text, of) => {
            write!(out, "<td><span class=\"tag {}\">{}</span></td>", tone(*of), escape(text))
        }
    };
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "neutral",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        let evil = "<script>alert(1)</script>\"'&".to_owned();
        Page {
            title: evil.clone(),
            subtitle: evil.clone(),
            tiles: vec![Tile { label: evil.clone(), value: "1".into(), ..Tile::default() }],
            svg: "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>".into(),
            legend: evil.clone(),
            tables: vec![Table {
                title: evil.clone(),
                columns: vec![Column::text("a"), Column::number("b")],
                rows: vec![vec![
                    Cell::Text(evil.clone()),
                    Cell::Share(7.0, evil.clone()),
                    Cell::Steps(vec![evil.clone()]),
                    Cell::Element { id: evil.clone(), name: evil.clone() },
                    Cell::Tag(evil, Tone::Bad),
                ]],
                ..Table::default()
            }],
            footer: String::new(),
        }
    }

    #[test]
    fn nothing_from_data_becomes_markup() {
        let html = html(&page());
        assert_eq!(html.matches("<script>").count(), 1, "only the page's own script");
        assert!(!html.contains("alert(1)</script>"));
        assert!(html.contains("&lt;script&gt;alert(1)"));
    }

    #[test]
    fn nothing_is_fetched() {
        let html = html(&page());
        let addresses = html.matches("http").count();
        // The name space of SVG and the words http-equiv; neither is an address to fetch.
        assert_eq!(addresses, html.matches("http://www.w3.org/2000/svg").count() + 1);
        assert!(html.contains("default-src 'none'"));
        assert!(!html.contains("@import") && !html.contains("url("));
    }

    #[test]
    fn long_tables_are_cut_and_say_so() {
        let mut page = page();
        page.tables[0].rows = vec![vec![Cell::Text("x".into())]; TABLE_ROWS_MAX + 5];
        let html = html(&page);
        assert_eq!(html.matches("<td>x</td>").count(), TABLE_ROWS_MAX);
        assert!(html.contains("and 5 more"));
        page.tables[0].rows.clear();
        page.tables[0].empty = "No findings.".into();
        assert!(super::html(&page).contains("<p class=\"empty\">No findings.</p>"));
    }
}
