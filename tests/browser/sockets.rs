//! Which sockets the browser layer takes and which it does not, and what it says of those that fail.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::WebSocket;

use crate::commands::Commands;
use crate::page::{CONNECTING, ONLINE, Page, Record, STOPPED, WAITING, at, peer, unique};

const SOCKET_FAILED: u32 = 2;
const SOCKET_CLOSED: u32 = 3;
const CONNECT_TIMEOUT: u32 = 7;
const WRONG_SUBPROTOCOL: u32 = 9;
const TEXT_FRAME: u32 = 10;
const ADDRESS: u32 = 11;

#[wasm_bindgen_test]
async fn a_port_where_nobody_listens_is_a_socket_that_failed() {
    let page = Page::new(Some("ws://127.0.0.1:2/".to_owned()), "{}");
    page.engine().start();
    assert_eq!(page.state(WAITING).await.0, SOCKET_FAILED);
}

#[wasm_bindgen_test]
async fn a_url_that_the_browser_does_not_take_is_a_socket_that_failed_and_says_why() {
    let page = Page::new(Some("ftp://127.0.0.1/".to_owned()), "{}");
    page.engine().start();
    let (cause, code, detail) = page.state(WAITING).await;
    assert_eq!((cause, code), (SOCKET_FAILED, 0));
    assert!(!detail.is_empty());
}

#[wasm_bindgen_test]
async fn a_server_that_selects_no_subprotocol_is_not_talked_to() {
    let page = Page::new(Some(peer("no-subprotocol")), "{}");
    page.engine().start();
    // Some browsers fail the socket themselves, others leave it to us.
    let (cause, ..) = page.state(WAITING).await;
    assert!(cause == SOCKET_FAILED || cause == WRONG_SUBPROTOCOL, "{cause}");
}

#[wasm_bindgen_test]
async fn a_text_frame_ends_the_connection() {
    let page = Page::new(Some(peer("text")), "{}");
    page.engine().start();
    assert_eq!(page.state(WAITING).await.0, TEXT_FRAME);
}

#[wasm_bindgen_test]
async fn a_missing_address_is_told_with_its_reason() {
    let page = Page::new(None, "{}");
    page.engine().start();
    page.next(|record| matches!(record, Record::Prepare { attempt: 1 }).then_some(()))
        .await;
    page.engine().address_failed(1, "token endpoint: 503");
    assert_eq!(
        page.state(WAITING).await,
        (ADDRESS, 0, "token endpoint: 503".to_owned())
    );
}

#[wasm_bindgen_test]
async fn an_address_that_comes_too_late_does_not_lead_the_attempt_astray() {
    let page = Page::new(None, "{}");
    page.engine().start();
    page.next(|record| matches!(record, Record::Prepare { attempt: 1 }).then_some(()))
        .await;
    page.engine().address(1, &peer("mirror"));
    page.engine().address(0, &peer("text"));
    page.state(ONLINE).await;
}

#[wasm_bindgen_test]
async fn a_socket_that_the_page_has_begun_to_open_is_taken_whether_it_is_open_yet_or_not() {
    for open_first in [false, true] {
        let url = peer("mirror");
        let socket = WebSocket::new_with_str(&url, "mqtt").unwrap();
        if open_first {
            let opened = Promise::new(&mut |resolve, _| socket.set_onopen(Some(&resolve)));
            JsFuture::from(opened).await.unwrap();
        }
        let page = Page::new(Some(url.clone()), "{}");
        page.engine().use_socket(url, socket.clone());
        page.engine().start();
        page.state(ONLINE).await;
        socket.close().unwrap();
        assert_eq!(page.state(WAITING).await.0, SOCKET_CLOSED);
    }
}

#[wasm_bindgen_test]
async fn a_client_that_is_closed_while_it_takes_an_open_socket_throws_nothing_afterwards() {
    let faults = Rc::new(Cell::new(0));
    let count = Rc::clone(&faults);
    let listener = Closure::<dyn Fn()>::new(move || count.set(count.get() + 1));
    let scope: web_sys::EventTarget = js_sys::global().unchecked_into();
    let listen = listener.as_ref().unchecked_ref();
    scope.add_event_listener_with_callback("error", listen).unwrap();
    let url = peer("mirror");
    let socket = WebSocket::new_with_str(&url, "mqtt").unwrap();
    let opened = Promise::new(&mut |resolve, _| socket.set_onopen(Some(&resolve)));
    JsFuture::from(opened).await.unwrap();
    let page = Page::new(Some(url.clone()), "{}");
    let phases = Cell::new(0);
    page.on_record(move |engine, record| {
        if matches!(record, Record::Status { state: CONNECTING, .. }) && phases.replace(phases.get() + 1) == 1 {
            engine.close(0); // it is about to take the socket
        }
    });
    page.engine().use_socket(url, socket);
    page.engine().start();
    page.state(STOPPED).await;
    Page::online(peer("mirror"), "{}").await; // many tasks later
    scope.remove_event_listener_with_callback("error", listen).unwrap();
    assert_eq!(faults.get(), 0);
}

#[wasm_bindgen_test]
async fn a_socket_that_was_opened_early_is_not_taken_for_another_address_or_when_it_has_closed() {
    let elsewhere = WebSocket::new_with_str(&peer("connect"), "mqtt").unwrap();
    let page = Page::new(Some(peer("mirror")), "{}");
    page.engine().use_socket(peer("connect"), elsewhere.clone());
    page.engine().start();
    page.state(ONLINE).await;
    assert!(elsewhere.onmessage().is_none());
    elsewhere.close().unwrap();

    let closed = WebSocket::new_with_str(&peer("mirror"), "mqtt").unwrap();
    closed.close().unwrap();
    let page = Page::new(Some(peer("mirror")), "{}");
    page.engine().use_socket(peer("mirror"), closed);
    page.engine().start();
    page.state(ONLINE).await;
}

#[wasm_bindgen_test]
async fn events_of_an_earlier_socket_are_ignored() {
    let changes = r#"{"connectTimeout": 300, "reconnect": {"kind": "fixed", "delay": 1, "jitter": 0}}"#;
    let page = Page::new(Some(peer(&["late?", &unique("late")].concat())), changes);
    page.engine().start();
    assert_eq!(page.state(WAITING).await.0, CONNECT_TIMEOUT);
    page.state(ONLINE).await;
    page.engine().publish(1, "t", b"now close the first one", at(0), None);
    page.message("gone").await;
    let states = page.seen().into_iter().filter_map(|record| match record {
        Record::Status { state, .. } => Some(state),
        _ => None,
    });
    assert_eq!(
        states.skip_while(|state| *state != ONLINE).collect::<Vec<_>>(),
        [ONLINE]
    );
}
