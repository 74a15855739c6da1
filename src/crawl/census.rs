//! With filters: everything they are about is listed before anything else is asked.
//!
//! Which folder a document lies in is known only from `/files`, so a filtered crawl cannot begin with the first document
//! listed. Without filters there is no census, and nothing waits.

use std::collections::HashMap;

use futures::future::{BoxFuture, FutureExt, try_join_all};

use super::carry::state_of_document;
use super::effect::{Effect, Taken};
use super::error::CrawlError;
use super::filter::{self, Listed};
use super::graph::{ORGANISATION, Step};
use super::organisation::{document_listings, file_types_on, files_of, is_home, kinds_on};
use super::queue::{Enqueue, Task};
use super::rows::{self, DocumentRow};
use super::worker::Crawler;
use crate::catalog::delivery::{Delivery, ScopeReport, scope};
use crate::catalog::governance::TaggedVersion;
use crate::catalog::organisation::{Document, File, Workspace};
use crate::sigma::{Call, model};

/// Rows to hand over together.
const BATCH: usize = 1000;

/// A document with the tagged versions that came with it.
type Tagged = (Document, Vec<TaggedVersion>);

/// A listing held back, with its outcome.
type Held<T> = (Vec<T>, Option<ScopeReport>);

impl Crawler {
    /// Lists everything that filters are about, and takes into the catalog what they leave in.
    pub(super) async fn census(&self, enqueue: &Enqueue) -> Result<(), CrawlError> {
        self.do_task(Task::Members, enqueue).await?;
        let (workspaces, files, documents) = futures::try_join!(
            self.all_workspaces(),
            try_join_all(file_types_on(&self.settings).map(|of| self.all_files(of))),
            try_join_all(kinds_on(&self.settings).map(|kind| self.all_documents(kind))),
        )?;
        let (workspaces, workspaces_end) = workspaces;
        let (files, mut ends) = joined(files);
        let kinds: Vec<&'static str> = kinds_on(&self.settings).collect();
        let (documents, documents_ends) = joined(documents);
        let (documents, mut versions): (Vec<Document>, HashMap<String, Vec<TaggedVersion>>) = documents
            .into_iter()
            .map(|(document, versions)| (document.clone(), (document.id, versions)))
            .unzip();
        ends.extend(workspaces_end);
        let mut tagged: HashMap<&str, u64> = HashMap::new();

        let homes = self.left_out.homes();
        let listed = Listed { workspaces: &workspaces, files: &files, documents: &documents };
        let personal = (!self.settings.personal).then_some(&homes);
        let verdicts =
            filter::judge(&self.settings.filters, listed, personal).map_err(CrawlError::Filters)?;

        let mut batch = Batch { crawler: self, taken: Taken::default() };
        for workspace in workspaces {
            match verdicts.on(&workspace.id) {
                Some(setting) => self.left_out.note(&workspace.id, "workspace", setting),
                None => self.take_workspace(workspace, enqueue, batch.taken().await?),
            }
        }
        for file in files {
            match verdicts.on(&file.id) {
                Some(setting) => self.left_out.note(&file.id, &file.r#type, setting),
                None => self.take_file(file, enqueue, batch.taken().await?),
            }
        }
        for document in documents {
            let Some(kind) = kinds.iter().find(|kind| **kind == document.kind) else { continue };
            match verdicts.on(&document.id) {
                Some(setting) => self.left_out.note(&document.id, kind, setting),
                None => {
                    let versions = versions.remove(&document.id).unwrap_or_default();
                    *tagged.entry(kind).or_default() += versions.len() as u64;
                    self.take_document(kind, document, versions, enqueue, batch.taken().await?);
                }
            }
        }
        self.deliver(Delivery::Rows(batch.taken.rows)).await?;
        for end in ends {
            self.deliver_scope(end).await?;
        }
        for end in documents_ends {
            let kind = end.parent.clone();
            self.end_documents(&kind, end, tagged.get(kind.as_str()).copied().unwrap_or(0)).await?;
        }
        Ok(())
    }

    async fn all_workspaces(&self) -> Result<Held<Workspace>, CrawlError> {
        let step = self.step(scope::WORKSPACES, ORGANISATION)?;
        let mut held = Vec::new();
        let take = |row: model::Workspace, _: &mut Taken| held.push(rows::workspace(row));
        let end = self.read_scope(step, "", vec![step.endpoint.call()], take).await?;
        Ok((held, end))
    }

    async fn all_files(&self, of: &'static str) -> Result<Held<File>, CrawlError> {
        let step = self.step(scope::FILES, ORGANISATION)?;
        let mut held = Vec::new();
        let take = |row: model::File, _: &mut Taken| {
            if is_home(of, &row) {
                self.left_out.note_home(&row.id);
            }
            held.push(rows::file(of, row));
        };
        let end = self.read_scope(step, of, vec![files_of(step, of)], take).await?;
        Ok((held, end))
    }

    fn all_documents(&self, kind: &'static str) -> BoxFuture<'_, Result<Held<Tagged>, CrawlError>> {
        match kind {
            "workbook" => self.all_documents_of::<model::Workbook>(kind).boxed(),
            "report" => self.all_documents_of::<model::Report>(kind).boxed(),
            "data-model" => self.all_documents_of::<model::DataModel>(kind).boxed(),
            _ => self.all_documents_of::<model::Dataset>(kind).boxed(),
        }
    }

    async fn all_documents_of<T: DocumentRow>(&self, kind: &'static str) -> Result<Held<Tagged>, CrawlError> {
        let step: &Step = self.step(scope::DOCUMENTS, kind)?;
        let calls: Vec<Call> = document_listings(kind, step, &self.settings, self.token.is_admin());
        let mut held = Vec::new();
        let take = |row: T, _: &mut Taken| {
            let versions = row.tagged_versions();
            let document = row.into_document();
            if let Some(Effect::State { key, state }) = state_of_document(&document) {
                self.carry.note_state(key, state);
            }
            held.push((document, versions));
        };
        let end = self.read_scope(step, kind, calls, take).await?;
        Ok((held, end))
    }
}

/// Several listings as one, and how each ended.
fn joined<T>(held: Vec<Held<T>>) -> (Vec<T>, Vec<ScopeReport>) {
    let (rows, ends): (Vec<_>, Vec<_>) = held.into_iter().unzip();
    (rows.into_iter().flatten().collect(), ends.into_iter().flatten().collect())
}

/// Rows on their way to the writer. What they set off is not kept with them: they are listed anew by every run.
struct Batch<'a> {
    crawler: &'a Crawler,
    taken: Taken,
}

impl Batch<'_> {
    /// Where the next row goes.
    async fn taken(&mut self) -> Result<&mut Taken, CrawlError> {
        if self.taken.rows.len() >= BATCH {
            self.crawler.deliver(Delivery::Rows(std::mem::take(&mut self.taken).rows)).await?;
        }
        Ok(&mut self.taken)
    }
}
