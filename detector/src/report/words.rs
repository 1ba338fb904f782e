//! The phrases of a report in each language.

mod method;

pub(super) use method::{assumption, method};

use jiff::civil::Date;

use super::figures::{Dimension, Group, State};
use crate::advice::Language;
use crate::enrich::NetworkType;

macro_rules! phrases {
    ($($(#[$doc:meta])* $name:ident: $en:literal, $zh:literal;)+) => {
        /// What stands in the report around the figures.
        pub(super) struct Words {
            /// As browsers and screen readers name the language.
            pub(super) language: Language,
            $(pub(super) $name: &'static str,)+
        }

        const EN: Words = Words { language: Language::En, $($name: $en,)+ };
        const ZH: Words = Words { language: Language::Zh, $($name: $zh,)+ };

        #[cfg(test)]
        pub(super) const PHRASES: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $zh),)+];
    };
}

phrases! {
    tag: "en", "zh-CN";
    title: "Cryptocurrency mining in the network", "网络挖矿活动日报";
    period: "Period", "统计时段";
    period_in_utc: "The same in UTC", "对应 UTC 时间";
    made: "Report made", "报告生成时间";
    partial: "The day was not over when this report was made: all figures are those up to then, and addresses that are listed as cleared may still come back.", "生成本报告时当日尚未结束：所有数字截至生成时刻，列为“已清除”的地址仍可能再次出现。";
    nothing: "The ledger has no mining on this day.", "当日台账中没有挖矿活动记录。";
    unrecorded: "The ledger has nothing of this day or of later ones. That does not mean that nobody mined.", "台账中没有当日及之后的任何记录。这并不表示无人挖矿。";
    too_early: "The ledger does not reach back to this day. That does not mean that nobody mined.", "台账未追溯到当日。这并不表示无人挖矿。";
    summary: "Summary", "概要";
    active: "Active mining addresses", "活跃挖矿地址";
    new: "New", "新增";
    new_meaning: "never seen mining before", "此前从未发现挖矿";
    returning: "Returning", "复现";
    returning_meaning: "seen before, but not on the day before", "此前出现过，但前一日未出现";
    continuing: "Continuing", "持续";
    cleared: "Cleared", "已清除";
    cleared_meaning: "mined on the day before, not on this day", "前一日挖矿，当日未出现";
    connections: "Connections", "连接数";
    energy: "Energy", "耗电量";
    energy_estimate: "Estimated energy", "估算耗电量";
    kwh: "kWh", "千瓦时";
    range_to: " to ", " 至 ";
    institutional: "Institutional networks", "机构网络";
    institutional_meaning: "government, education and enterprise", "政府、教育与企业网络";
    open_cases: "Open cases", "未结案件";
    open_meaning: "when the report was made", "截至报告生成时";
    repeat: "Repeat offenders", "屡犯地址";
    repeat_meaning: "mined again after having been marked as fixed", "标记为已整改后再次挖矿";
    repeat_none: "No address mined again after a case of it had been marked as fixed.", "没有在标记为已整改后再次挖矿的地址。";
    hash_rate: "Estimated hash rate", "估算算力";
    before: "against the day before", "较前一日";
    trend: "Active mining addresses by day and network type", "每日活跃挖矿地址（按网络类型）";
    trend_days: "The last 30 days", "近 30 日趋势";
    unrecorded_days: "hatched: before the ledger begins", "斜线：台账起始之前";
    day: "Day", "日期";
    hours: "Hours of activity", "活动时段";
    hour: "Hour", "时刻";
    hours_meaning: "Addresses that mined in each hour, and connections begun in it", "每小时挖矿的地址数及新建连接数";
    exact: "Exact numbers", "详细数字";
    whereabouts: "Where", "地域分布";
    map: "Map of active mining addresses", "活跃挖矿地址地图";
    map_meaning: "The area of a circle grows with the number of addresses. Positions are those of cities and sites in the files that the operator supplied. The coasts are rough; borders are not drawn.", "圆的面积与地址数成正比。位置取自运营者所提供文件中的城市或站点坐标。海岸线仅为示意，不绘制任何边界。";
    no_map: "There is no map: no address of this day has known coordinates.", "无法绘制地图：当日地址均无已知坐标。";
    place_unknown: "place unknown", "位置未知";
    networks: "Networks", "网络";
    mined: "What is mined", "挖矿内容";
    pools: "Pools", "矿池";
    top_pools: "Pools with most addresses", "地址最多的矿池";
    miners: "Miners", "矿机地址";
    top_miners: "Addresses with the highest energy", "耗电量最高的地址";
    work: "Work on the cases", "案件处置";
    work_meaning: "A case is an address, a pool and a protocol. States are those when the report was made.", "一个案件由地址、矿池和协议构成。状态以报告生成时为准。";
    apart: "Counted apart", "另行统计";
    apart_meaning: "These are in no other figure of this report.", "以下内容不计入本报告其他数字。";
    nodes: "Nodes of blockchain networks (not mining)", "区块链网络节点（非挖矿）";
    hidden: "Hidden by exclusions", "被排除规则隐藏";
    hidden_reason: "Reason of the exclusion", "排除原因";
    false_alarms: "False alarms, as the operator says", "运营者认定的误报";
    method: "Method and limits", "方法与局限";
    assumptions: "Assumptions on hardware", "硬件假设";
    by_coin: "Estimated hash rate by coin", "按币种估算的算力";
    by_algorithm: "Estimated hash rate by algorithm", "按算法估算的算力";
    never_added: "Rates of different algorithms cannot be compared or added.", "不同算法的算力不可比较，也不可相加。";
    algorithm: "Algorithm", "算法";
    rate: "Rate", "算力";
    range: "Range", "范围";
    estimated_cases: "Cases with an estimate", "有估算的案件";
    addresses: "Addresses", "地址数";
    address: "Address", "地址";
    share: "Share", "占比";
    cases: "Cases", "案件数";
    active_cases: "Active on the day", "当日活跃";
    open_now: "Not closed now", "目前未结";
    state: "State", "状态";
    place: "Place", "位置";
    autonomous_system: "Autonomous system", "自治系统";
    endpoints: "Endpoints", "端点数";
    country: "Country", "国家/地区";
    coins: "Coins", "币种";
    hours_count: "Hours", "小时数";
    fixed: "Marked as fixed", "标记整改时间";
    unknown: "not known", "未知";
    overlaps: "An address may be in several rows, so the rows add up to more than the whole.", "同一地址可能出现在多行，各行之和可能大于总数。";
    no_data: "Not known for any address. The files of the operator say nothing of it.", "所有地址均未知。运营者提供的文件中没有该信息。";
}

impl Words {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::Zh => &ZH,
        }
    }

    const fn choose<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        match self.language {
            Language::En => en,
            Language::Zh => zh,
        }
    }

    pub(super) const fn network_type(&self, kind: NetworkType) -> &'static str {
        match kind {
            NetworkType::DataCentre => self.choose("Data centre", "数据中心"),
            NetworkType::Enterprise => self.choose("Enterprise", "企业"),
            NetworkType::HomeBroadband => self.choose("Home broadband", "家庭宽带"),
            NetworkType::Mobile => self.choose("Mobile", "移动网络"),
            NetworkType::Education => self.choose("Education", "教育科研"),
            NetworkType::Government => self.choose("Government", "政府机关"),
            NetworkType::Unknown => self.choose("Unknown", "未知"),
        }
    }

    pub(super) const fn state(&self, state: State) -> &'static str {
        match state {
            State::New => self.choose("New", "新发现"),
            State::Notified => self.choose("Notified", "已通知"),
            State::Blocked => self.choose("Blocked", "已封堵"),
            State::Fixed => self.choose("Fixed", "已整改"),
            State::FalseAlarm => self.choose("False alarm", "误报"),
        }
    }

    pub(super) const fn dimension(&self, dimension: Dimension) -> &'static str {
        match dimension {
            Dimension::NetworkType => self.choose("Network type", "网络类型"),
            Dimension::Country => self.choose("Country", "国家/地区"),
            Dimension::Region => self.choose("Region", "省级地区"),
            Dimension::City => self.choose("City", "城市"),
            Dimension::Site => self.choose("Site", "站点"),
            Dimension::AutonomousSystem => self.choose("Autonomous system", "自治系统"),
            Dimension::Coin => self.choose("Coin", "币种"),
            Dimension::Protocol => self.choose("Protocol", "协议"),
            Dimension::Pool => self.choose("Pool", "矿池"),
            Dimension::Verdict => self.choose("Verdict", "判定"),
        }
    }

    /// The name of a group; names of places and networks stay as they are.
    pub(super) fn group<'a>(&self, dimension: Dimension, group: &'a Group) -> &'a str
    where
        Self: 'a,
    {
        let Some(name) = group.name.as_deref() else { return self.unknown };
        let known = super::figures::NETWORK_TYPES.into_iter().find(|kind| kind.to_string() == name);
        match (dimension, name) {
            (Dimension::NetworkType, _) => known.map_or(name, |kind| self.network_type(kind)),
            (Dimension::Verdict, "confirmed") => self.choose("Confirmed", "确认"),
            (Dimension::Verdict, "probable") => self.choose("Probable", "很可能"),
            (Dimension::Verdict, "suspected") => self.choose("Suspected", "疑似"),
            _ => name,
        }
    }

    /// A day as it is written in a heading.
    pub(super) fn date(&self, day: Date) -> String {
        match self.language {
            Language::En => day.strftime("%-d %B %Y").to_string(),
            Language::Zh => day.strftime("%Y年%-m月%-d日").to_string(),
        }
    }

    /// From the least to the most.
    pub(super) fn between(&self, low: &str, high: &str) -> String {
        format!("{low}{}{high}", self.range_to)
    }

    /// How many groups are not shown.
    pub(super) fn more(&self, groups: usize) -> String {
        match self.language {
            Language::En => format!("{groups} others"),
            Language::Zh => format!("其他 {groups} 项"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_is_translated() {
        for (name, en, zh) in PHRASES {
            let chinese = zh.chars().any(|letter| letter > '\u{2e80}');
            assert!(chinese || en.trim().is_empty() || *name == "tag", "{name}");
            assert!(en.is_ascii(), "{name}");
        }
    }
}
