use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;
use toml::{Table, Value};

use super::document::{Document, Step};
use super::*;
use crate::output::{Identities, Salt};

/// The text with the lines that begin with one of the marks in use.
fn uncommented(marks: &[&str]) -> String {
    let is_key = |line: &str| {
        let key = line.split_once(" = ").map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let line = |line: &str| {
        let found = marks.iter().find_map(|mark| line.strip_prefix(mark));
        let wanted = found.filter(|rest| is_key(rest) || rest.starts_with('['));
        wanted.unwrap_or(line).to_owned() + "\n"
    };
    COMMENTED.lines().map(line).collect()
}

fn parsed(text: &str) -> Config {
    let (config, problems) = Document::of("firedamp.toml", text).parse();
    assert_eq!(problems, []);
    config
}

fn complaints(text: &str) -> Vec<String> {
    let (_, problems) = Document::of("f.toml", text).parse::<Config>();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_commented_file_says_what_holds_when_nothing_is_said() {
    assert_eq!(parsed(COMMENTED), Config::default());
    assert_eq!(parsed(&uncommented(&["# "])), Config::default());
    let tables: BTreeSet<&str> = COMMENTED
        .lines()
        .filter_map(|line| Some(line.trim_start_matches("#> ").strip_prefix('[')?.trim_matches(['[', ']'])))
        .collect();
    let top: BTreeSet<&str> = tables.into_iter().filter(|name| !name.contains('.')).collect();
    assert_eq!(top, BTreeSet::from(sort::TABLES));
}

/// An example of what holds anyway would be a default with the wrong mark.
#[test]
fn examples_are_no_defaults() {
    let examples: Vec<usize> =
        COMMENTED.lines().enumerate().filter(|(_, line)| line.starts_with("#> ")).map(|(at, _)| at).collect();
    for at in examples {
        let use_it = |(line, text): (usize, &str)| if line == at { text.replacen("#> ", "", 1) } else { text.to_owned() } + "\n";
        let text: String = COMMENTED.lines().enumerate().map(use_it).collect();
        let (config, problems) = Document::of("f.toml", &text).parse::<Config>();
        assert!(!problems.is_empty() || config != Config::default(), "line {}", at + 1);
    }
}

#[test]
fn the_commented_file_names_every_key_and_every_word() {
    let text = uncommented(&["# ", "#> "]);
    parsed(&text);
    let whole = Value::Table(text.parse().unwrap());
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    names(&whole, "", &mut named);
    let mut asked = BTreeSet::new();
    for (way, changed) in distorted(&whole) {
        let complaints = complaints(&toml::to_string(&changed).unwrap());
        let known = complaints
            .iter()
            .find_map(|one| Some(one.split_once("; there are ")?.1.lines().next()?.to_owned()));
        for known in known.iter().flat_map(|known| known.split(", ")) {
            asked.insert(way.clone());
            let found = named.get(&way).is_some_and(|keys| keys.contains(known));
            let is_word = COMMENTED
                .split(|letter: char| !letter.is_alphanumeric() && letter != '-')
                .any(|word| word == known);
            let is_table = named.contains_key(&way);
            assert!(if is_table { found } else { is_word }, "{way}: `{known}` is not in default.toml");
        }
    }
    for table in [
        "",
        ".capture",
        ".signatures",
        ".ledger",
        ".enrich",
        ".privacy",
        ".exclude",
        ".output",
        ".metrics",
        ".log",
    ] {
        assert!(asked.contains(table), "{table}: {asked:?}");
    }
    for word in [
        ".capture.xdp-mode",
        ".privacy.identities",
        ".exclude.network-type",
        ".exclude.days",
        ".advice.language",
    ] {
        assert!(asked.contains(word), "{word}: {asked:?}");
    }
}

/// The keys of every table, by the way to it.
fn names(value: &Value, way: &str, named: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Table(table) => {
            named.entry(way.to_owned()).or_default().extend(table.keys().cloned());
            table.iter().for_each(|(key, value)| names(value, &format!("{way}.{key}"), named));
        }
        Value::Array(list) => list.iter().for_each(|value| names(value, way, named)),
        _ => {}
    }
}

/// The value with one thing made wrong at a time, and the way to that: a key too many in a table, the only key of a table
/// replaced, another word.
fn distorted(value: &Value) -> Vec<(String, Value)> {
    const WRONG: &str = "zzzzzzzz";
    let mut all = Vec::new();
    match value {
        Value::Table(table) => {
            let mut more = table.clone();
            more.insert(WRONG.to_owned(), Value::Integer(1));
            all.push((String::new(), more.into()));
            if let [only] = table.values().collect::<Vec<_>>()[..] {
                all.push((String::new(), Table::from_iter([(WRONG.to_owned(), only.clone())]).into()));
            }
            for (key, value) in table {
                all.extend(distorted(value).into_iter().map(|(way, wrong)| {
                    let mut table = table.clone();
                    table.insert(key.clone(), wrong);
                    (format!(".{key}{way}"), table.into())
                }));
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                all.extend(distorted(value).into_iter().map(|(way, wrong)| {
                    let mut list = list.clone();
                    list[at] = wrong;
                    (way, list.into())
                }));
            }
        }
        Value::String(_) => all.push((String::new(), WRONG.into())),
        _ => {}
    }
    all
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_its_place() {
    let text = r#"[capture]
interfaces = ["lan0"]
flow = 5
watched = 0
ring-kib = 100
xdp-mode = "nativ"

[ledgr]
[privacy]
identities = "secret"
salt = ""

[[exclude]]
host = "10.1.2"
reason = "a"
[[exclude]]
hst = "10.1.2.3"
pool = "203.0.113.999"
days = ["sun", "sat"]
hours = "25:00-3:00"
timezone = "Asia/Shanghia"

[[exclude]]
reason = " "
until = "tomorrow"
[log]
level = "loud"
[advice]
language = 5
"#;
    let expected = [
        "f.toml:3:1: unknown key `flow` in [capture]; did you mean `flows`?\n     3 | flow = 5",
        "f.toml:4:11: `watched` in [capture]: invalid value: integer `0`, expected a whole number from 1 to 16777216",
        "f.toml:5:12: `ring-kib` in [capture]: must be a power of two from 64 to 1048576",
        "f.toml:6:12: `xdp-mode` in [capture]: `nativ` is not known; did you mean `native`?",
        "f.toml:8:2: unknown key `ledgr` at the top; did you mean `ledger`?",
        "f.toml:10:14: `identities` in [privacy]: `secret` is not known; there are clear, truncated, hashed",
        "f.toml:11:8: `salt` in [privacy]: a salt has at least one character",
        "f.toml:14:8: `host` in [[exclude]]: ",
        "f.toml:16:1: `reason` is missing in [[exclude]]; add it",
        "f.toml:17:1: unknown key `hst` in [[exclude]]; did you mean `host`?",
        "f.toml:18:8: `pool` in [[exclude]]: \"203.0.113.999\" is no pool: a pool is an address",
        "f.toml:20:9: `hours` in [[exclude]]: \"25:00-3:00\" are no hours",
        "f.toml:21:12: `timezone` in [[exclude]]: \"Asia/Shanghia\" is no time zone; did you mean \"Asia/Shanghai\"?",
        "f.toml:24:10: `reason` in [[exclude]]: is empty; say why",
        "f.toml:25:9: `until` in [[exclude]]: \"tomorrow\" is no moment",
        "f.toml:27:9: `level` in [log]: \"loud\" must be error, warn, info",
        "f.toml:29:12: `language` in [advice]: ",
    ];
    let complaints = complaints(text);
    for (complaint, expected) in complaints.iter().zip(expected) {
        assert!(complaint.starts_with(expected), "{complaint}\n{expected}");
    }
    assert_eq!(complaints.len(), expected.len(), "{complaints:#?}");
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let complaints = complaints("[capture]\nflows = \nwatched = [1\n");
    assert!(complaints[0].starts_with("f.toml:2:9: "), "{complaints:#?}");
    let twice = self::complaints("[log]\nlevel = \"info\"\nlevel = \"warn\"\n");
    assert!(twice[0].starts_with("f.toml:3:1: duplicate key"), "{twice:#?}");
    let inline = self::complaints("capture = 5\nlog = { lvel = \"info\" }\n");
    assert!(inline[0].starts_with("f.toml:1:11: `capture`: invalid type: integer `5`"), "{inline:#?}");
    assert!(
        inline[1].starts_with("f.toml:2:9: unknown key `lvel` in [log]; did you mean `level`?"),
        "{inline:#?}"
    );
}

#[test]
fn of_several_outputs_the_wrong_one_is_told_once() {
    let text = "[[output]]\nto = 'stdout'\n\n[[output]]\nname = 'second'\nto = 'syslog'\naddress = 'h'\n\n\
                [[output]]\nname = 'third'\nto = 'http'\nurl = 'ftp://x'\n";
    let (_, problems) = Document::of("f.toml", text).parse::<Config>();
    let told: Vec<(Option<usize>, bool)> =
        problems.iter().map(|it| (it.line, it.message.contains("second"))).collect();
    assert_eq!(told, [(Some(4), true), (Some(9), false)], "{problems:#?}");
}

#[test]
fn a_place_that_is_not_there_is_that_of_the_table_above_it() {
    let document =
        Document::of("f.toml", "[capture]\n[[exclude]]\nreason = 'a'\n[[exclude]]\nreason = 'b'\n");
    let places = document.places();
    let line = |way: &[Step<'_>]| places.problem(way, "").line;
    let second = [Step::Key("exclude"), Step::Index(1)];
    assert_eq!(line(&[second[0], second[1], Step::Key("reason")]), Some(5));
    assert_eq!(line(&[second[0], second[1], Step::Key("host")]), Some(4));
    assert_eq!(line(&[Step::Key("capture"), Step::Key("flows")]), Some(1));
}

#[test]
fn what_is_secret_is_not_told() {
    for text in [
        "[privacy]\nsalt = 'topsecret' nonsense\n",
        "[privacy]\nsalt = ['topsecret']\n",
        "[privacy]\nsalt = 'topsecret'\nunknown = 1\nsalt = 'topsecret'\n",
        "[[output]]\nto = 'http'\nurl = 'https://a'\nheaders = { Authorization = 'Bearer topsecret', X = 5 }\n",
        "[[output]]\nto = 'http'\nurl = 'https://a'\n[output.headers]\nX-Key = 'topsecret'\nX-Key = 'topsecret'\n",
        "[[output]]\nto = 'http'\nurl = 'https://a'\nheaders = 'X-Key: topsecret'\n",
    ] {
        let (_, problems) = Document::of("f.toml", text).parse::<Config>();
        let told = Problems(problems).to_string();
        assert!(told.contains("f.toml:") && !told.contains("topsecret"), "{told}");
    }
    let (folder, path) = folder("[privacy]\nsalt = 'topsecretsalt'\n");
    let warnings = Loaded::load(Some(&path), &Overrides::default()).unwrap().warnings;
    assert!(!warnings.is_empty());
    for warning in warnings {
        assert!(!warning.to_string().contains("topsecret"), "{warning}");
    }
    drop(folder);
}

/// The built-in signatures take long to compile.
const FEW: &str = "[signatures]\nbuilt-in = false\nfiles = ['zork.toml']\n";

/// A folder with a configuration and a file of signatures beside it.
fn folder(config: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("firedamp.toml");
    fs::write(&path, config).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let signature = "[[signature]]\nname = \"zork\"\nprotocol = \"zork\"\nside = \"miner\"\ntoken = 'zorkmine'\nweight = 9\n";
    fs::write(folder.path().join("zork.toml"), signature).unwrap();
    fs::write(folder.path().join("salt"), "0123456789abcdef\n").unwrap();
    (folder, path)
}

fn wrong(config: &str, overrides: &Overrides) -> Vec<String> {
    let (folder, path) = folder(config);
    let Problems(problems) = Loaded::load(Some(&path), overrides).unwrap_err();
    let folder = folder.path().to_str().unwrap().to_owned() + "/";
    problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
}

#[test]
fn paths_are_relative_to_the_file_and_those_of_the_command_line_are_not() {
    let (folder, path) =
        folder("[signatures]\nbuilt-in = false\nfiles = ['zork.toml']\n[ledger]\nfile = 'l.db'\n");
    let loaded = Loaded::load(Some(&path), &Overrides::default()).unwrap();
    assert_eq!(loaded.config.ledger.file, Some(folder.path().join("l.db")));
    assert!(loaded.signatures.iter().any(|signature| signature.name == "zork"));
    let overrides = Overrides { ledger: Some("m.db".into()), ..Overrides::default() };
    assert_eq!(Settled::read(Some(&path), &overrides).unwrap().config.ledger.file, Some("m.db".into()));
}

#[test]
fn the_command_line_wins() {
    let text =
        "[capture]\ninterfaces = ['a0']\nflows = 5\nwatched = 6\n[privacy]\nsalt = 'a salt of 16 bytes'\n";
    let (_folder, path) = folder(text);
    let overrides = Overrides {
        interfaces: vec!["b0".to_owned()],
        flows: Some(7),
        no_built_in_signatures: true,
        hash_identities: true,
        ..Overrides::default()
    };
    let Config { capture, signatures, privacy, .. } = Settled::read(Some(&path), &overrides).unwrap().config;
    assert_eq!((capture.interfaces, capture.flows, capture.watched), (vec!["b0".to_owned()], 7, 6));
    assert!(!signatures.built_in);
    assert_eq!(privacy.identities().unwrap(), Identities::Hashed { salt: Salt::new("a salt of 16 bytes") });
    let nothing = Settled::read(None, &Overrides::default()).unwrap().config;
    assert_eq!(nothing, Config::default());
}

#[test]
fn a_wrong_pattern_of_interfaces_is_told_with_its_place() {
    let text = "[capture]\ninterfaces = ['ppp*', 'eth[0-3', 'lan?']\nwhen-occupied = 'tcx'\n";
    let complaints = wrong(text, &Overrides::default());
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    let expected =
        "firedamp.toml:2:23: interface 'eth[0-3' is no pattern: a [ without its ] at character 4; write *";
    assert!(complaints[0].starts_with(expected), "{complaints:?}");
}

#[test]
fn what_the_configuration_names_is_checked_all_at_once() {
    let text = "[capture]\ninterfaces = ['a0', 'b0', 'a0']\n[signatures]\nfiles = ['none.toml']\n\
                [privacy]\nsalt-file = 'pepper'\n[[exclude]]\nreason = 'a'\n[[exclude]]\nreason = 'b'\n\
                timezone = 'UTC'\nhost = '10.1.2.3'\n\
                [[output]]\nto = 'file'\npath = 'no/eve.json'\n[enrich]\nprefixes = 'p.csv'\n";
    let complaints = wrong(text, &Overrides::default());
    for (complaint, expected) in complaints.iter().zip([
        "firedamp.toml:2:27: interface \"a0\" is given twice",
        "firedamp.toml:15:8: there is no directory no; make it first",
        "firedamp.toml:6:13: cannot read the salt in pepper: No such file",
        "none.toml: cannot read signatures: No such file",
        "p.csv: ",
        "firedamp.toml:7:1: the rule hides everything",
        "firedamp.toml:11:12: there is no from, until, hours or days for it",
    ]) {
        assert!(complaint.starts_with(expected), "{complaint}\n{expected}");
    }
    assert_eq!(complaints.len(), 7, "{complaints:#?}");
}

#[test]
fn the_directory_of_a_service_that_does_not_run_yet_is_no_mistake() {
    let text = |place: &str| format!("[control]\nsocket = '{place}/control.sock'\n");
    let (_folder, path) = folder(&text("/run/firedamp-of-a-test"));
    assert!(Loaded::load(Some(&path), &Overrides::default()).is_ok());
    let complaints = wrong(&text("/run/firedamp-of-a-test/deeper"), &Overrides::default());
    assert!(complaints[0].contains("there is no directory /run/firedamp-of-a-test/deeper"), "{complaints:?}");
}

#[test]
fn rules_name_what_there_is() {
    let rule = |key: &str| format!("[[exclude]]\nreason = 'a'\n{key}\n");
    let text = "[signatures]\nbuilt-in = false\nfiles = ['zork.toml']\n".to_owned()
        + &rule("protocol = 'stratum-v3'")
        + &rule("protocol = 'zork'")
        + &rule("signature = 1930033")
        + &rule("signature = 1930035")
        + &rule("signature = 'zork'")
        + &rule("signature = 'zorkk'")
        + &rule("signature = 'FIREDAMP stratum-v1 mining confirmd'");
    let complaints = wrong(&text, &Overrides::default());
    for (complaint, expected) in complaints.iter().zip([
        "firedamp.toml:6:12: no protocol is called \"stratum-v3\"; did you mean \"stratum-v",
        "firedamp.toml:15:13: no alert has the number 1930035",
        "firedamp.toml:21:13: nothing is found under the name \"zorkk\"; did you mean \"zork\"?",
        "firedamp.toml:24:13: nothing is found under the name \"FIREDAMP stratum-v1 mining confirmd\"; did you mean \
         \"FIREDAMP stratum-v1 mining confirmed\"?",
    ]) {
        assert!(complaint.starts_with(expected), "{complaint}\n{expected}");
    }
    assert_eq!(complaints.len(), 4, "{complaints:#?}");
}

#[test]
fn what_is_likely_a_mistake_is_warned_of() {
    let warned = |text: &str| {
        let (folder, path) = folder(&(text.to_owned() + FEW));
        let loaded = Loaded::load(Some(&path), &Overrides::default()).unwrap();
        let folder = folder.path().to_str().unwrap().to_owned() + "/";
        loaded.warnings.iter().map(|problem| problem.to_string().replace(&folder, "")).collect::<Vec<_>>()
    };
    for (text, expected) in [
        ("[privacy]\nidentities = 'hashed'\n", "firedamp.toml:2:14: names are hashed without a salt"),
        ("[privacy]\nidentities = 'hashed'\nsalt = 'short'\n", "firedamp.toml:3:8: the salt has 5 bytes"),
        ("[privacy]\nsalt = 'short'\n", "firedamp.toml:2:8: has no effect"),
        (
            "[[exclude]]\nreason = 'a'\nhost = '10.1.2.3'\nuntil = 2020-01-01\ntimezone = 'UTC'\n",
            "firedamp.toml:4:9: the rule hides nothing since 2020-01-02T00:00:00Z",
        ),
        (
            "[[exclude]]\nreason = 'a'\nhost = '10.1.2.3'\nprefix = '10.2.0.0/16'\n",
            "firedamp.toml:4:10: nothing can fit this rule: 10.1.2.3 is not in 10.2.0.0/16",
        ),
    ] {
        let warnings = warned(text);
        assert_eq!(warnings.len(), 1, "{text}: {warnings:#?}");
        assert!(warnings[0].starts_with(expected), "{}\n{expected}", warnings[0]);
    }
    let (_folder, path) =
        folder(&("[privacy]\nidentities = 'hashed'\nsalt = '0123456789abcdef'\n".to_owned() + FEW));
    let warnings = || Loaded::load(Some(&path), &Overrides::default()).unwrap().warnings;
    assert_eq!(warnings(), []);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    assert!(warnings()[0].message.starts_with("everybody can read or write the file with it (mode 644)"));
    let (_folder, path) =
        folder(&("[privacy]\nidentities = 'hashed'\nsalt-file = 'salt'\n".to_owned() + FEW));
    let loaded = Loaded::load(Some(&path), &Overrides::default()).unwrap();
    assert_eq!(loaded.identities, Identities::Hashed { salt: Salt::new("0123456789abcdef") });
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let said = |path: &Path| Loaded::load(Some(path), &Overrides::default()).unwrap_err().to_string();
    assert!(said(&folder.path().join("none.toml")).contains("cannot read this file: No such file"));
    assert!(said(folder.path()).ends_with("is a directory; give the configuration file in it"));
    let bytes = folder.path().join("bytes.toml");
    fs::write(&bytes, b"[log]\nlevel = \"\xff\"").unwrap();
    assert!(said(&bytes).contains("bytes.toml:2:10: is not UTF-8"), "{}", said(&bytes));
}

#[test]
fn a_file_is_told_by_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let sorted = |text: &str| {
        let path = folder.path().join("f.toml");
        fs::write(&path, text).unwrap();
        sort(&path).map_err(|problem| problem.message)
    };
    assert_eq!(sorted(COMMENTED), Ok(Sort::Configuration));
    assert_eq!(sorted("[[exclude]]\n"), Ok(Sort::Configuration));
    assert_eq!(sorted("[[signature]]\n"), Ok(Sort::Signatures));
    assert_eq!(sorted("[[signature]]\nname = \n[lgo]\n"), Ok(Sort::Signatures));
    assert_eq!(sort(folder.path()), Ok(Sort::Signatures));
    assert!(sorted("[[signature]]\n[log]\n").unwrap_err().ends_with("split it in two"));
    assert_eq!(sorted(""), Ok(Sort::Configuration));
    assert_eq!(sorted("[capture\nx = 1\n"), Ok(Sort::Configuration), "the mistake is told when it is read");
    assert!(
        sorted("[a]\n").unwrap_err().starts_with("has no table of a configuration (capture, signatures, ")
    );
    assert!(sorted("[captur]\n").unwrap_err().ends_with("is \"capture\" meant by \"captur\"?"));
    assert!(sorted("[[signatur]]\n").unwrap_err().contains("meant by \"signatur\"?"));
}

#[test]
fn changes_are_told_by_key() {
    let old = parsed("[ledger]\nfile = 'a'\n[capture]\ninterfaces = ['a0']\n");
    assert_eq!(Changes::between(&old, &old).to_string(), "nothing changed");
    let new = parsed(
        "[ledger]\nkeep-days = 5\n[[exclude]]\nreason = 'a'\nhost = '10.1.2.3'\n[capture]\ninterfaces = ['a0']\n[log]\nlevel = 'warn'\n",
    );
    let changes = Changes::between(&old, &new);
    assert_eq!(changes.now, ["exclude", "ledger.keep-days"]);
    assert_eq!(changes.at_start, ["ledger.file", "log.level"]);
    assert_eq!(
        changes.to_string(),
        "changed: exclude, ledger.keep-days; not before a restart: ledger.file, log.level"
    );
}

#[test]
fn what_needs_a_restart_stays_as_it_is_until_then_however_often_the_file_is_read() {
    let used = parsed("[ledger]\nfile = 'a'\n[capture]\ninterfaces = ['a0']\n");
    let everything = parsed(
        "[ledger]\nfile = 'b'\ncases = 7\nkeep-days = 5\n[log]\nlevel = 'warn'\n[metrics]\nready-within = 7\n\
         [capture]\ninterfaces = ['b0']\nflows = 9\nring-kib = 64\nwatched = 9\nxdp-mode = 'generic'\nstats-interval = 9\n\
         [privacy]\nidentities = 'hashed'\nsalt = 'a'\nsalt-file = 'b'\nexcerpts = false\n",
    );
    let told = Changes::between(&used, &everything);
    assert_eq!((told.at_start.len(), told.now.len()), (12, 3), "{told}");
    let held = everything.clone().in_place_of(&used);
    let done = Changes::between(&used, &held);
    assert_eq!((done.at_start, done.now), (vec![], told.now));
    let again = Changes::between(&held, &everything);
    assert_eq!((again.at_start, again.now), (told.at_start, vec![]));
    assert_eq!(everything.clone().in_place_of(&held), held);
}

/// Keys that are marked in the commented file are those that need a restart, and the other way round.
#[test]
fn the_commented_file_marks_what_needs_a_restart() {
    let text = uncommented(&["# ", "#> "]);
    let everything: Table = text.parse().unwrap();
    let (mut section, mut comment) = (String::new(), String::new());
    for line in COMMENTED.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        } else if line.is_empty() {
            comment.clear();
        } else if let Some((key, _)) = line.trim_start_matches(['#', '>', ' ']).split_once(" = ")
            && everything.get(&section).is_some_and(|table| table.get(key).is_some())
        {
            assert_eq!(
                comment.contains("[restart]"),
                changes::needs_restart(&format!("{section}.{key}")),
                "{key}"
            );
        } else {
            comment += line;
        }
    }
}

#[test]
fn the_ledger_is_as_the_configuration_says() {
    let Config { ledger, .. } =
        parsed("[ledger]\nfile = 'l.db'\nkeep-mib = 16\nquiet-hours = 2\nclose-days = 3\ncases = 4\n");
    let memory = ledger.settings();
    let hours = [memory.quiet, memory.close, memory.interval].map(|time| time.as_hours());
    assert_eq!((hours, memory.cases, memory.update), ([2, 72, 1], 4, Some(SignedDuration::from_secs(60))));
    let disk = ledger.store(Identities::Truncated).unwrap();
    assert_eq!((disk.limits.bytes, disk.identities), (16 << 20, Identities::Truncated));
    // What the file does not say is what the ledger does of itself.
    let (own, other) =
        (Ledger { file: Some("l.db".into()), ..Ledger::default() }, store::Settings::new("l.db".into()));
    let own = own.store(Identities::Clear).unwrap();
    assert_eq!(own.limits, other.limits);
    assert!(Ledger::default().store(Identities::Clear).is_none());
}
