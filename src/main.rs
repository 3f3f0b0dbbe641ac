//! Which door: Splunk's pipe, or the command line.

fn main() {}
