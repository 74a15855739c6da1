//! What the reports of findings find in a run that was just published, recorded.

use super::load::Loaded;
use crate::cli::error::CliError;
use crate::config::Settings;
use crate::report::table::{Need, REPORTS};
use crate::report::{OWNER_ABOVE, Options, seen};
use crate::store::{Catalog, Store};

/// Records the findings of the published run, so that later reports can tell new from known and what was resolved.
pub fn record(settings: &Settings) -> Result<(), CliError> {
    let path = &settings.catalog.database;
    let options = Options { owner_above: OWNER_ABOVE, ..Options::default() };
    let loaded = Loaded::read(Catalog::open(path)?, None, &settings.permissions, None, options)?;
    let inputs = loaded.inputs();
    let can = |needs: &[Need]| needs.iter().all(|need| *need == Need::Identity && inputs.identity.is_some());
    let found = REPORTS
        .iter()
        .filter(|report| report.findings && can(report.needs))
        .map(|report| seen(report, &inputs))
        .collect::<Result<Vec<_>, _>>()?;
    let run = loaded.run.run_id;
    // Whoever closes a catalog last tidies up its journal, which a reader cannot.
    drop(loaded);
    Ok(Store::open_at(path, settings.catalog.allow_network_filesystem)?.record_findings(run, &found)?)
}
