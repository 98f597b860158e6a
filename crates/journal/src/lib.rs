//! The log: trait, memory, segmented files, checkpoint store, fault-injecting file system.
