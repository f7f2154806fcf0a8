//! What texts, variables and files make of a connection.

use super::*;

const SECRET: &str = "s3cr%3At/%40ü";

/// Everything that can be said of a connection, one value per line.
fn found(given: Option<&str>, variables: &[(&str, &str)], files: &[(&str, &str)]) -> String {
    match find(given, variables, files) {
        Ok(connection) => {
            let passwords: Vec<String> = connection
                .hosts
                .iter()
                .filter_map(|it| it.password.as_ref())
                .map(|it| format!("{} from {}", String::from_utf8_lossy(&it.bytes), it.from))
                .collect();
            format!("{connection} {}", passwords.join(", "))
        }
        Err(error) => error.to_string(),
    }
}

fn find(
    given: Option<&str>,
    variables: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Result<Connection, LiveError> {
    let value = |list: &[(&str, &str)], name: &str| {
        let found = list.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let surroundings = Surroundings {
        variable: &|name| value(variables, name),
        file: &|path| {
            let path = path.display().to_string();
            Some(PrivateFile {
                bytes: value(files, &path)?.into_bytes(),
                is_private: !path.contains("public"),
            })
        },
        account: &|| Some("me".to_owned()),
    };
    Connection::find(given, &surroundings)
}

fn of_text(text: &str) -> String {
    found(Some(text), &[], &[])
}

fn encryption(text: &str) -> Encryption {
    let home = [("HOME", "/home/me")];
    find(Some(text), &home, &[]).unwrap().encryption
}

#[test]
fn urls_are_read_as_libpq_does() {
    let cases = [
        ("postgres://", "me@/var/run/postgresql:5432,/tmp:5432/me "),
        ("postgresql://db", "me@db:5432/me "),
        ("postgres://app@db/shop", "app@db:5432/shop "),
        (
            "postgres://app:pw@db.example:5433/shop",
            "app@db.example:5433/shop pw from --database-url",
        ),
        ("postgres://[::1]:5433/shop", "me@[::1]:5433/shop "),
        (
            "postgres://a:1,b,[::2]:3/shop?user=app",
            "app@a:1,b:5432,[::2]:3/shop ",
        ),
        (
            "postgres://%2Fvar%2Frun%2Fpg/shop?port=5555",
            "me@/var/run/pg:5555/shop ",
        ),
        ("postgres:///shop?host=/run/pg", "me@/run/pg:5432/shop "),
        (
            "postgres://x@db/shop?host=other&hostaddr=10.0.0.1",
            "x@other:5432/shop ",
        ),
        ("postgres:///?hostaddr=10.0.0.1", "me@10.0.0.1:5432/me "),
        (
            "postgres://a%40b:p%25%3A%2Fw@db/sh%20op",
            "a@b@db:5432/sh op p%:/w from --database-url",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(of_text(text), expected, "{text}");
    }
}

#[test]
fn what_frameworks_write_is_taken() {
    let cases = [
        "postgresql://app:pw@db/shop?schema=public&connection_limit=5&pgbouncer=true&flag",
        "postgresql+psycopg2://app:pw@db/shop",
        "POSTGRES://app:pw@db/shop",
        "postgis://app:pw@db/shop",
        "ecto://app:pw@db/shop",
        "jdbc:postgresql://db/shop?user=app&password=pw&ApplicationName=x",
        "r2dbc:postgresql://app:pw@db:5432/shop",
        " \"postgres://app:pw@db/shop\"\n",
        "'host=db user=app password=pw dbname=shop'",
    ];
    for text in cases {
        let expected = "app@db:5432/shop pw from --database-url";
        assert_eq!(of_text(text), expected, "{text}");
    }
    assert_eq!(
        of_text("jdbc:postgresql:shop"),
        "me@/var/run/postgresql:5432,/tmp:5432/shop "
    );
    assert_eq!(
        of_text("jdbc:postgresql://db/shop?password=a+b"),
        "me@db:5432/shop a b from --database-url"
    );
    // A password that was not escaped is one all the same, where it cannot be anything else.
    assert_eq!(
        of_text("postgres://app:p@ss#w:rd@db/shop"),
        "app@db:5432/shop p@ss#w:rd from --database-url"
    );
}

#[test]
fn keyword_texts_are_read_as_libpq_does() {
    let cases = [
        (
            r"host=db port = 5433 user='a p\'p' password=p\ w dbname=''",
            "a p'p@db:5433/a p'p p w from --database-url",
        ),
        (
            "host=a,b port=1,2 dbname=shop user=app",
            "app@a:1,b:2/shop ",
        ),
        (
            "host=db password='postgres://x'",
            "me@db:5432/me postgres://x from --database-url",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(of_text(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_without_its_text() {
    let cases = [
        "",
        "shop",
        SECRET,
        "mysql://app:s3cr@db/shop",
        "postgres://app:s3cr/et@db/shop",
        "postgres://app:s3cr?et@db/shop",
        "postgres://app:33/s3cr@db/shop",
        "postgres://app:33?s3cr@db/shop",
        "postgres://app:s3cr%zz@db/shop",
        "postgres://app:s3cr%0@db/shop",
        "postgres://app:s3cr%00@db/shop",
        "postgres://[::1/shop",
        "postgres://[::1]s3cr/shop",
        "postgres://::1:5432/shop",
        "postgres://db:0/shop",
        "postgres://db:70000/shop",
        "postgres://a,b/shop?port=1,2,3",
        "postgres://a,b/shop?hostaddr=10.0.0.1",
        "postgres://db/shop?hostaddr=s3cr",
        "postgres://db/shop?connect_timeout=s3cr",
        "postgres://db/%ff",
        "postgres://db/shop?sslmode=s3cr",
        "postgres://db/shop?sslmode=verify-full",
        "postgres://db/shop?sslmode=require&sslrootcert=system",
        "postgres://db/shop?sslnegotiation=direct",
        "postgres://db/shop?sslcrl=s3cr",
        "postgres://db/shop?require_auth=scram-sha-256",
        "postgres://db/shop?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
        "postgres://db/shop?service=s3cr",
        "host=db s3cr",
        "host=db s3cr=1",
        "host=db pasword=s3cr",
        "host=db password='s3cr",
        "host=db\u{1f600} %=s3cr",
    ];
    let mut said = String::new();
    for text in cases {
        let error = find(Some(text), &[], &[]).expect_err(text);
        let line = error.to_string();
        assert!(!line.contains("s3cr"), "{line}");
        assert!(!format!("{error:?}").contains("s3cr"), "{error:?}");
        let line = line.replace(
            "--database-url does not name a server that can be asked: ",
            "",
        );
        said.push_str(&format!("{text}\n  {line}\n"));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn no_password_is_ever_shown() {
    let text = format!("postgres://app:{SECRET}@db/shop").replace("t/", "t%2F");
    for text in [
        text.as_str(),
        "host=db user=app password='s3cr:t' dbname=shop",
    ] {
        let connection = find(Some(text), &[("PGPASSWORD", "s3cr")], &[]).unwrap();
        let shown = format!("{connection} {connection:?} {:?}", connection.notices());
        assert!(!shown.contains("s3cr"), "{shown}");
    }
    let file = PrivateFile {
        bytes: b"s3cr".to_vec(),
        is_private: true,
    };
    assert_eq!(format!("{file:?}"), "PrivateFile { is_private: true, .. }");
}

#[test]
fn what_is_given_outranks_variables_and_a_service() {
    let variables = [
        ("DATABASE_URL", "postgres://url@urlhost/urldb"),
        ("PGHOST", "varhost"),
        ("PGPORT", "5433"),
        ("PGUSER", "var"),
        ("PGPASSWORD", "varpw"),
        ("PGDATABASE", "vardb"),
    ];
    assert_eq!(
        found(Some("postgres://app@db"), &variables, &[]),
        "app@db:5433/vardb varpw from PGPASSWORD"
    );
    assert_eq!(
        found(None, &variables, &[]),
        "url@urlhost:5433/urldb varpw from PGPASSWORD"
    );
    assert_eq!(
        found(None, &variables[1..], &[]),
        "var@varhost:5433/vardb varpw from PGPASSWORD"
    );
    let empty = [("DATABASE_URL", ""), ("PGHOST", ""), ("PGUSER", "")];
    assert_eq!(
        found(None, &empty, &[]),
        "me@/var/run/postgresql:5432,/tmp:5432/me "
    );
    let service = "# mine\n[other]\nhost=no\n[shop]\nhost=svc\nuser = svcuser\npassword=svcpw\n\
                   [after]\nport=1\n";
    let with_service = [("PGSERVICE", "shop"), ("PGPORT", "5433"), ("HOME", "/h")];
    assert_eq!(
        found(
            Some("dbname=d"),
            &with_service,
            &[("/h/.pg_service.conf", service)]
        ),
        "svcuser@svc:5433/d svcpw from the service file"
    );
    assert_eq!(
        found(None, &with_service, &[]),
        "PGSERVICE does not name a server that can be asked: no service file defines this service \
         (~/.pg_service.conf, PGSERVICEFILE)"
    );
    let broken = [("/h/.pg_service.conf", "[shop]\nhost=svc\ns3cr=1\n")];
    assert_eq!(
        found(None, &with_service, &broken),
        "/h/.pg_service.conf:3 does not name a server that can be asked: an unknown keyword"
    );
}

#[test]
fn the_password_file_is_asked_last_and_only_when_it_is_private() {
    let home = [("HOME", "/h")];
    let files = [(
        "/h/.pgpass",
        "a:*:*:app:one\nb:*:*:*:two\nlocalhost:*:*:*:three\n",
    )];
    assert_eq!(
        found(Some("postgres://app@a,b,c/shop"), &home, &files),
        "app@a:5432,b:5432,c:5432/shop one from /h/.pgpass, two from /h/.pgpass"
    );
    assert_eq!(
        found(Some("host=/run/pg user=app"), &home, &files),
        "app@/run/pg:5432/app three from /h/.pgpass"
    );
    assert_eq!(
        found(Some("postgres://app:pw@a/shop"), &home, &files),
        "app@a:5432/shop pw from --database-url"
    );
    let public = [("PGPASSFILE", "/public")];
    let connection = find(Some("host=a"), &public, &[("/public", "*:*:*:*:s3cr")]).unwrap();
    assert!(connection.hosts[0].password.is_none());
    assert_eq!(
        connection.notices(),
        [
            "the password file /public is not used, because others have rights on it: \
          chmod 600 /public"
        ]
    );
    let missing = find(Some("host=a"), &[("PGPASSFILE", "/none")], &[]).unwrap();
    assert_eq!(
        missing.notices(),
        ["the password file /none cannot be read"]
    );
}

#[test]
fn encryption_is_what_libpq_makes_of_it() {
    let modes = [
        ("host=a", SslMode::Prefer),
        ("postgres://a/?ssl=true", SslMode::Require),
        ("postgres://a/?ssl=require", SslMode::Require),
        ("postgres://a/?ssl=false", SslMode::Disable),
        ("postgres://a/?sslMode=allow", SslMode::Allow),
        ("postgres://a/?ssl_mode=require", SslMode::Require),
        ("postgres://a/?sslmode=no-verify", SslMode::Require),
        ("host=a sslmode=verify-ca sslrootcert=/r", SslMode::VerifyCa),
        ("host=a sslrootcert=system", SslMode::VerifyFull),
    ];
    for (text, expected) in modes {
        assert_eq!(encryption(text).mode, expected, "{text}");
    }
    let home = [("HOME", "/h"), ("PGSSLMODE", "require")];
    let files = [
        ("/h/.postgresql/root.crt", ""),
        ("/h/.postgresql/postgresql.crt", ""),
    ];
    let found = find(Some("host=a"), &home, &files).unwrap().encryption;
    assert_eq!(
        (found.mode, found.roots),
        (
            SslMode::Require,
            Roots::File("/h/.postgresql/root.crt".into())
        )
    );
    assert_eq!(
        found.identity,
        Some((
            "/h/.postgresql/postgresql.crt".into(),
            "/h/.postgresql/postgresql.key".into()
        ))
    );
    let trusting = find(Some("host=a sslmode=no-verify"), &home, &files).unwrap();
    assert_eq!(trusting.encryption.roots, Roots::None);
}

#[test]
fn times_are_limited_unless_they_are_not() {
    let timeouts = |text: &str, variables: &[(&str, &str)]| {
        find(Some(text), variables, &[]).unwrap().connect_timeout
    };
    let variable = [("PGCONNECT_TIMEOUT", "7")];
    assert_eq!(timeouts("host=a", &[]), Some(DEFAULT_TIMEOUT));
    assert_eq!(timeouts("host=a", &variable), Some(Duration::from_secs(7)));
    assert_eq!(timeouts("host=a connect_timeout=0", &variable), None);
    let found = find(Some("host=a"), &variable, &[]).unwrap();
    let found = found.with_connect_timeout(Duration::from_millis(10));
    assert_eq!(found.connect_timeout, Some(Duration::from_millis(10)));
    let found = found.with_statement_timeout(Duration::ZERO);
    assert_eq!(found.statement_timeout, StatementTimeout::Never);
}

proptest::proptest! {
    /// Any text is read or refused, and what is said of it is no piece of a password.
    #[test]
    fn any_text_is_read_or_refused(text in "(postgres://|jdbc:postgresql:|host=)?[a-z0-9:/@?&=%,'\\[\\]\\\\ ü+]{0,40}") {
        if let Ok(connection) = find(Some(&text), &[], &[]) {
            let _ = format!("{connection} {connection:?}");
        }
    }
}
