//! The job definition: a lenient model that keeps unknown fields, and a lint that reports every problem at once.
