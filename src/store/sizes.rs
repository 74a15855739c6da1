//! How large the published catalog is, for those who plan the next crawl.

use std::collections::BTreeMap;

use super::error::StoreError;
use super::ledger;
use super::reader::Catalog;
use crate::catalog::delivery::scope;

/// The sizes of the published catalog.
#[derive(Debug, Clone, Default)]
pub struct Sizes {
    /// The run that published it.
    pub run_id: i64,
    /// Its grants were asked by member and team.
    pub grants_by_principal: bool,
    /// Objects by what they are: documents by kind, `workspace`, `member`, `team`, ...; `file:<type>` for files;
    /// `live:<kind>` for the documents that have contents, `contents:<kind>` for those that are asked for them, `page:<kind>`
    /// and `element:<kind>` for what is in these, `beside-pages:<kind>` for those with elements on no page; `table` for the
    /// warehouse tables that they name, `any-table` for all.
    pub objects: BTreeMap<String, u64>,
}

/// Everything that is counted, as (what, how many). The parameter holds the documents that are asked, as a JSON list.
const COUNTS: &str = "WITH asked AS (SELECT d.* FROM document d JOIN json_each(?1) j ON j.value = d.id)
    SELECT kind, count(*) FROM document GROUP BY 1
    UNION ALL SELECT 'live:' || kind, count(*) FROM document WHERE NOT coalesce(is_archived, 0) GROUP BY 1
    UNION ALL SELECT 'contents:' || kind, count(*) FROM asked GROUP BY 1
    UNION ALL SELECT 'page:' || d.kind, count(*) FROM page p JOIN asked d ON d.id = p.document_id GROUP BY 1
    UNION ALL SELECT 'element:' || d.kind, count(*) FROM element e JOIN asked d ON d.id = e.document_id GROUP BY 1
    UNION ALL SELECT 'beside-pages:' || d.kind, count(DISTINCT d.id) FROM element e JOIN asked d ON d.id = e.document_id
        WHERE e.page_id IS NULL GROUP BY 1
    UNION ALL SELECT 'file:' || type, count(*) FROM file GROUP BY 1
    UNION ALL SELECT 'workspace', count(*) FROM workspace
    UNION ALL SELECT 'member', count(*) FROM member
    UNION ALL SELECT 'team', count(*) FROM team
    UNION ALL SELECT 'connection', count(*) FROM connection
    UNION ALL SELECT 'account_type', count(*) FROM account_type
    UNION ALL SELECT 'account-type', count(*) FROM account_type
    UNION ALL SELECT 'user_attribute', count(*) FROM user_attribute
    UNION ALL SELECT 'user-attribute', count(*) FROM user_attribute
    UNION ALL SELECT 'tenant', count(*) FROM tenant
    UNION ALL SELECT 'version_tag', count(*) FROM version_tag
    UNION ALL SELECT 'any-table', count(*) FROM warehouse_table
    UNION ALL SELECT 'table', count(*) FROM warehouse_table WHERE id IN (
        SELECT n.id FROM lineage_node n JOIN asked d ON d.id = n.document_id WHERE n.type = 'table'
        UNION SELECT s.source_id FROM dataset_source s JOIN asked d ON d.id = s.dataset_id)";

impl Catalog {
    /// The sizes of the published catalog, where a crawl would ask those documents for their contents; `None` while nothing
    /// is published.
    pub fn sizes(&self, asked: &[String]) -> Result<Option<Sizes>, StoreError> {
        let Some(run) = ledger::published(self.connection())? else { return Ok(None) };
        let mut counted = self.connection().prepare(COUNTS)?;
        let asked = serde_json::to_string(asked).unwrap_or_default();
        let objects =
            counted.query_map([asked], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(Some(Sizes {
            run_id: run.run_id,
            grants_by_principal: ledger::published_scope_is_known(self.connection(), scope::MEMBER_GRANTS)?,
            objects: objects.collect::<Result<_, _>>()?,
        }))
    }

    /// How many pages of `page_size` rows beyond the first the rows of a table take, over those documents of a kind that are
    /// `asked`; `None`: over all.
    pub fn further_pages(
        &self,
        table: &str,
        kind: &str,
        page_size: u32,
        asked: Option<&[String]>,
    ) -> Result<u64, StoreError> {
        let Some(table) = crate::catalog::table(table).filter(|table| table.in_document) else {
            return Ok(0);
        };
        let sql = format!(
            "SELECT coalesce(sum((n - 1) / ?1), 0) FROM (SELECT count(*) AS n FROM {} r \
             JOIN document_key k ON k.document = r.document JOIN document d ON d.id = k.id \
             WHERE {} AND d.kind = ?2 AND (?3 IS NULL OR d.id IN (SELECT value FROM json_each(?3))) \
             GROUP BY r.document)",
            table.history(),
            super::schema::published("r")
        );
        let asked = asked.map(|asked| serde_json::to_string(asked).unwrap_or_default());
        let pages: i64 =
            self.connection().query_row(&sql, (page_size.max(1), kind, asked), |row| row.get(0))?;
        Ok(pages.unsigned_abs())
    }
}
