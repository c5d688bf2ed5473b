package webui

import "hilphone/sip/line"

// auditWords are those of the page System > Audit.
var auditWords = map[string]line.Label{
	"nav.audit":    {EN: "Audit", JA: "監査履歴", ZH: "审计记录"},
	"audit.groups": {EN: "Groups", JA: "種類", ZH: "类别"},
	"audit.who":    {EN: "who", JA: "操作者", ZH: "操作者"},
	"audit.from":   {EN: "from", JA: "接続元", ZH: "来源"},
	"audit.none":   {EN: "Nothing is recorded.", JA: "記録はありません。", ZH: "没有记录。"},
	"audit.kept":   {EN: "kept over restarts; only a factory reset that erases takes it away", JA: "再起動後も保持され、完全消去の初期化でのみ削除されます", ZH: "重启后仍保留，仅彻底清除的恢复出厂设置会删除"},
	"audit.older":  {EN: "Older", JA: "以前の記録", ZH: "更早"},
	"audit.newest": {EN: "Newest", JA: "最新の記録", ZH: "最新"},

	"audit.group.access":   {EN: "Access", JA: "アクセス", ZH: "访问"},
	"audit.group.settings": {EN: "Settings", JA: "設定", ZH: "设置"},
	"audit.group.device":   {EN: "Files and restarts", JA: "ファイルと再起動", ZH: "文件与重启"},
	"audit.group.logins":   {EN: "Logins", JA: "ログイン", ZH: "登录"},
	"audit.group.failures": {EN: "Failed logins", JA: "ログイン失敗", ZH: "登录失败"},

	"audit.kind.account": {EN: "account", JA: "アカウント", ZH: "账户"},
	"audit.kind.token":   {EN: "API token", JA: "APIトークン", ZH: "API令牌"},
	"audit.kind.command": {EN: "command line", JA: "コマンド", ZH: "命令行"},
	"audit.kind.unknown": {EN: "unknown", JA: "不明", ZH: "未知"},

	"audit.do.login":          {EN: "logged in", JA: "ログイン", ZH: "登录"},
	"audit.do.logout":         {EN: "logged out", JA: "ログアウト", ZH: "退出登录"},
	"audit.do.login_failed":   {EN: "login failed", JA: "ログイン失敗", ZH: "登录失败"},
	"audit.do.login_locked":   {EN: "login failed too often, refused for a while", JA: "ログイン失敗が多く、しばらく拒否", ZH: "登录失败过多，暂时拒绝"},
	"audit.do.password":       {EN: "password of {account} set", JA: "{account}のパスワードを設定", ZH: "设置{account}的密码"},
	"audit.do.token_made":     {EN: "token {token} made, scope {scope}", JA: "トークン{token}を作成、権限{scope}", ZH: "创建令牌{token}，权限{scope}"},
	"audit.do.token_revoked":  {EN: "token {token} revoked", JA: "トークン{token}を取り消し", ZH: "撤销令牌{token}"},
	"audit.do.export_secrets": {EN: "configuration exported with its passwords, {format}", JA: "パスワード付きで設定を書き出し、{format}", ZH: "导出含密码的配置，{format}"},
	"audit.do.settings":       {EN: "settings of line {line} changed:", JA: "回線{line}の設定を変更:", ZH: "更改线路{line}的设置："},
	"audit.do.settings_phone": {EN: "settings of the phone changed:", JA: "電話の設定を変更:", ZH: "更改话机设置："},
	"audit.do.import":         {EN: "configuration file imported, {format}, changes: {changes}", JA: "設定ファイルを取り込み、{format}、変更数: {changes}", ZH: "导入配置文件，{format}，更改数：{changes}"},
	"audit.do.restore":        {EN: "earlier configuration {copy} restored, changes: {changes}", JA: "以前の設定{copy}を復元、変更数: {changes}", ZH: "恢复以前的配置{copy}，更改数：{changes}"},
	"audit.do.factory_reset":  {EN: "factory reset", JA: "初期化", ZH: "恢复出厂设置"},
	"audit.do.restart":        {EN: "restarted", JA: "再起動", ZH: "重启"},

	"audit.more.first_run":      {EN: "at the first run", JA: "初回設定", ZH: "首次运行"},
	"audit.more.once":           {EN: "by the one-time link", JA: "一回限りのリンク", ZH: "一次性链接"},
	"audit.more.remote_control": {EN: "by remote control", JA: "リモート制御", ZH: "远程控制"},
	"audit.more.erase":          {EN: "everything erased", JA: "完全消去", ZH: "彻底清除"},
	"audit.more.missed":         {EN: "%d before it are not listed", JA: "以前の%d件は省略", ZH: "此前%d次未列出"},
}
