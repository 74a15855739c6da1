//! UUID and `urlId` are two spellings of one id.

use proptest::prelude::*;
use sigma_catalog::sigma::ids::{normalise_inode, url_id_of, uuid_of};

/// Real pairs; the last two begin with zero bytes.
const PAIRS: [(&str, &str); 9] = [
    ("3ee61405-3be2-4000-ba72-60d36757b95b", "1UGFyEQCHqwPfQoAec3xJ9"),
    ("9bbbe3b0-c0c8-4fac-b6f1-8dfebfe74f8b", "4JRFW1HThPI1K3YTjouXI7"),
    ("8891fd40-5470-4ff2-a74f-6e61ee44d3fc", "49HFLTr6xytgrPly3PFsNC"),
    ("bd6b86e8-cd4a-4b25-ab65-f258c2a68a8f", "5LqGLu14qUnqh3cN6wRJBd"),
    ("1b47afdb-db4e-4a2c-9fa4-fc1332f4a097", "Ptyl1jrKEO18RDX9y1d4P"),
    ("edfda33c-8854-43c1-89f9-5a6cd5055d23", "7f55QbPFuCnK2n0P2tSuBl"),
    ("578a544c-88d3-4f26-8deb-c4071928e063", "2Fby2MBLPM5jUMfBB15On1"),
    ("002814d6-59dd-47a1-9f35-c852a8155203", "0ijFvkwmxRPAwflBXQu1t"),
    ("00000000-0000-0000-0000-000000000000", "0000000000000000"),
];

#[test]
fn known_pairs_translate_both_ways() {
    for (uuid, url_id) in PAIRS {
        assert_eq!(url_id_of(uuid).as_deref(), Some(url_id));
        assert_eq!(url_id_of(&uuid.to_uppercase()).as_deref(), Some(url_id));
        assert_eq!(uuid_of(url_id).as_deref(), Some(uuid));
        assert_eq!(uuid_of(&uuid.to_uppercase()).as_deref(), Some(uuid));
    }
}

#[test]
fn every_way_to_name_an_inode_becomes_one() {
    for (uuid, url_id) in PAIRS {
        for spelling in [
            uuid.to_owned(),
            uuid.to_uppercase(),
            url_id.to_owned(),
            format!("inode-{url_id}"),
            format!("inode-{uuid}"),
            format!(" {url_id} "),
        ] {
            assert_eq!(normalise_inode(&spelling).as_deref(), Some(uuid), "{spelling}");
        }
    }
}

#[test]
fn what_is_no_id_is_refused() {
    for text in [
        "",
        "inode-",
        "scout",
        "kH0MeihtGs",
        "not a uuid",
        "zzzzzzzzzzzzzzzzzzzzzz",
        "ZZZZZZZZZZZZZZZZZZZZZZZZ",
        "3ee61405-3be2-4000-ba72-60d36757b95",
        "3ee61405x3be2-4000-ba72-60d36757b95b",
        "3ee61405-3be2-4000-ba72-60d36757b95g",
        "01UGFyEQCHqwPfQoAec3xJ9",
        "1UGFyEQCHqwPfQoAec3xJ9é",
        "CPbEdA26GNQ2cM2Ra2BeO0fa5Awz1",
    ] {
        assert_eq!(normalise_inode(text), None, "{text}");
        assert_eq!(uuid_of(text), None, "{text}");
    }
    assert_eq!(url_id_of("4JRFW1HThPI1K3YTjouXI7"), None);
}

proptest! {
    #[test]
    fn any_uuid_survives_the_round_trip(number: u128, shift in 0u32..128) {
        let hex = format!("{:032x}", number >> shift);
        let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        let url_id = url_id_of(&uuid).expect("a UUID");
        prop_assert_eq!(uuid_of(&url_id), Some(uuid));
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}") {
        let _ = (uuid_of(&text), url_id_of(&text), normalise_inode(&text));
    }
}
