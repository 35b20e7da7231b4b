//! What the store of a session has to do: commit, and restore.

use hawser::browser::records::kind;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::commands::Commands;
use crate::database::*;
use crate::page::{ONLINE, Page, Record, at, broker, peer, unique};

#[wasm_bindgen_test]
async fn a_session_that_is_not_stored_opens_no_database() {
    let name = unique("none");
    let page = Page::online(broker(), "{}").await;
    JsFuture::from(page.engine().open()).await.unwrap();
    page.engine().publish(1, &name, b"x", at(1), None);
    page.settled(kind::DONE, 1).await;
    flushed(&page).await;
    assert_eq!(stored(&name).await.stores, "");
}

#[wasm_bindgen_test]
async fn what_is_flushed_is_in_the_database() {
    let name = unique("flush");
    let page = opened(None, &name).await;
    page.engine().publish(1, "topic", b"payload of it", at(1), None);
    flushed(&page).await;
    let now = stored(&name).await;
    assert_eq!((now.version, now.stores.as_str()), (1.0, "log"));
    assert!(contains(&now, b"payload of it"));
}

#[wasm_bindgen_test]
async fn a_burst_is_one_commit() {
    let name = unique("burst");
    let page = online(&name).await;
    flushed(&page).await;
    let before = stored(&name).await.numbers.len();
    for token in 0..50 {
        page.engine().publish(token, "topic", b"burst", at(1), None);
    }
    flushed(&page).await;
    let now = stored(&name).await;
    let published = now
        .segments
        .iter()
        .filter(|segment| segment.windows(5).any(|window| window == b"burst"));
    assert_eq!(published.count(), 1, "{before} segments before, {:?} now", now.numbers);
}

#[wasm_bindgen_test]
async fn a_commit_that_is_under_way_when_the_engine_is_let_go_is_finished() {
    let name = unique("free");
    let page = opened(None, &name).await;
    flushed(&page).await;
    page.engine().publish(1, "topic", b"last words", at(1), None);
    // The microtask that commits.
    JsFuture::from(Promise::resolve(&JsValue::NULL)).await.unwrap();
    page.free();
    assert!(contains(&stored(&name).await, b"last words"));
}

#[wasm_bindgen_test]
async fn a_later_page_sends_what_an_earlier_one_had_stored() {
    let (name, topic) = (unique("resume"), unique("resumed"));
    let other = Page::online(broker(), "{}").await;
    other.engine().subscribe(1, &topic, 2);
    other.settled(kind::SUBSCRIBED, 1).await;
    let page = opened(None, &name).await;
    page.engine().publish(1, &topic, b"first", at(1), None);
    flushed(&page).await;
    page.engine().publish(2, &topic, b"second", at(2), None);
    over(page).await;
    let later = online(&name).await;
    assert_eq!(other.message(&topic).await, b"first");
    assert_eq!(other.message(&topic).await, b"second");
    // The outcomes that the earlier page has not lived to see.
    for token in [RESTORED, RESTORED + 1] {
        assert!(accepted(later.settled(kind::DONE, token).await));
    }
}

#[wasm_bindgen_test]
async fn numbers_of_segments_go_on_where_the_earlier_page_ended() {
    let name = unique("numbers");
    for round in 0..3 {
        let page = opened(None, &name).await;
        page.engine().publish(1, "topic", &[round], at(1), None);
        over(page).await;
    }
    let numbers = stored(&name).await.numbers;
    assert!(numbers.len() >= 3 && numbers.is_sorted(), "{numbers:?}");
}

#[wasm_bindgen_test]
async fn what_is_done_takes_no_room_for_long() {
    let (name, payload) = (unique("compact"), [7; 100_000]);
    let page = online(&name).await;
    for token in 0..40 {
        page.engine().publish(token, &name, &payload, at(1), None);
        page.settled(kind::DONE, token).await;
    }
    flushed(&page).await;
    let now = stored(&name).await;
    let bytes: usize = now.segments.iter().map(Vec::len).sum();
    assert!(bytes < 10 * payload.len(), "{bytes} bytes in {:?}", now.numbers);
}

#[wasm_bindgen_test]
async fn credentials_are_not_stored() {
    let name = unique("secrets");
    let page = opened(None, &name).await;
    page.engine().start();
    page.next(|record| matches!(record, Record::Prepare { .. }).then_some(()))
        .await;
    page.engine()
        .address_as(1, &peer("mirror"), Some("the-user"), Some(b"the-password"));
    page.state(ONLINE).await;
    page.engine().publish(1, "topic", b"not a secret", at(1), None);
    flushed(&page).await;
    let now = stored(&name).await;
    assert!(contains(&now, b"not a secret"));
    assert!(!contains(&now, b"the-user") && !contains(&now, b"the-password"));
}

#[wasm_bindgen_test]
async fn a_strict_store_says_so() {
    let page = Page::new(Some(broker()), &lasting(&unique("strict"), r#", "strict": true"#));
    JsFuture::from(page.engine().open()).await.unwrap();
    page.engine().start();
    storage(&page, STRICT, FINE).await;
    delivered(&page, 1, 1).await;
}
