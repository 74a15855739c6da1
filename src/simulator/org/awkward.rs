//! What a real organisation has besides the ordinary: each item is a case clients have stumbled over.
use super::{
    Flavour, Kind, Organization, Principal, Tag, TagUse, Tenant,
    generate::{Made, dataset_facts, decorate, stamps, stream, with_leading_zero},
    people::ALL_MEMBERS,
    words,
};
use crate::simulator::{ids::Dice, options::Options};

/// Datasets: one not yet migrated, one that needs no migration, one migrated to a data model.
pub fn add_datasets(org: &mut Organization, dice: &mut Dice, containers: &[usize]) {
    for (i, name) in words::DATASETS.iter().enumerate() {
        let (parent, owner) = (containers[i % containers.len()], org.some_author(dice));
        let made =
            Made { kind: Kind::Dataset, name, parent, owner, flavour: Flavour::Mixed, size: (0, 0, 0) };
        let place = org.add_document(dice, made);
        org.documents[place].dataset = Some(dataset_facts(i % org.usable_tables.len(), None, i == 0));
        org.usable_datasets.push(place);
    }
}

/// The awkward documents.
pub fn add_documents(org: &mut Organization, options: &Options, containers: &[usize]) {
    let mut dice = Dice::new(&[options.seed, stream::AWKWARD]);
    let dice = &mut dice;
    let size = (options.pages.max(2), options.elements.max(2), options.columns.max(2));
    let (first, home_of_another) = (containers[0], org.members[1].home);
    let deep = add_deep_folder(org, dice, first);
    add_tags(org, dice);

    let workbooks: Vec<usize> =
        (0..org.documents.len()).filter(|d| org.inode_of(*d).kind == Kind::Workbook).collect();
    let mut add = |org: &mut Organization, name: &str, parent: usize, flavour: Flavour| {
        let owner = org.some_author(dice);
        org.add_document(dice, Made { kind: Kind::Workbook, name, parent, owner, flavour, size })
    };
    let showcase = add(org, "Lineage Showcase", deep, Flavour::Showcase);
    add(org, "Release Notes", first, Flavour::TextOnly);
    add(org, "Headcount Planning", first, Flavour::EmptyPage);
    add(org, "Legacy Mart Overview", first, Flavour::ArchivedSource);
    let odd = add(org, "\"Quarterly\" 💰 <script>alert('x')</script> Review", first, Flavour::Mixed);
    let archived = add(org, "Retired Forecast", first, Flavour::Mixed);
    let private = add(org, "Compensation Scratchpad", home_of_another, Flavour::Mixed);
    let exploration = add(org, "Untitled Exploration", home_of_another, Flavour::Mixed);
    let original = workbooks.first().copied().unwrap_or(odd);
    let copy_name = format!("Copy of {}", org.inode_of(original).name);
    let copy = add(org, &copy_name, first, Flavour::Mixed);
    let tagged_original = workbooks.get(1).copied().unwrap_or(odd);
    let tagged_name = org.inode_of(tagged_original).name.clone();
    let parent = org.inode_of(tagged_original).parent.unwrap_or(first);
    let tagged = add(org, &tagged_name, parent, Flavour::Mixed);

    let inode = org.documents[showcase].inode;
    org.inodes[inode].id = with_leading_zero(org.inodes[inode].id);
    org.inodes[inode].description = Some("One of every kind of source.".to_owned());
    for place in [private, exploration] {
        let inode = org.documents[place].inode;
        org.inodes[inode].owner = Some(1);
    }
    let inode = org.documents[archived].inode;
    org.inodes[inode].archived = true;
    let inode = org.documents[exploration].inode;
    org.inodes[inode].exploration = true;
    same_contents(org, original, copy);
    same_contents(org, tagged_original, tagged);
    tag(org, dice, tagged_original, tagged);

    add_models_and_reports(org, dice, containers, size);
    let target = org.inodes[org.documents[original].inode].name.clone();
    org.add_inode(dice, Kind::Symlink, &target, Some(first), 0);
    let migrated = (org.usable_datasets.last().copied(), org.usable_models.first().copied());
    if let (Some(dataset), Some(model)) = migrated {
        org.documents[dataset].dataset = Some(dataset_facts(0, Some(model), false));
    }
    for (name, slug, region) in
        [("Contoso Retail", "contoso-retail", Some("eu")), ("Fabrikam", "fabrikam", None)]
    {
        org.tenants.push(Tenant { id: dice.uuid(), name, slug, region, stamps: stamps(dice, 0, 0) });
    }
}

/// A chain of folders six levels below its workspace.
fn add_deep_folder(org: &mut Organization, dice: &mut Dice, workspace: usize) -> usize {
    ["Close", "2026", "Q3", "Final", "Signed", "Scans"].iter().fold(workspace, |parent, name| {
        let owner = org.some_author(dice);
        org.add_inode(dice, Kind::Folder, name, Some(parent), owner)
    })
}

fn add_tags(org: &mut Organization, dice: &mut Dice) {
    for (name, color, description) in [
        ("Production", Some("grass"), Some("Reviewed and approved")),
        ("Staging", Some("amber"), None),
        ("Old", None, None),
    ] {
        org.tags.push(Tag {
            id: dice.uuid(),
            name,
            color,
            description,
            owner: 0,
            stamps: stamps(dice, 0, 0),
        });
    }
}

/// Makes `copy` a copy of `original`: everything inside has the same ids.
fn same_contents(org: &mut Organization, original: usize, copy: usize) {
    let from = &org.documents[original];
    let (seed, flavour, pages) = (from.seed, from.flavour, from.pages.clone());
    let (elements, columns) = (from.elements, from.columns);
    let to = &mut org.documents[copy];
    (to.seed, to.flavour, to.pages, to.elements, to.columns) = (seed, flavour, pages, elements, columns);
}

/// Tags `original`; the tagged version is the workbook `tagged`.
fn tag(org: &mut Organization, dice: &mut Dice, original: usize, tagged: usize) {
    let version = org.documents[original].version;
    let at = stamps(dice, 0, 0).updated_at;
    let id = org.inode_of(tagged).id;
    org.documents[tagged].tagged_source = Some(original);
    org.documents[original].tags.push(TagUse { tag: 0, version, tagged: id, at });
}

/// An archived and a broken-off data model, and the reports.
fn add_models_and_reports(
    org: &mut Organization,
    dice: &mut Dice,
    containers: &[usize],
    size: (usize, usize, usize),
) {
    let owner = org.some_author(dice);
    let made =
        |kind, name, parent, owner, size| Made { kind, name, parent, owner, flavour: Flavour::Mixed, size };
    let archived = org.add_document(
        dice,
        made(Kind::DataModel, "Orders & Revenue (2023)", containers[0], owner, (1, size.1, size.2)),
    );
    let inode = org.documents[archived].inode;
    org.inodes[inode].archived = true;
    if let Some(model) = org.usable_models.first().copied() {
        let (version, at, tagged) =
            (org.documents[model].version, stamps(dice, 0, 0).updated_at, dice.uuid());
        org.documents[model].tags.push(TagUse { tag: 0, version, tagged, at });
    }
    for (i, name) in words::REPORTS.iter().enumerate() {
        let owner = org.some_author(dice);
        let parent = containers[i % containers.len()];
        let report = org.add_document(dice, made(Kind::Report, name, parent, owner, size));
        decorate(org, report, dice);
        let inode = org.documents[report].inode;
        org.inodes[inode].archived = i == 3;
        if i == 0 {
            let (version, at, tagged) =
                (org.documents[report].version, stamps(dice, 0, 0).updated_at, dice.uuid());
            org.documents[report].tags.push(TagUse { tag: 1, version, tagged, at });
        }
    }
}

/// Grants that need care: two levels for one principal, an archived and an empty team, guests, those who left, and an
/// object that is gone.
pub fn add_grants(org: &mut Organization) {
    let mut dice = Dice::new(&[org.seed, stream::AWKWARD, 1]);
    let dice = &mut dice;
    let team =
        |org: &Organization, name: &str| org.teams.iter().position(|t| t.name == name).unwrap_or(ALL_MEMBERS);
    let member =
        |org: &Organization, first: &str| org.members.iter().position(|m| m.first == first).unwrap_or(1);
    let documents: Vec<usize> = org.documents.iter().map(|d| d.inode).collect();
    let ordinary: Vec<usize> = documents
        .into_iter()
        .filter(|i| {
            org.inodes[*i].kind == Kind::Workbook && !org.inodes[*i].archived && !org.inodes[*i].exploration
        })
        .collect();
    let at = |i: usize| ordinary[i % ordinary.len()];
    let archived = org.inodes.iter().position(|i| i.archived && i.kind == Kind::Workbook);
    let rows = [
        (at(0), Principal::Member(2), "view"),
        (at(0), Principal::Member(2), "explore"),
        (at(1), Principal::Team(team(org, "Former Projects")), "edit"),
        (at(2), Principal::Team(team(org, "Nobody Yet")), "view"),
        (at(3), Principal::Team(team(org, "External Partners")), "view"),
        (at(4), Principal::Team(team(org, "Board Observers")), "view"),
        (at(5), Principal::Member(member(org, "Archie")), "edit"),
        (at(6), Principal::Member(member(org, "Ina")), "view"),
        (at(7), Principal::Member(member(org, "Gwen")), "explore"),
        (at(8), Principal::Member(member(org, "Olga")), "view"),
        (at(9), Principal::Team(ALL_MEMBERS), "view"),
    ];
    for (inode, to, permission) in rows {
        org.grant(dice, inode, to, permission);
    }
    if let Some(dataset) = org.usable_datasets.first().map(|dataset| org.documents[*dataset].inode) {
        org.grant(dice, dataset, Principal::Team(ALL_MEMBERS), "view");
    }
    if let Some(archived) = archived {
        org.grant(dice, archived, Principal::Member(2), "view");
    }
    let gone = dice.uuid();
    org.grant_on(dice, gone, "workbook", Principal::Member(2), "view", false);
}
