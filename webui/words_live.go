package webui

import "hilphone/sip/line"

// liveWords are the texts of the ladder and of the pages with what was: timeline, calls, lab.
var liveWords = map[string]line.Label{
	"trace.peer":       {EN: "peer", JA: "相手", ZH: "对方"},
	"trace.again":      {EN: "again", JA: "再送信", ZH: "重发"},
	"trace.fromlaneto": {EN: "%s to %s", JA: "%sから%sへ", ZH: "从%s到%s"},
	"trace.call":       {EN: "Call", JA: "通話", ZH: "通话"},
	"trace.method":     {EN: "Method", JA: "メソッド", ZH: "方法"},
	"trace.span":       {EN: "%s to %s", JA: "%s〜%s", ZH: "%s～%s"},
	"trace.hidden":     {EN: ", %d more hidden (%s)", JA: "、ほか%d件を非表示(%s)", ZH: "，另有%d条隐藏（%s）"},
	"trace.legend":     {EN: "Faint: sent again. Dotted: seen by the embedded lab, not by the phone.", JA: "薄い線: 再送信。点線: 電話ではなく内蔵ラボが観測。", ZH: "浅色：重发。点线：由内置实验环境看到，而非电话。"},
	"trace.previous":   {EN: "previous message", JA: "前のメッセージ", ZH: "上一条消息"},
	"trace.next":       {EN: "next message", JA: "次のメッセージ", ZH: "下一条消息"},
	"trace.answer":     {EN: "Answered", JA: "応答", ZH: "应答"},
	"trace.answered":   {EN: "%s after %s", JA: "%s、%s後", ZH: "%s，%s后"},
	"trace.unanswered": {EN: "not among these messages", JA: "この中にありません", ZH: "不在这些消息中"},

	"events.count":       {EN: "%d shown", JA: "%d件を表示", ZH: "显示%d条"},
	"events.live":        {EN: "live", JA: "ライブ", ZH: "实时"},
	"events.paused":      {EN: "paused", JA: "一時停止中", ZH: "已暂停"},
	"events.pause":       {EN: "Pause", JA: "一時停止", ZH: "暂停"},
	"events.resume":      {EN: "Go on", JA: "再開", ZH: "继续"},
	"events.hidden":      {EN: "%d newer hidden", JA: "新しい%d件を非表示", ZH: "隐藏了%d条新事件"},
	"events.hidden.many": {EN: "more than %d newer hidden", JA: "新しい%d件超を非表示", ZH: "隐藏了超过%d条新事件"},
	"events.older":       {EN: "Older", JA: "以前のイベント", ZH: "更早的事件"},
}
