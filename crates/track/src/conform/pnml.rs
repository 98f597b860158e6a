//! Petri nets for other tools: PNML (ISO 15909-2), the part that all of them read.

use std::fmt::Write;

use super::net::Net;

impl Net {
    /// The net as PNML, with initial and final marking; `names` are the labels.
    pub fn to_pnml(&self, names: &[String]) -> String {
        let mut out = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<pnml>\n\
             <net id=\"net\" type=\"http://www.pnml.org/version-2009/grammar/pnmlcoremodel\">\n\
             <page id=\"page\">\n",
        );
        for place in 0..self.places {
            let mark = "<initialMarking><text>1</text></initialMarking>";
            let mark = if place == self.start { mark } else { "" };
            let _ = writeln!(
                out,
                "<place id=\"p{place}\"><name><text>p{place}</text></name>{mark}</place>"
            );
        }
        for (at, transition) in self.transitions.iter().enumerate() {
            let name = transition.label.and_then(|label| names.get(label as usize));
            let text = name.map_or_else(|| format!("silent {at}"), |name| escaped(name));
            let silent = if name.is_none() {
                "<toolspecific tool=\"ProM\" version=\"6.4\" activity=\"$invisible$\"/>"
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "<transition id=\"t{at}\"><name><text>{text}</text></name>{silent}</transition>"
            );
        }
        let mut arcs = 0;
        let mut arc = |from: String, to: String| {
            arcs += 1;
            let _ = writeln!(out, "<arc id=\"a{arcs}\" source=\"{from}\" target=\"{to}\"/>");
        };
        for (at, transition) in self.transitions.iter().enumerate() {
            transition.inputs.iter().for_each(|place| arc(format!("p{place}"), format!("t{at}")));
            transition.outputs.iter().for_each(|place| arc(format!("t{at}"), format!("p{place}")));
        }
        let _ = write!(
            out,
            "</page>\n<finalmarkings><marking><place idref=\"p{}\"><text>1</text></place></marking>\
             </finalmarkings>\n</net>\n</pnml>\n",
            self.end
        );
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
