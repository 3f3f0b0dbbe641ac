//! stub
#[cfg(test)]
mod search_head;
