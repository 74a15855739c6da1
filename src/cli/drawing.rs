//! Graphs as text that other programs draw.

use std::fmt::Write;

/// A drawing: nodes with an id and their label, edges with a label and whether they stand out, in the order of appearance.
#[derive(Debug, Default)]
pub struct Drawing {
    pub nodes: Vec<(String, String)>,
    pub edges: Vec<(usize, usize, String, bool)>,
}

impl Drawing {
    /// For Graphviz. What stands out is bold.
    pub fn dot(&self, name: &str) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let mut text = format!("digraph {name} {{\n  rankdir=LR;\n  node [shape=box];\n");
        for (place, (_, label)) in self.nodes.iter().enumerate() {
            let _ = writeln!(text, "  n{place} [label=\"{}\"];", quoted(label));
        }
        for (from, to, label, stands_out) in &self.edges {
            let style = if *stands_out { ", style=bold" } else { "" };
            let _ = writeln!(text, "  n{from} -> n{to} [label=\"{}\"{style}];", quoted(label));
        }
        text.push('}');
        text
    }

    /// For Mermaid. What stands out is thick.
    pub fn mermaid(&self) -> String {
        // Mermaid reads entities in labels, so names cannot end a label or bring markup of their own.
        let quoted = |text: &str| {
            text.chars().fold(String::new(), |mut out, c| {
                match c {
                    '\n' => out.push_str("<br/>"),
                    '"' | '<' | '>' | '&' | '#' | '`' => {
                        let _ = write!(out, "#{};", u32::from(c));
                    }
                    c => out.push(c),
                }
                out
            })
        };
        let mut text = "graph LR".to_owned();
        for (place, (_, label)) in self.nodes.iter().enumerate() {
            let _ = write!(text, "\n  n{place}[\"{}\"]", quoted(label));
        }
        for (from, to, label, stands_out) in &self.edges {
            let arrow = if *stands_out { "==>" } else { "-->" };
            let _ = write!(text, "\n  n{from} {arrow}|\"{}\"| n{to}", quoted(label));
        }
        text
    }
}
