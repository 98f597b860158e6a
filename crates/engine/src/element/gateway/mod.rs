mod event_based;
mod exclusive;
mod inclusive;
mod parallel;
