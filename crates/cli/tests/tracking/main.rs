//! The acceptance scenarios of tracking, end to end: built binaries, public commands and calls.
#![allow(clippy::unwrap_used)] // a panic is the report of a test
#![cfg(feature = "track")]

mod act;
mod business;
mod document;
mod harness;
mod lay;
mod operate;
mod picture;
mod reader;
mod story;
