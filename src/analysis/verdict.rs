//! When the code may be switched: the seven verdicts.
//!
//! States are numbered 0 (before the change) to n (after it). The code may be switched at k when
//! the old releases work on every state up to k and head works on every state from k on.

/// Whether a release works on a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does.
    Works,
    /// It hangs on something that was not understood.
    Unknown,
    /// It does not.
    Breaks,
}

impl Truth {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Truth::Works => "works",
            Truth::Unknown => "unknown",
            Truth::Breaks => "breaks",
        }
    }
}

/// Which order of deploying the code and running the migrations is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Any.
    AnyOrder,
    /// Run the migrations, then deploy.
    MigrateFirst,
    /// Deploy, wait until the old release is gone, then migrate.
    CodeFirst,
    /// Deploy between two of the migrations.
    SwitchBetween,
    /// None.
    NoSafeOrder,
    /// The new code does not fit its own schema.
    Broken,
    /// It hangs on something that was not understood.
    Unknown,
}

impl Verdict {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::AnyOrder => "any-order",
            Verdict::MigrateFirst => "migrate-first",
            Verdict::CodeFirst => "code-first",
            Verdict::SwitchBetween => "switch-between",
            Verdict::NoSafeOrder => "no-safe-order",
            Verdict::Broken => "broken",
            Verdict::Unknown => "unknown",
        }
    }
}

/// The states at which the code may be switched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SwitchPoints {
    /// Before the first migration.
    pub at_start: bool,
    /// After the last.
    pub at_end: bool,
    /// Ends of migrations in between, as state numbers.
    pub between: Vec<usize>,
}

impl SwitchPoints {
    /// Whether the code may be switched at a state.
    pub fn contains(&self, state: usize, last: usize) -> bool {
        (state == 0 && self.at_start)
            || (state == last && self.at_end)
            || self.between.contains(&state)
    }
}

/// The verdict over states 0 to n, and where the code may be switched.
///
/// `old` and `new` hold one entry per state; `ends` are the states at the end of a migration
/// (0 and n are switch points in any case). Where something is unknown the verdict is known all
/// the same if it would be the same either way.
pub fn verdict(old: &[Truth], new: &[Truth], ends: &[usize]) -> (Verdict, SwitchPoints) {
    let hopeful = decide(old, new, ends, |truth| truth != Truth::Breaks);
    let careful = decide(old, new, ends, |truth| truth == Truth::Works);
    if hopeful.0 == careful.0 {
        careful
    } else {
        (Verdict::Unknown, careful.1)
    }
}

fn decide(
    old: &[Truth],
    new: &[Truth],
    ends: &[usize],
    works: impl Fn(Truth) -> bool,
) -> (Verdict, SwitchPoints) {
    let last = new.len().saturating_sub(1);
    if new.last().is_some_and(|truth| !works(*truth)) {
        return (Verdict::Broken, SwitchPoints::default());
    }
    // The old releases work up to here, head from there on.
    let old_until = old
        .iter()
        .position(|truth| !works(*truth))
        .unwrap_or(old.len());
    let new_from = new
        .iter()
        .rposition(|truth| !works(*truth))
        .map_or(0, |at| at + 1);
    let may_switch = |state: usize| state < old_until && state >= new_from;
    let points = SwitchPoints {
        at_start: may_switch(0),
        at_end: may_switch(last),
        between: ends
            .iter()
            .copied()
            .filter(|end| *end > 0 && *end < last && may_switch(*end))
            .collect(),
    };
    let verdict = match (points.at_start, points.at_end) {
        (true, true) => Verdict::AnyOrder,
        (false, true) => Verdict::MigrateFirst,
        (true, false) => Verdict::CodeFirst,
        (false, false) if !points.between.is_empty() => Verdict::SwitchBetween,
        (false, false) => Verdict::NoSafeOrder,
    };
    (verdict, points)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter per state: `w`orks, `b`reaks, `u`nknown.
    fn truths(text: &str) -> Vec<Truth> {
        text.chars()
            .map(|letter| match letter {
                'w' => Truth::Works,
                'b' => Truth::Breaks,
                _ => Truth::Unknown,
            })
            .collect()
    }

    fn judge(old: &str, new: &str, ends: &[usize]) -> Verdict {
        verdict(&truths(old), &truths(new), ends).0
    }

    #[test]
    fn every_row_of_the_table() {
        assert_eq!(judge("www", "www", &[1]), Verdict::AnyOrder);
        assert_eq!(judge("www", "bbw", &[1]), Verdict::MigrateFirst);
        assert_eq!(judge("wwb", "www", &[1]), Verdict::CodeFirst);
        assert_eq!(judge("wwb", "bww", &[1]), Verdict::SwitchBetween);
        assert_eq!(judge("wbb", "bbw", &[1]), Verdict::NoSafeOrder);
        assert_eq!(judge("www", "wwb", &[1]), Verdict::Broken);
        assert_eq!(judge("wwu", "www", &[1]), Verdict::Unknown);
    }

    #[test]
    fn the_code_can_only_be_switched_at_the_end_of_a_migration() {
        assert_eq!(judge("wwb", "bww", &[]), Verdict::NoSafeOrder);
    }

    #[test]
    fn a_break_in_between_that_heals_still_closes_the_later_points() {
        assert_eq!(judge("wbw", "www", &[1]), Verdict::CodeFirst);
        assert_eq!(judge("www", "wbw", &[1]), Verdict::MigrateFirst);
    }

    #[test]
    fn what_cannot_matter_may_stay_unknown() {
        assert_eq!(judge("wbu", "bbw", &[1]), Verdict::NoSafeOrder);
        assert_eq!(judge("wuw", "bbw", &[1]), Verdict::Unknown);
    }
}
