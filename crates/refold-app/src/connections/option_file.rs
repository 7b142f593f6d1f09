//! Option files of MySQL and MariaDB (`~/.my.cnf`): the lines of the groups that every client reads, as their manuals
//! describe them. Other files that one includes are not looked at.

/// Groups of all clients.
const GROUPS: [&str; 3] = ["client", "client-server", "client-mariadb"];

/// Key and value of the lines, keys written with `-`, the last one of each key. Errors are a sentence with the number of
/// the line and never its text: a line may hold a password.
pub fn lines(text: &str) -> Result<Vec<(String, String)>, String> {
    let (mut is_ours, mut found) = (false, Vec::<(String, String)>::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';', '!']) {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            let group = heading.split_once(']').map(|(group, _)| group.trim());
            let group = group.ok_or_else(|| format!("line {number} is no [group]"))?;
            is_ours = GROUPS.contains(&group);
            continue;
        }
        if !is_ours {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let key = key.trim().replace('_', "-");
        let value = value_of(value.trim()).ok_or_else(|| format!("line {number} has a quote that is not closed"))?;
        found.retain(|(known, _)| *known != key);
        found.push((key, value));
    }
    Ok(found)
}

/// Without quotes around it, comment behind it, and with what `\` stands for.
fn value_of(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    if quote.is_some() {
        letters.next();
    }
    let mut value = String::new();
    loop {
        match letters.next() {
            None if quote.is_some() => return None,
            None => break,
            Some(letter) if Some(letter) == quote => return Some(value),
            Some('#') if quote.is_none() => break,
            Some('\\') => match letters.next() {
                Some('b') => value.push('\u{8}'),
                Some('t') => value.push('\t'),
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('s') => value.push(' '),
                Some(other @ ('\\' | '"' | '\'')) => value.push(other),
                other => {
                    value.push('\\');
                    value.extend(other);
                }
            },
            Some(letter) => value.push(letter),
        }
    }
    value.truncate(value.trim_end().len());
    Some(value)
}

#[cfg(test)]
mod tests;
