mod event_sub_process;
mod process;
mod sub_process;
