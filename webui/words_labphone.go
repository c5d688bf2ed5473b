package webui

import "hilphone/sip/line"

// labPhoneWords are about the phone 1002 of the lab.
var labPhoneWords = map[string]line.Label{
	"lab.phone.title":                  {EN: "Phone 1002", JA: "電話機1002", ZH: "话机1002"},
	"lab.phone.answering":              {EN: "An incoming call it shall", JA: "着信時の動作", ZH: "来电时的行为"},
	"lab.phone.answer":                 {EN: "answer", JA: "応答", ZH: "接听"},
	"lab.phone.busy":                   {EN: "be busy", JA: "話中", ZH: "忙"},
	"lab.phone.decline":                {EN: "decline", JA: "拒否", ZH: "拒绝"},
	"lab.phone.ring":                   {EN: "ring on", JA: "鳴り続ける", ZH: "一直振铃"},
	"lab.phone.ignore":                 {EN: "ignore", JA: "無視", ZH: "忽略"},
	"lab.phone.status":                 {EN: "status", JA: "ステータス応答", ZH: "应答状态码"},
	"lab.phone.field.after_ms":         {EN: "Rings for, milliseconds", JA: "呼出時間(ミリ秒)", ZH: "振铃时长（毫秒）"},
	"lab.phone.field.hang_up_after_ms": {EN: "Hangs up after, milliseconds", JA: "切断までの時間(ミリ秒)", ZH: "接听后挂断（毫秒）"},
	"lab.phone.field.status":           {EN: "Status", JA: "ステータスコード", ZH: "状态码"},
	"lab.phone.field.early":            {EN: "Early answer", JA: "早期応答", ZH: "早期应答"},
	"lab.phone.field.sdp":              {EN: "Session", JA: "セッション", ZH: "会话"},
	"lab.phone.field.to":               {EN: "Number", JA: "番号", ZH: "号码"},
	"lab.phone.field.via":              {EN: "Through", JA: "経由", ZH: "经由"},
	"lab.phone.field.ack":              {EN: "ACK", JA: "ACK", ZH: "ACK"},
	"lab.phone.field.again":            {EN: "Same Call-ID again", JA: "同じCall-IDで再度", ZH: "同一Call-ID再呼"},
	"lab.phone.field.add":              {EN: "More header lines", JA: "追加ヘッダー行", ZH: "附加消息头"},
	"lab.phone.field.method":           {EN: "Method", JA: "メソッド", ZH: "方法"},
	"lab.phone.field.event":            {EN: "Event", JA: "Event", ZH: "Event"},
	"lab.phone.field.cseq":             {EN: "CSeq", JA: "CSeq", ZH: "CSeq"},
	"lab.phone.request":                {EN: "Another request", JA: "その他のリクエスト", ZH: "其他请求"},
	"lab.phone.send":                   {EN: "Send", JA: "送信", ZH: "发送"},
	"lab.phone.call":                   {EN: "Call", JA: "発信", ZH: "呼叫"},
	"lab.phone.hangup":                 {EN: "Hang up", JA: "切断", ZH: "挂断"},
	"lab.phone.calls":                  {EN: "Its last calls", JA: "最近の通話", ZH: "最近通话"},
	"lab.phone.incoming":               {EN: "from", JA: "着信", ZH: "来自"},
	"lab.phone.outgoing":               {EN: "to", JA: "発信", ZH: "呼往"},
	"lab.phone.call.ringing":           {EN: "rings", JA: "呼出中", ZH: "振铃中"},
	"lab.phone.call.up":                {EN: "talks", JA: "通話中", ZH: "通话中"},
	"lab.phone.call.over":              {EN: "is over", JA: "終了", ZH: "已结束"},
}
