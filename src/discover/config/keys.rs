//! What the command line and the environment call the keys of the configuration.

/// A key that has an option or a variable of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyNames {
    /// The key in `migcheck.toml`, with its table.
    pub key: &'static str,
    /// The option of `migcheck check`.
    pub option: &'static str,
    /// The variable of the environment.
    pub variable: Option<&'static str>,
}

const fn names(
    key: &'static str,
    option: &'static str,
    variable: Option<&'static str>,
) -> KeyNames {
    KeyNames {
        key,
        option,
        variable,
    }
}

/// The keys that have an option of their own; `--set` sets any.
pub const KEY_NAMES: [KeyNames; 9] = [
    names("layout", "--layout", Some("MIGCHECK_LAYOUT")),
    names("dialect", "--dialect", Some("MIGCHECK_DIALECT")),
    names(
        "server_version",
        "--server-version",
        Some("MIGCHECK_SERVER_VERSION"),
    ),
    names("deploy", "--deploy", Some("MIGCHECK_DEPLOY")),
    names("schema_file", "--schema-file", None),
    names("releases.live", "--live", None),
    names("code.queries", "--queries", None),
    names("rules.select", "--select", None),
    names("rules.ignore", "--ignore", None),
];

/// Every variable of the environment that is migcheck's own, and what it does.
pub const VARIABLES: [(&str, &str); 9] = [
    (
        "MIGCHECK_BASE",
        "what \"new\" is measured from, as `--base`",
    ),
    (
        "MIGCHECK_CONFIG",
        "the configuration file, as `--config`; `--isolated` outranks it",
    ),
    (
        "MIGCHECK_CONTRACT",
        "the contract file of `migcheck verify`, as `--contract`",
    ),
    ("MIGCHECK_DEPLOY", "the key `deploy`, as `--deploy`"),
    ("MIGCHECK_DIALECT", "the key `dialect`, as `--dialect`"),
    (
        "MIGCHECK_FAIL_ON",
        "what makes the exit code 1 (`error`, `warning`, `never`), as `--fail-on`",
    ),
    (
        "MIGCHECK_FORMAT",
        "how `migcheck check` prints its report, as `--format`; several are separated by commas",
    ),
    ("MIGCHECK_LAYOUT", "the key `layout`, as `--layout`"),
    (
        "MIGCHECK_SERVER_VERSION",
        "the key `server_version`, as `--server-version`",
    ),
];
