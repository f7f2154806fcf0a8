//! The version of a database server.

use std::fmt;
use std::str::FromStr;

/// A server's version. What was not written counts as zero: 16 is 16.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion {
    /// 16 of 16.2, 8 of 8.0.36, 10 of 10.11.6, 3 of 3.45.1.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number.
    pub patch: u32,
}

impl ServerVersion {
    /// The version with these three numbers.
    pub fn new(major: u32, minor: u32, patch: u32) -> Self {
        ServerVersion {
            major,
            minor,
            patch,
        }
    }
}

impl FromStr for ServerVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a version such as 16 or 8.0.36");
        let numbers = text
            .split('.')
            .map(|part| part.parse::<u32>().map_err(|_| wrong()))
            .collect::<Result<Vec<u32>, String>>()?;
        match numbers.as_slice() {
            [major] => Ok(ServerVersion::new(*major, 0, 0)),
            [major, minor] => Ok(ServerVersion::new(*major, *minor, 0)),
            [major, minor, patch] => Ok(ServerVersion::new(*major, *minor, *patch)),
            _ => Err(wrong()),
        }
    }
}

/// Without the zeros at its end: `16`, `10.11`, `8.0.36`.
impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.minor, self.patch) {
            (0, 0) => write!(f, "{}", self.major),
            (minor, 0) => write!(f, "{}.{minor}", self.major),
            (minor, patch) => write!(f, "{}.{minor}.{patch}", self.major),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| text.parse::<ServerVersion>().unwrap();
        assert!(version("9.6") < version("10"));
        assert!(version("10.2") < version("10.11"));
        assert_eq!(version("16"), version("16.0"));
        assert_eq!(version("8.0.36").to_string(), "8.0.36");
        assert_eq!(version("16.0").to_string(), "16");
        assert!("16-alpine".parse::<ServerVersion>().is_err());
    }
}
