//! Storage that fails: work goes on in memory, that is told, and nothing old is left where a later page would go by it.

use hawser::browser::records::kind;
use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::database::*;
use crate::page::{Record, at, unique};

#[wasm_bindgen_test]
async fn a_commit_that_fails_is_tried_again_with_everything() {
    for provoke in [abort_commits, refuse_segments] {
        let name = unique("again");
        let page = opened(None, &name).await;
        page.engine().publish(1, "topic", b"before", at(1), None);
        flushed(&page).await;
        provoke(1);
        page.engine().publish(2, "topic", b"failed at first", at(1), None);
        flushed(&page).await;
        let now = stored(&name).await;
        assert!(contains(&now, b"before") && contains(&now, b"failed at first"));
        assert_eq!(now.numbers.len(), 1, "a snapshot");
        assert!(
            !page
                .seen()
                .iter()
                .any(|record| matches!(record, Record::Storage { durability: MEMORY, .. }))
        );
    }
}

#[wasm_bindgen_test]
async fn a_store_that_fails_twice_is_given_up_and_nothing_old_is_left_in_it() {
    for (provoke, reason) in [(abort_commits as fn(u32), ABORTED), (refuse_segments, QUOTA)] {
        let name = unique("twice");
        let page = online(&name).await;
        flushed(&page).await;
        provoke(2);
        page.engine().publish(1, &name, b"goes on in memory", at(1), None);
        storage(&page, MEMORY, reason).await;
        assert!(accepted(page.settled(kind::DONE, 1).await));
        delivered(&page, 2, 2).await;
        flushed(&page).await;
        assert_eq!(stored(&name).await.stores, "", "a new database");
    }
}

#[wasm_bindgen_test]
async fn a_commit_that_does_not_end_is_tried_again_with_everything_and_may_end_late() {
    let name = unique("late");
    let page = online(&name).await;
    flushed(&page).await;
    let unhurried = hurry();
    hang_commits(1);
    page.engine()
        .publish(1, "topic", b"hangs, and is committed with the next", at(1), None);
    flushed(&page).await;
    unhurried.call0(&JsValue::NULL).unwrap();
    assert!(accepted(page.settled(kind::DONE, 1).await));
    delivered(&page, 2, 2).await;
    flushed(&page).await;
    assert!(
        told_of_storage(&page)
            .iter()
            .all(|(durability, ..)| *durability != MEMORY)
    );
    // The log says what the session says.
    over(page).await;
    let next = opened(None, &name).await;
    assert!(next.engine().outbox().is_empty());
}

#[wasm_bindgen_test]
async fn a_store_whose_commits_never_end_is_given_up_and_holds_nobody_up() {
    let name = unique("hung");
    let page = online(&name).await;
    flushed(&page).await;
    let unhurried = hurry();
    let end = hang_commits(2);
    page.engine().publish(1, "topic", b"goes on in memory", at(1), None);
    flushed(&page).await;
    storage(&page, MEMORY, OTHER).await;
    assert!(accepted(page.settled(kind::DONE, 1).await));
    delivered(&page, 2, 2).await;
    end.call0(&JsValue::NULL).unwrap();
    // Once the hung commits have ended, the database is deleted after all, and the store is there again.
    storage(&page, RELAXED, FINE).await;
    unhurried.call0(&JsValue::NULL).unwrap();
    flushed(&page).await;
    let now = stored(&name).await;
    assert!(!contains(&now, b"goes on in memory"));
}

#[wasm_bindgen_test]
async fn a_log_that_cannot_be_read_is_deleted_before_work_goes_on_in_memory() {
    let name = unique("unreadable");
    let page = opened(None, &name).await;
    page.engine().publish(1, "topic", b"of an earlier page", at(1), None);
    over(page).await;
    let readable = spoil_reads();
    let page = online(&name).await;
    readable.call0(&JsValue::NULL).unwrap();
    let [(durability, reason, detail)] = &told_of_storage(&page)[..] else {
        panic!("{:?}", page.seen())
    };
    assert_eq!((*durability, *reason), (MEMORY, UNAVAILABLE));
    assert!(detail.contains("bad sector"), "{detail}");
    delivered(&page, 1, 2).await;
    assert_eq!(stored(&name).await.stores, "", "a new database");
}

#[wasm_bindgen_test]
async fn a_log_that_cannot_be_deleted_is_told_and_no_later_page_goes_by_it() {
    let name = unique("kept");
    let page = opened(None, &name).await;
    page.engine().publish(1, &name, b"stored at first", at(1), None);
    flushed(&page).await;
    let deletable = keep_databases();
    abort_commits(2);
    page.engine().publish(2, &name, b"in memory only", at(1), None);
    storage(&page, MEMORY, ABORTED).await;
    deletable.call0(&JsValue::NULL).unwrap();
    let told = told_of_storage(&page);
    assert!(
        told.iter()
            .any(|(.., detail)| detail.contains("not deleted: UnknownError: bad sector")),
        "{told:?}"
    );
    page.free();
    assert!(contains(&stored(&name).await, b"stored at first"));
    let next = opened(None, &name).await;
    assert!(next.engine().outbox().is_empty());
    assert!(told_of_storage(&next).iter().any(|(_, reason, _)| *reason == DAMAGED));
    next.engine().publish(1, "topic", b"of the new session", at(1), None);
    over(next).await;
    assert!(!contains(&stored(&name).await, b"stored at first"));
    // From here on the log counts again.
    let last = opened(None, &name).await;
    assert!(!last.engine().outbox().is_empty());
}

#[wasm_bindgen_test]
async fn a_database_that_is_deleted_from_outside_is_let_go_at_once_and_work_goes_on() {
    let name = unique("deleted");
    let page = online(&name).await;
    flushed(&page).await;
    JsFuture::from(remove(&name)).await.expect("nobody holds it");
    storage(&page, MEMORY, DELETED).await;
    delivered(&page, 1, 2).await;
}

#[wasm_bindgen_test]
async fn a_database_that_another_program_upgrades_is_let_go_and_left_to_it() {
    let name = unique("upgraded");
    let page = online(&name).await;
    flushed(&page).await;
    JsFuture::from(upgrade(&name)).await.expect("nobody holds it");
    storage(&page, MEMORY, OTHER).await;
    assert_eq!(stored(&name).await.version, 99.0);
}

#[wasm_bindgen_test]
async fn a_store_that_is_there_again_gets_everything() {
    let name = unique("back");
    let page = opened(None, &name).await;
    page.engine().publish(1, "topic", b"stored at first", at(1), None);
    flushed(&page).await;
    let unhurried = hurry();
    JsFuture::from(remove(&name)).await.expect("nobody holds it");
    storage(&page, MEMORY, DELETED).await;
    page.engine().publish(2, "topic", b"only in memory", at(1), None);
    storage(&page, RELAXED, FINE).await;
    unhurried.call0(&JsValue::NULL).unwrap();
    let now = stored(&name).await;
    assert!(contains(&now, b"stored at first") && contains(&now, b"only in memory"));
    page.engine().publish(3, "topic", b"and so on", at(1), None);
    flushed(&page).await;
    assert!(contains(&stored(&name).await, b"and so on"));
}

#[wasm_bindgen_test]
async fn a_database_that_does_not_open_holds_nobody_up() {
    let name = unique("blocked");
    let end: Function = JsFuture::from(block(&name)).await.unwrap().unchecked_into();
    let unhurried = hurry();
    let page = online(&name).await;
    unhurried.call0(&JsValue::NULL).unwrap();
    let first = page
        .seen()
        .into_iter()
        .find(|record| matches!(record, Record::Storage { .. }));
    assert!(
        matches!(
            first,
            Some(Record::Storage {
                durability: MEMORY,
                reason: BLOCKED,
                ..
            })
        ),
        "{first:?}"
    );
    delivered(&page, 1, 2).await;
    let ended = end.call0(&JsValue::NULL).unwrap().unchecked_into::<Promise>();
    JsFuture::from(ended).await.unwrap();
    // The connection that came too late has been closed.
    JsFuture::from(remove(&name)).await.unwrap();
}

#[wasm_bindgen_test]
async fn a_page_without_indexed_db_works_in_memory() {
    let with = without_indexed_db();
    let page = online(&unique("without")).await;
    with.call0(&JsValue::NULL).unwrap();
    let seen = page.seen();
    let unavailable = |record: &Record| {
        matches!(
            record,
            Record::Storage {
                durability: MEMORY,
                reason: UNAVAILABLE,
                ..
            }
        )
    };
    assert!(seen.iter().any(unavailable), "{seen:?}");
    delivered(&page, 1, 2).await;
}

#[wasm_bindgen_test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let name = unique("newer");
    JsFuture::from(make(&name, 7, &Array::of1(&"tomorrow's".into())))
        .await
        .unwrap();
    let page = online(&name).await;
    let told = told_of_storage(&page);
    let (durability, reason, detail) = told
        .first()
        .unwrap_or_else(|| panic!("no STORAGE in {:?}", page.seen()));
    assert_eq!((*durability, *reason), (MEMORY, UNAVAILABLE));
    assert!(detail.contains("version"), "{detail}");
    let now = stored(&name).await;
    assert_eq!((now.version, now.numbers.as_slice()), (7.0, &[1.0][..]));
}

#[wasm_bindgen_test]
async fn what_makes_no_sense_is_told_and_thrown_away() {
    for value in [
        JsValue::from("no bytes"),
        Uint8Array::from(&[0xFF; 9][..]).into(),
        JsValue::NULL,
    ] {
        let name = unique("damaged");
        JsFuture::from(make(&name, 1, &Array::of1(&value))).await.unwrap();
        let page = online(&name).await;
        let seen = page.seen();
        assert!(
            seen.iter()
                .any(|record| matches!(record, Record::Storage { reason: DAMAGED, .. })),
            "{seen:?}"
        );
        over(page).await;
        let next = online(&name).await;
        assert!(
            !next
                .seen()
                .iter()
                .any(|record| matches!(record, Record::Storage { reason: DAMAGED, .. }))
        );
    }
}
