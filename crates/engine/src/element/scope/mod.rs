mod event_sub_process;
mod multi_instance;
mod process;
mod sub_process;
