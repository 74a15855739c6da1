//! Which spellings are the same address and which are not.

use proptest::prelude::*;
use sigma_catalog::identity::{EmailKey, KeyError, UserKey};

/// Two spellings, whether they match, and why.
const PAIRS: &[(&str, &str, bool, &str)] = &[
    // Case: of ASCII letters only.
    ("ann@example.com", "ann@example.com", true, "identical"),
    ("Ann@Example.COM", "ann@example.com", true, "ASCII case, both parts"),
    ("ANN.LEE@EXAMPLE.COM", "ann.lee@example.com", true, "all capitals"),
    ("BJÖRN@example.com", "björn@example.com", false, "the case of Ö is not ASCII"),
    ("bJöRN@example.com", "Björn@example.com", true, "ASCII letters beside an ö"),
    // Letters that lower-casing or compatibility folding would turn into others.
    ("m\u{131}ke@example.com", "mike@example.com", false, "dotless i"),
    ("M\u{130}KE@example.com", "mike@example.com", false, "capital I with dot"),
    ("\u{212a}ate@example.com", "kate@example.com", false, "Kelvin sign"),
    ("\u{17f}am@example.com", "sam@example.com", false, "long s"),
    ("stra\u{df}e@example.com", "strasse@example.com", false, "sharp s"),
    ("\u{fb01}nn@example.com", "finn@example.com", false, "ligature fi"),
    ("\u{ff41}nn@example.com", "ann@example.com", false, "full-width a"),
    (
        "ann\u{1fef}x@example.com",
        "ann`x@example.com",
        false,
        "a Greek accent that is a grave accent to Unicode",
    ),
    ("\u{1d5ba}nn@example.com", "ann@example.com", false, "mathematical a"),
    ("ann\u{b2}@example.com", "ann2@example.com", false, "superscript two"),
    ("\u{212b}sa@example.com", "\u{c5}sa@example.com", true, "Ångström sign, canonically Å"),
    // Accents.
    ("jose\u{301}@example.com", "jos\u{e9}@example.com", true, "combining accent, same letter"),
    ("jos\u{e9}@example.com", "jose@example.com", false, "an accent makes another letter"),
    ("a\u{308}\u{323}@example.com", "a\u{323}\u{308}@example.com", true, "order of combining marks"),
    ("n\u{303}@example.com", "\u{f1}@example.com", true, "combining tilde"),
    // Nothing is stripped.
    ("ann+news@example.com", "ann@example.com", false, "plus-address"),
    ("ann+a@example.com", "ANN+A@example.com", true, "the same plus-address"),
    ("a.nn@example.com", "ann@example.com", false, "dots count"),
    ("ann_lee@example.com", "ann-lee@example.com", false, "underscore and hyphen"),
    // White space at the ends goes; inside, and invisible, is refused.
    (" ann@example.com ", "ann@example.com", true, "spaces around"),
    ("\tann@example.com", "ann@example.com", true, "a tabulator before"),
    ("ann@example.com\u{a0}", "ann@example.com", true, "no-break space after"),
    ("\u{3000}ann@example.com", "ann@example.com", true, "ideographic space before"),
    ("an n@example.com", "ann@example.com", false, "space inside"),
    ("ann@ example.com", "ann@example.com", false, "space after the @"),
    ("ann\u{200b}@example.com", "ann@example.com", false, "zero-width space"),
    ("an\u{ad}n@example.com", "ann@example.com", false, "soft hyphen"),
    ("\u{feff}ann@example.com", "ann@example.com", false, "byte order mark"),
    ("\u{202e}ann@example.com", "ann@example.com", false, "right-to-left override"),
    ("ann\u{2060}@example.com", "ann@example.com", false, "word joiner"),
    ("ann\u{fe0f}@example.com", "ann@example.com", false, "variation selector"),
    // Domains.
    ("ann@example.com", "ann@example.org", false, "another domain"),
    ("ann@example.com", "ann@examp1e.com", false, "one for l"),
    ("ann@example.com", "ann@exarnple.com", false, "rn for m"),
    ("ann@example.com", "ann@ex\u{430}mple.com", false, "Cyrillic а in the domain"),
    ("\u{430}nn@example.com", "ann@example.com", false, "Cyrillic а in the name"),
    ("\u{3bf}tto@example.com", "otto@example.com", false, "Greek omicron"),
    ("ann@mail.example.com", "ann@example.com", false, "a subdomain"),
    ("ann@b\u{fc}cher.example", "ann@xn--bcher-kva.example", true, "IDNA, both forms"),
    ("ann@B\u{dc}CHER.example", "ann@b\u{fc}cher.example", true, "IDNA ignores case in domains"),
    ("ann@bu\u{308}cher.example", "ann@b\u{fc}cher.example", true, "combining mark in the domain"),
    ("ann@XN--BCHER-KVA.example", "ann@b\u{fc}cher.example", true, "an A-label in capitals"),
    ("ann@stra\u{df}e.example", "ann@strasse.example", false, "sharp s in a domain"),
    ("ann@\u{ff45}xample.com", "ann@example.com", false, "full-width e in the domain"),
    ("ann@e\u{17f}ample.com", "ann@esample.com", false, "long s in the domain"),
    ("ann@\u{fc}\u{17f}.com", "ann@\u{fc}s.com", false, "long s beside a letter IDNA keeps"),
    ("ann@example\u{3002}com", "ann@example.com", false, "ideographic full stop"),
    ("ann@\u{212a}ite.com", "ann@kite.com", false, "Kelvin sign in the domain"),
    ("ann@example.com>", "ann@example.com>", false, "a bracket: no domain, not even its own"),
    // No addresses at all.
    ("ann@@example.com", "ann@example.com", false, "two @"),
    ("ann@example.com.", "ann@example.com", false, "a full stop at the end"),
    ("ann@", "ann@", false, "no domain: not even equal to itself"),
    ("@example.com", "@example.com", false, "no name"),
    ("", "", false, "empty"),
];

fn same(left: &str, right: &str) -> bool {
    match (EmailKey::new(left), EmailKey::new(right)) {
        (Ok(left), Ok(right)) => left == right,
        _ => false,
    }
}

#[test]
fn two_spellings_match_exactly_when_they_are_one_address() {
    assert!(PAIRS.len() >= 40);
    for (left, right, expected, why) in PAIRS {
        assert_eq!(same(left, right), *expected, "{left:?} and {right:?}: {why}");
        assert_eq!(same(right, left), *expected, "{right:?} and {left:?}: {why}");
    }
}

#[test]
fn what_cannot_be_compared_says_why() {
    for (address, error) in [
        ("  ", KeyError::Empty),
        ("a\nb@x.com", KeyError::Control('\n')),
        ("a\u{7f}@x.com", KeyError::Control('\u{7f}')),
        ("a\u{200d}@x.com", KeyError::Invisible('\u{200d}')),
        ("a\u{e0041}@x.com", KeyError::Invisible('\u{e0041}')),
        ("\u{212a}@x.com", KeyError::Disguised('\u{212a}')),
        ("a\u{37e}@x.com", KeyError::Disguised('\u{37e}')),
        ("a b@x.com", KeyError::Space),
        ("a\u{2003}b@x.com", KeyError::Space),
        ("a.x.com", KeyError::NotAnAddress),
        ("a@b@x.com", KeyError::NotAnAddress),
        ("@x.com", KeyError::NotAnAddress),
        ("a@x..com", KeyError::Domain("x..com".to_owned())),
        ("a@\u{ff58}.com", KeyError::Domain("\u{ff58}.com".to_owned())),
    ] {
        assert_eq!(EmailKey::new(address), Err(error), "{address:?}");
    }
}

#[test]
fn login_names_are_compared_like_local_parts() {
    let key = |name: &str| UserKey::new(name).expect(name);
    assert_eq!(key(" AOkafor "), key("aokafor"));
    assert_eq!(key("jose\u{301}"), key("JOS\u{e9}"));
    assert_ne!(key("JOS\u{c9}"), key("jos\u{e9}"));
    assert_ne!(key("corp\\ann"), key("ann"));
    assert_eq!(key("Ann Lee"), key("ann lee"));
    assert_ne!(key("Ann Lee"), key("AnnLee"));
    assert_eq!(UserKey::new("ann\u{a0}lee"), Err(KeyError::Space));
    assert_eq!(UserKey::new("a\u{200b}nn"), Err(KeyError::Invisible('\u{200b}')));
    assert_eq!(UserKey::new("\u{212a}ate"), Err(KeyError::Disguised('\u{212a}')));
}

#[test]
fn look_alikes_share_a_skeleton_and_no_key() {
    for (left, right) in [
        ("ann@example.com", "ann@ex\u{430}mple.com"),
        ("ann@example.com", "ann@exarnple.com"),
        ("ann@paypal.com", "ann@paypa1.com"),
        ("\u{3bf}tto@example.com", "otto@example.com"),
    ] {
        let (a, b) = (EmailKey::new(left).expect(left), EmailKey::new(right).expect(right));
        assert_ne!(a, b);
        assert_eq!(a.skeleton(), b.skeleton(), "{left} and {right}");
    }
    let skeleton = |address| EmailKey::new(address).expect(address).skeleton();
    assert_ne!(skeleton("ann@example.com"), skeleton("bob@example.com"));
}

#[test]
fn no_character_beyond_ascii_passes_for_one_within() {
    let plain: std::collections::HashSet<EmailKey> = (' '..='~')
        .filter_map(|c| EmailKey::new(&format!("a{c}@x.com")).ok())
        .chain((' '..='~').filter_map(|c| EmailKey::new(&format!("a@{c}x.com")).ok()))
        .chain([EmailKey::new("a@x.com").expect("an address")])
        .collect();
    // White space at an end is trimmed, which is meant; there is none at an end here.
    for c in ('\u{80}'..=char::MAX).filter(|c| !c.is_control()) {
        for address in [format!("a{c}@x.com"), format!("a@{c}x.com")] {
            if let Ok(key) = EmailKey::new(&address) {
                assert!(!plain.contains(&key), "U+{:04X} in {address:?}", u32::from(c));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_key_is_its_own_key(address in "[ -~äßİıſKéê\u{301}\u{430}]{1,12}@[a-zA-Z0-9äüß.\u{430}-]{1,12}") {
        if let Ok(key) = EmailKey::new(&address) {
            prop_assert_eq!(EmailKey::new(key.as_str()), Ok(key));
        }
    }

    #[test]
    fn equal_keys_are_equal_texts_but_for_ascii_case_and_nfc(
        left in "[aAbBäÄ\u{301}]{1,5}", right in "[aAbBäÄ\u{301}]{1,5}"
    ) {
        use unicode_normalization::UnicodeNormalization;
        let plain = |text: &str| text.nfc().collect::<String>().to_ascii_lowercase();
        prop_assert_eq!(same(&format!("{left}@x.com"), &format!("{right}@X.com")), plain(&left) == plain(&right));
    }
}
