//! Scenarios: text in, text out.
