//! Which part of the organisation is crawled: the filters, resolved against what Sigma lists.
//!
//! Pure: listings in, verdicts out. A filter that names nothing listed is an error before anything else is read, because a
//! typing mistake in an exclusion would publish what was to stay out.

mod tree;

use std::collections::{HashMap, HashSet};

use self::tree::Tree;
use super::error::UnknownFilter;
use crate::catalog::organisation::{Document, File, Workspace};
use crate::config::{Filters, nearest};

/// What the filters are about, as Sigma listed it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed<'a> {
    pub workspaces: &'a [Workspace],
    pub files: &'a [File],
    pub documents: &'a [Document],
}

/// The name of the setting that leaves something out.
pub(super) type Setting = &'static str;

/// The setting that leaves personal folders out.
pub(super) const PERSONAL: Setting = "crawl.personal";

/// The name of the root of a member's own folder, in paths.
const MY_DOCUMENTS: &str = "My Documents";

/// Whether a path lies in somebody's personal folder.
pub(super) fn is_personal_path(path: Option<&str>) -> bool {
    let rest = path.and_then(|path| path.strip_prefix(MY_DOCUMENTS));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The verdict on everything listed: the settings that leave objects out, by id. What is not in it is crawled.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    left_out: HashMap<String, Setting>,
}

impl Verdicts {
    /// The setting that leaves an object out.
    pub fn on(&self, id: &str) -> Option<Setting> {
        self.left_out.get(id).copied()
    }
}

/// Judges everything listed. `personal` holds the ids of the members' own folders; `None` where those are crawled too.
pub(super) fn judge(
    filters: &Filters,
    listed: Listed<'_>,
    personal: Option<&HashSet<String>>,
) -> Result<Verdicts, Vec<UnknownFilter>> {
    let tree = Tree::new(listed);
    let rules = Rules::resolve(filters, listed, &tree, personal)?;
    let mut verdicts = Verdicts::default();
    // Containers above something that is crawled stay, whatever the inclusions say of them.
    let mut needed: HashSet<&str> = HashSet::new();
    for document in listed.documents {
        let place = tree.place_of(document);
        match rules.leave_out(&document.id, place, document.path.as_deref(), &tree) {
            Some(setting) => drop(verdicts.left_out.insert(document.id.clone(), setting)),
            None => needed.extend(tree.upwards(place)),
        }
    }
    for (id, container) in &tree.containers {
        if rules.leave_out(id, Some(id), Some(&container.path), &tree).is_none() {
            needed.extend(tree.upwards(container.parent));
        }
    }
    for (id, container) in &tree.containers {
        if !needed.contains(id)
            && let Some(setting) = rules.leave_out(id, Some(id), Some(&container.path), &tree)
        {
            verdicts.left_out.insert((*id).to_owned(), setting);
        }
    }
    // A document that only `/files` shows is judged by its row there.
    for file in listed.files.iter().filter(|file| !tree.containers.contains_key(file.id.as_str())) {
        if !tree.documents.contains(file.id.as_str())
            && let Some(setting) =
                rules.leave_out(&file.id, file.parent_id.as_deref(), file.path.as_deref(), &tree)
        {
            verdicts.left_out.insert(file.id.clone(), setting);
        }
    }
    Ok(verdicts)
}

/// The filters as ids.
struct Rules<'a> {
    excluded: HashMap<&'a str, Setting>,
    included: HashSet<&'a str>,
    /// The first inclusion that was given: what leaves out everything else.
    only: Option<Setting>,
    personal: Option<&'a HashSet<String>>,
}

/// One kind of object that filters name, and how it may be named.
struct Names<'a> {
    what: &'static str,
    /// Id, and everything that stands for it.
    known: Vec<(&'a str, Vec<String>)>,
}

impl<'a> Rules<'a> {
    fn resolve(
        filters: &'a Filters,
        listed: Listed<'a>,
        tree: &Tree<'a>,
        personal: Option<&'a HashSet<String>>,
    ) -> Result<Self, Vec<UnknownFilter>> {
        let containers = |workspaces: bool| {
            let of_kind = tree.containers.iter().filter(move |(_, found)| found.is_workspace == workspaces);
            of_kind.map(|(id, found)| {
                let url_id = found.url_id.map(str::to_owned);
                (*id, [found.path.clone(), (*id).to_owned()].into_iter().chain(url_id).collect())
            })
        };
        let workspaces = Names { what: "workspace", known: containers(true).collect() };
        let folders = Names { what: "folder", known: containers(false).collect() };
        let documents = Names {
            what: "document",
            known: (listed.documents.iter())
                .map(|row| {
                    let names = [Some(&row.id), row.url_id.as_ref(), row.url.as_ref()];
                    (
                        row.id.as_str(),
                        names.into_iter().flatten().map(|name| plain(name).to_owned()).collect(),
                    )
                })
                .collect(),
        };
        let mut rules = Self { excluded: HashMap::new(), included: HashSet::new(), only: None, personal };
        let mut unknown = Vec::new();
        for (setting, given, names) in [
            ("crawl.exclude_workspaces", &filters.exclude_workspaces, &workspaces),
            ("crawl.exclude_folders", &filters.exclude_folders, &folders),
            ("crawl.exclude_documents", &filters.exclude_documents, &documents),
        ] {
            for id in names.find_all(setting, given, &mut unknown) {
                rules.excluded.insert(id, setting);
            }
        }
        for (setting, given, names) in [
            ("crawl.include_workspaces", &filters.include_workspaces, &workspaces),
            ("crawl.include_folders", &filters.include_folders, &folders),
            ("crawl.include_documents", &filters.include_documents, &documents),
        ] {
            rules.included.extend(names.find_all(setting, given, &mut unknown));
            if !given.is_empty() {
                rules.only = rules.only.or(Some(setting));
            }
        }
        if unknown.is_empty() { Ok(rules) } else { Err(unknown) }
    }

    /// The setting that leaves an object out, given its nearest container (itself, for a container) and its path.
    fn leave_out<'t>(
        &self,
        id: &str,
        place: Option<&'a str>,
        path: Option<&str>,
        tree: &'t Tree<'a>,
    ) -> Option<Setting> {
        if let Some(setting) = self.excluded.get(id) {
            return Some(setting);
        }
        let mut included = self.included.contains(id);
        let mut in_home = false;
        let mut in_workspace = false;
        for above in tree.upwards(place) {
            if let Some(setting) = self.excluded.get(above) {
                return Some(setting);
            }
            included |= self.included.contains(above);
            in_home |= self.personal.is_some_and(|personal| personal.contains(above));
            in_workspace |= tree.containers[above].is_workspace;
        }
        // A workspace may be called like a personal folder.
        if self.personal.is_some() && (in_home || !in_workspace && is_personal_path(path)) {
            return Some(PERSONAL);
        }
        self.only.filter(|_| !included)
    }
}

impl<'a> Names<'a> {
    /// The ids of everything that is named; what names nothing goes to `unknown`.
    fn find_all(&self, setting: Setting, given: &[String], unknown: &mut Vec<UnknownFilter>) -> Vec<&'a str> {
        let mut found = Vec::new();
        for name in given {
            let wanted = plain(name);
            let last = wanted.rsplit(['/', '-']).next().unwrap_or(wanted);
            // The address of a document ends in its URL id, mostly behind its name.
            let named = |known: &str| {
                known == wanted
                    || known.eq_ignore_ascii_case(wanted) && is_uuid(known)
                    || self.what == "document" && wanted.contains("://") && known == last
            };
            let ids = self.known.iter().filter(|(_, names)| names.iter().any(|known| named(known)));
            let before = found.len();
            found.extend(ids.map(|(id, _)| *id));
            if found.len() == before {
                unknown.push(UnknownFilter {
                    setting,
                    what: self.what,
                    name: name.clone(),
                    near: self.near(wanted),
                });
            }
        }
        found
    }

    /// The known name that is nearest to one that is not known.
    fn near(&self, name: &str) -> Option<String> {
        let key = |name: &str| name.to_lowercase().replace('-', "_");
        let known: Vec<(String, &String)> =
            self.known.iter().flat_map(|(_, names)| names).map(|name| (key(name), name)).collect();
        let meant = nearest(name, known.iter().map(|(key, _)| key.as_str()))?;
        known.iter().find(|(key, _)| key == meant).map(|(_, name)| (*name).clone())
    }
}

/// A name without what does not matter: slashes at its ends, the query of an address.
fn plain(name: &str) -> &str {
    let name = if name.contains("://") { name.split(['?', '#']).next().unwrap_or(name) } else { name };
    name.trim_matches('/')
}

/// A UUID may be written in any case; URL ids may not.
fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests;
