//! What several reports say in the same way.

use crate::access::{Access, Kind, Object};
use crate::report::row::Cell;
use crate::report::table::Column;

/// The workspace an object lies in, where the way up to it is known.
pub fn workspace(access: &Access, object: u32) -> Option<&str> {
    let top = &access.objects()[access.chain(object).last()? as usize];
    (top.kind == Kind::Workspace).then(|| top.title())
}

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
    let object: &Object = &access.objects()[place as usize];
    [
        (&object.id).into(),
        object.kind.name().into(),
        object.full_path().into(),
        workspace(access, place).into(),
    ]
}

/// The cells of [`OBJECT`] for one that the catalog does not have.
pub fn missing_object(id: &str) -> [Cell<'_>; 4] {
    [id.into(), Cell::Null, id.into(), Cell::Null]
}

/// A member as people know it, by id; the id where there is no such member.
pub fn member_title<'a>(access: &'a Access, id: &'a str) -> &'a str {
    match access.find_member(id) {
        Ok(place) => access.members()[place as usize].title(),
        Err(_) => id,
    }
}
