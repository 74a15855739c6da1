//! The words the organisation is made of: names a person believes.

/// First names.
pub const FIRST: &[&str] = &[
    "Amara",
    "Ben",
    "Camille",
    "Daniel",
    "Elena",
    "Farid",
    "Grace",
    "Hiro",
    "Ingrid",
    "Jamal",
    "Katarzyna",
    "Liam",
    "María",
    "Nadia",
    "Oliver",
    "Priya",
    "Quentin",
    "Rosa",
    "Samuel",
    "Tomoko",
    "Umar",
    "Valentina",
    "Wei",
    "Ximena",
    "Yusuf",
    "Zoë",
    "Aisha",
    "Bruno",
    "Chloé",
    "Dmitri",
    "Esther",
    "Felix",
    "Hannah",
    "Ivan",
    "Julia",
    "Kwame",
];
/// Last names.
pub const LAST: &[&str] = &[
    "Okafor",
    "Fischer",
    "Laurent",
    "Kim",
    "Rossi",
    "Haddad",
    "Thompson",
    "Tanaka",
    "Larsen",
    "Carter",
    "Nowak",
    "O'Brien",
    "García",
    "Petrova",
    "Bennett",
    "Sharma",
    "Dubois",
    "Delgado",
    "Green",
    "Sato",
    "Siddiqui",
    "Moreno",
    "Zhang",
    "Reyes",
    "Demir",
    "Lindqvist",
    "Nkosi",
    "Almeida",
    "Moreau",
    "Volkov",
    "Goldberg",
    "Weber",
    "Schmidt",
    "Horvat",
    "Santos",
    "Mensah",
    "de la Cruz",
    "van Dijk",
];
/// Departments: the names of teams and of workspaces.
pub const DEPARTMENTS: &[&str] = &[
    "Finance",
    "Sales",
    "Marketing",
    "Customer Success",
    "Product",
    "Engineering",
    "Operations",
    "People",
    "Supply Chain",
    "Legal",
    "Data Platform",
    "Revenue Operations",
    "Field Sales EMEA",
    "Field Sales APAC",
    "Support",
    "Procurement",
    "Treasury",
    "Brand",
    "Growth",
    "Security",
    "IT",
    "Facilities",
    "Partnerships",
    "Pricing",
    "Risk",
    "Compliance",
    "Executive",
    "Retail",
    "E-Commerce",
    "Logistics",
];
/// Folders directly in a workspace.
pub const FOLDERS: &[&str] = &[
    "Board Packs",
    "Team Dashboards",
    "Ad Hoc",
    "Monthly Close",
    "Forecasts",
    "KPIs",
    "Experiments",
    "Archive 2024",
];
/// Folders in folders.
pub const SUBFOLDERS: &[&str] =
    &["Drafts", "2025", "2026", "Shared with Leadership", "Certified", "EMEA", "North America"];
/// What workbooks measure.
pub const METRICS: &[&str] = &[
    "Revenue",
    "Net Retention",
    "Gross Margin",
    "Pipeline",
    "Churn",
    "Bookings",
    "Orders",
    "Active Users",
    "Headcount",
    "Inventory Turns",
    "Support Backlog",
    "Marketing Spend",
    "Conversion",
    "Forecast Accuracy",
    "Cash Collections",
];
/// By what they break it down.
pub const DIMENSIONS: &[&str] = &[
    "Region",
    "Segment",
    "Product Line",
    "Sales Rep",
    "Channel",
    "Cohort",
    "Warehouse",
    "Plan",
    "Month",
    "Team",
];
/// Words at the end of a workbook's name.
pub const ENDINGS: &[&str] =
    &["Risk Monitor", "Overview", "Deep Dive", "Scorecard", "Tracker", "Weekly Review", "Explorer"];
/// Data models.
pub const MODELS: &[&str] = &[
    "Orders & Revenue",
    "Customer 360",
    "Subscription Events",
    "Pipeline Snapshot",
    "Product Usage",
    "Support Tickets",
    "Workforce",
    "Inventory Positions",
    "Campaign Performance",
    "General Ledger",
];
/// Reports.
pub const REPORTS: &[&str] =
    &["Monthly Board Report", "Weekly Sales Digest", "Invoice Statement", "Quarterly Headcount Report"];
/// Datasets, from before data models.
pub const DATASETS: &[&str] = &["Orders (legacy)", "Accounts (legacy)", "Tickets (legacy)"];
/// Pages.
pub const PAGES: &[&str] =
    &["Summary", "Details", "By Region", "Trends", "Data", "Notes", "Drill-down", "Assumptions"];
/// Descriptions.
pub const DESCRIPTIONS: &[&str] = &[
    "Refreshed nightly; ask the owner before changing filters.",
    "Source of truth for the weekly review.",
    "Draft, numbers not yet reconciled with the ledger.",
    "For the board pack. Figures in USD.",
];
/// Controls: (name, value type).
pub const CONTROLS: &[(&str, &str)] = &[
    ("Region", "text-list"),
    ("Date Range", "date-range"),
    ("Minimum Amount", "number"),
    ("Include Refunds", "boolean"),
    ("Top N", "number-null"),
    ("As Of", "date"),
];
/// Kinds of chart, with the inconsistent case clients have met.
pub const CHARTS: &[&str] = &["bar", "line", "pie", "donut", "scatter", "kpi", "area", "Line", "combo"];
/// Warehouse tables: name and `NATIVE_COLUMN:type` pairs.
pub const TABLES: &[(&str, &str)] = &[
    (
        "ORDERS",
        "ORDER_ID:number CUSTOMER_ID:number ORDER_DATE:datetime STATUS:text REGION:text NET_AMOUNT:number \
         AMOUNT_[USD]:number DISCOUNT:number CHANNEL:text IS_REFUNDED:boolean UPDATED_AT:datetime",
    ),
    (
        "CUSTOMERS",
        "CUSTOMER_ID:number NAME:text SEGMENT:text COUNTRY:text SIGNUP_DATE:datetime LIFETIME_VALUE:number \
         IS_ACTIVE:boolean ACCOUNT_OWNER:text HEALTH_SCORE:number",
    ),
    (
        "OPPORTUNITIES",
        "OPPORTUNITY_ID:number ACCOUNT_ID:number STAGE:text AMOUNT:number CLOSE_DATE:datetime CREATED_AT:datetime \
         OWNER_NAME:text FORECAST_CATEGORY:text PROBABILITY:number IS_WON:boolean",
    ),
    (
        "SUBSCRIPTIONS",
        "SUBSCRIPTION_ID:number CUSTOMER_ID:number PLAN:text MRR:number STARTED_AT:datetime CANCELLED_AT:datetime \
         STATUS:text SEATS:integer CHURN_RISK:number",
    ),
    (
        "TICKETS",
        "TICKET_ID:number CUSTOMER_ID:number PRIORITY:text STATUS:text OPENED_AT:datetime CLOSED_AT:datetime \
         FIRST_RESPONSE_MINUTES:number CSAT:number AGENT:text",
    ),
    (
        "INVENTORY",
        "SKU:text WAREHOUSE:text ON_HAND:integer RESERVED:integer UNIT_COST:number SNAPSHOT_DATE:datetime \
         REORDER_POINT:integer SUPPLIER:text",
    ),
    (
        "EMPLOYEES",
        "EMPLOYEE_ID:number DEPARTMENT:text TITLE:text HIRE_DATE:datetime SALARY_BAND:text LOCATION:text \
         MANAGER_ID:number IS_CONTRACTOR:boolean TENURE_MONTHS:number",
    ),
    (
        "CAMPAIGNS",
        "CAMPAIGN_ID:number NAME:text CHANNEL:text SPEND:number IMPRESSIONS:integer CLICKS:integer \
         STARTED_AT:datetime CONVERSIONS:integer OBJECTIVE:text",
    ),
    (
        "EVENTS",
        "EVENT_ID:text USER_ID:number EVENT_NAME:text OCCURRED_AT:datetime SESSION_ID:text DURATION_SECONDS:number \
         PLATFORM:text COUNTRY:text",
    ),
    (
        "GL_ENTRIES",
        "ENTRY_ID:number ACCOUNT_CODE:text POSTED_AT:datetime DEBIT:number CREDIT:number COST_CENTER:text \
         CURRENCY:text PERIOD:text",
    ),
];
/// Databases and schemas that the tables are in.
pub const SCHEMAS: &[(&str, &str)] = &[
    ("ANALYTICS", "SALES"),
    ("ANALYTICS", "FINANCE"),
    ("ANALYTICS", "PRODUCT"),
    ("RAW", "SALESFORCE"),
    ("RAW", "NETSUITE"),
];
