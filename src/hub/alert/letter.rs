//! An alert in words: subject, body, and the values a program is given.

use std::collections::BTreeMap;

use renkei_core::alert::{Alert, Matter, News, Severity, Word};
use renkei_core::{Class, Moment};

use crate::board::grouped;
use crate::config::Config;
use crate::console::{Lang, bytes_text};
use crate::texts::{Both, of_alert};

/// The values a program can be given: as `{name}` in its arguments, as `RENKEI_ALERT_NAME` in its environment.
pub(crate) const FIELDS: [&str; 17] = [
    "attempts", "class", "count", "date", "fault", "feed", "hub", "intake", "job", "key", "kind", "name",
    "news", "run", "severity", "time", "title",
];

/// Whose hub or agent it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubName {
    /// 全国地方公共団体コード.
    pub municipality: String,
    /// The municipality's name; of an agent, that of the system that receives.
    pub name: String,
    /// True for the agent of a system that receives: other commands mend what is told.
    pub is_agent: bool,
}

impl HubName {
    /// The name in a configuration.
    pub fn of(config: &Config) -> Self {
        let municipality = config.municipality.as_str().to_owned();
        Self { municipality, name: config.name.clone(), is_agent: false }
    }
}

/// One message, ready for any channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text, lines ended by `\n`.
    pub body: String,
    /// How grave.
    pub severity: Severity,
    values: BTreeMap<&'static str, String>,
}

impl Letter {
    /// One alert.
    pub fn of(alert: &Alert, hub: &HubName, lang: Lang) -> Self {
        let values = values(alert, hub, lang);
        let mut body = values.get("title").cloned().unwrap_or_default();
        body.push_str("\n\n");
        for (label, value) in facts(&values, lang) {
            body.extend(["  ", label, ": ", &value, "\n"]);
        }
        if alert.news != News::Cleared {
            let remedy = of_alert(catalogue_kind(alert))
                .map(|text| text.agent.as_ref().filter(|_| hub.is_agent).unwrap_or(&text.remedy))
                .map(|remedy| fill(remedy, lang, &values));
            body.extend(["\n", &remedy.unwrap_or_default(), "\n"]);
        }
        body.push_str(&footer(hub, lang));
        let subject = subject(hub, severity_word(alert.severity(), alert.news, lang), &values, lang);
        Self { subject, body, severity: alert.severity(), values }
    }

    /// Several alerts in one message, told as of `now`.
    pub fn summary(alerts: &[Alert], hub: &HubName, lang: Lang, now: Moment) -> Self {
        let severity = alerts.iter().map(Alert::severity).max().unwrap_or(Severity::Info);
        let mut values: BTreeMap<&'static str, String> = FIELDS.map(|name| (name, String::new())).into();
        values.insert("count", alerts.len().to_string());
        values.insert("kind", "summary".to_owned());
        values.insert("news", News::Opened.as_str().to_owned());
        values.insert("severity", severity.as_str().to_owned());
        values.insert("time", now.to_string());
        values.insert("hub", hub.municipality.clone());
        values.insert("name", hub.name.clone());
        let text = of_alert("summary");
        let title = text.map(|text| fill(&text.title, lang, &values)).unwrap_or_default();
        let mut body = format!("{title}\n\n");
        for alert in alerts {
            let own = self::values(alert, hub, lang);
            let word = severity_word(alert.severity(), alert.news, lang);
            let title = own.get("title").map_or("", String::as_str);
            body.extend(["  ", &alert.at.to_string(), " ", word, ": ", title, "\n"]);
        }
        let remedy = text.map(|text| fill(&text.remedy, lang, &values)).unwrap_or_default();
        body.extend(["\n", &remedy, "\n", &footer(hub, lang)]);
        values.insert("title", title);
        let subject = subject(hub, severity_word(severity, News::Opened, lang), &values, lang);
        Self { subject, body, severity, values }
    }

    /// The value of one of [`FIELDS`]; empty where it does not apply.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }
}

fn subject(hub: &HubName, word: &str, values: &BTreeMap<&'static str, String>, lang: Lang) -> String {
    let title = values.get("title").map_or("", String::as_str);
    let subject = format!("[{} {}] {word}: {title}", lang.pick("連携", "Renkei"), hub.name);
    // A header is one line whatever the municipality calls itself.
    subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn footer(hub: &HubName, lang: Lang) -> String {
    let sender = if hub.is_agent {
        lang.pick("連携の受け手", "Renkei, agent of")
    } else {
        lang.pick("連携ハブ", "Renkei, hub of")
    };
    format!("\n-- \n{sender} {} {}\n", hub.municipality, hub.name)
}

fn severity_word(severity: Severity, news: News, lang: Lang) -> &'static str {
    match (news, severity) {
        (News::Cleared, _) => lang.pick("解消", "cleared"),
        (_, Severity::Info) => lang.pick("連絡", "info"),
        (_, Severity::Warning) => lang.pick("注意", "warning"),
        (_, Severity::Error) => lang.pick("障害", "error"),
    }
}

/// The entry of the catalogue: an all-clear is worded by the entry of what it clears.
fn catalogue_kind(alert: &Alert) -> &'static str {
    alert.clone().with_news(News::Opened, alert.at).kind().as_str()
}

fn values(alert: &Alert, hub: &HubName, lang: Lang) -> BTreeMap<&'static str, String> {
    let mut values: BTreeMap<&'static str, String> = FIELDS.map(|name| (name, String::new())).into();
    let job = alert.job.as_ref().map(ToString::to_string);
    let feed = alert.feed.as_ref().map(ToString::to_string);
    let what = match (&job, &feed) {
        (Some(job), Some(feed)) => format!("{job} {feed}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => "-".to_owned(),
    };
    let common = [
        ("what", what),
        ("job", job.unwrap_or_default()),
        ("feed", feed.unwrap_or_default()),
        ("run", alert.run_id.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("date", alert.business_date.map(|date| date.to_string()).unwrap_or_default()),
        ("hub", hub.municipality.clone()),
        ("name", hub.name.clone()),
        ("key", alert.key().to_string()),
        ("kind", alert.kind().as_str().to_owned()),
        ("news", alert.news.as_str().to_owned()),
        ("severity", alert.severity().as_str().to_owned()),
        ("time", alert.at.to_string()),
        ("count", "1".to_owned()),
    ];
    values.extend(common);
    values.extend(own_values(&alert.matter));
    let title = of_alert(catalogue_kind(alert)).map(|text| match alert.news {
        News::Cleared => fill(&text.cleared, lang, &values),
        News::Opened | News::Worsened => fill(&text.title, lang, &values),
    });
    values.insert("title", title.unwrap_or_default());
    values
}

fn own_values(matter: &Matter) -> Vec<(&'static str, String)> {
    let clock = |moment: &Moment| moment.local().format("%m-%d %H:%M").to_string();
    match matter {
        Matter::RunFailed { fault_code, class, n_attempts } => vec![
            ("fault", fault_code.to_string()),
            ("class", class_word(*class)),
            ("attempts", n_attempts.to_string()),
        ],
        Matter::DeadlineNear { deadline, forecast } => {
            let forecast = forecast.as_ref().map_or_else(|| "-".to_owned(), clock);
            vec![("deadline", clock(deadline)), ("forecast", forecast)]
        }
        Matter::DeadlinePassed { deadline } => vec![("deadline", clock(deadline))],
        Matter::ChangeHeld { n_rows, bound_rows } => {
            vec![("rows", grouped(*n_rows)), ("bound", grouped(*bound_rows))]
        }
        Matter::ClockJumped { seconds } => vec![("seconds", format!("{seconds:+}"))],
        Matter::DiskLow { volume, free_bytes } => {
            vec![("volume", volume.to_string()), ("free", bytes_text(*free_bytes))]
        }
        Matter::CalendarEnding { calendar, known_through } => {
            vec![("calendar", calendar.to_string()), ("known_through", known_through.to_string())]
        }
        Matter::SchedulerStopped { fault_code } | Matter::DoorShut { fault_code } => {
            vec![("fault", fault_code.to_string())]
        }
        Matter::AuditBroken { audit_no } => vec![("line", audit_no.to_string())],
        Matter::SetRefused { intake, place } => vec![intake_value(intake), ("place", place.to_string())],
        Matter::SetIncomplete { intake, n_sets }
        | Matter::SetWaiting { intake, n_sets }
        | Matter::SetHeld { intake, n_sets } => vec![intake_value(intake), ("sets", grouped(*n_sets))],
        Matter::StrayFiles { intake, n_files } => vec![intake_value(intake), ("files", grouped(*n_files))],
        Matter::ReceivingFailed { intake, fault_code } => {
            vec![intake_value(intake), ("fault", fault_code.to_string())]
        }
        Matter::NothingCame { intake, expected_by, n_dates } => {
            let dates = grouped(u64::from(*n_dates));
            vec![intake_value(intake), ("deadline", clock(expected_by)), ("dates", dates)]
        }
        Matter::ReceiverRefused { receiver, sequence } => {
            vec![("receiver", receiver.to_string()), ("sequence", sequence.to_string())]
        }
        Matter::ReceiverBehind { receiver, n_behind, since } => vec![
            ("receiver", receiver.to_string()),
            ("behind", grouped(u64::from(*n_behind))),
            ("since", clock(since)),
        ],
        // Its place in the letter is that of the one who is to be given something.
        Matter::DeliveryStopped { destination, sequence, fault_code, class, n_tries } => vec![
            ("receiver", destination.to_string()),
            ("sequence", sequence.to_string()),
            ("fault", fault_code.to_string()),
            ("class", class_word(*class)),
            ("attempts", n_tries.to_string()),
        ],
        Matter::SourceFailing { source, fault_code, class, since } => vec![
            ("receiver", source.to_string()),
            ("fault", fault_code.to_string()),
            ("class", class_word(*class)),
            ("since", clock(since)),
        ],
        Matter::ReceiverDiffers { receiver, sequence, n_buckets } => vec![
            ("receiver", receiver.to_string()),
            ("sequence", sequence.to_string()),
            ("buckets", n_buckets.to_string()),
        ],
        Matter::Test => Vec::new(),
    }
}

fn intake_value(intake: &Word) -> (&'static str, String) {
    ("intake", intake.to_string())
}

fn class_word(class: Class) -> String {
    class.as_str().to_owned()
}

/// What a person wants to see at a glance, in order.
fn facts(
    values: &BTreeMap<&'static str, String>,
    lang: Lang,
) -> impl Iterator<Item = (&'static str, String)> {
    let labels = [
        ("time", lang.pick("日時", "time")),
        ("job", lang.pick("ジョブ", "job")),
        ("feed", lang.pick("系列", "feed")),
        ("intake", lang.pick("取込", "intake")),
        ("date", lang.pick("業務日", "business date")),
        ("run", lang.pick("実行", "run")),
        ("fault", lang.pick("障害コード", "fault code")),
        ("class", lang.pick("障害の種類", "class")),
        ("attempts", lang.pick("試行回数", "attempts")),
        ("key", lang.pick("警報", "alert")),
    ];
    labels.into_iter().filter_map(|(name, label)| {
        let value = values.get(name).filter(|value| !value.is_empty())?;
        Some((label, value.clone()))
    })
}

/// Puts values in for `{field}`, once: a value that looks like a placeholder stays as it is.
fn fill(text: &Both, lang: Lang, values: &BTreeMap<&'static str, String>) -> String {
    let mut filled = String::new();
    let mut rest = text.pick(lang);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        filled.push_str(values.get(name).map_or("-", String::as_str));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_unix(1_790_872_200 + seconds).unwrap()
    }

    fn tsukuba() -> HubName {
        HubName { municipality: "082201".to_owned(), name: "つくば市".to_owned(), is_agent: false }
    }

    fn failed() -> Alert {
        let matter =
            Matter::RunFailed { fault_code: "store.full".into(), class: Class::Operator, n_attempts: 2 };
        Alert::new(matter, at(0))
            .of_job(&"nightly".parse().unwrap())
            .of_run("01k6h0zq7")
            .of_date("2026-10-02".parse().unwrap())
    }

    #[test]
    fn an_alert_says_what_where_and_what_to_do() {
        let letter = Letter::of(&failed(), &tsukuba(), Lang::Ja);
        assert_eq!(letter.subject, "[連携 つくば市] 障害: nightly の実行が障害で終わりました（store.full）");
        assert_eq!(
            letter.body,
            "nightly の実行が障害で終わりました（store.full）\n\n  日時: 2026-10-02T01:30:00+09:00\n  \
             ジョブ: nightly\n  業務日: 2026-10-02\n  実行: 01k6h0zq7\n  障害コード: store.full\n  \
             障害の種類: operator\n  試行回数: 2\n  警報: run-failed/nightly/2026-10-02\n\n`renkei explain \
             store.full` で原因と対処を、`renkei runs` で経過を確かめてください。\n\n-- \n連携ハブ 082201 \
             つくば市\n"
        );
    }

    #[test]
    fn an_agents_people_are_told_what_they_can_do() {
        let alert = Alert::new(Matter::SetHeld { intake: "jumin".into(), n_sets: 1 }, at(0));
        let agent = HubName { name: "015".to_owned(), is_agent: true, ..tsukuba() };
        for (name, expect) in
            [(tsukuba(), "renkei intake allow jumin"), (agent, "renkei receive --intake jumin --allow")]
        {
            for lang in [Lang::Ja, Lang::En] {
                let letter = Letter::of(&alert, &name, lang);
                assert!(letter.body.contains(expect), "{}", letter.body);
            }
        }
    }

    #[test]
    fn an_all_clear_asks_for_nothing() {
        let near = Matter::DeadlineNear { deadline: at(3600), forecast: Some(at(4000)) };
        let alert = Alert::new(near, at(0)).of_job(&"nightly".parse().unwrap());
        let letter = Letter::of(&alert, &tsukuba(), Lang::En);
        assert_eq!(
            letter.subject,
            "[Renkei つくば市] warning: nightly is likely to miss its limit 10-02 02:30 (forecast 10-02 02:36)"
        );
        let letter = Letter::of(&alert.with_news(News::Cleared, at(4000)), &tsukuba(), Lang::En);
        assert_eq!(letter.subject, "[Renkei つくば市] cleared: nightly is done");
        assert_eq!(letter.field("kind"), "deadline-cleared");
        assert!(!letter.body.contains("renkei runs"));
    }

    #[test]
    fn a_summary_lists_what_it_tells() {
        let letter = Letter::summary(&[failed(), failed()], &tsukuba(), Lang::Ja, at(60));
        assert_eq!(
            letter.subject,
            "[連携 つくば市] 障害: 警報が 2 件たまりました（1時間の上限を超えた分のまとめ）"
        );
        assert_eq!(letter.body.matches("store.full").count(), 2);
        assert_eq!((letter.field("kind"), letter.field("count")), ("summary", "2"));
    }

    #[test]
    fn no_placeholder_is_left_and_no_value_is_read_as_one() {
        let hub = HubName { name: "{job}\r\nBcc: x".to_owned(), ..tsukuba() };
        for lang in [Lang::Ja, Lang::En] {
            let letter = Letter::of(&failed(), &hub, lang);
            assert!(letter.subject.contains("{job}  Bcc: x"), "{}", letter.subject);
            assert!(!letter.subject.contains('\n'));
            assert_eq!(letter.body.matches('{').count(), 1, "{}", letter.body);
        }
    }
}
