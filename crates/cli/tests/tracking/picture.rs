//! The page in a real browser: nothing overlaps, names can be read, nothing is fetched, no error.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::*;

/// Measures the page and leaves what it found in an attribute of its body.
const MEASURE: &str = r#"<script>
window.addEventListener("load", function () {
  var box = function (e) { return e.getBoundingClientRect(); };
  var hit = function (a, b) {
    return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  };
  var all = function (q) { return Array.prototype.slice.call(document.querySelectorAll(q)); };
  var clashes = function (of) {
    var found = [];
    of.forEach(function (a, i) {
      of.slice(i + 1).forEach(function (b) {
        if (hit(box(a), box(b))) found.push(a.textContent.trim() + " / " + b.textContent.trim());
      });
    });
    return found;
  };
  var names = all("svg text").filter(function (t) { return /Step/.test(t.textContent); });
  var found = {
    tiles: clashes(all(".tile")),
    pills: clashes(all("svg .pill")),
    texts: clashes(all("svg text, svg .pill").filter(function (e) {
      return e.matches(".pill") || !e.closest(".pill");
    })),
    wide: document.documentElement.scrollWidth - window.innerWidth,
    names: names.length,
    size: Math.min.apply(null, names.map(function (t) {
      return parseFloat(getComputedStyle(t).fontSize) * box(t.ownerSVGElement).width /
        t.ownerSVGElement.viewBox.baseVal.width;
    })),
    begins: (function () {
      var b = box(document.querySelector("svg [data-id] circle"));
      var v = box(document.querySelector(".view"));
      return b.top >= v.top && b.bottom <= v.bottom && b.left >= v.left && b.right <= v.right;
    })(),
    cut: all("svg [data-id]").filter(function (e) {
      var b = box(e), v = box(document.querySelector(".view"));
      return b.top < v.top && b.bottom > v.top;
    }).map(function (e) { return e.getAttribute("data-id"); }),
    across: (function () {
      var v = document.querySelector(".view"); return v.scrollWidth - v.clientWidth;
    })(),
  };
  document.body.setAttribute("data-found", JSON.stringify(found));
});
</script>"#;

fn browser() -> Option<&'static str> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let found = known.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        println!("not run: pictures in a browser: there is no chromium");
    }
    found
}

/// 27 activities with choices and long names, as a discovered model has them.
fn log(place: &Place) {
    let mut events = Vec::new();
    for case in 0..60_i64 {
        let mut at = NINE + case * HOUR;
        let trace = format!("c{case}");
        let mut say = |kind: String, minutes: i64| {
            at += minutes * MINUTE;
            events.push(event(&format!("{trace}-{}", events.len()), &trace, &kind, at));
        };
        for step in 0..13 {
            say(format!("Step {step:02} examine the application thoroughly"), 1 + case % 7);
            // One of two ways, or, now and then, neither.
            match (case + step) % 9 {
                0 => {}
                n if n % 2 == 0 => say(format!("Step {step:02} a ask for advice"), 90),
                _ => say(format!("Step {step:02} b decide at once"), 3),
            }
        }
        say("Step 99 archive".to_owned(), 1);
    }
    place.add("events.jsonl", &events);
}

/// What a browser of this width finds on a page.
fn measured(browser: &str, place: &Place, name: &str, width: u32) -> Value {
    let page = place.read(name);
    assert!(page.len() < 3 << 20, "{} bytes", page.len());
    place.write("measured.html", &page.replace("</body>", &format!("{MEASURE}</body>")));
    let profile = format!("--user-data-dir={}/browser-{width}", place.path().display());
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"])
        .args(["--v=0", "--dump-dom", &profile, &format!("--window-size={width},1000")])
        .arg(format!("file://{}/measured.html", place.path().display()))
        .output()
        .unwrap();
    let (dom, log) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(console, [""; 0], "at {width}");
    let (_, rest) = dom.split_once("data-found=\"").expect("the page was measured");
    let (found, _) = rest.split_once('"').unwrap();
    let found: Value = serde_json::from_str(&found.replace("&quot;", "\"")).unwrap();
    for of in ["tiles", "pills", "texts", "cut"] {
        assert_eq!(found[of], serde_json::json!([]), "{of} of {name} at {width}");
    }
    assert_eq!(found["begins"], true, "{name} opens where the process begins, at {width}");
    let wide = found["wide"].as_i64().unwrap();
    assert!(wide <= 0, "{name} is wider than the window at {width}: {found}");
    found
}

#[test]
fn t6_the_picture_of_many_activities_can_be_read_and_nothing_overlaps() {
    let Some(browser) = browser() else { return };
    let place = Place::new();
    log(&place);
    place.run(&["track", "discover", "events.jsonl", "--noise", "0.05", "--html", "page.html"]);
    for width in [1_280, 800] {
        let found = measured(browser, &place, "page.html", width);
        assert!(found["names"].as_u64().unwrap() >= 27, "{found}");
        assert!(found["size"].as_f64().unwrap() >= 10.0, "{found} at {width}");
        let across = found["across"].as_f64().unwrap();
        assert!(across < f64::from(width) / 4.0, "{found} at {width}");
    }
}

/// The story over its own model, with one order of each kind of trouble; and the public log.
#[test]
fn b1_the_pages_of_the_story_and_of_a_public_log_can_be_read() {
    let Some(browser) = browser() else { return };
    let place = Place::new();
    for n in 0..20 {
        place.add("events.jsonl", &order(&format!("t{n}"), NINE + n * MINUTE, &STEPS));
    }
    let [placed, paid, fetched, shipped, completed] = STEPS;
    let skips = order("skips", NINE, &[placed, paid, shipped, completed]);
    let repeats = order("repeats", NINE, &[placed, paid, paid, fetched, shipped, completed]);
    place.add("events.jsonl", &[skips, repeats].concat());
    let model = model();
    let model = model.to_str().unwrap();
    place.run(&["track", "events.jsonl", "--model", model, "--html", "story.html"]);
    let mut pages = vec!["story.html"];
    let data = std::env::var("GREVY_DATA").unwrap_or_else(|_| "../../../shared/acceptance".into());
    let receipt = Path::new(&data).join("eventlogs/08_receipt.xes.gz");
    match receipt.canonicalize() {
        Ok(receipt) => {
            let file = receipt.to_str().unwrap();
            let more = ["--noise", "0.2", "--guess", "--html", "receipt.html"];
            place.run(&[&["track", "discover", file], &more[..]].concat());
            pages.push("receipt.html");
        }
        Err(_) => eprintln!("not run: the page of the receipt log (set GREVY_DATA)"),
    }
    for page in pages {
        for width in [1_280, 800] {
            measured(browser, &place, page, width);
        }
    }
}
