package webui

import (
	"hilphone/db/device"
	"hilphone/sip/line"
)

// remoteWords are the words of transfers and of what scripts reach the phone by.
var remoteWords = map[string]line.Label{
	"event.transfer":               {EN: "transfer to {number}: {transfer} {code} {reason}", JA: "{number}への転送: {transfer} {code} {reason}", ZH: "转接到{number}：{transfer} {code} {reason}"},
	"event.hold":                   {EN: "hold {onoff}, by {by}", JA: "保留{onoff}({by})", ZH: "保持{onoff}（{by}）"},
	"event.hold_failed":            {EN: "hold was not changed: {code} {reason}", JA: "保留を変更できませんでした: {code} {reason}", ZH: "保持状态未能更改：{code} {reason}"},
	"event.hold_failed.unanswered": {EN: "hold was not changed: {cause} {reason}", JA: "保留を変更できませんでした: {cause} {reason}", ZH: "保持状态未能更改：{cause} {reason}"},
	"event.dtmf":                   {EN: "digit {digit} received ({how})", JA: "数字{digit}を受信({how})", ZH: "收到按键{digit}（{how}）"},
	"event.dtmf.timed":             {EN: "digit {digit} received ({how}, {duration_ms})", JA: "数字{digit}を受信({how}、{duration_ms})", ZH: "收到按键{digit}（{how}，{duration_ms}）"},
	"how.rfc4733":                  {EN: "RFC 4733", JA: "RFC 4733", ZH: "RFC 4733"},
	"how.info":                     {EN: "SIP INFO", JA: "SIP INFO", ZH: "SIP INFO"},
	"event.mute":                   {EN: "mute {onoff}", JA: "ミュート{onoff}", ZH: "静音{onoff}"},
	"event.ip_change":              {EN: "the IP address of the phone has changed", JA: "IPアドレスが変わりました", ZH: "IP地址已变更"},
	"event.action_url":             {EN: "action URL {action}: {outcome}", JA: "アクションURL {action}: {outcome}", ZH: "动作URL {action}：{outcome}"},
	"onoff.true":                   {EN: "on", JA: "オン", ZH: "开"},
	"onoff.false":                  {EN: "off", JA: "オフ", ZH: "关"},
	"by.user":                      {EN: "this phone", JA: "本機", ZH: "本机"},
	"by.peer":                      {EN: "the other side", JA: "相手", ZH: "对方"},
	"transfer.asked":               {EN: "asked", JA: "要求", ZH: "已请求"},
	"transfer.accepted":            {EN: "accepted", JA: "受付", ZH: "已接受"},
	"transfer.progress":            {EN: "under way", JA: "進行中", ZH: "进行中"},
	"transfer.succeeded":           {EN: "succeeded", JA: "成功", ZH: "成功"},
	"transfer.failed":              {EN: "failed, the call goes on", JA: "失敗、通話は継続", ZH: "失败，通话继续"},

	"done.device":          {EN: "Saved and applied.", JA: "保存し、適用しました。", ZH: "已保存并应用。"},
	"nav.actions":          {EN: "Action URLs", JA: "アクションURL", ZH: "动作URL"},
	"actions.what":         {EN: "The phone calls these addresses with GET when something happens to it.", JA: "電話機の状態が変わると、このアドレスをGETで呼び出します。", ZH: "话机发生相应事件时，用GET访问这些地址。"},
	"actions.group.line":   {EN: "Registration and failover", JA: "登録とフェイルオーバー", ZH: "注册与切换"},
	"actions.group.phone":  {EN: "Phone", JA: "電話機", ZH: "话机"},
	"actions.group.call":   {EN: "Calls", JA: "通話", ZH: "通话"},
	"actions.own":          {EN: "the vendor's phones do not tell this", JA: "実機にはない通知", ZH: "实机没有此通知"},
	"actions.variables":    {EN: "Variables, for the path and the query", JA: "変数(パスとクエリで使用可)", ZH: "变量（可用于路径和查询）"},
	"actions.hidden":       {EN: "Passwords are shown as ***; left so, they stay.", JA: "パスワードは***と表示します。そのまま送信すると変わりません。", ZH: "密码显示为***，保持不变则不修改。"},
	"actions.never":        {EN: "Link-local, metadata and multicast addresses are never called, loopback only in a lab of the phone's own. Redirections are not followed.", JA: "リンクローカル、メタデータ、マルチキャストのアドレスは呼び出しません。ループバックは内蔵ラボでのみ呼び出します。リダイレクトには従いません。", ZH: "不访问链路本地、元数据和组播地址；环回地址仅限内置实验环境；不跟随重定向。"},
	"actions.test":         {EN: "Test", JA: "テスト", ZH: "测试"},
	"actions.test.of":      {EN: "Test the stored address: %s", JA: "保存済みアドレスをテスト: %s", ZH: "测试已保存的地址：%s"},
	"actions.answered":     {EN: "%d after %s", JA: "%d(%s)", ZH: "%d（%s）"},
	"actions.wrong":        {EN: "not a usable address", JA: "使用できないアドレスです", ZH: "地址不可用"},
	"nav.remote":           {EN: "Remote control", JA: "リモート制御", ZH: "远程控制"},
	"remote.what":          {EN: "Scripts for the vendor's phones reach this one at the vendor's paths, with an account's name and password (Basic authentication), from these addresses alone.", JA: "実機用のスクリプトは、実機と同じパスでこの電話機を操作できます。アカウントとパスワード(Basic認証)が必要で、許可したアドレスからのみ使えます。", ZH: "为实机编写的脚本可用实机的路径控制本机，需要账号和密码（Basic认证），且仅限这些地址。"},
	"remote.enabled":       device.RemoteSettings[0].Label,
	"remote.enabled.hint":  {EN: "off: the paths below are not there", JA: "無効: 下記のパスはありません", ZH: "关闭：以下路径不存在"},
	"remote.allow":         device.RemoteSettings[1].Label,
	"remote.allow.hint":    {EN: "addresses and networks, separated by commas, such as 192.0.2.0/24; none: nobody", JA: "IPアドレスまたはネットワークをカンマ区切り(例: 192.0.2.0/24)。空欄: 誰も使えません", ZH: "IP地址或网段，用逗号分隔（如192.0.2.0/24）；空：无人可用"},
	"remote.faithful":      device.RemoteSettings[2].Label,
	"remote.faithful.hint": {EN: "result = [success] to whatever is asked; off: the truth", JA: "何を要求されてもresult = [success]と応答。無効: 実際の結果", ZH: "无论请求什么都应答result = [success]；关闭：如实应答"},
	"remote.paths":         {EN: "Paths", JA: "パス", ZH: "路径"},
	"remote.keys":          {EN: "dial, answer, hang up, hold, transfer, press keys", JA: "発信、応答、切断、保留、転送、キー操作", ZH: "拨号、接听、挂断、保持、转接、按键"},
	"remote.xml":           {EN: "read and change settings of the lines; lamps and keys", JA: "回線設定の取得と変更、ランプとキー", ZH: "读取和修改线路设置；指示灯与按键"},
	"remote.export":        {EN: "the configuration, without passwords", JA: "設定ファイル(パスワードなし)", ZH: "配置文件（不含密码）"},
	"remote.wrong":         {EN: "%s: not an IP address or network", JA: "%s: IPアドレスまたはネットワークではありません", ZH: "%s：不是IP地址或网段"},
}
