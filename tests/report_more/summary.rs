//! R22.

use crate::facts::{Build, empty};
use crate::made::made;

const NONE: [&str; 11] = [
    "counts|members|active members|0|",
    "counts|teams|teams|0|",
    "counts|workspace|workspaces|0|",
    "counts|folder|folders|0|",
    "counts|workbook|workbooks|0|",
    "counts|report|reports|0|",
    "counts|data-model|data models|0|",
    "counts|dataset|datasets|0|",
    "counts|grants|grants|0|",
    "exposure|everyone|objects that everybody but guests sees|0|",
    "identity|mapped|mapped members|0|the catalog's users, or who they are in Sigma, are not known",
];

const NO_FINDINGS: [&str; 5] = [
    "findings|critical|critical findings|0|",
    "findings|high|high findings|0|",
    "findings|medium|medium findings|0|",
    "findings|low|low findings|0|",
    "findings|info|info findings|0|",
];

#[test]
fn one_page_counts_everything() {
    let mut facts = empty();
    facts.workspace("ws");
    facts.folder("f", "ws");
    facts.document("workbook", "wb", "f");
    facts.document("workbook", "old", "f").is_archived = true;
    facts.member("ann", "Viewer");
    facts.member("bob", "Viewer").is_archived = true;
    facts.member("SigmaSchedulerRobot", "admin");
    facts.member("gus", "Viewer").user_kind = Some("guest".into());
    facts.team("all", &[]).name = Some("All Members".into());
    facts.grant("f", "team:all", "view");
    facts.grant("wb", "team:all", "edit");
    let made = made("R22", &facts);
    let text = |row: &Vec<String>| row.join("|");
    let rows: Vec<String> = made.csv.iter().filter(|row| row[0] != "findings").map(text).collect();
    let expected = [
        "counts|members|active members|2|1 more are deactivated",
        "counts|teams|teams|1|",
        "counts|workspace|workspaces|1|",
        "counts|folder|folders|1|",
        "counts|workbook|workbooks|1|",
        "counts|report|reports|0|",
        "counts|data-model|data models|0|",
        "counts|dataset|datasets|0|",
        "counts|grants|grants|2|",
        "exposure|everyone|objects that everybody but guests sees|2|",
        "exposure|wb|workbook ws/f/wb|1|members through All Members: Can Edit",
        "exposure|f|folder ws/f|1|members through All Members: Can View",
        NONE[10],
    ];
    assert_eq!(rows, expected);
}

#[test]
fn findings_of_all_reports_are_counted_by_severity() {
    let mut facts = empty();
    facts.workspace("ws");
    facts.team("none", &[]);
    facts.grant("ws", "team:none", "view");
    facts.grant("ws", "nobody", "view");
    let of = |facts: &sigma_catalog::catalog::facts::Facts| -> Vec<String> {
        let found =
            made("summary", facts).csv.into_iter().filter(|row| row[0] == "findings" && row[3] != "0");
        found.filter(|row| row[4].contains("R08")).map(|row| row[1].clone()).collect()
    };
    assert_eq!(of(&facts), ["medium", "low"]);
    facts.grants.clear();
    assert!(of(&facts).is_empty());
}

#[test]
fn an_empty_organisation_has_a_page_of_zeros() {
    let made = made("R22", &empty());
    made.is(&[&NONE[..], &NO_FINDINGS[..]].concat());
    assert_eq!(made.sure[..10], ["exact"; 10]);
    let mut facts = empty();
    facts.readings.note("members", "", false);
    assert_eq!(crate::made::made("R22", &facts).sure[0], "lower_bound");
}
