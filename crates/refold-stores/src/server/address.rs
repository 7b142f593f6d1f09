//! What addresses of servers have in common. It knows no server: nothing is looked up or opened here.

use std::net::Ipv6Addr;

/// How what is sent is kept from others, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encryption {
    /// Not at all.
    None,
    /// Encrypted, to whoever answers.
    Unverified,
    /// The server's certificate comes from a known authority, whatever name it has.
    Authority,
    /// And it is that of the host that was asked for.
    Host,
}

impl Encryption {
    /// As the parameter `sslmode` says it.
    pub fn parse(mode: &str) -> Result<Encryption, String> {
        match mode {
            "disable" => Ok(Encryption::None),
            "require" => Ok(Encryption::Unverified),
            "verify-ca" => Ok(Encryption::Authority),
            "verify-full" => Ok(Encryption::Host),
            "allow" | "prefer" => Err(format!(
                "sslmode={mode} lets anybody in between switch encryption off; use verify-full, verify-ca, require or disable"
            )),
            _ => Err(format!(
                "there is no sslmode {mode}: verify-full, verify-ca, require or disable"
            )),
        }
    }

    /// How a connection is encrypted, for a person.
    pub fn sentence(self) -> &'static str {
        match self {
            Encryption::None => "the connection is not encrypted",
            Encryption::Unverified => {
                "the connection is encrypted, and the server's certificate is not checked (sslmode)"
            }
            Encryption::Authority => {
                "the connection is encrypted; the server's certificate is checked, its name is not (sslmode)"
            }
            Encryption::Host => "the connection is encrypted, and the server's certificate and name are checked",
        }
    }
}

/// A mark that leaves open where user and password of a URL end, and which part of it belongs to them: one of `marks`
/// before its last @. Such an address must be turned down.
pub fn unclear_mark(url: &str, marks: &[char]) -> Option<char> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (signed, _) = rest.rsplit_once('@')?;
    signed.chars().find(|mark| marks.contains(mark))
}

/// What there is to say about an [`unclear_mark`].
pub fn unclear(mark: char) -> String {
    format!(
        "there is a {mark} before its last @: write ? as %3F, # as %23 and @ as %40 in user, password and parameters"
    )
}

/// A URL with its password left out, wherever it stands in it. What is no such URL comes back as it is.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // The @ may end a password with the mark in it or stand within one behind the ?: both sides of it may be the secret.
    if unclear_mark(url, &['?', '#']).is_some() {
        return format!("{scheme}://…");
    }
    let (base, query) = rest
        .split_once('?')
        .map_or((rest, None), |(base, query)| (base, Some(query)));
    if may_lack_an_at(base) {
        return format!("{scheme}://…");
    }
    // A password that is not well written may hold any of the marks: the last @ counts.
    let base = match base.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split_once(':').map_or(user, |(user, _)| user)),
        None => base.to_owned(),
    };
    // Where a password ends that is not well written is not known: nothing behind it is kept.
    let shown = query.into_iter().flat_map(|query| query.split('&'));
    let kept: Vec<&str> = shown
        .take_while(|pair| !is_password(pair))
        .filter(|pair| !pair.is_empty())
        .collect();
    let query = if kept.is_empty() {
        String::new()
    } else {
        format!("?{}", kept.join("&"))
    };
    format!("{scheme}://{base}{query}")
}

/// Whether what stands as hosts before the first / may be a user with his password, and no @ behind them.
pub fn may_lack_an_at(base: &str) -> bool {
    let hosts = base.split_once('/').map_or(base, |(hosts, _)| hosts);
    let is_host = |host: String| {
        let (name, port) = host.rsplit_once(':').unwrap_or((host.as_str(), ""));
        let is_port = port.is_empty() || port.parse::<u16>().is_ok();
        let is_address = |text: &str| text.parse::<Ipv6Addr>().is_ok();
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let is_name = !name.contains(':') || bare.is_some_and(is_address);
        host.starts_with('/') || is_address(&host) || (is_port && is_name)
    };
    !base.contains('@') && !hosts.split(',').all(|host| decoded(host).is_some_and(is_host))
}

/// Whether a parameter is the password, in whatever way its name is written.
pub fn is_password(pair: &str) -> bool {
    let key = pair.split_once('=').map_or(pair, |(key, _)| key);
    decoded(key).is_none_or(|key| key.to_ascii_lowercase().starts_with("password"))
}

/// `%2F` and the like undone.
pub fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// The same of a name or a value, in which no server takes a zero byte.
pub fn plain(text: &str) -> Result<String, String> {
    let text = decoded(text).filter(|text| !text.contains('\0'));
    text.ok_or_else(|| "a % in it is not followed by two hexadecimal digits of UTF-8".to_owned())
}
