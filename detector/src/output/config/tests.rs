use super::*;

#[derive(Debug, Deserialize)]
struct File {
    output: Vec<Config>,
}

fn read(text: &str) -> Result<Vec<Config>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    check(&file.output).map_err(|error| error.to_string())?;
    Ok(file.output)
}

#[test]
fn every_kind_is_read() {
    let outputs = read(
        r#"
        [[output]]
        to = "file"
        path = "/var/log/firedamp/eve.json"

        [[output]]
        to = "stdout"

        [[output]]
        name = "siem"
        to = "syslog"
        address = "[2001:db8::1]:6514"
        transport = "tls"
        facility = "local4"
        ca-file = "/etc/ca.pem"
        filter = { verdicts = ["confirmed"], stats = false }

        [[output]]
        to = "journald"

        [[output]]
        to = "unix"
        path = "/run/x.sock"
        socket = "datagram"

        [[output]]
        to = "http"
        url = "https://siem.example:8088/services/collector"
        body = "array"
        headers = { X-Scope = "firedamp" }
        bearer-file = "/etc/token"
        [output.limits]
        batch = 50
        "#,
    )
    .unwrap();
    let kinds: Vec<&str> = outputs.iter().map(|output| output.to.kind()).collect();
    assert_eq!(kinds, ["file", "stdout", "syslog", "journald", "unix", "http"]);
    assert_eq!(outputs[0].name, "file");
    let Destination::Syslog(syslog) = &outputs[2].to else { panic!() };
    assert_eq!((syslog.facility as u8, syslog.max_bytes), (20, 8192));
    assert_eq!(syslog.server_name().unwrap().to_str(), "2001:db8::1");
    assert!(!outputs[2].filter.stats);
    assert_eq!(outputs[5].limits, Limits { batch: 50, ..Limits::default() });
}

#[test]
fn mistakes_are_named_with_their_key() {
    let wrong = |keys: &str| read(&format!("[[output]]\n{keys}")).unwrap_err();
    for (keys, words) in [
        ("to = 'file'", "output \"file\": to = \"file\" needs `path`, as in path = "),
        (
            "to = 'file'\npath = 'x'\nfacility = 'user'",
            "`facility` means nothing to to = \"file\", which knows path",
        ),
        ("to = 'stdout'\npath = 'x'", "`path` means nothing to to = \"stdout\": leave it out"),
        ("to = 'carrier-pigeon'", "unknown variant `carrier-pigeon`, expected one of"),
        ("to = 'stdout'\nformt = 'eve'", "unknown field `formt`"),
        ("to = 'stdout'\nformat = 'xml'", "unknown variant `xml`"),
        ("to = 'stdout'\nname = 'a b'", "`name` must be"),
        ("to = 'syslog'\naddress = 'siem'", "`address` = \"siem\" must be a host and a port"),
        ("to = 'syslog'\naddress = 'siem:514'\nca-file = 'x'", "`ca-file` needs transport = \"tls\""),
        ("to = 'syslog'\naddress = 'siem:514'\nmax-bytes = 9", "`max-bytes` = 9 must be from 480 to 65507"),
        ("to = 'syslog'\naddress = 'siem:514'\napp-name = 'a b'", "`app-name` must be"),
        ("to = 'syslog'\naddress = 'si em:514'\ntransport = 'tls'", "server-name = \"si em\" is neither"),
        ("to = 'http'\nurl = 'ftp://x/'", "`url` = \"ftp://x/\" must begin with http:// or https://"),
        ("to = 'http'\nurl = 'http://x/'\nca-file = 'x'", "`ca-file` needs a url that begins with https://"),
        ("to = 'http'\nurl = 'http://x/'\nheaders = { 'a b' = 'c' }", "\"a b\" is no header"),
        (
            "to = 'http'\nurl = 'http://x/'\nformat = 'cef'\nbody = 'array'",
            "format = \"cef\" is no JSON, so body = \"array\" is none either",
        ),
        (
            "to = 'http'\nurl = 'http://x/'\nlimits = { batch = 0 }",
            "limits.batch = 0 must be from 1 to 10000",
        ),
        ("to = 'stdout'\nfilter = { reasons = ['x'] }", "filter.reasons: `x` is none of opened"),
        ("to = 'journald'\nidentifier = ''", "`identifier` is empty"),
        (
            "to = 'stdout'\n[[output]]\nto = 'stdout'\n",
            "two outputs have the name \"stdout\": give each a `name`",
        ),
        (
            "to = 'stdout'\n[[output]]\nto = 'stdout'\nname = 'b'",
            "outputs \"stdout\" and \"b\" both write to standard",
        ),
        ("to = 'file'\npath = 'x'\n[[output]]\nto = 'file'\nname = 'b'\npath = 'x'", "both write to x"),
    ] {
        let told = wrong(keys);
        assert!(told.contains(words), "{keys}\n{told}");
    }
}

#[test]
fn messages_show_no_secret_of_a_url() {
    let text = "[[output]]\nto = 'http'\nurl = 'https://user:secret@siem.example:8088/in?token=secret'";
    assert_eq!(read(text).unwrap()[0].to.to_string(), "https://siem.example:8088/in");
}

#[test]
fn a_mistake_is_shown_at_its_line() {
    let told = read("[[output]]\nto = 'stdout'\n\n[[output]]\nto = 'file'\npaht = 'x'\n").unwrap_err();
    assert!(told.contains("line 6"), "{told}");
}
