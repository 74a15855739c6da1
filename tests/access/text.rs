//! What people read: `access explain` and `access object`, word by word.

use rusqlite::Connection;
use sigma_catalog::simulator::Options;

use crate::context::Context;

/// A catalog whose rows are those of a story, so that every kind of path has its sentence.
fn story() -> Context {
    let context = Context::extracted(Options {
        awkward: false,
        workspaces: 1,
        workbooks: 1,
        members: 3,
        ..Options::small()
    });
    let catalog = Connection::open(context.database()).expect("the catalog");
    catalog
        .execute_batch(
            "DELETE FROM settled_run; DELETE FROM member_history; DELETE FROM team_history; DELETE FROM team_member_history;
             DELETE FROM workspace_history; DELETE FROM file_history; DELETE FROM document_history;
             DELETE FROM object_grant_history; DELETE FROM account_type_history;
             INSERT INTO account_type_history (id, name, is_custom, valid_from) VALUES
               ('a', 'Admin', 0, 1), ('v', 'View', 0, 1);
             INSERT INTO member_history (id, email, member_type, user_kind, is_archived, valid_from) VALUES
               ('m-ann', 'ann@x.com', 'build', 'internal', 0, 1), ('m-bob', 'bob@x.com', 'view', 'internal', 0, 1),
               ('m-eve', 'eve@x.com', 'Admin', 'internal', 0, 1), ('m-gus', 'gus@y.com', 'view', 'guest', 0, 1),
               ('m-leo', 'leo@x.com', 'view', 'internal', 1, 1), ('m-two', 'BOB@y.com', 'view', 'internal', 0, 1),
               ('m-three', 'bob@y.com', 'view', 'internal', 0, 1);
             INSERT INTO team_history (id, name, valid_from) VALUES ('t-fin', 'Finance', 1), ('t-all', 'All Members', 1);
             INSERT INTO team_member_history (team_id, member_id, valid_from) VALUES ('t-fin', 'm-bob', 1);
             INSERT INTO workspace_history (id, url_id, name, valid_from) VALUES ('w', 'url-w', 'Money', 1);
             INSERT INTO file_history (id, type, name, parent_id, owner_id, valid_from) VALUES
               ('f', 'folder', 'Q3', 'w', 'm-ann', 1), ('b', 'workbook', 'Forecast', 'f', 'm-ann', 1),
               ('d', 'data-model', 'Ledger \"raw\" <b>', 'f', NULL, 1), ('x', 'workbook', 'Twin', 'w', NULL, 1),
               ('y', 'workbook', 'Twin', 'w', NULL, 1);
             INSERT INTO document_history (id, kind, url_id, name, owner_id, is_archived, valid_from) VALUES
               ('b', 'workbook', '4JRFW1HThPI1K3YTjouXI7', 'Forecast', 'm-ann', 0, 1),
               ('d', 'data-model', 'DM', 'Ledger \"raw\" <b>', NULL, 0, 1),
               ('x', 'workbook', 'X1', 'Twin', NULL, 0, 1), ('y', 'workbook', 'Y1', 'Twin', NULL, 0, 1);
             INSERT INTO object_grant_history (id, object_id, member_id, team_id, permission, valid_from) VALUES
               ('g1', 'w', '', 't-fin', 'organize', 1), ('g2', 'f', 'm-bob', '', 'edit', 1),
               ('g3', 'b', '', 't-all', 'view', 1), ('g4', 'b', 'm-bob', '', 'view', 1),
               ('g5', 'd', 'm-gus', '', 'apply', 1), ('g6', 'w', 'm-leo', '', 'edit', 1);
             INSERT OR REPLACE INTO fetch_scope SELECT run_id, 'object-grants', id, 'complete', 1, 1, 1, 0, NULL, NULL
               FROM run, (SELECT 'w' AS id UNION SELECT 'f' UNION SELECT 'b' UNION SELECT 'd' UNION SELECT 'x' UNION SELECT 'y');
             INSERT OR REPLACE INTO fetch_scope SELECT run_id, 'team-members', 't-fin', 'complete', 1, 1, 1, 0, NULL, NULL FROM run;
             DELETE FROM fetch_scope WHERE endpoint IN ('member-grants', 'team-grants')",
        )
        .expect("the story");
    context
}

/// Runs a command that has to end well; what it printed.
fn printed(context: &Context, arguments: &[&str]) -> String {
    let mut all = vec!["access"];
    all.extend(arguments);
    let ran = context.run(&all);
    assert_eq!(ran.code, 0, "{ran}");
    ran.stdout
}

#[test]
fn explain_tells_every_path_in_words() {
    let context = story();
    insta::assert_snapshot!(printed(&context, &["explain", "bob@x.com", "Money/Q3/Forecast"]), @r#"
    bob@x.com: Can Edit on workbook Money/Q3/Forecast
    That is what is granted; what the account type view lets the member use of it is not known.

      * Can Edit        granted to bob@x.com on folder Q3, 1 step up, as Can Manage
        Can Explore     granted to team Finance, to which bob@x.com belongs, on workspace Money, 2 steps up, as Can Contribute
        Can View        granted to bob@x.com on the workbook itself
        Can View        granted to All Members, which is everybody but guests, on the workbook itself
    "#);
    insta::assert_snapshot!(printed(&context, &["explain", "ANN@X.com", "4JRFW1HThPI1K3YTjouXI7"]), @r#"
    ann@x.com: Owner on workbook Money/Q3/Forecast
    That is what is granted; what the account type build lets the member use of it is not known.

      * Owner           ann@x.com owns it
        Can View        granted to All Members, which is everybody but guests, on the workbook itself
    "#);
    insta::assert_snapshot!(
        printed(&context, &["explain", "eve@x.com", "https://app.sigmacomputing.com/acme/workbook/Forecast-4JRFW1HThPI1K3YTjouXI7?:nodeId=1"]),
        @r#"
    eve@x.com: Can Edit on workbook Money/Q3/Forecast

      * Can Edit        eve@x.com is an administrator, who may see and edit everything
        Can View        granted to All Members, which is everybody but guests, on the workbook itself
    "#
    );
    insta::assert_snapshot!(printed(&context, &["explain", "gus@y.com", "d"]), @r#"
    gus@y.com: not known on data model Money/Q3/Ledger "raw" <b>
        granted to gus@y.com on the data model itself, as `apply`: what that gives is not established
    What is not established counts as no access.
    "#);
    insta::assert_snapshot!(printed(&context, &["explain", "gus@y.com", "b"]), @r#"
    gus@y.com: no access on workbook Money/Q3/Forecast
    No path: nothing is granted to the member or to a team of the member's, on it or on a container above it.
    "#);
    insta::assert_snapshot!(printed(&context, &["explain", "leo@x.com", "b"]), @r#"
    leo@x.com: no access on workbook Money/Q3/Forecast
    The member is deactivated and has no access to anything.
    "#);
}

#[test]
fn object_tells_who_sees_it() {
    let context = story();
    insta::assert_snapshot!(printed(&context, &["object", "Money/Q3/Forecast"]), @r#"
    Money/Q3/Forecast (workbook)
    owned by ann@x.com
    5 members may see it

    level     member                                account type  how
    Owner     ann@x.com                             build         owner
    Can Edit  bob@x.com                             view          granted on folder Q3 (Can Manage)
    Can Edit  eve@x.com                             Admin         administrator
    Can View  2 more members (--expand names them)                All Members
    "#);
    insta::assert_snapshot!(printed(&context, &["object", "money/q3/forecast", "--expand"]), @r#"
    Money/Q3/Forecast (workbook)
    owned by ann@x.com
    5 members may see it

    level     member     account type  how
    Owner     ann@x.com  build         owner
    Can Edit  bob@x.com  view          granted on folder Q3 (Can Manage)
    Can Edit  eve@x.com  Admin         administrator
    Can View  BOB@y.com  view          All Members
    Can View  bob@y.com  view          All Members
    "#);
    insta::assert_snapshot!(printed(&context, &["object", "d"]), @r#"
    Money/Q3/Ledger "raw" <b> (data model)
    2 members may see it

    level      member     account type  how
    Can Edit   bob@x.com  view          granted on folder Q3 (Can Manage)
    Can Edit   eve@x.com  Admin         administrator
    not known  gus@y.com  view (guest)  granted (`apply`)
    "#);
}

#[test]
fn member_tells_what_is_seen() {
    let context = story();
    insta::assert_snapshot!(printed(&context, &["member", "bob@x.com"]), @r#"
    bob@x.com, account type view
    Levels are as granted; what the account type lets the member use of them is not known.

    level           kind        object                     how
    Can Contribute  workspace   Money                      team Finance
    Can Manage      folder      Money/Q3                   granted
    Can Explore     workbook    Money/Twin                 team Finance on workspace Money (Can Contribute)
    Can Explore     workbook    Money/Twin                 team Finance on workspace Money (Can Contribute)
    Can Edit        workbook    Money/Q3/Forecast          granted on folder Q3 (Can Manage)
    Can Edit        data model  Money/Q3/Ledger "raw" <b>  granted on folder Q3 (Can Manage)

    6 objects in all
    workspace  objects
    Money            6
    "#);
    insta::assert_snapshot!(printed(&context, &["member", "m-leo"]), @r#"
    leo@x.com, account type view
    The member is deactivated: it sees nothing.
    "#);
}

#[test]
fn explain_draws_graphs_in_which_names_stay_names() {
    let context = story();
    insta::assert_snapshot!(printed(&context, &["explain", "bob@x.com", "d", "--format", "dot"]), @r#"
    digraph access {
      rankdir=LR;
      node [shape=box];
      n0 [label="member\nbob@x.com"];
      n1 [label="data-model\nLedger \"raw\" <b>"];
      n2 [label="folder\nQ3"];
      n3 [label="team\nFinance"];
      n4 [label="workspace\nMoney"];
      n0 -> n2 [label="granted edit", style=bold];
      n2 -> n1 [label="inherits edit", style=bold];
      n0 -> n3 [label="member of"];
      n3 -> n4 [label="granted organize"];
      n4 -> n2 [label="inherits organize"];
      n2 -> n1 [label="inherits view"];
    }
    "#);
    insta::assert_snapshot!(printed(&context, &["explain", "bob@x.com", "d", "--format", "mermaid"]), @r#"
    graph LR
      n0["member<br/>bob@x.com"]
      n1["data-model<br/>Ledger #34;raw#34; #60;b#62;"]
      n2["folder<br/>Q3"]
      n3["team<br/>Finance"]
      n4["workspace<br/>Money"]
      n0 ==>|"granted edit"| n2
      n2 ==>|"inherits edit"| n1
      n0 -->|"member of"| n3
      n3 -->|"granted organize"| n4
      n4 -->|"inherits organize"| n2
      n2 -->|"inherits view"| n1
    "#);
}

#[test]
fn explain_gives_programs_every_step() {
    let context = story();
    insta::assert_snapshot!(printed(&context, &["explain", "bob@x.com", "b", "--format", "json"]), @r#"
    {
      "schema_version": 1,
      "run_id": 1,
      "member_id": "m-bob",
      "email": "bob@x.com",
      "object_id": "b",
      "object": "Money/Q3/Forecast",
      "level": "edit",
      "usable_level": null,
      "confidence": "exact",
      "paths": [
        {
          "winning": true,
          "level": "edit",
          "via": "direct",
          "granted": "edit",
          "narrative": "granted to bob@x.com on folder Q3, 1 step up, as Can Manage",
          "steps": [
            {
              "from": "member:m-bob",
              "edge": "granted",
              "to": "folder:f",
              "permission": "edit"
            },
            {
              "from": "folder:f",
              "edge": "inherits",
              "to": "workbook:b",
              "permission": "edit"
            }
          ]
        },
        {
          "winning": false,
          "level": "explore",
          "via": "team",
          "granted": "organize",
          "narrative": "granted to team Finance, to which bob@x.com belongs, on workspace Money, 2 steps up, as Can Contribute",
          "steps": [
            {
              "from": "member:m-bob",
              "edge": "member_of",
              "to": "team:t-fin",
              "permission": null
            },
            {
              "from": "team:t-fin",
              "edge": "granted",
              "to": "workspace:w",
              "permission": "organize"
            },
            {
              "from": "workspace:w",
              "edge": "inherits",
              "to": "folder:f",
              "permission": "organize"
            },
            {
              "from": "folder:f",
              "edge": "inherits",
              "to": "workbook:b",
              "permission": "explore"
            }
          ]
        },
        {
          "winning": false,
          "level": "view",
          "via": "direct",
          "granted": "view",
          "narrative": "granted to bob@x.com on the workbook itself",
          "steps": [
            {
              "from": "member:m-bob",
              "edge": "granted",
              "to": "workbook:b",
              "permission": "view"
            }
          ]
        },
        {
          "winning": false,
          "level": "view",
          "via": "everyone",
          "granted": "view",
          "narrative": "granted to All Members, which is everybody but guests, on the workbook itself",
          "steps": [
            {
              "from": "member:m-bob",
              "edge": "member_of",
              "to": "team:t-all",
              "permission": null
            },
            {
              "from": "team:t-all",
              "edge": "granted",
              "to": "workbook:b",
              "permission": "view"
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn what_is_unknown_or_ambiguous_is_a_mistake_with_advice() {
    let context = story();
    let mistake = |arguments: &[&str]| {
        let mut all = vec!["access"];
        all.extend(arguments);
        let ran = context.run(&all);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
        ran.stderr
    };
    insta::assert_snapshot!(mistake(&["member", "bob@y.com"]), @r#"
    error[usage]: `bob@y.com` names 2 members: m-two, m-three
    help: give the id of the one that is meant
    "#);
    insta::assert_snapshot!(mistake(&["member", "bob@z.com"]), @r#"
    error[usage]: the catalog has no member `bob@z.com`; did you mean `BOB@y.com`, `bob@x.com`, `bob@y.com`?
    help: give the member's e-mail address or id
    "#);
    insta::assert_snapshot!(mistake(&["object", "Money/Twin"]), @r#"
    error[usage]: `Money/Twin` names 2 objects: x, y
    help: give the id of the one that is meant
    "#);
    insta::assert_snapshot!(mistake(&["object", "Money/Q4/Forecast"]), @r#"
    error[usage]: the catalog has no object `Money/Q4/Forecast`; did you mean `Money/Q3/Forecast`?
    help: give the object's id, the last part of its address, its whole address, or its path such as `Sales/Q3/Forecast`
    "#);
    insta::assert_snapshot!(mistake(&["explain", "bob@x.com", ""]), @r#"
    error[usage]: the catalog has no object ``
    help: give the object's id, the last part of its address, its whole address, or its path such as `Sales/Q3/Forecast`
    "#);
    insta::assert_snapshot!(mistake(&["member", "bob@x.com", "--at", "7"]), @r#"
    error[store.no_such_run]: there is no run 7 in this catalog
    help: `sigma-catalog runs list` shows the runs there are
    "#);
}

#[test]
fn of_what_the_ledger_does_not_vouch_for_nothing_is_certain() {
    let context = story();
    let confidence = |arguments: &[&str]| {
        let mut all = vec!["explain", "gus@y.com", "b", "--format", "json"];
        all.extend(arguments);
        let report: serde_json::Value = serde_json::from_str(&printed(&context, &all)).expect("JSON");
        report["confidence"].as_str().expect("a word").to_owned()
    };
    let change = |sql: &str| {
        let catalog = Connection::open(context.database()).expect("the catalog");
        catalog.execute_batch(sql).expect(sql);
    };
    assert_eq!(confidence(&[]), "exact");
    change(
        "UPDATE fetch_scope SET outcome = 'excluded' WHERE endpoint = 'object-grants' AND parent_id = 'f'",
    );
    assert_eq!(confidence(&[]), "unknown", "what was left out was not read");
    change("DELETE FROM fetch_scope WHERE endpoint = 'object-grants' AND parent_id = 'f'");
    assert_eq!(confidence(&[]), "unknown", "what was not asked was not read");
    let published = |run: i64| {
        format!(
            "INSERT INTO run (run_id, state, started_at, heartbeat_at, version, api_url) \
             VALUES ({run}, 'published', '', '', '', '')"
        )
    };
    change(&published(50));
    assert_eq!(confidence(&["--at", "1"]), "exact", "the ledger forgets good scopes of earlier runs");
    change(&published(91));
    assert_eq!(confidence(&["--at", "1"]), "unknown", "the ledger forgets everything in the end");
}

#[test]
fn an_empty_catalog_says_what_to_do() {
    let context = story();
    let catalog = Connection::open(context.database()).expect("the catalog");
    catalog.execute_batch("UPDATE catalog_state SET published_run = 0").expect("emptied");
    let ran = context.run(&["access", "member", "bob@x.com"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran}");
    assert!(ran.stderr.contains("extract"), "{ran}");
}
