//! The value type: JSON, MessagePack, decimals, path reads over bytes.
