//! How bad a break is: the table of pairs and deploy modes, then the configuration.

use crate::analysis::{Break, Evidence, Pair, Weight, Window};
use crate::discover::{DeployMode, Level, RuleSettings};
use crate::rules::Rule;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Should be looked at.
    Warning,
    /// Fails the check.
    Error,
}

impl Severity {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What a deploy mode says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// It happens: as bad as the break is.
    Counts,
    /// It does not happen on the way, but closes the way back.
    NoWayBack,
    /// It does not happen.
    Silent,
}

/// How the project deploys, and what that means for a break.
#[derive(Debug, Clone, Copy)]
pub struct Weighing {
    /// The deploy mode.
    pub mode: DeployMode,
    /// In phases: the position at which the code is switched.
    pub switch: usize,
    /// How bad it is that something was not understood.
    pub unknown: Severity,
}

impl Weighing {
    /// How bad a break is; `None` when this deploy mode never meets it.
    pub fn weigh(&self, it: &Break, window: &Window) -> Option<Severity> {
        if it.harm.weight == Weight::Unknown {
            return Some(self.unknown);
        }
        // What fails on head's own schema fails however the project deploys.
        if super::is_on_own(it, window) {
            match it.harm.weight {
                Weight::Error => return Some(Severity::Error),
                // A known query may.
                Weight::Warning if !it.uses.is_empty() => return Some(Severity::Warning),
                Weight::Addition | Weight::Warning | Weight::Note | Weight::Unknown => {}
            }
        }
        match self.cell(it, window) {
            Cell::Silent => None,
            Cell::NoWayBack => Some(Severity::Note),
            Cell::Counts => Some(match it.harm.weight {
                Weight::Error => Severity::Error,
                // A known query of head uses what the change adds.
                Weight::Addition if it.evidence == Evidence::Proven => Severity::Error,
                // Head may not use it yet: that it is added is never an error by itself.
                Weight::Warning | Weight::Addition | Weight::Unknown => Severity::Warning,
                Weight::Note => Severity::Note,
            }),
        }
    }

    fn cell(&self, it: &Break, window: &Window) -> Cell {
        let fails_where = |wanted: &dyn Fn(usize) -> bool| {
            window
                .states
                .iter()
                .any(|state| it.start <= *state && *state < it.end && wanted(*state))
        };
        match (it.harm.pair, self.mode) {
            // Where no old code is alive any more, nobody writes such rows.
            (Pair::NewReadsOldData, DeployMode::CodeFirst | DeployMode::Offline) => Cell::Silent,
            (Pair::NewReadsOldData, DeployMode::Phased) if it.start > self.switch => Cell::Silent,
            // Data outlives every order of deploying.
            (Pair::OldReadsNewData | Pair::NewReadsOldData, _) => Cell::Counts,
            // Other code goes on running, however the project deploys its own.
            (Pair::OldOnNew, _) if window.releases[it.release].is_consumer() => Cell::Counts,
            (Pair::OldOnNew, DeployMode::MigrateFirst | DeployMode::Concurrent) => Cell::Counts,
            (Pair::OldOnNew, DeployMode::CodeFirst | DeployMode::Offline) => Cell::NoWayBack,
            (Pair::OldOnNew, DeployMode::Phased) => {
                if fails_where(&|state| state <= self.switch) {
                    Cell::Counts
                } else {
                    Cell::NoWayBack
                }
            }
            (Pair::NewOnOld, DeployMode::MigrateFirst | DeployMode::Offline) => Cell::Silent,
            (Pair::NewOnOld, DeployMode::CodeFirst | DeployMode::Concurrent) => Cell::Counts,
            (Pair::NewOnOld, DeployMode::Phased) => {
                if fails_where(&|state| state >= self.switch) {
                    Cell::Counts
                } else {
                    Cell::Silent
                }
            }
        }
    }
}

/// Whether the configuration lets the rule speak.
pub(super) fn is_on(rule: &Rule, settings: &RuleSettings) -> bool {
    configured(rule, Severity::Error, settings).is_some()
}

/// The severity after the configuration had its say; `None` when the rule is off.
pub(super) fn configured(
    rule: &Rule,
    severity: Severity,
    settings: &RuleSettings,
) -> Option<Severity> {
    let names_it = |name: &str| name == rule.name || name == rule.class.as_str();
    let selected = settings
        .select
        .as_ref()
        .is_none_or(|select| select.iter().any(|it| names_it(&it.value)));
    let ignored = settings.ignore.iter().any(|it| names_it(&it.value));
    if !selected || ignored {
        return None;
    }
    match settings.severity.get(rule.name).map(|level| level.value) {
        None => Some(severity),
        Some(Level::Off) => None,
        Some(Level::Note) => Some(Severity::Note),
        Some(Level::Warning) => Some(Severity::Warning),
        Some(Level::Error) => Some(Severity::Error),
    }
}
