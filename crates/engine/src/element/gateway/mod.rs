mod event_based;
mod exclusive;
mod parallel;
