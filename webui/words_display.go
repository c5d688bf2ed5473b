package webui

import "hilphone/sip/line"

// displayWords are the texts of the phone's own display, which are English, in the languages of the pages.
var displayWords = map[string]line.Label{
	"display.ended":       {EN: "call ended", JA: "通話終了", ZH: "通话结束"},
	"display.missed":      {EN: "1 missed call", JA: "不在着信1件", ZH: "1个未接来电"},
	"display.missed.many": {EN: "%s missed calls", JA: "不在着信%s件", ZH: "%s个未接来电"},
	"display.403":         {EN: "Forbidden", JA: "発信が許可されていません", ZH: "禁止呼叫"},
	"display.404":         {EN: "No such number", JA: "番号が存在しません", ZH: "号码不存在"},
	"display.408":         {EN: "No response", JA: "応答なし", ZH: "无应答"},
	"display.410":         {EN: "Number has changed", JA: "番号が変更されています", ZH: "号码已变更"},
	"display.480":         {EN: "Not available", JA: "応答できません", ZH: "暂时无法接通"},
	"display.484":         {EN: "Number incomplete", JA: "番号が不完全です", ZH: "号码不完整"},
	"display.486":         {EN: "Busy here", JA: "話中", ZH: "对方忙"},
	"display.487":         {EN: "Cancelled", JA: "取消", ZH: "已取消"},
	"display.488":         {EN: "No common codec", JA: "共通のコーデックなし", ZH: "没有共同的编解码器"},
	"display.500":         {EN: "Server error", JA: "サーバーエラー", ZH: "服务器错误"},
	"display.503":         {EN: "Server not available", JA: "サーバー使用不可", ZH: "服务器不可用"},
	"display.600":         {EN: "Busy everywhere", JA: "すべて話中", ZH: "全部忙"},
	"display.603":         {EN: "Declined", JA: "拒否されました", ZH: "被拒绝"},
	"display.silent":      {EN: "No server answered", JA: "全サーバー応答なし", ZH: "所有服务器无应答"},
	"display.unreachable": {EN: "Server cannot be reached", JA: "サーバーに到達できません", ZH: "无法到达服务器"},
	"display.tls":         {EN: "Server failed the TLS check", JA: "サーバーのTLS検証失敗", ZH: "服务器TLS校验失败"},
	"display.dns":         {EN: "Server name is not known", JA: "サーバー名を解決できません", ZH: "服务器域名无法解析"},
}
