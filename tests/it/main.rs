//! Everything that needs more than one room: histories, rule pages, the program itself.

mod action;
mod allowed;
mod baseline;
mod book;
mod ci;
mod cli;
mod clones;
mod commands;
mod config;
#[cfg(feature = "live-postgres")]
mod connection;
mod contract_histories;
mod conventions;
mod formats;
mod histories;
mod history;
#[path = "../support/home.rs"]
mod home;
mod hostile;
mod init;
mod json;
mod layouts;
mod lines;
#[cfg(feature = "live-postgres")]
#[path = "../support/listening.rs"]
mod listening;
#[path = "../support/mariadb.rs"]
mod mariadb;
mod other_servers;
mod packaging;
mod pages;
#[path = "../support/server.rs"]
mod postgres;
mod precommit;
mod queries;
mod query_histories;
mod random_queries;
mod reviewed;
mod rollouts;
mod second_reader;
mod sequences;
mod server;
mod severities;
mod stats;
#[path = "../support/mod.rs"]
mod support;
mod type_changes;
mod typed;
mod uses;
mod verdicts;
mod verify;
#[cfg(feature = "live-postgres")]
mod verify_command;
mod versions;
mod world;
