//! Topic names and filters: validity and matching (4.7, 4.8.2).

use hawser::codec::Version;
use hawser::codec::topic::{TopicError, matches, share, validate_filter, validate_name};

#[test]
fn which_topic_names_are_valid() {
    for name in [
        "a",
        "/",
        "//",
        "a/b",
        "/a",
        " ",
        "$SYS/x",
        "$share/g/a",
        "ä/日本",
        "\u{FEFF}",
        "\u{1}",
    ] {
        assert_eq!(validate_name(name), Ok(()), "{name:?}");
    }
    let cases = [
        ("", TopicError::Empty),
        ("a+", TopicError::WildcardInName),
        ("a/#", TopicError::WildcardInName),
        ("a\0b", TopicError::Nul),
        ("#\0", TopicError::Nul),
    ];
    for (name, error) in cases {
        assert_eq!(validate_name(name), Err(error), "{name:?}");
    }
}

#[test]
fn which_filters_are_valid() {
    let valid = [
        "a",
        "/",
        "#",
        "+",
        "+/+",
        "/+",
        "+/",
        "a/#",
        "a/+/b",
        "a/+/#",
        "+/#",
        "/#",
        "$SYS/#",
        "$share",
        "$shared/a",
        "$share/g/a",
        "$share/g//a",
        "$share/g/#",
        "$share/g/+/b",
        "$share/g//",
    ];
    for filter in valid {
        assert_eq!(validate_filter(filter, Version::V5), Ok(()), "{filter:?}");
    }
    let cases = [
        ("", TopicError::Empty),
        ("a#", TopicError::WildcardPlace),
        ("#a", TopicError::WildcardPlace),
        ("#/", TopicError::WildcardPlace),
        ("a/#/b", TopicError::WildcardPlace),
        ("##", TopicError::WildcardPlace),
        ("+#", TopicError::WildcardPlace),
        ("a+", TopicError::WildcardPlace),
        ("+a", TopicError::WildcardPlace),
        ("++", TopicError::WildcardPlace),
        ("a/b+/c", TopicError::WildcardPlace),
        ("a\0", TopicError::Nul),
        ("$share/", TopicError::Share),
        ("$share/g", TopicError::Share),
        ("$share/g/", TopicError::Share),
        ("$share//a", TopicError::Share),
        ("$share/+/a", TopicError::Share),
        ("$share/#/a", TopicError::Share),
        ("$share/g+/a", TopicError::Share),
        ("$share/g/a#", TopicError::WildcardPlace),
    ];
    for (filter, error) in cases {
        assert_eq!(validate_filter(filter, Version::V5), Err(error), "{filter:?}");
    }
}

#[test]
fn in_3_1_1_share_is_a_level_like_any_other() {
    for filter in ["$share/", "$share/g", "$share//a", "$share/+/a", "$share/#"] {
        assert_eq!(validate_filter(filter, Version::V311), Ok(()), "{filter:?}");
    }
    assert_eq!(
        validate_filter("$share/#/a", Version::V311),
        Err(TopicError::WildcardPlace)
    );
}

#[test]
fn the_limit_is_65_535_bytes_not_characters() {
    let longest = "ä".repeat(32_767) + "a";
    let too_long = "ä".repeat(32_768);
    assert_eq!((longest.len(), too_long.len()), (65_535, 65_536));
    assert_eq!(validate_name(&longest), Ok(()));
    assert_eq!(validate_filter(&longest, Version::V5), Ok(()));
    assert_eq!(validate_name(&too_long), Err(TopicError::TooLong));
    assert_eq!(validate_filter(&too_long, Version::V311), Err(TopicError::TooLong));
}

#[test]
fn a_shared_filter_is_split_into_name_and_filter() {
    assert_eq!(share("a/b"), Ok(None));
    assert_eq!(share("$share/g/a/b"), Ok(Some(("g", "a/b"))));
    assert_eq!(share("$share/g//a"), Ok(Some(("g", "/a"))));
    assert_eq!(share("$share/g"), Err(TopicError::Share));
}

#[test]
fn which_filter_matches_which_name() {
    let cases = [
        ("sport/tennis", "sport/tennis", true),
        ("sport/tennis", "sport/Tennis", false),
        ("sport/tennis", "sport/tennis/", false),
        ("sport/tennis", "/sport/tennis", false),
        ("sport/tennis/player1/#", "sport/tennis/player1", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
        ("sport/tennis/player1/#", "sport/tennis/player2", false),
        ("sport/#", "sport", true),
        ("sport/#", "sport/", true),
        ("sport/#", "sports", false),
        ("#", "sport", true),
        ("#", "/", true),
        ("/#", "sport", false),
        ("/#", "/sport", true),
        ("sport/tennis/+", "sport/tennis/player1", true),
        ("sport/tennis/+", "sport/tennis/player1/ranking", false),
        ("sport/+", "sport", false),
        ("sport/+", "sport/", true),
        ("+", "sport", true),
        ("+", "/", false),
        ("+/+", "/finance", true),
        ("/+", "/finance", true),
        ("+", "/finance", false),
        ("+/tennis/#", "sport/tennis", true),
        ("a/+/c", "a//c", true),
        ("a/+/#", "a", false),
        ("a/+/#", "a/b", true),
        ("#", "$SYS/uptime", false),
        ("+/uptime", "$SYS/uptime", false),
        ("+", "$SYS", false),
        ("$SYS/#", "$SYS/uptime", true),
        ("$SYS/+", "$SYS/uptime", true),
        ("$SYS/uptime", "$SYS/uptime", true),
        ("a/#", "a/$b", true),
        ("a/+", "a/$b", true),
        ("ä/+", "ä/日本", true),
    ];
    for (filter, name, wanted) in cases {
        assert_eq!(matches(filter, name), wanted, "{filter:?} against {name:?}");
    }
}
