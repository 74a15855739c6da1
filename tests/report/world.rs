//! An organisation with everything a report may look at, and what reports say of it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use sigma_catalog::access::Access;
use sigma_catalog::catalog::facts::Facts;
use sigma_catalog::catalog::organisation::Member;
use sigma_catalog::identity::{CatalogUser, Include, Mapping, Matching, Pair, reconcile};
use sigma_catalog::report::filter::Filter;
use sigma_catalog::report::finding::Ledger;
use sigma_catalog::report::render::{Csv, Json};
use sigma_catalog::report::table::{Report, find};
use sigma_catalog::report::{
    Identity, Inputs, OWNER_ABOVE, Options, Render, ReportError, Stamp, Totals, make,
};
use sigma_catalog::store::Evidence;

use crate::facts::empty;

pub struct World {
    pub facts: Facts,
    pub evidence: Evidence,
    pub options: Options,
    pub ledger: Ledger,
    pub filter: Filter,
    pub run: i64,
    users: Vec<CatalogUser>,
    pairs: Option<(Vec<Pair>, bool)>,
}

impl World {
    /// An organisation with nobody and nothing, of which everything was read.
    pub fn new() -> Self {
        Self {
            facts: empty(),
            evidence: Evidence::default(),
            options: Options { owner_above: OWNER_ABOVE, ..Options::default() },
            ledger: Ledger::default(),
            filter: Filter::default(),
            run: 7,
            users: Vec::new(),
            pairs: None,
        }
    }

    /// A catalog user.
    pub fn user(&mut self, network_id: &str, email: &str, active: bool) {
        self.users.push(CatalogUser {
            network_id: network_id.into(),
            email: Some(email.into()),
            display_name: None,
            active,
        });
    }

    /// Matches by an identity CSV of these rows, instead of by address.
    pub fn mapping(&mut self, rows: &[(&str, &str)], merge: bool) {
        let pair = |(line, (user, email)): (u64, &(&str, &str))| {
            Pair::new(line, (*user).into(), (*email).into()).expect("a pair")
        };
        self.pairs = Some(((2..).zip(rows).map(pair).collect(), merge));
    }

    fn identity(&self) -> Identity {
        let members: Vec<Member> = self.facts.members.iter().map(Member::from).collect();
        let mapping = self.pairs.clone().map(|(pairs, merge)| Mapping::of(pairs, merge));
        let matching = mapping.as_ref().map_or(Matching::Email, Matching::Csv);
        Identity::new(reconcile(&members, &self.users, matching, Include::default()))
    }

    /// Hands the inputs of reports to `with`.
    pub fn with<T>(&self, with: impl FnOnce(&Inputs<'_>) -> T) -> T {
        let access = Access::new(&self.facts);
        let identity = self.identity();
        let stamp = Stamp {
            run_id: self.run,
            as_of: Some("2026-11-01T00:00:00.000Z".into()),
            org_id: Some("org".into()),
        };
        with(&Inputs {
            stamp: &stamp,
            facts: &self.facts,
            access: &access,
            evidence: &self.evidence,
            identity: Some(&identity),
            catalog: None,
            options: &self.options,
        })
    }

    pub fn make(&self, id: &str, out: &mut dyn Render) -> Result<Totals, ReportError> {
        self.with(|inputs| make(report(id), inputs, &self.ledger, &self.filter, out))
    }

    /// The report as JSON, valid by the published schema.
    pub fn json(&self, id: &str) -> Value {
        let mut bytes = Vec::new();
        self.make(id, &mut Json::new(&mut bytes)).expect("a report");
        let json: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_valid(&json);
        json
    }

    /// The report as CSV: header and records.
    pub fn csv(&self, id: &str) -> (Vec<String>, Vec<Vec<String>>) {
        let mut bytes = Vec::new();
        self.make(id, &mut Csv::new(&mut bytes, true)).expect("a report");
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let header = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let record = |record: Result<csv::StringRecord, _>| {
            record.expect("a record").iter().map(str::to_owned).collect()
        };
        (header, reader.records().map(record).collect())
    }

    /// Some columns of all rows, the same in CSV and JSON, as `cell | cell`.
    #[track_caller]
    pub fn rows(&self, id: &str, columns: &[&str]) -> Vec<String> {
        let (header, records) = self.csv(id);
        let json = self.json(id);
        let rows = json["rows"].as_array().expect("rows");
        assert_eq!(records.len(), rows.len(), "{id}");
        let places: HashMap<&str, usize> =
            header.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        for (record, row) in records.iter().zip(rows) {
            assert_eq!(row.as_object().expect("an object").len(), header.len(), "{id}");
            for (name, cell) in header.iter().zip(record) {
                let value = match &row[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(*cell, value, "{id} {name}");
            }
        }
        let keys: HashSet<&str> =
            records.iter().map(|record| record[places["finding_key"]].as_str()).collect();
        assert_eq!(keys.len(), records.len(), "{id}: each row has a key of its own");
        let line = |record: &Vec<String>| {
            let cells: Vec<&str> = columns.iter().map(|column| record[places[column]].as_str()).collect();
            cells.join(" | ")
        };
        records.iter().map(line).collect()
    }

    /// How sure the whole report is.
    pub fn confidence(&self, id: &str) -> String {
        self.json(id)["confidence"].as_str().expect("a word").to_owned()
    }
}

pub fn report(id: &str) -> &'static Report {
    find(id).unwrap_or_else(|| panic!("no report {id}"))
}

/// Valid by the published schema.
#[track_caller]
pub fn assert_valid(json: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../schemas/report.schema.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{json:#}");
}
