//! Sigma's two spellings of one identifier: the UUID, and the `urlId`, which is base62 of the same 16 bytes.
//!
//! Because the codec is exact, a lineage node `inode-2Fby2MBLPM5jUMfBB15On1` names its table without a lookup call.

const ALPHABET: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// 62^22 is the first power that exceeds 2^128; one more digit may be the zero of a leading zero byte.
const LONGEST_URL_ID: usize = 22 + 16;

/// The `urlId` of a UUID: base62, big-endian, one leading `0` for each leading zero byte.
/// `None` when the text is not a UUID.
pub fn url_id_of(uuid: &str) -> Option<String> {
    let number = parse_uuid(uuid)?;
    let zero_bytes = (number.leading_zeros() / 8) as usize;
    let mut digits = Vec::with_capacity(22);
    let mut rest = number;
    while rest > 0 {
        digits.push(ALPHABET[(rest % 62) as usize]);
        rest /= 62;
    }
    digits.extend(std::iter::repeat_n(ALPHABET[0], zero_bytes));
    digits.reverse();
    String::from_utf8(digits).ok()
}

/// The UUID, in lower-case hyphenated text, of a `urlId`; a UUID is accepted too and comes back normalised.
/// `None` when the text is neither (a foreign character, or a number of more than 128 bits).
pub fn uuid_of(url_id: &str) -> Option<String> {
    if let Some(number) = parse_uuid(url_id) {
        return Some(format_uuid(number));
    }
    if url_id.is_empty() || url_id.len() > LONGEST_URL_ID {
        return None;
    }
    let mut number: u128 = 0;
    for digit in url_id.bytes() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'z' => digit - b'a' + 10,
            b'A'..=b'Z' => digit - b'A' + 36,
            _ => return None,
        };
        number = number.checked_mul(62)?.checked_add(u128::from(value))?;
    }
    let uuid = format_uuid(number);
    // Only the one canonical spelling is an id: a short word such as `scout` decodes to a number as well.
    (url_id_of(&uuid).as_deref() == Some(url_id)).then_some(uuid)
}

/// One spelling for every way the API names an inode: a slug (`urlId`), `inode-<slug>` as in lineage and column
/// ids, or a UUID in any case. Answers lower-case UUID text, `None` when the id is none of these.
pub fn normalise_inode(id: &str) -> Option<String> {
    let id = id.trim();
    uuid_of(id.strip_prefix("inode-").unwrap_or(id))
}

/// Whether the text is a UUID, in any case.
pub(crate) fn is_uuid(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| parse_uuid(text).is_some())
}

fn parse_uuid(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut number: u128 = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        number = (number << 4) | u128::from(char::from(byte).to_digit(16)?);
    }
    Some(number)
}

fn format_uuid(number: u128) -> String {
    let hex = format!("{number:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
