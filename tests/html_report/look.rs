//! What people see and do: at four appearances, by keyboard, on paper, with nothing to show and with hostile names.

use serde_json::{Value, json};
use sigma_catalog::simulator::Options;

use crate::browser::Tab;
use crate::facts::Build;
use crate::file::{HOSTILE, hostile, written};
use crate::shared::{Context, run};
use crate::world::World;

/// Width, height and whether it is dark.
const APPEARANCES: [(u32, u32, bool); 4] =
    [(1280, 900, false), (1280, 900, true), (390, 844, false), (390, 844, true)];

/// How something is named in pictures.
fn named(what: &str, (width, _, dark): (u32, u32, bool)) -> String {
    format!("{what}-{width}-{}", if dark { "dark" } else { "light" })
}

/// What a page must never do, whatever is on it.
#[track_caller]
fn is_sound(tab: &mut Tab, what: &str) {
    assert_eq!(tab.problems(), [""; 0], "{what}");
    let wide = tab.eval("[document.documentElement.scrollWidth, innerWidth]");
    assert!(wide[0].as_u64() <= wide[1].as_u64(), "{what}: the page is wider than the window: {wide}");
    assert_eq!(tab.eval("performance.getEntriesByType('resource').length"), 0, "{what}");
    let unnamed = "[...document.querySelectorAll('a, button, input, summary, section, [tabindex]')].filter((one) => \
        !one.textContent.trim() && !one.ariaLabel && !one.placeholder).map((one) => one.outerHTML)";
    assert_eq!(tab.eval(unnamed), json!([]), "{what}: without a name");
}

/// Finds something by the search, with the keyboard alone.
fn find(tab: &mut Tab, question: &str) {
    tab.eval("field.focus(); field.select()");
    tab.type_text(question);
    tab.press("ArrowDown");
    assert_eq!(tab.eval("field.getAttribute('aria-activedescendant')"), "answer-0", "{question}");
    tab.press("Enter");
    tab.until("panel.querySelector('.panel') === document.activeElement");
}

#[test]
#[ignore = "needs Chromium: .ci/run has it"]
fn people_find_what_they_look_for_in_a_simulated_organisation() {
    let context = Context::new(Options { pages: 1, elements: 1, columns: 2, ..Options::small() });
    context.extract();
    context.extract();
    let users = "network_id,email,display_name,active\n\
        amara,amara.mensah@northwind-labs.example,Amara,true\nghost,ghost@northwind-labs.example,Ghost,true\n";
    std::fs::write(context.folder.path().join("users.csv"), users).expect("a file");
    let report = |arguments: &[&str]| {
        let source = ["--db", "catalog.db", "--catalog-users-csv", "users.csv", "--match", "email"];
        run(&mut context.command(&[&["report"], arguments, &source].concat()))
    };
    let made = report(&["html", "--out", "report.html"]);
    assert_eq!(made.code, 0, "{made}");
    let matrix = report(&["R17", "--format", "json"]).json();
    let cells = matrix["rows"].as_array().expect("rows").iter();
    let cells = cells.filter(|row| !row["workspace_id"].is_null() && !row["max_level"].is_null()).count();
    assert!(cells > 3, "{matrix:#}");
    // The workbook that most paths lead to, and one of whom they start from.
    let all = report(&["R01", "--format", "json"]).json();
    let row = all["rows"].as_array().expect("rows").iter().max_by_key(|row| {
        let is_workbook =
            row["kind"] == "workbook" && row["via"] == "team" && row["depth"].as_u64() > Some(0);
        (is_workbook, row["paths_count"].as_u64())
    });
    let row = row.expect("an access");
    let (email, workbook) = (row["email"].as_str().expect("text"), row["name"].as_str().expect("text"));
    let reached = |row: &&Value| row["email"] == email && row["level"] != "unknown";
    let reaches = all["rows"].as_array().expect("rows").iter().filter(reached).count();

    let mut grounds = Vec::new();
    for look in APPEARANCES {
        let mut tab = Tab::open(look.0, look.1, look.2);
        tab.load(&context.folder.path().join("report.html"), "");
        is_sound(&mut tab, "the page");
        grounds.push(tab.eval("getComputedStyle(document.body).backgroundColor"));
        tab.eval("document.getElementById('teams').scrollIntoView()");
        tab.until("heat.childElementCount > 0");
        assert_eq!(tab.eval("heat.querySelectorAll('td.heat').length"), cells);
        let words = tab.eval("[...heat.querySelectorAll('td.heat')].every((cell) => /^(view|explore|organize|edit)\\d/.test(cell.textContent))");
        assert_eq!(words, true, "a cell without words");
        tab.picture(&named("heat", look), false);
        tab.eval("scrollTo(0, 0)");
        tab.picture(&named("page", look), true);
        let lines = tab.eval("document.querySelectorAll('.tiles path').length");
        assert_eq!(lines, 8, "two runs make a line for each number");
        assert_eq!(tab.eval("document.querySelectorAll('#identity tbody tr').length > 1"), true);

        find(&mut tab, email);
        assert_eq!(tab.eval("panel.querySelector('h3').textContent"), email);
        let said = tab.eval("panel.textContent");
        let said = said.as_str().expect("text");
        assert!(said.contains(&format!("Reaches {reaches} object")), "{reaches}: {said}");
        tab.eval("panel.querySelectorAll('details').forEach((part) => { part.open = true; })");
        let open = format!(
            "[...panel.querySelectorAll('tbody button')].find((button) => button.textContent === {})",
            json!(workbook)
        );
        tab.until(&format!("!!{open}"));
        tab.eval(&format!("{open}.focus(); {open}.scrollIntoView({{ block: 'center' }})"));
        tab.press("Enter");
        let boxes = tab.eval(
            "[...panel.querySelectorAll('.opened .path.wins .box strong')].map((box) => box.textContent)",
        );
        let boxes = boxes.as_array().expect("boxes");
        assert_eq!((&boxes[0], boxes.last()), (&json!(email), Some(&json!(workbook))), "{boxes:?}");
        assert!(boxes.len() >= 4, "person, team, container, workbook: {boxes:?}");
        let paths = tab.eval("panel.querySelectorAll('.opened .path').length");
        assert_eq!(paths, row["paths_count"], "every path is drawn");
        is_sound(&mut tab, "a person");
        tab.picture(&named("person", look), false);

        find(&mut tab, workbook);
        assert_eq!(tab.eval("panel.querySelector('h3').textContent"), workbook);
        assert_eq!(tab.eval("!!panel.querySelector('.sure')"), true, "confidence in words");
        is_sound(&mut tab, "an object");
        tab.picture(&named("object", look), false);
    }
    let dark_and_light: Vec<bool> = grounds.iter().map(|ground| *ground == grounds[0]).collect();
    assert_eq!(dark_and_light, [true, false, true, false], "{grounds:?}");
}

#[test]
#[ignore = "needs Chromium: .ci/run has it"]
fn hostile_names_stay_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(&folder, &hostile());
    for look in APPEARANCES {
        let mut tab = Tab::open(look.0, look.1, look.2);
        tab.load(&path, "");
        for (question, title) in [("b <", format!("B {HOSTILE}")), ("ann<", format!("ann{HOSTILE}@x.com"))] {
            find(&mut tab, question);
            assert_eq!(tab.eval("panel.querySelector('h3').textContent"), title);
            tab.eval("[...panel.querySelectorAll('tbody button')].forEach((button) => button.click())");
            assert_eq!(tab.eval("panel.querySelectorAll('.path').length > 0"), true);
            is_sound(&mut tab, "a hostile name");
        }
        tab.picture(&named("hostile", look), true);
        tab.eval("document.getElementById('teams').scrollIntoView()");
        tab.until("heat.childElementCount > 0");
        assert_eq!(tab.eval("[document.scripts.length, document.images.length]"), json!([2, 0]));
        let shown = tab
            .eval("['teams', 'findings', 'exposure'].map((id) => document.getElementById(id).textContent)");
        for text in shown.as_array().expect("texts") {
            assert!(text.as_str().expect("text").contains(HOSTILE), "{text}");
        }
        is_sound(&mut tab, "hostile names");
    }
}

#[test]
#[ignore = "needs Chromium: .ci/run has it"]
fn what_was_not_read_is_said_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new();
    let facts = &mut world.facts;
    facts.member("ann", "Creator");
    facts.member("ben", "Creator");
    facts.workspace("w");
    facts.folder("f", "w");
    facts.document("workbook", "b", "f");
    facts.grant("b", "ann", "view");
    facts.team("all", &[]).name = Some("All Members".into());
    facts.workspace("open");
    facts.folder("g", "open");
    facts.grant("open", "team:all", "view");
    for folder in ["f", "g"] {
        facts.readings.note("object-grants", folder, false);
    }
    let mut tab = Tab::open(390, 844, false);
    tab.load(&written(&folder, &world), "");
    find(&mut tab, "b");
    let chips = "[...panel.querySelectorAll('tbody tr')].map((row) => row.querySelector('button').textContent + ': ' + row.querySelector('.sure').textContent)";
    tab.eval("panel.querySelectorAll('details').forEach((part) => { part.open = true; })");
    tab.until("panel.querySelectorAll('tbody tr').length === 2");
    assert_eq!(tab.eval(chips), json!(["ann@x.com: lower bound", "ben@x.com: unknown"]));
    find(&mut tab, "ben");
    let said = tab.eval("panel.textContent");
    let said = said.as_str().expect("text");
    assert!(
        said.contains("Reaches 2 objects.") && said.contains("whether this person reaches 2 other"),
        "{said}"
    );
    let gaps = tab.eval("document.getElementById('unknown').textContent");
    assert!(gaps.as_str().expect("text").contains("object-grants"), "{gaps}");
    let exposed = tab.eval(
        "[...document.querySelectorAll('#exposure tbody td:last-child')].map((cell) => cell.textContent)",
    );
    assert_eq!(exposed, json!(["exact", "lower bound"]), "the workspace, and what lies in it");
    tab.until("heat.childElementCount > 0");
    assert_eq!(tab.eval("heat.querySelector('thead').textContent"), "Teamopenlower bound");
    is_sound(&mut tab, "gaps");
}

#[test]
#[ignore = "needs Chromium: .ci/run has it"]
fn an_organisation_with_nothing_in_it_is_a_page_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(&folder, &World::new());
    for look in APPEARANCES {
        let mut tab = Tab::open(look.0, look.1, look.2);
        tab.load(&path, "#person-0");
        tab.until("heat.childElementCount > 0");
        is_sound(&mut tab, "nothing");
        tab.eval("field.focus()");
        tab.type_text("anybody");
        assert_eq!(tab.eval("told.textContent"), "0 found");
        tab.press("Enter");
        tab.picture(&named("empty", look), true);
        is_sound(&mut tab, "nothing found");
    }
}

#[test]
#[ignore = "needs Chromium: .ci/run has it"]
fn the_keyboard_and_paper_are_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut tab = Tab::open(1280, 900, false);
    tab.load(&written(&folder, &hostile()), "");
    tab.press("Tab");
    assert_eq!(tab.eval("document.activeElement.className"), "skip");
    assert_eq!(tab.eval("document.activeElement.getBoundingClientRect().left >= 0"), true, "it is seen");
    tab.press("Enter");
    tab.press("Tab");
    assert_eq!(tab.eval("document.activeElement.id"), "question", "the skip link leads to the search");
    tab.type_text("x.com");
    assert_eq!(
        tab.eval("[field.getAttribute('aria-expanded'), told.textContent]"),
        json!(["true", "2 found"])
    );
    tab.picture("search", false);
    let chosen = "[...list.children].map((option) => option.getAttribute('aria-selected'))";
    for (key, places) in [
        ("ArrowDown", ["true", "false"]),
        ("ArrowDown", ["false", "true"]),
        ("ArrowDown", ["true", "false"]),
        ("ArrowUp", ["false", "true"]),
    ] {
        tab.press(key);
        assert_eq!(tab.eval(chosen), json!(places));
    }
    tab.press("Escape");
    assert_eq!(tab.eval("[field.value, list.hidden]"), json!(["", true]));
    tab.type_text("ann");
    tab.press("Enter");
    tab.until("panel.querySelector('.panel') === document.activeElement");
    tab.press("Tab");
    assert_eq!(tab.eval("document.activeElement.tagName"), "SUMMARY", "on into the panel");
    let outlined = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(tab.eval(outlined), "solid", "the focus is seen");

    let ground = "getComputedStyle(document.body).backgroundColor";
    let before = tab.eval(ground);
    tab.eval("theme.focus()");
    tab.press("Enter");
    assert_ne!(tab.eval(ground), before, "the other theme");
    assert_eq!(tab.eval("theme.textContent"), "Light");

    tab.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    tab.eval("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(
        tab.eval("[getComputedStyle(document.querySelector('.bar')).display, heat.childElementCount > 0]"),
        json!(["none", true])
    );
    assert_eq!(tab.eval(ground), "rgb(255, 255, 255)", "paper is white, whatever the theme");
    tab.picture("paper", true);
    assert_eq!(tab.problems(), [""; 0]);
}
