//! Foreign events: mapping, the track machine, conformance, discovery.
