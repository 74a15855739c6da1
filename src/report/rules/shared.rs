//! What several reports say in the same way.

use crate::access::{Access, Level, Scratch};
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Sink};
use crate::report::table::Column;

/// The columns that tell an object.
pub const OBJECT: [Column; 4] = [
    Column::text("object_id", "object id", "id of the object").key().hidden(),
    Column::text("kind", "kind", "workspace, folder, workbook, data-model, report, dataset or other"),
    Column::text(
        "object",
        "object",
        "path and name of the object; its id where the catalog has no such object",
    ),
    Column::text("workspace", "workspace", "the workspace it lies in").hidden(),
];

/// The cells of [`OBJECT`].
pub fn object_cells(access: &Access, place: u32) -> [Cell<'_>; 4] {
    let object = &access.objects()[place as usize];
    [
        (&object.id).into(),
        object.kind.name().into(),
        object.full_path().into(),
        access.workspace_of(place).into(),
    ]
}

/// The cells of [`OBJECT`] for an id, which the catalog may not have.
pub fn object_cells_of<'a>(access: &'a Access, id: &'a str) -> [Cell<'a>; 4] {
    match access.place_of(id) {
        Some(place) => object_cells(access, place),
        None => [id.into(), Cell::Null, id.into(), Cell::Null],
    }
}

/// The columns that tell a member.
pub const MEMBER: [Column; 2] = [
    Column::text("member_id", "member id", "Sigma's id of the member").key().hidden(),
    Column::text("member", "member", "e-mail address of the member; name or id where there is none"),
];

/// The cells of [`MEMBER`].
pub fn member_cells(access: &Access, place: u32) -> [Cell<'_>; 2] {
    let member = &access.members()[place as usize];
    [(&member.id).into(), member.title().into()]
}

/// A member as people know it, by id; the id where there is no such member.
pub fn member_title<'a>(access: &'a Access, id: &'a str) -> &'a str {
    access.member_of(id).map_or(id, |place| access.members()[place as usize].title())
}

/// Two lists of columns, or of cells, one behind the other.
pub const fn join<const A: usize, const B: usize, const N: usize>(
    first: [Column; A],
    second: [Column; B],
) -> [Column; N] {
    assert!(A + B == N);
    let mut joined = [if A > 0 { first[0] } else { second[0] }; N];
    let mut at = 0;
    while at < N {
        joined[at] = if at < A { first[at] } else { second[at - A] };
        at += 1;
    }
    joined
}

/// What a member reaches, all objects together.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reach {
    /// How many objects.
    pub objects: usize,
    /// The most it may do with one of them.
    pub most: Option<Level>,
    /// Something that could make it more was not read.
    pub doubtful: bool,
}

/// What every member reaches, by its place.
pub fn reach(access: &Access) -> Vec<Reach> {
    let mut reach = vec![Reach::default(); access.members().len()];
    let mut scratch = Scratch::default();
    let mut doubtful = false;
    for object in 0..access.objects().len() as u32 {
        doubtful |= access.is_doubtful(object) && !access.objects()[object as usize].archived;
        access.expand(object, &mut scratch, |member, answer| {
            if let Some(level) = answer.level() {
                let of = &mut reach[member as usize];
                of.objects += 1;
                of.most = of.most.max(Some(level));
            }
        });
    }
    for (of, member) in reach.iter_mut().zip(access.members()) {
        of.doubtful = member.inactive.is_none() && (doubtful || member.is_unread());
    }
    reach
}

/// Hands rows on in the order of their keys.
pub fn in_order<K: Ord>(mut rows: Vec<(K, Row<'_>)>, out: &mut dyn Sink) -> Result<(), ReportError> {
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows.into_iter().try_for_each(|(_, row)| out.row(row))
}

/// Whether anybody at all may see a workbook through a public embed; `None`: embeds were not read.
pub fn is_public(inputs: &Inputs<'_>, object: u32) -> Option<bool> {
    let embeds = inputs.evidence.embeds.as_ref()?;
    let id = &inputs.access.objects()[object as usize].id;
    let public = embeds.rows.iter().any(|embed| embed.document_id == *id && embed.public == Some(true));
    (public || embeds.is_whole).then_some(public)
}
