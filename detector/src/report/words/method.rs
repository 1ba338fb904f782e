use super::super::figures::Report;
use super::Words;
use crate::advice::Language;
use crate::legible::thousands;

/// How the figures came about, a paragraph each: a heading and what it says.
pub(in super::super) fn method(report: &Report, words: &Words) -> Vec<(&'static str, String)> {
    let cases = thousands(report.totals.energy.cases);
    let all = thousands(report.totals.cases);
    let zone = &report.timezone;
    match words.language {
        Language::En => vec![
            ("What is counted", "An address counts as mining in an hour if something happened in one of its cases in that \
                hour whose verdict is confirmed, probable or suspected. Nodes of blockchain networks, cases that an \
                exclusion hides and false alarms are counted apart. Behind one address there may be many machines (NAT), \
                and one machine may have several addresses over a day.".to_owned()),
            ("The day", format!("A calendar day of {zone}. The ledger keeps whole hours of UTC; where midnight is within \
                one, that hour belongs to the day in which it begins. Verdicts, networks, places and states are those \
                known when the report was made, also for earlier days.")),
            ("New, returning, cleared", "New: never seen mining before, as far back as the ledger knows. Returning: seen \
                mining before, but not on the day before. Continuing: seen on both days. Cleared: mined on the day before \
                and not on this day; that may mean that it was removed, switched off, blocked, or moved to another address.".to_owned()),
            ("Hash rate", "From the difficulty of the shares that a miner sends and how often it sends them. A case counts \
                with its mean over the hours in which it was active; cases are added as if all were active at the same time. \
                Low and high are sums of the single limits, so the truth is well within. Rates of different algorithms are \
                never added.".to_owned()),
            ("Energy", format!("The electrical power of a case times the hours in which it was active. Power is the hash \
                rate times what typical hardware needs for it, see the table of assumptions; nothing on the wire tells the \
                device. An hour counts in full if something happened in it. Known for {cases} of {all} cases; the others \
                are not in the sum, so the real figure is higher.")),
            ("What cannot be known", "Mining that was not seen: through networks that are not watched, or hidden by \
                encryption. Traffic to pools in bits per second is not kept by day. Place and network type are as good as \
                the files that the operator supplied; what they do not say is shown as not known.".to_owned()),
        ],
        Language::Zh => vec![
            ("统计口径", "某地址的任一案件在某小时内有活动，且判定为确认、很可能或疑似，则该地址在该小时计为挖矿。区块链网络节点、\
                被排除规则隐藏的案件以及误报另行统计。一个地址之后可能有多台机器（NAT），一台机器一天内也可能使用多个地址。".to_owned()),
            ("日的定义", format!("按 {zone} 时区的日历日统计。台账按 UTC 整点小时保存；若零点落在某小时之内，该小时归入其起始所在的日期。\
                判定、网络、位置和状态均以报告生成时所知为准，对较早日期亦然。")),
            ("新增、复现、已清除", "新增：在台账可追溯范围内从未发现挖矿。复现：此前发现过，但前一日未出现。持续：两日均出现。\
                已清除：前一日挖矿而当日未出现，可能是已移除、关机、被封堵或更换了地址。".to_owned()),
            ("算力", "根据矿机提交的份额难度及提交频率估算。每个案件取其活跃小时内的平均值，各案件相加时视为同时活跃。\
                下限与上限为各案件上下限之和，因此真实值远在其内。不同算法的算力不相加。".to_owned()),
            ("耗电量", format!("案件的电功率乘以其活跃小时数。电功率为算力乘以典型硬件的单位能耗，见“硬件假设”表；\
                流量中没有任何信息能说明所用设备。某小时内只要有活动即按整小时计。{all} 个案件中有 {cases} 个可以估算，\
                其余未计入合计，因此实际数值更高。")),
            ("无法得知的内容", "未被观察到的挖矿：经由未监测的网络，或被加密掩盖。与矿池之间的流量带宽（比特每秒）不按日保存。\
                位置与网络类型的准确程度取决于运营者提供的文件；文件未说明的一律标为未知。".to_owned()),
        ],
    }
}

/// What assumptions are made of, longer texts first.
const WORDS: [(&str, &str); 7] = [
    (" to graphics cards of ", " 年的 ASIC 矿机至显卡 "),
    ("ASICs of ", "ASIC 矿机 "),
    ("graphics cards of ", "显卡 "),
    ("processors of ", "处理器 "),
    (" to ", "–"),
    (" and ", "–"),
    (" J a graph", " J/图"),
];

/// What is assumed of hardware, in the report's language.
pub(in super::super) fn assumption(text: &str, language: Language) -> String {
    if language == Language::En {
        return text.to_owned();
    }
    let Some((name, rest)) = text.split_once(" on ") else { return text.to_owned() };
    let Some((hardware, needs)) = rest.rsplit_once(", ") else { return text.to_owned() };
    let translated =
        |text: &str| WORDS.into_iter().fold(text.to_owned(), |text, (en, zh)| text.replace(en, zh));
    format!("{name}：{} 年，{}", translated(hardware), translated(needs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::hardware_assumption;

    #[test]
    fn assumptions_are_translated_in_whole() {
        for algorithm in [
            "sha256d",
            "scrypt",
            "x11",
            "rx/0",
            "ethash",
            "kawpow",
            "kheavyhash",
            "autolykos2",
            "blake3-alephium",
            "eaglesong",
            "octopus",
            "equihash-200,9",
            "equihash-144,5",
            "equihash-125,4",
            "beamhash3",
            "cuckatoo32",
        ] {
            let english = hardware_assumption(algorithm).unwrap();
            let chinese = assumption(english, Language::Zh);
            for word in [" on ", " of ", " to ", " and ", "graph", "card", "processor", "ASICs"] {
                assert!(!chinese.contains(word), "{chinese}");
            }
        }
        let chinese = assumption(hardware_assumption("sha256d").unwrap(), Language::Zh);
        assert_eq!(chinese, "SHA-256d：ASIC 矿机 2019–2025 年，15–40 J/TH");
    }
}
