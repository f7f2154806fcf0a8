//! Disk and git to a project.
