mod ad_hoc;
mod event_sub_process;
mod multi_instance;
mod process;
mod sub_process;

pub(crate) use ad_hoc::begins_in;
