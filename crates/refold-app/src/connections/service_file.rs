//! Service files of libpq (`~/.pg_service.conf`, `PGSERVICEFILE`): sections `[name]` of lines `key=value`, as
//! PostgreSQL's manual describes them.

/// Longer lines are refused, as libpq refuses them.
const LONGEST_LINE: usize = 1022;

/// The lines of a section, the first one of each key; `None`: there is no such section. Errors are a sentence with the
/// number of the line and never its text: a line may hold a password.
pub fn section(text: &str, name: &str) -> Result<Option<Vec<(String, String)>>, String> {
    let mut found: Option<Vec<(String, String)>> = None;
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.len() > LONGEST_LINE {
            return Err(format!("line {number} is too long"));
        }
        // What C calls white space.
        let line = line.trim_matches([' ', '\t', '\r', '\u{b}', '\u{c}']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            let is_it = heading.strip_prefix(name).is_some_and(|rest| rest.starts_with(']'));
            found = is_it.then(Vec::new);
            continue;
        }
        let Some(lines) = &mut found else { continue };
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| format!("line {number} is no key=value"))?;
        if key == "service" || key == "servicefile" {
            return Err(format!("line {number} names another service, which a service cannot"));
        }
        if !lines.iter().any(|(known, _)| known == key) {
            lines.push((key.to_owned(), value.to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
