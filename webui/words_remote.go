package webui

import "hilphone/sip/line"

// remoteWords are the words of transfers and of what scripts reach the phone by.
var remoteWords = map[string]line.Label{
	"event.transfer":     {EN: "transfer to {number}: {transfer} {code} {reason}", JA: "{number}への転送: {transfer} {code} {reason}", ZH: "转接到{number}：{transfer} {code} {reason}"},
	"transfer.asked":     {EN: "asked", JA: "要求", ZH: "已请求"},
	"transfer.accepted":  {EN: "accepted", JA: "受付", ZH: "已接受"},
	"transfer.progress":  {EN: "under way", JA: "進行中", ZH: "进行中"},
	"transfer.succeeded": {EN: "succeeded", JA: "成功", ZH: "成功"},
	"transfer.failed":    {EN: "failed, the call goes on", JA: "失敗、通話は継続", ZH: "失败，通话继续"},
}
