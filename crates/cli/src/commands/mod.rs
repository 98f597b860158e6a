pub mod demo;
pub mod journal;
pub mod repair;
pub mod run;
