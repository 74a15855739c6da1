//! Levels, kinds of object, and what a grant on a container means for what lies inside it.

/// How much a member may do with an object. The order is the order of power.
///
/// Sigma's words mean different things on different objects: `edit` is *Can Manage* on a container and *Can Edit* on a
/// document. [`Level::label`] says it as Sigma's application does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Something was granted in a word whose meaning is not established (`create`, `annotate`, `apply`, ...). It
    /// gives nothing: what is unknown never widens access.
    Unknown,
    /// Open and filter.
    View,
    /// Change ad hoc, in a private exploration.
    Explore,
    /// Create and move inside a container.
    Organize,
    /// Edit a document; manage a container.
    Edit,
    /// Everything. Only ownership gives it.
    Owner,
}

impl Level {
    /// The level of a grant's word.
    pub fn of_permission(word: Option<&str>) -> Self {
        match word {
            Some("view") => Self::View,
            Some("explore") => Self::Explore,
            Some("organize") => Self::Organize,
            Some("edit") => Self::Edit,
            _ => Self::Unknown,
        }
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::View => "view",
            Self::Explore => "explore",
            Self::Organize => "organize",
            Self::Edit => "edit",
            Self::Owner => "owner",
        }
    }

    /// The word Sigma's `/v2/members/{id}/files` has for it: an owner's is `edit`. `None` where it gives nothing.
    pub fn permission(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Owner => Some("edit"),
            level => Some(level.name()),
        }
    }

    /// What Sigma's application calls it on an object of that kind.
    pub fn label(self, kind: Kind) -> &'static str {
        match (self, kind.is_container()) {
            (Self::Unknown, _) => "Unknown",
            (Self::View, _) => "Can View",
            (Self::Explore, _) => "Can Explore",
            (Self::Organize, _) => "Can Contribute",
            (Self::Edit, true) => "Can Manage",
            (Self::Edit, false) => "Can Edit",
            (Self::Owner, _) => "Owner",
        }
    }

    /// What a grant of this level on a container gives on an object of that kind inside it.
    ///
    /// From Sigma's help on folder and document permissions. It does not speak of `explore` on data models, datasets
    /// and reports, which have no such level, nor of `organize` on reports: `view` is the safe reading. What a
    /// contributor may do with own documents comes with owning them.
    pub fn inherited_by(self, kind: Kind) -> Self {
        match (kind, self) {
            (_, Self::Unknown) => Self::Unknown,
            (Kind::Workspace | Kind::Folder, Self::Owner) => Self::Edit,
            (Kind::Workspace | Kind::Folder, level) => level,
            // Of other kinds nothing is known but that they can be seen.
            (Kind::Other, _) => Self::View,
            (_, Self::Edit | Self::Owner) => Self::Edit,
            (Kind::Workbook, Self::Explore | Self::Organize) => Self::Explore,
            (_, Self::View | Self::Explore | Self::Organize) => Self::View,
        }
    }
}

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A workspace.
    Workspace,
    /// A folder.
    Folder,
    /// A workbook.
    Workbook,
    /// A data model.
    DataModel,
    /// A report.
    Report,
    /// A dataset.
    Dataset,
    /// Anything else with a place in the folder tree.
    Other,
}

impl Kind {
    /// The kind of a file's type or a document's kind.
    pub fn of_type(text: &str) -> Self {
        match text {
            "workspace" => Self::Workspace,
            "folder" => Self::Folder,
            "workbook" => Self::Workbook,
            "data-model" => Self::DataModel,
            "report" => Self::Report,
            "dataset" => Self::Dataset,
            _ => Self::Other,
        }
    }

    /// Its stable name, which is Sigma's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Folder => "folder",
            Self::Workbook => "workbook",
            Self::DataModel => "data-model",
            Self::Report => "report",
            Self::Dataset => "dataset",
            Self::Other => "other",
        }
    }

    /// Its name for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::DataModel => "data model",
            Self::Other => "object",
            kind => kind.name(),
        }
    }

    /// Whether it hands grants down to what lies inside it.
    pub fn is_container(self) -> bool {
        matches!(self, Self::Workspace | Self::Folder)
    }
}
