//! Timestamps and Splunk's time modifiers.
