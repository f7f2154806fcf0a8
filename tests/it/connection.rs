//! Connections to a real server: who is let in, and what is said where it fails.
//!
//! What only other servers do (old versions, poolers, other programs on the port) is played by a
//! few bytes from a thread.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use migcheck::live::{Answers, Connection, LiveError, Postgres, PrivateFile, Surroundings};

use crate::listening::Listening;

const PASSWORD: &str = "s3cret p@ss";

/// The connection that `text` names, without any variable, and with files from the disk.
fn connection(text: &str) -> Connection {
    let surroundings = Surroundings {
        variable: &|_| None,
        file: &PrivateFile::read,
        account: &|| None,
    };
    Connection::find(Some(text), &surroundings).expect("the text is understood")
}

/// `app` at the server, with the right password.
fn at(server: &Listening, more: &str) -> String {
    let port = server.port;
    format!("host=localhost hostaddr=127.0.0.1 port={port} user=app password='{PASSWORD}' {more}")
}

/// Whether the connection is encrypted and the server's own word for it, or why there is none. The
/// port and the server's folder are left out.
fn said(server: &Listening, text: &str) -> String {
    let answer = Postgres::connect(&connection(text))
        .and_then(|mut it| it.answer(USES_TLS))
        .map(|rows| rows.join(","));
    match answer {
        Ok(answer) => answer,
        Err(error) => stable(server, &error),
    }
}

const USES_TLS: &str = "SELECT CASE WHEN ssl THEN 'encrypted' ELSE 'plain' END FROM pg_stat_ssl \
                        WHERE pid = pg_backend_pid()";

fn stable(server: &Listening, error: &LiveError) -> String {
    let line = error.to_string();
    for text in [&line, &format!("{error:?}")] {
        assert!(!text.contains(PASSWORD) && !text.contains('\n'), "{text}");
    }
    server.stable(&line)
}

#[test]
fn who_is_not_let_in_hears_why() {
    let Some(server) = Listening::shared() else {
        return;
    };
    let port = server.port;
    let to = |rest: &str| format!("host=localhost hostaddr=127.0.0.1 port={port} {rest}");
    let mut lines = Vec::new();
    for text in [
        at(server, "dbname=shop"),
        format!("postgres://app:s3cret%20p%40ss@127.0.0.1:{port}/shop?schema=public"),
        to("user=app password=wrong dbname=shop"),
        to("user=app dbname=shop"),
        to("user=nobody password=x dbname=shop"),
        to("user=ghost dbname=shop"),
        at(server, "dbname=nope"),
        at(server, "dbname=unlisted"),
        at(server, "dbname=shop options='-c nonsense=1'"),
        to("user=app dbname=shop passfile=/nowhere"),
    ] {
        lines.push(said(server, &text));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    encrypted
    encrypted
    cannot connect to app@localhost:PORT/shop: password authentication failed for user "app"; check the user and the password, which is from --database-url
    cannot connect to app@localhost:PORT/shop: the server asks for a password and none is given; set PGPASSWORD, or put it into the URL or into ~/.pgpass
    cannot connect to nobody@localhost:PORT/shop: password authentication failed for user "nobody"; check the user and the password, which is from --database-url
    cannot connect to ghost@localhost:PORT/shop: role "ghost" does not exist; check the user's name
    cannot connect to app@localhost:PORT/nope: database "nope" does not exist; check its name, or create it
    cannot connect to app@localhost:PORT/unlisted: no pg_hba.conf entry for host "127.0.0.1", user "app", database "unlisted", SSL encryption; check pg_hba.conf of the server, and sslmode (this was encrypted)
    cannot connect to app@localhost:PORT/shop: unrecognized configuration parameter "nonsense"
    cannot connect to app@localhost:PORT/shop: the server asks for a password and none is given; set PGPASSWORD, or put it into the URL or into ~/.pgpass; the password file /nowhere cannot be read
    "#);
}

#[test]
fn sslmode_means_what_it_means_to_libpq() {
    let Some(server) = Listening::shared() else {
        return;
    };
    let root = format!("sslrootcert={}", server.file("root.crt").display());
    let other = format!("sslrootcert={}", server.file("other.crt").display());
    let missing = format!("sslrootcert={}", server.file("none.crt").display());
    let no_pem = format!("sslrootcert={}", server.file("extensions").display());
    let mut lines = Vec::new();
    for (database, mode) in [
        ("shop", "disable"),
        ("shop", "allow"),
        ("shop", "prefer"),
        ("shop", "require"),
        ("tls_only", "disable"),
        ("tls_only", "allow"),
        ("tls_only", "prefer"),
        ("tls_only", "require"),
        ("plain_only", "disable"),
        ("plain_only", "allow"),
        ("plain_only", "prefer"),
        ("plain_only", "require"),
    ] {
        let more = format!("dbname={database} sslmode={mode}");
        lines.push(format!("{more}: {}", said(server, &at(server, &more))));
    }
    for (mode, file) in [
        ("require", &root),
        ("require", &other),
        ("require", &missing),
        ("verify-ca", &root),
        ("verify-ca", &other),
        ("verify-full", &root),
        ("verify-full", &other),
        ("verify-full", &no_pem),
        ("prefer", &other),
    ] {
        let more = format!("dbname=tls_only sslmode={mode} {file}");
        let line = format!("{more}: {}", said(server, &at(server, &more)));
        lines.push(line.replace(&server.file("").display().to_string(), "FOLDER/"));
    }
    let by_address = at(server, &format!("dbname=shop sslmode=verify-full {root}"));
    let by_address = by_address.replace("host=localhost ", "");
    lines.push(format!("by address: {}", said(server, &by_address)));
    let by_socket = at(server, "dbname=shop sslmode=require").replace(
        "host=localhost hostaddr=127.0.0.1",
        &format!("host={}", server.file("").display()),
    );
    lines.push(format!("by socket: {}", said(server, &by_socket)));
    assert_snapshot!(lines.join("\n"), @r#"
    dbname=shop sslmode=disable: plain
    dbname=shop sslmode=allow: plain
    dbname=shop sslmode=prefer: encrypted
    dbname=shop sslmode=require: encrypted
    dbname=tls_only sslmode=disable: cannot connect to app@localhost:PORT/tls_only: no pg_hba.conf entry for host "127.0.0.1", user "app", database "tls_only", no encryption; check pg_hba.conf of the server, and sslmode (this was not encrypted)
    dbname=tls_only sslmode=allow: encrypted
    dbname=tls_only sslmode=prefer: encrypted
    dbname=tls_only sslmode=require: encrypted
    dbname=plain_only sslmode=disable: plain
    dbname=plain_only sslmode=allow: plain
    dbname=plain_only sslmode=prefer: plain
    dbname=plain_only sslmode=require: cannot connect to app@localhost:PORT/plain_only: no pg_hba.conf entry for host "127.0.0.1", user "app", database "plain_only", SSL encryption; check pg_hba.conf of the server, and sslmode (this was encrypted)
    dbname=tls_only sslmode=require sslrootcert=FOLDER/root.crt: encrypted
    dbname=tls_only sslmode=require sslrootcert=FOLDER/other.crt: cannot connect to app@localhost:PORT/tls_only: the server's certificate is not trusted: none of the trusted ones has issued it; give its root certificate as sslrootcert
    dbname=tls_only sslmode=require sslrootcert=FOLDER/none.crt: cannot connect to app@localhost:PORT/tls_only: the certificate FOLDER/none.crt cannot be read: No such file or directory (os error 2)
    dbname=tls_only sslmode=verify-ca sslrootcert=FOLDER/root.crt: encrypted
    dbname=tls_only sslmode=verify-ca sslrootcert=FOLDER/other.crt: cannot connect to app@localhost:PORT/tls_only: the server's certificate is not trusted: none of the trusted ones has issued it; give its root certificate as sslrootcert
    dbname=tls_only sslmode=verify-full sslrootcert=FOLDER/root.crt: encrypted
    dbname=tls_only sslmode=verify-full sslrootcert=FOLDER/other.crt: cannot connect to app@localhost:PORT/tls_only: the server's certificate is not trusted: none of the trusted ones has issued it; give its root certificate as sslrootcert
    dbname=tls_only sslmode=verify-full sslrootcert=FOLDER/extensions: cannot connect to app@localhost:PORT/tls_only: FOLDER/extensions holds no certificate in PEM
    dbname=tls_only sslmode=prefer sslrootcert=FOLDER/other.crt: encrypted
    by address: cannot connect to app@127.0.0.1:PORT/shop: the server's certificate is for another host: it is for localhost; connect by a name that it holds, or with sslmode=verify-ca
    by socket: plain
    "#);
}

#[test]
fn a_client_certificate_lets_in_without_a_password() {
    let Some(server) = Listening::shared() else {
        return;
    };
    // Keys are refused where others may read them; the server's folder is its own.
    let folder = tempfile::tempdir().expect("a folder can be made");
    for name in ["app.crt", "app.key"] {
        std::fs::copy(server.file(name), folder.path().join(name)).expect("it can be copied");
    }
    let key = folder.path().join("app.key");
    let restrict = |mode| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let port = server.port;
    let text = format!(
        "host=localhost hostaddr=127.0.0.1 port={port} user=app dbname=certified sslmode=require \
         sslcert={} sslkey={}",
        folder.path().join("app.crt").display(),
        key.display()
    );
    let without = format!("{text} sslcertmode=disable");
    restrict(0o600);
    let mut lines = vec![said(server, &text), said(server, &without)];
    restrict(0o644);
    lines.push(said(server, &text));
    let shown = lines.join("\n");
    let shown = shown.replace(&folder.path().display().to_string(), "KEYS");
    assert_snapshot!(shown, @r#"
    encrypted
    cannot connect to app@localhost:PORT/certified: connection requires a valid client certificate; check pg_hba.conf of the server, and sslmode (this was encrypted)
    cannot connect to app@localhost:PORT/certified: the key KEYS/app.key is not used, because others have rights on it: chmod 600 KEYS/app.key
    "#);
}

#[test]
fn channel_binding_is_used_with_encryption() {
    let Some(server) = Listening::shared() else {
        return;
    };
    let bound = |more: &str| said(server, &at(server, &format!("dbname=shop {more}")));
    assert_eq!(bound("channel_binding=require"), "encrypted");
    assert_snapshot!(bound("channel_binding=require sslmode=disable"), @"cannot connect to app@localhost:PORT/shop: server did not use channel binding; check pg_hba.conf of the server, and sslmode (this was not encrypted)");
}

#[test]
fn a_statement_has_a_limit_and_leaves_nothing_behind() {
    let Some(server) = Listening::shared() else {
        return;
    };
    let to = connection(&at(server, "dbname=shop"));
    let to = to.with_statement_timeout(Duration::from_millis(300));
    let mut postgres = Postgres::connect(&to).expect("it is let in");
    let error = postgres
        .answer("BEGIN; SELECT 1; SELECT pg_sleep(30); COMMIT")
        .expect_err("it takes too long");
    assert!(error.is_transient());
    assert_snapshot!(stable(server, &error), @"app@localhost:PORT/shop did not answer a statement within 300 ms: a migration may hold a lock, or the server is busy; ask again or give it more time");
    let error = postgres.answer("BEGIN; SELECT a FROM hidden; COMMIT");
    let error = error.expect_err("it may not");
    assert!(!error.is_transient());
    assert_snapshot!(stable(server, &error), @"app@localhost:PORT/shop does not allow it: permission denied for table hidden; ask as a role that may, or grant it");
    let rows = postgres.answer("SELECT 1; SELECT current_setting('application_name')");
    assert_eq!(rows.expect("it goes on"), ["1", "migcheck"]);
    let theirs = connection(&at(server, "dbname=shop options='-c statement_timeout=7s'"));
    let mut postgres = Postgres::connect(&theirs).expect("it is let in");
    let shown = postgres
        .answer("SHOW statement_timeout")
        .expect("it answers");
    assert_eq!(shown, ["7s"]);
    let error = postgres.answer("SET statement_timeout = 1; SELECT pg_sleep(30)");
    let error = error.expect_err("it takes too long");
    assert_snapshot!(stable(server, &error), @"app@localhost:PORT/shop did not answer a statement within the limit of the connection's options: a migration may hold a lock, or the server is busy; ask again or give it more time");
}

#[test]
fn a_lost_connection_is_said() {
    let Some(server) = Listening::shared() else {
        return;
    };
    let mut postgres = Postgres::connect(&connection(&at(server, "dbname=shop"))).expect("let in");
    let process = postgres
        .answer("SELECT pg_backend_pid()")
        .expect("it answers");
    let end = format!("SELECT pg_terminate_backend({})", process.join(""));
    server.run("postgres", &end).expect("it can be ended");
    let error = postgres
        .answer("SELECT pg_sleep(5)")
        .expect_err("it has ended");
    assert!(matches!(error, LiveError::Lost { .. }), "{error}");
    assert!(error.is_transient());
    stable(server, &error);
    postgres.answer("SELECT 1").expect_err("it stays so");
}

#[test]
fn more_connections_than_are_allowed_are_refused() {
    let Some(server) = Listening::shared() else {
        return;
    };
    let text = at(server, "dbname=shop").replace("user=app", "user=few");
    let text = text.replace(PASSWORD, "few");
    let _first = Postgres::connect(&connection(&text)).expect("one is let in");
    let error = Postgres::connect(&connection(&text))
        .err()
        .expect("two are not");
    assert!(error.is_transient());
    assert_snapshot!(stable(server, &error), @r#"cannot connect to few@localhost:PORT/shop: too many connections for role "few"; wait until others have ended, or raise the limit"#);
}

#[test]
fn it_works_inside_of_an_async_runtime() {
    let Some(server) = Listening::shared() else {
        return;
    };
    let text = at(server, "dbname=shop");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("it can be made");
    let asked = text.clone();
    let blocking = runtime.spawn_blocking(move || ask_one(&asked));
    assert_eq!(runtime.block_on(blocking).expect("no panic"), ["1"]);
    // A worker waits as well, but nothing breaks.
    let worker = runtime.spawn(async move { ask_one(&text) });
    assert_eq!(runtime.block_on(worker).expect("no panic"), ["1"]);
}

fn ask_one(text: &str) -> Vec<String> {
    let mut postgres = Postgres::connect(&connection(text)).expect("it is let in");
    postgres.answer("SELECT 1").expect("it answers")
}

#[test]
fn a_server_that_comes_up_later_is_waited_for() {
    let mut server = match Listening::new("migcheck-late") {
        Ok(server) => server,
        Err(reason) => {
            crate::home::required::<()>("PostgreSQL on a port", Err(reason));
            return;
        }
    };
    let root = server.file("root.crt").display().to_string();
    let text = at(&server, &format!("sslmode=verify-full sslrootcert={root}"));
    let text = format!("{text} dbname=nope").replace(PASSWORD, "wrong");
    let down = said(&server, &text);
    assert_snapshot!(down, @"cannot connect to app@localhost:PORT/nope: the connection is refused: nothing listens there; check that the server runs, and its host and port");
    // First as one that takes no connections yet: a standby that nobody may read.
    std::fs::write(server.file("data/standby.signal"), "").expect("it can be written");
    let waits = connection(&text);
    let waiting = std::thread::spawn(move || {
        let error = Postgres::connect_within(&waits, Duration::from_secs(60)).err();
        error.expect("the password is wrong")
    });
    std::thread::sleep(Duration::from_millis(200));
    server
        .start("-c hot_standby=off")
        .expect("it can be started");
    let not_ready = loop {
        let error = Postgres::connect(&connection(&text))
            .err()
            .expect("it is not ready");
        if !matches!(error, LiveError::NotListening { .. }) {
            break error;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(
        matches!(not_ready, LiveError::NotReady { .. }),
        "{not_ready}"
    );
    assert!(not_ready.is_transient());
    let begin = Instant::now();
    let waited = Postgres::connect_within(&connection(&text), Duration::from_millis(700)).err();
    let waited = waited.expect("it is not ready for long");
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(matches!(waited, LiveError::Waited { .. }), "{waited}");
    assert!(waited.to_string().contains("(waited "), "{waited}");
    assert!(waited.is_transient());
    // Now it becomes one that takes them.
    let promoted = server
        .home_command("pg_ctl")
        .args(["promote", "--silent", "--no-wait", "--pgdata"])
        .arg(server.file("data"))
        .status();
    assert!(promoted.expect("it can be asked").success());
    let error = waiting.join().expect("no panic");
    // A certificate that is its own root and has a common name only is trusted; a wrong password is not waited for.
    assert_snapshot!(stable(&server, &error), @r#"cannot connect to app@localhost:PORT/nope: password authentication failed for user "app"; check the user and the password, which is from --database-url"#);
}

#[test]
fn what_does_not_answer_is_left_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = silent.local_addr().expect("it has one").port();
    for mode in ["prefer", "disable"] {
        let text = format!("host=127.0.0.1 port={port} user=app sslmode={mode}");
        let to = connection(&text).with_connect_timeout(Duration::from_millis(200));
        let begin = Instant::now();
        let error = Postgres::connect(&to).err().expect("nobody answers");
        assert!(begin.elapsed() < Duration::from_secs(4));
        assert!(error.is_transient());
        assert_eq!(
            error.to_string().replace(&port.to_string(), "PORT"),
            "cannot connect to app@127.0.0.1:PORT/app: no answer within 200 ms: something listens \
             there, but does not let us in; check host, port and firewall, or give it more time"
        );
    }
}

/// Takes connections and plays `scene` on each; its port.
fn stage(scene: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has one").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            // Who has heard enough closes.
            let _ = scene(&mut stream);
        }
    });
    port
}

/// One message of a client without a kind: its length, then the rest.
fn read_start(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut rest = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
    stream.read_exact(&mut rest)?;
    Ok(rest)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("it is short");
    [&[kind], length.to_be_bytes().as_slice(), body].concat()
}

/// A server that lets everybody in and says these things of itself; `refusal` answers a client
/// that sends options.
fn play(parameters: &'static [(&'static str, &'static str)], refusal: &'static str) -> u16 {
    stage(move |stream| {
        let mut start = read_start(stream)?;
        if start.len() == 4 {
            stream.write_all(b"N")?;
            start = read_start(stream)?;
        }
        let has_options = start.windows(8).any(|it| it == b"options\0");
        if has_options && !refusal.is_empty() {
            let body = format!("SFATAL\0C08P01\0M{refusal}\0\0");
            return stream.write_all(&message(b'E', body.as_bytes()));
        }
        let mut answer = message(b'R', &[0, 0, 0, 0]);
        for (name, value) in parameters {
            answer.extend(message(b'S', format!("{name}\0{value}\0").as_bytes()));
        }
        answer.extend(message(b'Z', b"I"));
        stream.write_all(&answer)?;
        // Until the client leaves.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).map(|_| ())
    })
}

fn at_stage(port: u16, mode: &str) -> String {
    let text = format!("host=127.0.0.1 port={port} user=app dbname=shop sslmode={mode}");
    match Postgres::connect(&connection(&text)) {
        Ok(postgres) => format!("connected to {}", postgres.version()),
        Err(error) => error.to_string().replace(&format!(":{port}/"), ":PORT/"),
    }
}

#[test]
fn other_servers_are_told_apart() {
    let version = |version| match version {
        11 => play(&[("server_version", "11.22")], ""),
        12 => play(&[("server_version", "12.0 (Debian 12.0-1)")], ""),
        18 => play(&[("server_version", "18beta1")], ""),
        _ => play(&[("server_version", "13.0.0"), ("crdb_version", "v24")], ""),
    };
    let bouncer = play(&[("server_version", "1.22.0/bouncer")], "");
    let refuses = play(
        &[("server_version", "16.1")],
        "unsupported startup parameter: options",
    );
    let says = |text: &'static str| {
        stage(move |stream| {
            stream.write_all(text.as_bytes())?;
            stream.read_to_end(&mut Vec::new()).map(|_| ())
        })
    };
    let greets = says("\x4a\0\0\0\x0a8.0.36\0 and more of a greeting");
    let web = says("HTTP/1.1 400 Bad Request\r\n\r\n");
    let closes = stage(|_| Ok(()));
    let shown = [
        version(11),
        version(12),
        version(18),
        version(0),
        bouncer,
        refuses,
        web,
        closes,
    ];
    let mut lines: Vec<String> = shown.iter().map(|it| at_stage(*it, "prefer")).collect();
    lines.push(at_stage(greets, "disable"));
    lines.push(at_stage(version(12), "require"));
    assert_snapshot!(lines.join("\n"), @r#"
    cannot ask app@127.0.0.1:PORT/shop: it is a server of version 11.22; PostgreSQL 12 or later is needed
    connected to 12.0 (Debian 12.0-1)
    connected to 18beta1
    cannot ask app@127.0.0.1:PORT/shop: it is CockroachDB; PostgreSQL 12 or later is needed
    cannot ask app@127.0.0.1:PORT/shop: it is the console of a pgbouncer; PostgreSQL 12 or later is needed
    connected to 16.1
    cannot ask app@127.0.0.1:PORT/shop: what listens there does not answer as PostgreSQL does; check the port
    the connection to app@127.0.0.1:PORT/shop was lost: it was closed while it was opened; ask again
    cannot ask app@127.0.0.1:PORT/shop: what listens there does not answer as PostgreSQL does; check the port
    cannot connect to app@127.0.0.1:PORT/shop: the server does not support TLS and sslmode asks for it; turn on `ssl` in the server, or connect with sslmode=disable where the network is trusted
    "#);
}

#[test]
fn a_server_that_repeats_the_password_is_not_quoted() {
    let port = play(&[], "no s3cr-et\nfor you");
    let text = format!("host=127.0.0.1 port={port} user=app password=s3cr-et");
    let error = Postgres::connect(&connection(&text))
        .err()
        .expect("refused");
    let said = format!("{error} {error:?}");
    assert!(said.contains("no *** for you"), "{said}");
    assert!(!said.contains("s3cr-et"), "{said}");
}

#[test]
fn a_server_that_falls_silent_is_left_in_time() {
    let port = play(&[("server_version", "16.1")], "");
    let text = format!("host=127.0.0.1 port={port} user=app dbname=shop");
    let to = connection(&text).with_statement_timeout(Duration::from_millis(1));
    let mut postgres = Postgres::connect(&to).expect("it is let in");
    let error = postgres.answer("SELECT 1").expect_err("nobody answers");
    assert!(
        matches!(error, LiveError::StatementTimeout { .. }),
        "{error}"
    );
    let error = postgres.answer("SELECT 1").expect_err("it is left");
    assert!(matches!(error, LiveError::Lost { .. }), "{error}");
}

#[test]
fn several_hosts_are_tried_in_order() {
    let Some(server) = Listening::shared() else {
        return;
    };
    let down = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let closed = down.local_addr().expect("it has one").port();
    drop(down);
    let port = server.port;
    let text = format!(
        "host=127.0.0.1,localhost port={closed},{port} user=app password='{PASSWORD}' dbname=shop"
    );
    assert_eq!(said(server, &text), "encrypted");
    let standby = format!("{text} target_session_attrs=standby");
    let line = said(server, &standby).replace(&closed.to_string(), "CLOSED");
    assert_snapshot!(line.replace(&port.to_string(), "PORT"), @"cannot connect to app@127.0.0.1:CLOSED,localhost:PORT/shop: app@127.0.0.1:CLOSED/shop: the connection is refused: nothing listens there; app@localhost:PORT/shop: target_session_attrs asks for a standby, which this server is not; check that the server runs, and its host and port");
    let any = format!("{text} target_session_attrs=prefer-standby");
    assert_eq!(said(server, &any), "encrypted");
    let unknown = said(server, "host=migcheck.invalid user=app");
    assert!(unknown.contains("the host is not found"), "{unknown}");
    let socket = said(server, "host=/nowhere user=app");
    assert_snapshot!(socket, @"cannot connect to app@/nowhere:5432/app: there is no socket /nowhere/.s.PGSQL.5432; check that the server runs, and its host and port");
}
