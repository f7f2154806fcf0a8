//! Days of the calendar.

/// The day of a time in seconds since 1970, as `2026-01-31`; `None` before year 0 and after 9999.
pub(crate) fn of_seconds(seconds: i64) -> Option<String> {
    // Days since the first of March of year 0, in eras of 400 years.
    let days = seconds.div_euclid(86_400).checked_add(719_468)?;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = match month {
        0..=9 => (month + 3, 0),
        _ => (month - 9, 1),
    };
    let year = era.checked_mul(400)?.checked_add(year + later)?;
    (0..=9999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// Whether a text is a day as it is written here; days of the calendar compare as texts do.
pub(crate) fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let number = |text: &str, digits: usize| {
        let is_number = text.len() == digits && text.bytes().all(|it| it.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().unwrap_or(0))
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (4_107_542_400, "2100-03-01"),
            (1_767_225_599, "2025-12-31"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(of_seconds(seconds).as_deref(), Some(expected), "{seconds}");
            assert!(is_day(expected));
        }
        assert_eq!(of_seconds(i64::MAX), None);
        assert_eq!(of_seconds(i64::MIN), None);
        for wrong in [
            "",
            "2026-1-01",
            "2026-13-01",
            "2026-02-29",
            "2026-04-31",
            "2026-01-00",
        ] {
            assert!(!is_day(wrong), "{wrong}");
        }
    }
}
