//! Reports made of facts that a test wrote down.

use std::collections::HashSet;

use serde_json::Value;
use sigma_catalog::access::Access;
use sigma_catalog::catalog::facts::Facts;
use sigma_catalog::report::filter::Filter;
use sigma_catalog::report::finding::Ledger;
use sigma_catalog::report::render::{Csv, Json};
use sigma_catalog::report::{Identity, Inputs, Options, ReportError, Stamp, make, table};
use sigma_catalog::store::Evidence;

/// A report in two formats.
pub struct Made {
    /// The rows of the CSV, without the common columns around them and without the header.
    pub csv: Vec<Vec<String>>,
    /// The same columns of the JSON's rows.
    pub json: Vec<Vec<Value>>,
    /// The confidence of each row.
    pub sure: Vec<String>,
}

/// Makes a report.
pub fn try_made(
    id: &str,
    facts: &Facts,
    identity: Option<&Identity>,
    options: &Options,
) -> Result<Made, ReportError> {
    let report = table::find(id).expect("a report");
    let (access, evidence) = (Access::new(facts), Evidence::default());
    let stamp = Stamp { run_id: 7, as_of: Some("2026-01-02T03:04:05Z".into()), org_id: Some("org".into()) };
    let inputs = Inputs {
        stamp: &stamp,
        facts,
        access: &access,
        evidence: &evidence,
        identity,
        catalog: None,
        options,
    };
    let (ledger, filter) = (Ledger::default(), Filter::default());
    let (mut csv, mut json) = (Vec::new(), Vec::new());
    make(report, &inputs, &ledger, &filter, &mut Csv::new(&mut csv, false))?;
    make(report, &inputs, &ledger, &filter, &mut Json::new(&mut json))?;
    let own: Vec<&str> = report.columns.iter().map(|column| column.name).collect();
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|column| column == name).expect(name);
    let records: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let keys: HashSet<&str> = records.iter().map(|row| &row[place("finding_key")]).collect();
    assert_eq!(keys.len(), records.len(), "{id}: each row has a key of its own");
    let json: Value = serde_json::from_slice(&json).expect("JSON");
    let rows = json["rows"].as_array().expect("rows");
    Ok(Made {
        csv: records.iter().map(|row| own.iter().map(|name| row[place(name)].to_owned()).collect()).collect(),
        json: rows.iter().map(|row| own.iter().map(|name| row[*name].clone()).collect()).collect(),
        sure: records.iter().map(|row| row[place("confidence")].to_owned()).collect(),
    })
}

/// The same where nothing can go wrong.
pub fn made(id: &str, facts: &Facts) -> Made {
    try_made(id, facts, None, &Options::default()).expect("a report")
}

impl Made {
    /// Compares all rows in both formats with what is expected: columns apart by `|`, nothing for null.
    pub fn is(&self, expected: &[&str]) {
        let expected: Vec<Vec<&str>> = expected.iter().map(|row| row.split('|').collect()).collect();
        assert_eq!(self.csv, expected);
        let cell = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let json: Vec<Vec<String>> = self.json.iter().map(|row| row.iter().map(cell).collect()).collect();
        assert_eq!(json, expected);
    }
}
