//! What commands and reports say of the same thing is the same.

use serde_json::Value;
use sigma_catalog::simulator::Options;

use crate::context::Context;

fn rows(context: &Context, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["report"];
    all.extend(arguments);
    all.extend(["--format", "json"]);
    let ran = context.run(&all);
    assert_eq!(ran.code, 0, "{ran}");
    ran.json()["rows"].as_array().expect("rows").clone()
}

/// The row has all that the command says, under the same names.
#[track_caller]
fn agrees(row: &Value, said: &Value) {
    let said = said.as_object().expect("an object");
    assert!(said.len() == 19, "{said:#?}");
    for (name, value) in said {
        assert_eq!(row[name], *value, "{name}: {row}");
    }
}

#[test]
fn commands_about_access_say_what_reports_say() {
    let context = Context::extracted(Options::small());
    let all = rows(&context, &["R01"]);
    let said = context.run(&["access", "effective", "--format", "jsonl"]).stdout;
    let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(all.len() > 50 && all.len() == said.len());
    all.iter().zip(&said).for_each(|(row, said)| agrees(row, said));

    // The object that most see, and the member that sees most.
    let most = |column: &str| -> String {
        let count = |id: &Value| all.iter().filter(|row| row[column] == *id).count();
        let best = all.iter().map(|row| &row[column]).max_by_key(|id| count(id));
        best.and_then(Value::as_str).expect("an id").to_owned()
    };
    let (object, member) = (most("object_id"), most("member_id"));
    let of_object = rows(&context, &["R02", "--object", &object]);
    let said = context.run(&["access", "object", &object, "--format", "json"]).json();
    let members = said["members"].as_array().expect("members");
    assert_eq!(of_object.len(), members.len() + 1);
    for said in members {
        let row = of_object.iter().find(|row| row["member_id"] == said["member_id"]).expect("the member");
        agrees(row, said);
    }
    let (summary, counts) = (&of_object[0], &said["summary"]);
    assert_eq!(
        [&summary["n_members"], &summary["n_teams"], &summary["everyone"]],
        [&counts["members"], &counts["teams"], &counts["everyone"]]
    );

    let of_member = rows(&context, &["R03", "--member", &member]);
    let of_member: Vec<&Value> = of_member.iter().filter(|row| row["row"] == "access").collect();
    let said = context.run(&["access", "member", &member, "--format", "json"]).json();
    let objects = said["objects"].as_array().expect("objects");
    assert!(of_member.len() > 10 && of_member.len() == objects.len());
    of_member.iter().zip(objects).for_each(|(row, said)| agrees(row, said));

    let steps = rows(&context, &["R04", "--member", &member, "--object", &object]);
    let said = context.run(&["access", "explain", &member, &object, "--format", "json"]).json();
    let told: Vec<[&Value; 5]> = said["paths"]
        .as_array()
        .expect("paths")
        .iter()
        .flat_map(|path| {
            let steps = path["steps"].as_array().expect("steps").iter();
            steps
                .map(|step| [&path["winning"], &path["narrative"], &step["from"], &step["edge"], &step["to"]])
        })
        .collect();
    let reported: Vec<[&Value; 5]> = steps
        .iter()
        .map(|row| ["winning", "narrative", "from", "edge", "to"].map(|name| &row[name]))
        .collect();
    assert!(!told.is_empty());
    assert_eq!(reported, told);
}
