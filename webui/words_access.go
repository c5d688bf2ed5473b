package webui

import "hilphone/sip/line"

// accessWords are about the first run and the lock.
var accessWords = map[string]line.Label{
	"first.title":    {EN: "First run", JA: "初回設定", ZH: "首次运行"},
	"first.code":     {EN: "Code", JA: "コード", ZH: "代码"},
	"first.where":    {EN: "printed where the phone was started, and in its log", JA: "電話を起動した端末とログに表示されています", ZH: "显示在启动电话的终端和日志中"},
	"first.password": {EN: "Password for admin", JA: "adminのパスワード", ZH: "admin的密码"},
	"first.submit":   {EN: "Set the password", JA: "パスワードを設定", ZH: "设置密码"},
	"first.wrong":    {EN: "is not the code", JA: "コードが違います", ZH: "代码错误"},
	"first.over":     {EN: "The admin has a password already, or the code is spent. Log in, or start the phone again.", JA: "adminのパスワードは設定済みか、コードは使用済みです。ログインするか、電話を再起動してください。", ZH: "admin已有密码或代码已使用。请登录或重新启动电话。"},

	"insecure.title": {EN: "Plain HTTP.", JA: "暗号化されていないHTTPです。", ZH: "未加密的HTTP。"},
	"insecure.text":  {EN: "Passwords and tokens can be read on the network between this browser and the phone.", JA: "このブラウザと電話の間のネットワークでパスワードとトークンが読み取られるおそれがあります。", ZH: "在此浏览器与电话之间的网络上，密码和令牌可能被读取。"},
	"insecure.link":  {EN: "Use HTTPS", JA: "HTTPSを使う", ZH: "使用HTTPS"},

	"docs.title":      {EN: "The phone by script", JA: "スクリプトによる操作", ZH: "脚本接口"},
	"docs.intro":      {EN: "JSON under /api/v1. A star marks what is needed. Each request brings", JA: "/api/v1以下のJSON。*は必須。各要求に付けるヘッダー:", ZH: "/api/v1下的JSON接口。*为必填。每个请求须带"},
	"docs.groups":     {EN: "Groups", JA: "グループ", ZH: "分组"},
	"docs.parameters": {EN: "Parameters", JA: "パラメーター", ZH: "参数"},
	"docs.body":       {EN: "Body", JA: "本文", ZH: "正文"},
	"docs.answers":    {EN: "Answers", JA: "応答", ZH: "应答"},
	"docs.example":    {EN: "Example", JA: "例", ZH: "示例"},
	"docs.scopes":     {EN: "What a token of each scope may do; each includes those before it", JA: "トークンの権限（それぞれ前のものを含む）", ZH: "各权限的令牌可做什么（每种包含前面的权限）"},
	"scope.default":   {EN: "(of a new token where no scope is given)", JA: "(指定しないときの権限)", ZH: "（未指定时的权限）"},
	"docs.schemas":    {EN: "Schemas", JA: "スキーマ", ZH: "数据结构"},

	"scenarios.title":   {EN: "The language of scenarios", JA: "シナリオの言語", ZH: "场景语言"},
	"scenarios.intro":   {EN: "What hilphone bench plays: one step a line. The same on the command line:", JA: "hilphone benchが実行するテキスト。1行が1ステップ。コマンドラインでは:", ZH: "hilphone bench执行的文本，一行一步。命令行:"},
	"scenarios.headers": {EN: "Header lines", JA: "見出し行", ZH: "标题行"},
	"scenarios.steps":   {EN: "Steps", JA: "ステップ", ZH: "步骤"},

	"lock.other":          {EN: "%s has the phone for itself: others change nothing.", JA: "%sが電話を占有中です。他からは変更できません。", ZH: "%s正在独占电话，他人无法更改。"},
	"lock.mine":           {EN: "You have the phone for yourself, as %s.", JA: "%sとして電話を占有中です。", ZH: "您正以%s的名义独占电话。"},
	"lock.left":           {EN: "ends in", JA: "残り", ZH: "剩余"},
	"lock.break":          {EN: "Take it away", JA: "占有を解除", ZH: "解除独占"},
	"lock.release":        {EN: "Give it back", JA: "占有を終了", ZH: "结束独占"},
	"event.lock.taken":    {EN: "{owner} takes the phone for itself", JA: "{owner}が電話を占有", ZH: "{owner}独占电话"},
	"event.lock.released": {EN: "{owner} gives the phone back", JA: "{owner}が占有を終了", ZH: "{owner}结束独占"},
	"event.lock.broken":   {EN: "the phone is taken from {owner}", JA: "{owner}の占有を解除", ZH: "解除{owner}的独占"},
}
