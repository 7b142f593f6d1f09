//! Who sits here: the name that the system has for the user, for logs and as the user of a server.

/// The name that the system knows the user by, which is not what a variable says.
#[cfg(unix)]
pub fn name() -> String {
    let id = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(&users, id).map_or_else(|| format!("user {id}"), str::to_owned)
}

#[cfg(not(unix))]
pub fn name() -> String {
    std::env::var("USERNAME").unwrap_or_else(|_| "unknown".to_owned())
}

/// From lines as `name:password:id:…`.
#[cfg(unix)]
fn name_of(users: &str, id: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_name_of_his_number_whatever_the_environment_says() {
        let users = "root:x:0:0::/root:/bin/sh\n::7::\nada:x:1000:1000:Ada,,,:/home/ada:/bin/sh\n";
        assert_eq!(name_of(users, 1000), Some("ada"));
        assert_eq!(name_of(users, 0), Some("root"));
        assert_eq!((name_of(users, 7), name_of(users, 100)), (None, None));
        assert_ne!(name(), "unknown");
    }
}
