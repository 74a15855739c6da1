//! Images of workbook pages: export, wait, download, store.
//!
//! An export runs warehouse queries, so a page is exported only when its workbook has a new version, and an export is never
//! started twice for fear that the first did not arrive. While Sigma draws, no worker waits: the question whether it is
//! ready comes back to the queue when it is time. What goes wrong here is a scope of previews and nothing else.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::error::CrawlError;
use super::graph;
use super::queue::{DocumentTask, Enqueue, PreviewTask, Task};
use super::worker::{Crawler, ends_the_run, failed, settled};
use crate::catalog::delivery::{Bundle, Delivery, Outcome, Rows, ScopeReport, scope};
use crate::catalog::document::{Page, Preview};
use crate::catalog::record::{Record, Value};
use crate::config::Previews;
use crate::sigma::{Download, ErrorKind, ListingReport, SigmaError, model};
use crate::store::{Earlier, ImageFolder, KnownPreview};

/// The first eight bytes of every PNG file.
const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// The largest image that is kept, in bytes.
const LARGEST: usize = 20 << 20;

/// How long to wait before asking whether an image is ready: this, twice as long each time, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Where images go, and those there are.
#[derive(Debug)]
pub(super) struct Gallery {
    folder: ImageFolder,
    /// By document and page.
    known: HashMap<(String, String), Preview>,
}

impl Gallery {
    pub fn new(folder: ImageFolder, known: Vec<KnownPreview>) -> Self {
        let known = known
            .into_iter()
            .map(|KnownPreview { document_id, preview }| ((document_id, preview.page_id.clone()), preview));
        Self { folder, known: known.collect() }
    }

    /// The preview of a page, if it still shows this version at this width.
    fn current(&self, document: &str, page: &str, version: Option<i64>, width: i64) -> Option<&Preview> {
        let known = self.known.get(&(document.to_owned(), page.to_owned()))?;
        let current = version.is_some() && known.version == version && known.width == width;
        (current && self.folder.holds(&known.sha256)).then_some(known)
    }
}

/// Why there is no image.
enum Missing {
    Sigma(SigmaError),
    Told { code: &'static str, message: String },
}

impl Crawler {
    /// Has the images made that the settings ask for, given the pages that are shown; takes those along that are still right, and ends those of pages that
    /// are not shown any more.
    pub(super) async fn previews(
        &self,
        task: &DocumentTask,
        visible: &[String],
        enqueue: &Enqueue,
    ) -> Result<(), CrawlError> {
        let Some(gallery) = &self.gallery else { return Ok(()) };
        let most = if self.settings.previews.mode == Previews::Workbooks { 1 } else { usize::MAX };
        let wanted: Vec<&str> = visible.iter().map(String::as_str).take(most).collect();
        let (mut rows, mut scopes) = (Rows::default(), Vec::new());
        for page in &wanted {
            match gallery.current(&task.id, page, task.seen.version, self.preview_width()) {
                Some(known) => {
                    rows.push(known.clone());
                    scopes.push(settled(
                        scope::PREVIEWS,
                        page,
                        &ListingReport { rows: 1, ..ListingReport::default() },
                    ));
                }
                None => enqueue.add(Task::Preview(PreviewTask {
                    document: task.id.clone(),
                    version: task.seen.version,
                    page: (*page).to_owned(),
                    export: None,
                    asked: 0,
                })),
            }
        }
        for (document, page) in gallery.known.keys() {
            if *document == task.id && !wanted.contains(&page.as_str()) {
                let why = "the settings ask for no image of this page, or it is not shown any more";
                let none = Outcome::NotApplicable;
                scopes.push(ScopeReport::without_rows(
                    scope::PREVIEWS,
                    page,
                    none,
                    "preview.not_wanted",
                    why,
                ));
            }
        }
        if scopes.is_empty() {
            return Ok(());
        }
        self.deliver(Delivery::Bundle(Bundle { document_id: task.id.clone(), rows, scopes })).await
    }

    /// Whether the images that the settings ask for of an unchanged document are there, as far as the catalog tells.
    pub(super) fn has_images(&self, earlier: &Earlier, task: &DocumentTask) -> bool {
        let Some(gallery) = self.gallery.as_ref().filter(|_| task.kind == "workbook") else { return true };
        let Ok(pages) = earlier.rows_of(Page::TABLE, "document_id", &task.id) else { return false };
        let place = |column| Page::TABLE.position(column).unwrap_or_default();
        let (id, hidden) = (place("page_id"), place("hidden"));
        let mut shown = pages.iter().filter(|page| page[hidden] != Value::from(true));
        let is_there = |page: &Vec<Value>| match &page[id] {
            Value::Text(page) => {
                gallery.current(&task.id, page, task.seen.version, self.preview_width()).is_some()
            }
            _ => false,
        };
        match self.settings.previews.mode {
            // Which page is the first is not kept.
            Previews::Workbooks => shown.clone().next().is_none() || shown.any(is_there),
            _ => shown.all(is_there),
        }
    }

    /// One step on the way to an image: start its export, or see whether it is ready.
    pub(super) async fn preview(&self, mut task: PreviewTask, enqueue: &Enqueue) -> Result<(), CrawlError> {
        let deadline = self.settings.previews.timeout;
        let got = match task.export.take() {
            None => self.start_export(&task).await.map(|query| {
                task.export = Some((query, Instant::now()));
                None
            }),
            Some((query, begun)) => match self.fetch(&query).await {
                Ok(None) if begun.elapsed() >= deadline => Err(Missing::Told {
                    code: "preview.timeout",
                    message: format!("Sigma did not finish the image within {} s", deadline.as_secs()),
                }),
                got => {
                    task.export = Some((query, begun));
                    got
                }
            },
        };
        match got {
            Ok(None) => {
                let wait = FIRST_WAIT.saturating_mul(1 << task.asked.min(16)).min(LONGEST_WAIT).min(deadline);
                task.asked += 1;
                enqueue.add_later(Task::Preview(task), wait, self.client.clone());
                Ok(())
            }
            Ok(Some(content)) => {
                let stored = self.store_image(content).await;
                match stored {
                    Ok((sha256, bytes)) => self.deliver_preview(&task, sha256, bytes).await,
                    Err(missing) => self.without_preview(&task, missing).await,
                }
            }
            Err(missing) => self.without_preview(&task, missing).await,
        }
    }

    async fn start_export(&self, task: &PreviewTask) -> Result<String, Missing> {
        let Some(step) = graph::find(scope::PREVIEWS, "workbook") else {
            return Err(Missing::Told { code: "internal", message: "no step exports".to_owned() });
        };
        let format = json!({ "type": "png", "pixelWidth": self.settings.previews.pixel_width });
        let call = step.endpoint.call().path(step.id, &task.document);
        let call = call.json(json!({ "pageId": task.page, "format": format }));
        let started: model::StartedExport = self.client.one(&call).await.map_err(Missing::Sigma)?;
        Ok(started.query_id)
    }

    /// The image; `None` while there is none yet.
    async fn fetch(&self, query: &str) -> Result<Option<Vec<u8>>, Missing> {
        let Some(step) = graph::find(scope::PREVIEWS, "export") else {
            return Err(Missing::Told { code: "internal", message: "no step downloads".to_owned() });
        };
        match self.client.download(&step.endpoint.call().path(step.id, query)).await {
            Ok(None) => Ok(None),
            // Sigma's documentation calls an export that still runs an error.
            Err(error) if error.kind() == ErrorKind::NotApplicable => Ok(None),
            Err(error) => Err(Missing::Sigma(error)),
            Ok(Some(download)) => image(download).map(Some),
        }
    }

    async fn store_image(&self, content: Vec<u8>) -> Result<(String, i64), Missing> {
        let told = |message: String| Missing::Told { code: "preview.not_stored", message };
        let Some(gallery) = &self.gallery else { return Err(told("previews are off".to_owned())) };
        let folder = gallery.folder.clone();
        let bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
        let put = tokio::task::spawn_blocking(move || folder.put(&content)).await;
        match put {
            Ok(Ok(sha256)) => Ok((sha256, bytes)),
            Ok(Err(error)) => Err(told(format!("the image cannot be stored in `previews.folder`: {error}"))),
            Err(error) => Err(told(error.to_string())),
        }
    }

    fn preview_width(&self) -> i64 {
        self.settings.previews.pixel_width.into()
    }

    async fn deliver_preview(
        &self,
        task: &PreviewTask,
        sha256: String,
        bytes: i64,
    ) -> Result<(), CrawlError> {
        let mut rows = Rows::default();
        rows.push(Preview {
            page_id: task.page.clone(),
            version: task.version,
            width: self.preview_width(),
            sha256,
            bytes,
            exported_at: format!("{:.3}", jiff::Timestamp::now()),
        });
        let calls = u64::from(task.asked) + 1;
        let report = ListingReport { rows: 1, http_calls: calls, ..ListingReport::default() };
        let scopes = vec![settled(scope::PREVIEWS, &task.page, &report)];
        self.deliver(Delivery::Bundle(Bundle { document_id: task.document.clone(), rows, scopes })).await
    }

    /// Keeps the image there was, and says why there is no new one.
    async fn without_preview(&self, task: &PreviewTask, missing: Missing) -> Result<(), CrawlError> {
        let calls = ListingReport { http_calls: u64::from(task.asked) + 1, ..ListingReport::default() };
        let report = match missing {
            Missing::Sigma(error) if ends_the_run(&error) => {
                return Err(CrawlError::sigma("exporting an image", error));
            }
            Missing::Sigma(error) => failed(scope::PREVIEWS, &task.page, &error, &calls),
            Missing::Told { code, message } => {
                let none =
                    ScopeReport::without_rows(scope::PREVIEWS, &task.page, Outcome::Failed, code, message);
                ScopeReport { http_calls: calls.http_calls, ..none }
            }
        };
        let context = format!("preview of page {} of workbook {}", task.page, task.document);
        self.deliver(Delivery::Event(report.warning(context))).await?;
        let bundle =
            Bundle { document_id: task.document.clone(), rows: Rows::default(), scopes: vec![report] };
        self.deliver(Delivery::Bundle(bundle)).await
    }
}

/// The content of a download that is an image.
fn image(download: Download) -> Result<Vec<u8>, Missing> {
    let Download { content_type, content } = download;
    let said = content_type.unwrap_or_default();
    let is_png = said.split(';').next().is_some_and(|said| said.trim().eq_ignore_ascii_case("image/png"));
    if !is_png || !content.starts_with(&SIGNATURE) {
        let message = format!("Sigma sent {} bytes of `{said}` instead of a PNG image", content.len());
        return Err(Missing::Told { code: "preview.not_png", message });
    }
    if content.len() > LARGEST {
        let message = format!("the image has {} bytes, more than {LARGEST}", content.len());
        return Err(Missing::Told { code: "preview.too_large", message });
    }
    Ok(content)
}
