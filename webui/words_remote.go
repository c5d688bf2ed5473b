package webui

import (
	"cmp"

	"hilphone/db/device"
	"hilphone/sip/line"
)

// remoteWords are the words of transfers and of what scripts reach the phone by.
var remoteWords = map[string]line.Label{
	"event.transfer":     {EN: "transfer to {number}: {transfer} {code} {reason}", JA: "{number}への転送: {transfer} {code} {reason}", ZH: "转接到{number}：{transfer} {code} {reason}"},
	"event.hold":         {EN: "hold {onoff}, by {by}", JA: "保留{onoff}({by})", ZH: "保持{onoff}（{by}）"},
	"event.mute":         {EN: "mute {onoff}", JA: "ミュート{onoff}", ZH: "静音{onoff}"},
	"event.ip_change":    {EN: "the IP address of the phone has changed", JA: "IPアドレスが変わりました", ZH: "IP地址已变更"},
	"event.action_url":   {EN: "action URL {action}: {outcome}", JA: "アクションURL {action}: {outcome}", ZH: "动作URL {action}：{outcome}"},
	"onoff.true":         {EN: "on", JA: "オン", ZH: "开"},
	"onoff.false":        {EN: "off", JA: "オフ", ZH: "关"},
	"by.user":            {EN: "this phone", JA: "本機", ZH: "本机"},
	"by.peer":            {EN: "the other side", JA: "相手", ZH: "对方"},
	"transfer.asked":     {EN: "asked", JA: "要求", ZH: "已请求"},
	"transfer.accepted":  {EN: "accepted", JA: "受付", ZH: "已接受"},
	"transfer.progress":  {EN: "under way", JA: "進行中", ZH: "进行中"},
	"transfer.succeeded": {EN: "succeeded", JA: "成功", ZH: "成功"},
	"transfer.failed":    {EN: "failed, the call goes on", JA: "失敗、通話は継続", ZH: "失败，通话继续"},
}

// remote is the word for what the events of remoteWords say, and whatever else stands for itself.
func (d eventWordsOf) remote(name string) string {
	switch l := d.lang; name {
	case "onoff":
		return l.word(name, d.text("on"))
	case "by":
		return l.word(name, d.text(name))
	case "action":
		if a, ok := device.ActionNamed(d.text("event")); ok {
			return a.Label.In(string(l))
		}
		return d.text("event")
	case "outcome":
		return cmp.Or(d.text("error"), d.text("status"))
	case "transfer":
		return l.word(name, d.text("state"))
	case "number":
		return d.text("to")
	case "code":
		if d.number(name) == 0 && d.data["type"] == nil {
			return "" // nothing was received; an ICMP code may be 0
		}
	}
	return d.text(name)
}
